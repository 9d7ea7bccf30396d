package tune

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Report is what a search saw, tried and chose.
type Report struct {
	Evidence   Evidence      `json:"evidence"`
	Candidates []Candidate   `json:"candidates"` // with the reason for each, variants after those they vary
	Rungs      []RungReport  `json:"rungs"`
	Chosen     string        `json:"chosen"` // a candidate's name
	Why        string        `json:"why"`
	Dim        int           `json:"dim"`
	Epochs     int           `json:"epochs"`
	MRR        float64       `json:"mrr"`     // of the published model: filtered, on the validation sample
	Options    train.Options `json:"options"` // with which train.Train gives the same model, unless the clock cut it
	Budget     float64       `json:"budget_seconds,omitempty"`
	Seconds    float64       `json:"seconds,omitempty"` // from the look at the graph to the model
}

// RungReport is one round.
type RungReport struct {
	Number int  `json:"number"`          // from 1
	Final  bool `json:"final,omitempty"` // the training in full; absent where a trial's model was taken
	Rung
	Trials []Trial `json:"trials"`
}

// Trial is one training.
type Trial struct {
	Candidate string  `json:"candidate"`
	Dim       int     `json:"dim"`
	Epochs    int     `json:"epochs"` // done
	MRR       float64 `json:"mrr"`    // best of its validations
	Seconds   float64 `json:"seconds,omitempty"`
	GoesOn    bool    `json:"goes_on,omitempty"` // to the next rung; of the last one: its model is the published one
	Note      string  `json:"note,omitempty"`    // why it came to nothing
}

// Late reports whether the trial was not begun, for want of time.
func (t *Trial) Late() bool { return strings.HasPrefix(t.Note, noTime) }

// noTime begins the note of a trial that was not begun.
const noTime = "no time left"

// familyOf returns the model and the loss of a candidate's name.
func familyOf(name string) string {
	words := strings.Fields(name)
	return strings.Join(words[:min(2, len(words))], " ")
}

// settingName is where a model's metadata keep the report.
const settingName = "auto"

// attach keeps the report with a model: all but the seconds in its settings, those in its timing.
func (r *Report) attach(e *model.Embedding) error {
	bare := *r
	bare.Seconds = 0
	bare.Rungs = nil
	e.Timing.Search = seconds(r.Seconds)
	e.Timing.Trials = nil
	for _, rung := range r.Rungs {
		trials := make([]Trial, len(rung.Trials))
		for i, t := range rung.Trials {
			e.Timing.Trials = append(e.Timing.Trials, seconds(t.Seconds))
			t.Seconds = 0
			trials[i] = t
		}
		rung.Trials = trials
		bare.Rungs = append(bare.Rungs, rung)
	}
	data, err := json.Marshal(bare)
	if err != nil {
		return err
	}
	e.Metadata.Settings[settingName] = string(data)
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// ReportOf returns the report of the search that a model came out of, nil when there was none.
func ReportOf(e *model.Embedding) (*Report, error) {
	text, ok := e.Metadata.Settings[settingName]
	if !ok {
		return nil, nil
	}
	r := new(Report)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("tune: the report in the model's metadata: %w", err)
	}
	r.Seconds = e.Timing.Search.Seconds()
	i := 0
	for _, rung := range r.Rungs {
		for j := range rung.Trials {
			if i < len(e.Timing.Trials) {
				rung.Trials[j].Seconds = e.Timing.Trials[i].Seconds()
			}
			i++
		}
	}
	return r, nil
}

// IsReport reports whether a name among a model's settings is the report's.
func IsReport(setting string) bool { return setting == settingName }

// tell passes a trial's progress on.
func (s *searcher) tell(p train.Progress, epochs int) {
	if s.options.Progress == nil {
		return
	}
	t := s.told
	t.Training = p
	if s.timed {
		t.Done = min(1, s.now().Sub(s.started).Seconds()/s.budget.Seconds())
	} else {
		inTrial := float64(p.Epoch) / float64(max(1, epochs))
		t.Done = (float64(t.Rung-1) + (float64(t.Trial-1)+min(1, inTrial))/float64(max(1, t.Trials))) / float64(t.Rungs)
	}
	s.options.Progress(t)
}
