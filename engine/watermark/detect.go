package watermark

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
)

// Candidate is a key with one graph that it may have marked.
type Candidate struct {
	Key    *Key
	Marked Marked
}

// Candidates returns every pair of a key and a graph that it marked.
func (r *Ring) Candidates() []Candidate {
	var list []Candidate
	for _, k := range r.Keys {
		list = append(list, k.Candidates()...)
	}
	return list
}

// Candidates returns the key with each graph that it marked.
func (k *Key) Candidates() []Candidate {
	list := make([]Candidate, len(k.Graphs))
	for i, m := range k.Graphs {
		list[i] = Candidate{k, m}
	}
	return list
}

// Copy is what is tested: a table, triples or both.
type Copy struct {
	Table *Table
	// Triples calls visit with each triple until visit fails; nil when there are none. Order and repeats do not matter.
	Triples func(visit func(Triple) error) error
	// Sealed says that the caller has checked the copy against a signed manifest of its release.
	Sealed bool
}

// Verdict is the outcome of a detection.
type Verdict string

// The verdicts.
const (
	Intact   Verdict = "intact"        // marked, and equal to a copy as it was released
	Altered  Verdict = "altered"       // marked, but no copy that was released
	NoMark   Verdict = "no mark found" // no proof that there is none
	TooSmall Verdict = "too small"     // nothing was tested: no mark that Sizing allows could be told
)

// Sentence returns the verdict in words.
func (e Evidence) Sentence() string {
	switch e.Verdict {
	case Intact:
		return "intact: released and marked by " + e.Owner
	case Altered:
		return "altered, but marked by " + e.Owner
	case NoMark:
		return "no mark found (which does not prove that there is none)"
	}
	return "too small to tell"
}

// DefaultAlpha is the family-wise false-alarm rate: over all keys and channels of one detection.
const DefaultAlpha = 1e-9

// Evidence is what a detection found.
type Evidence struct {
	Verdict    Verdict  `json:"verdict"`
	Owner      string   `json:"owner,omitempty"`   // name of the best key, where the verdict says that one marked it
	KeyID      string   `json:"key_id,omitempty"`  // its ID
	Graph      string   `json:"graph,omitempty"`   // UUID of the graph as it was marked
	Channel    string   `json:"channel,omitempty"` // of the smallest p
	Z          float64  `json:"z"`                 // of that channel
	Log10P     float64  `json:"log10_p"`           // of the best key, corrected for channels and keys
	Alpha      float64  `json:"alpha"`
	KeysTested int      `json:"keys_tested"` // pairs of a key and a graph
	Rows       int      `json:"rows"`        // in the table
	RowsUsed   int      `json:"rows_used"`   // of that channel
	Results    []Result `json:"results"`     // by channel, of the best key
}

// Detect tests a copy for every candidate. p = min(1, 5·m·min p) over the four channels, Joint and m candidates, so that at most
// alpha (0: DefaultAlpha) of all unmarked copies are said to be marked. An alpha that is not below 1 and above 0 is an error.
func Detect(ctx context.Context, c Copy, candidates []Candidate, alpha float64, workers int) (Evidence, error) {
	if alpha == 0 {
		alpha = DefaultAlpha
	}
	if !(alpha > 0 && alpha < 1) {
		return Evidence{}, fmt.Errorf("watermark: a rate of false alarms of %g: it must be above 0 and below 1; %g is usual", alpha, DefaultAlpha)
	}
	out := Evidence{Alpha: alpha, KeysTested: len(candidates), Verdict: TooSmall}
	screener := NewScreener(candidates, alpha)
	results := make([][]Result, len(candidates))
	if c.Table != nil {
		out.Rows = c.Table.Rows.Rows
		s, err := NewSuspect(ctx, *c.Table, workers)
		if err != nil {
			return out, err
		}
		s.demand(AlarmZ(alpha, len(candidates)))
		scores, err := s.Test(ctx, screener.keys)
		if err != nil {
			return out, err
		}
		for i := range scores {
			results[i] = append(results[i], scores[i][:]...)
		}
	}
	if c.Triples != nil {
		if err := testTriples(ctx, c, screener, results); err != nil {
			return out, err
		}
	}
	out.judge(c, candidates, results)
	return out, nil
}

// testTriples appends the triple channel's results.
func testTriples(ctx context.Context, c Copy, s *Screener, results [][]Result) error {
	screen := s.Screen()
	err := c.Triples(func(t Triple) error {
		if screen.seen%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		screen.Add(t)
		return nil
	})
	if err != nil {
		return err
	}
	for i, r := range screen.results(s.alpha) {
		results[i] = append(results[i], r)
	}
	return nil
}

// judge settles the verdict.
func (e *Evidence) judge(c Copy, candidates []Candidate, results [][]Result) {
	best, bestResult := -1, Result{Log10P: math.Inf(1)}
	for i := range results {
		r, _ := Combine(results[i])
		if r.Tested && (r.Log10P < bestResult.Log10P || r.Log10P == bestResult.Log10P && r.Z > bestResult.Z) {
			best, bestResult = i, r
		}
	}
	if best < 0 {
		if len(results) > 0 {
			e.Results = results[0]
		} else {
			e.Verdict = NoMark // no key was tried
		}
		return
	}
	e.Results, e.Channel, e.Z, e.RowsUsed = results[best], bestResult.Channel.String(), bestResult.Z, bestResult.Used
	e.Log10P = min(0, bestResult.Log10P+math.Log10(float64(testsAKey)*float64(len(candidates))))
	e.Verdict = NoMark
	if e.Log10P > math.Log10(e.Alpha) {
		return
	}
	k := candidates[best]
	e.Verdict, e.Owner, e.KeyID, e.Graph = Altered, k.Key.Name, k.Key.ID, k.Marked.Graph.String()
	if c.Sealed || c.Table != nil && slices.Contains(k.Marked.Digests, c.Table.Digest()) {
		e.Verdict = Intact
	}
}

// Digest returns a hexadecimal SHA-256 of the table whatever the order of its rows. Equal digests mean equal tables.
func (t Table) Digest() string {
	rows := make([][32]byte, t.Rows.Rows)
	var text []byte
	for i := range rows {
		name := ""
		if t.Names != nil {
			name = t.Names[i]
		}
		text = binary.LittleEndian.AppendUint64(text[:0], uint64(len(name)))
		text = append(text, name...)
		for _, x := range t.Rows.Row(i) {
			text = binary.LittleEndian.AppendUint32(text, math.Float32bits(x))
		}
		rows[i] = sha256.Sum256(text)
	}
	slices.SortFunc(rows, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	h := sha256.New()
	for _, r := range rows {
		h.Write(r[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
