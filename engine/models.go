package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/tune"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// TrainRequest says what model to train and how. The zero value trains ComplEx with settings fit for the size of
// the default graph.
type TrainRequest struct {
	Name    string   // the model's name; "" means Family, or "auto" where a search chooses that
	Preset  string   // a name of train.Presets or factor.Presets: settings that were measured; options set here go before them
	Graph   rdf.Term // the graph to learn; the zero Term is the default graph
	HoldOut float64  // share of triples held out for metrics and calibration; 0 means 0.1, at most 0.5; half of it stops the training and calibrates, half is measured on
	Valid   []string // files whose triples stop the training and calibrate, instead of held-out ones
	Test    []string // files whose triples the metrics are of, instead of held-out ones
	Replace bool     // an existing model of that name gives way once the new one is ready

	// Auto searches for family, loss and settings within Budget; see engine/tune. What Options set is not searched for.
	Auto  bool
	Rungs []tune.Rung // of the search: a schedule in epochs that repeats, instead of one by the clock; nil otherwise

	// Settings are those of a factorization, whose method is named in Family. SimilarityFile names lines of relation,
	// relation and similarity, tabs between, instead of Settings.Similarity; see factor.ReadSimilarity.
	factor.Settings
	SimilarityFile string

	// Options are the trainer's settings; what is zero is chosen by the size of the graph, or by a search with Auto.
	// Workers 0 means all processors.
	train.Options

	Progress func(TrainProgress) // called after each epoch and a few times a second in between; may be nil
}

// TrainProgress is how far a training has come.
type TrainProgress struct {
	Phase         string // "reading", "searching" (with Auto), "training", "evaluating", "calibrating", "saving"
	Epoch, Epochs int
	Done          float64 // of the phase, 0 to 1
	Loss          float64 // mean of the latest epoch
	MRR           float64 // filtered, on held-out triples, when last measured; 0 before
	Remaining     time.Duration
	Step          string // which trial of a search is under way
}

// Metrics are ranking and classification figures on triples a model has not seen. Ranks are filtered, ties at
// their mean, heads and tails together.
type Metrics struct {
	Triples  int     `json:"triples"`
	MRR      float64 `json:"mrr"`
	Hits1    float64 `json:"hits1"`
	Hits3    float64 `json:"hits3"`
	Hits10   float64 `json:"hits10"`
	MeanRank float64 `json:"mean_rank"`
	AUC      float64 `json:"auc"`
	F1       float64 `json:"f1"`
	Accuracy float64 `json:"accuracy"`
}

// RelationMetrics are the Metrics of one relation.
type RelationMetrics struct {
	Relation rdf.Term `json:"relation"`
	Metrics
}

// CurvePoint is one epoch of a training.
type CurvePoint struct {
	Epoch   int     `json:"epoch"`
	Seconds float64 `json:"seconds"` // since the training began
	Loss    float64 `json:"loss"`
	MRR     float64 `json:"mrr,omitempty"` // filtered, on held-out triples, where measured
}

// ModelInfo is the card of a model as it is now.
type ModelInfo struct {
	Name         string        `json:"name"`
	Family       string        `json:"family"`
	Graph        string        `json:"graph,omitempty"` // its IRI; "" for the default graph
	Default      bool          `json:"default"`         // used where a question names no model
	Dim          int           `json:"dim"`
	Entities     int           `json:"entities"`
	Relations    int           `json:"relations"`
	SizeBytes    int64         `json:"size_bytes"`
	Trained      time.Time     `json:"trained"`
	TrainSeconds float64       `json:"train_seconds"`
	TrainTriples int           `json:"train_triples"`
	Seed         uint64        `json:"seed"`
	Settings     string        `json:"settings"`    // the training's settings in words
	HeldOut      Metrics       `json:"held_out"`    // at the end of training
	Curve        []CurvePoint  `json:"curve"`       // one point per epoch
	Threshold    float64       `json:"threshold"`   // probability from which is_fact says yes
	Calibration  string        `json:"calibration"` // how scores become probabilities, in words
	Version      store.Version `json:"version"`     // last commit applied
	Lag          store.Version `json:"lag"`         // commits not applied yet
	Drift        float64       `json:"drift"`       // estimated distance from a refit; 0 right after training
	Stale        bool          `json:"stale"`       // a bulk import or an error asks for a new training
	StaleBecause string        `json:"stale_because,omitempty"`
	Maintained   int64         `json:"maintained"` // changes applied since training
	LastMaintain time.Duration `json:"last_maintain_ns"`
	Search       SearchInfo    `json:"search"` // how its best entities are found

	// Auto is the report of the search that chose the settings; nil when there was none.
	Auto *tune.Report `json:"auto,omitempty"`

	Imported string `json:"imported,omitempty"` // the file that its entities' rows came from; "" when trained here
}

// Models returns the cards of all models, by name.
func (db *DB) Models() []ModelInfo {
	list := []ModelInfo{}
	latest := db.Version()
	for _, m := range db.models.all() {
		list = append(list, db.card(m, latest))
	}
	return list
}

// Model returns one model's card; "" asks for the default model.
func (db *DB) Model(name string) (ModelInfo, error) {
	m, err := db.models.find(name)
	if err != nil {
		return ModelInfo{}, err
	}
	return db.card(m, db.Version()), nil
}

// card describes a model beside the latest version of the graph.
func (db *DB) card(m *served, latest store.Version) ModelInfo {
	e := m.embedding()
	about := e.Metadata
	info := ModelInfo{
		Name: m.name, Family: e.Family.Name, Graph: m.graph.Value, Default: db.models.isStandard(m.name), Dim: e.Dim,
		Entities: e.Vocabulary.Entities(), Relations: e.Vocabulary.Relations(),
		SizeBytes: 4 * int64(len(e.Entities)+len(e.Relations)),
		Trained:   e.Timing.Finished, TrainSeconds: e.Timing.Total.Seconds(), TrainTriples: about.Triples, Seed: about.Seed,
		Imported: about.Settings[importedFrom],
		Settings: settingsText(about.Settings), HeldOut: metricsFrom(about.Metrics), Threshold: e.Calibration.Threshold,
		Calibration: fmt.Sprintf("probability = 1/(1+exp(-(%.3g*score%+.3g))), fitted on %d triples of which %.0f%% are true",
			e.Calibration.Slope, e.Calibration.Intercept, e.Calibration.Samples, 100*e.Calibration.Prior),
	}
	for i, c := range about.Curve {
		point := CurvePoint{Epoch: c.Epoch, Loss: c.Loss, MRR: c.ValidMRR}
		if i < len(e.Timing.Epochs) {
			point.Seconds = e.Timing.Epochs[i].Seconds()
		}
		info.Curve = append(info.Curve, point)
	}
	var err error
	if info.Auto, err = tune.ReportOf(e); err != nil {
		db.log.Debug("the report of a model's search is left out", "model", m.name, "problem", err)
	}
	info.Search = m.searchInfo()
	db.maintenance(m, &info, latest)
	return info
}

// isStandard reports whether a name is the default model's.
func (r *registry) isStandard(name string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.standard == name
}

// settingsText lists settings as "name=value", sorted by name, but for the report of a search.
func settingsText(settings map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !tune.IsReport(name) {
			parts = append(parts, name+"="+settings[name])
		}
	}
	return strings.Join(parts, " ")
}
