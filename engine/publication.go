package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Ways of marking triples.
const (
	TriplesPublish = "publish" // published copies lack some; the database keeps all
	TriplesDrop    = "drop"    // some are deleted from the database
	TriplesNone    = "none"    // triples are not marked
)

// graphRecord is what the store's metadata keeps of a marked graph.
type graphRecord struct {
	Graph     watermark.UUID       `json:"graph"`
	IRI       string               `json:"iri,omitempty"`
	KeyID     string               `json:"key_id"`
	KeyName   string               `json:"key_name"`
	Time      time.Time            `json:"time"`
	Triples   string               `json:"triples"`
	Selection *watermark.Selection `json:"selection,omitempty"` // nil where triples are not marked
}

// metaGraphMark is the metadata of a graph's record: IRIs may be longer than a name.
func metaGraphMark(iri string) string {
	sum := sha256.Sum256([]byte(iri))
	return "watermark-graph:" + hex.EncodeToString(sum[:16])
}

// graphMarkOf returns the record of a graph; nil when it was never marked.
func graphMarkOf(v *store.View, iri string) (*graphRecord, error) {
	text := v.Meta(metaGraphMark(iri))
	if text == nil {
		return nil, nil
	}
	var r graphRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("metadata of the watermark of graph <%s>: %w", iri, err)
	}
	return &r, nil
}

// entailment tells which triples of a graph others of it entail: by a relation that is symmetric, or the inverse of
// another.
type entailment struct {
	view     *store.View
	graph    store.TermID
	digests  *digester
	partners map[store.TermID][]store.TermID
}

func (db *DB) entailment(ctx context.Context, v *store.View, g store.TermID, d *digester) (*entailment, error) {
	report, err := db.patterns.of(ctx, v, g)
	if err != nil {
		return nil, err
	}
	e := &entailment{view: v, graph: g, digests: d, partners: map[store.TermID][]store.TermID{}}
	for i, id := range report.IDs {
		for _, f := range report.Relations[i].Findings() {
			switch {
			case !f.Holds:
			case f.Pattern == pattern.Symmetric:
				e.partners[id] = append(e.partners[id], id)
			case f.Pattern == pattern.InverseOf && len(f.Of) == 1:
				e.partners[id] = append(e.partners[id], report.IDs[f.Of[0]])
			}
		}
	}
	return e, nil
}

// of reports whether the graph states the partner of a triple, and the partner stays for certain: of two that entail each
// other one must.
func (e *entailment) of(t store.Triple, red func(watermark.Triple) bool) (bool, error) {
	if t.S == t.O || !t.O.IsNode() {
		return false, nil
	}
	for _, p := range e.partners[t.P] {
		other := store.Triple{S: t.O, P: p, O: t.S}
		stated, err := e.view.Has(e.graph, other)
		if err != nil {
			return false, err
		}
		if !stated {
			continue
		}
		digest, err := e.digests.triple(other)
		if err != nil {
			return false, err
		}
		if !red(digest) {
			return true, nil
		}
	}
	return false, nil
}

// selectTriples makes the rule by which copies of a graph lack triples.
func (db *DB) selectTriples(ctx context.Context, v *store.View, g store.TermID, key *watermark.GraphKey, z float64) (*watermark.Selection, error) {
	total, _ := v.Count(g, store.Pattern{})
	making := key.Selecting(total, z)
	d := newDigester(v)
	entails, err := db.entailment(ctx, v, g, d)
	if err != nil {
		return nil, err
	}
	err = eachBatch(ctx, v, g, func(triples []store.Triple) error {
		list, err := d.triples(triples)
		if err != nil {
			return err
		}
		return making.Add(list, func(i int) (bool, error) { return entails.of(triples[i], making.Red) })
	})
	if err != nil {
		return nil, err
	}
	rule, err := making.Rule()
	return &rule, err
}

// eachBatch visits the triples of a graph, many at a time, until ctx ends or visit fails.
func eachBatch(ctx context.Context, v *store.View, g store.TermID, visit func([]store.Triple) error) error {
	c, err := v.Scan(g, store.Pattern{}, store.Any)
	if err != nil {
		return err
	}
	defer c.Close()
	buf := make([]store.Triple, 1024)
	for {
		n, err := c.Next(buf)
		if err != nil {
			return fmt.Errorf("reading the graph: %w", err)
		}
		if n == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(buf[:n]); err != nil {
			return err
		}
	}
}

// eachTriple is eachBatch, one triple at a time.
func eachTriple(ctx context.Context, v *store.View, g store.TermID, visit func(store.Triple) error) error {
	return eachBatch(ctx, v, g, func(triples []store.Triple) error {
		for _, t := range triples {
			if err := visit(t); err != nil {
				return err
			}
		}
		return nil
	})
}

// publisher tells which triples of a marked graph a published copy lacks.
type publisher struct {
	digests *digester
	entails *entailment
	picker  *watermark.Picker
}

// publisher returns that of a graph; nil when copies of it lack nothing.
func (db *DB) publisher(ctx context.Context, v *store.View, iri string) (*publisher, error) {
	record, err := graphMarkOf(v, iri)
	if err != nil || record == nil || record.Triples != TriplesPublish || record.Selection == nil {
		return nil, err
	}
	key, err := db.findKey(record.KeyID)
	if err != nil {
		return nil, fmt.Errorf("%w: publishing graph <%s> takes the key that marked it, %s (%s): %w", ErrBadInput, iri, record.KeyName, record.KeyID, err)
	}
	return db.publisherOf(ctx, v, record, key.Graph(record.Graph))
}

func (db *DB) publisherOf(ctx context.Context, v *store.View, record *graphRecord, key *watermark.GraphKey) (*publisher, error) {
	g, err := graphID(v, graphTerm(record.IRI))
	if err != nil {
		return nil, err
	}
	p := &publisher{digests: newDigester(v), picker: record.Selection.With(key)}
	p.entails, err = db.entailment(ctx, v, g, p.digests)
	return p, err
}

// leavesOut reports whether a published copy lacks a triple.
func (p *publisher) leavesOut(t store.Triple) (bool, error) {
	digest, err := p.digests.triple(t)
	if err != nil {
		return false, err
	}
	return p.picker.LeavesOut(digest, func() (bool, error) { return p.entails.of(t, p.picker.Red) })
}

// without removes, in place, the triples that a published copy lacks.
func (p *publisher) without(triples []store.Triple) ([]store.Triple, error) {
	var failed error
	p.digests.known.load(triples)
	kept := slices.DeleteFunc(triples, func(t store.Triple) bool {
		gone, err := p.leavesOut(t)
		if err != nil {
			failed = err
		}
		return gone
	})
	return kept, failed
}

// graphTerm returns the term of a graph's IRI; the zero Term, of the default graph, for "".
func graphTerm(iri string) rdf.Term {
	if iri == "" {
		return rdf.Term{}
	}
	return rdf.NewIRI(iri)
}
