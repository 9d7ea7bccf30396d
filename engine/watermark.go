package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// WatermarkRequest says what WatermarkEmbed marks, and how.
type WatermarkRequest struct {
	Key     *watermark.Key
	Graph   rdf.Term         // where Model is ""; the zero Term is the default graph
	Model   string           // "" means the model of Graph, if it has any
	UUID    *watermark.UUID  // under which a commitment was made; nil means the graph's own, or a new one
	Sizing  watermark.Sizing // of the table's mark; Z also holds for the triples
	Triples string           // TriplesPublish, TriplesDrop or TriplesNone; "" means TriplesPublish
}

// WatermarkReport is what WatermarkEmbed did.
type WatermarkReport struct {
	Graph     watermark.UUID       `json:"graph"`
	IRI       string               `json:"iri,omitempty"`
	Model     string               `json:"model,omitempty"` // "" when no table was marked
	Key       string               `json:"key"`
	KeyID     string               `json:"key_id"`
	Strength  watermark.Strengths  `json:"strength"`
	Expected  watermark.Forecast   `json:"expected"`
	Table     string               `json:"table,omitempty"`     // why no table was marked
	Triples   string               `json:"triples"`             // how triples are marked
	Selection *watermark.Selection `json:"selection,omitempty"` // which ones copies lack
	Reason    string               `json:"reason,omitempty"`    // why triples are not marked
	Removed   int64                `json:"removed"`             // triples deleted, with TriplesDrop
	Version   store.Version        `json:"version"`
	Elapsed   time.Duration        `json:"elapsed_ns"`
	// Entry is for the key ring: without it a copy can only be tested beside this database.
	Entry watermark.Marked `json:"entry"`
}

// WatermarkEmbed marks a graph and the table of its model with a key, as one commit. The model serves marked rows from
// then on, and follows the graph as before. What is too small to mark is left out and said so; when nothing is left the
// error is watermark.ErrTooSmall. A former mark gives way.
func (db *DB) WatermarkEmbed(ctx context.Context, r WatermarkRequest) (WatermarkReport, error) {
	started := time.Now()
	j := &markJob{db: db, request: r}
	err := j.run(ctx)
	j.report.Elapsed = time.Since(started)
	if err != nil {
		return WatermarkReport{}, fmt.Errorf("engine: watermark: %w", err)
	}
	return j.report, nil
}

// markJob is one marking under way.
type markJob struct {
	db      *DB
	request WatermarkRequest
	model   *served // nil without one
	marking *marking
	record  graphRecord
	report  WatermarkReport
	drop    []store.Triple
}

func (j *markJob) run(ctx context.Context) error {
	if err := j.check(); err != nil {
		return err
	}
	var err error
	if j.model, err = j.db.modelOf(j.request.Model, j.request.Graph); err != nil {
		return err
	}
	graph := j.request.Graph
	if j.model != nil {
		if err := j.db.models.begin(j.model.name, true); err != nil {
			return err
		}
		defer j.db.models.end(j.model.name)
		if j.model, err = j.db.models.find(j.model.name); err != nil { // it may have been replaced just before
			return err
		}
		graph = j.model.graph
	}
	v, err := j.db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	if err := j.identify(v, graph); err != nil {
		return err
	}
	if err := j.markTable(ctx); err != nil {
		return err
	}
	if err := j.markTriples(ctx, v, graph); err != nil {
		return err
	}
	if j.marking == nil && j.record.Selection == nil {
		return fmt.Errorf("%w: table: %s; triples: %s", watermark.ErrTooSmall, j.report.Table, j.report.Reason)
	}
	if err := j.commit(ctx, graph); err != nil {
		return err
	}
	if j.marking != nil {
		if err := j.db.replaceMark(j.model, j.marking); err != nil {
			return err
		}
	}
	j.enter()
	return nil
}

func (j *markJob) check() error {
	r := &j.request
	if r.Key == nil {
		return fmt.Errorf("%w: no key is given", ErrBadInput)
	}
	if r.Triples == "" {
		r.Triples = TriplesPublish
	}
	if !slices.Contains([]string{TriplesPublish, TriplesDrop, TriplesNone}, r.Triples) {
		return fmt.Errorf("%w: triples %q; there are publish, drop and none", ErrBadInput, r.Triples)
	}
	if err := r.Sizing.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	return nil
}

// modelOf returns the model named, or the one of a graph: the default model where that is of the graph, or the only one;
// nil when the graph has none.
func (db *DB) modelOf(name string, graph rdf.Term) (*served, error) {
	if name != "" {
		return db.models.find(name)
	}
	var of []*served
	for _, m := range db.models.all() {
		if m.graph != graph {
			continue
		}
		if db.models.isStandard(m.name) {
			return m, nil
		}
		of = append(of, m)
	}
	if len(of) > 1 {
		return nil, fmt.Errorf("%w: the graph has the models %s, %s, …: name one", ErrBadInput, of[0].name, of[1].name)
	}
	if len(of) == 0 {
		return nil, nil
	}
	return of[0], nil
}

// identify settles the graph's UUID.
func (j *markJob) identify(v *store.View, graph rdf.Term) error {
	old, err := graphMarkOf(v, graph.Value)
	if err != nil {
		return err
	}
	k := j.request.Key
	j.record = graphRecord{Graph: watermark.NewUUID(), IRI: graph.Value, KeyID: k.ID, KeyName: k.Name, Time: time.Now().UTC(), Triples: j.request.Triples}
	if old != nil {
		j.record.Graph = old.Graph
	}
	if j.request.UUID != nil {
		j.record.Graph = *j.request.UUID
	}
	j.report = WatermarkReport{Graph: j.record.Graph, IRI: graph.Value, Key: k.Name, KeyID: k.ID, Triples: j.request.Triples}
	return nil
}

// markTable sizes the table's mark.
func (j *markJob) markTable(ctx context.Context) error {
	if j.model == nil {
		j.report.Table = "the graph has no model"
		return nil
	}
	var err error
	j.marking, err = j.db.newMarking(ctx, j.model, j.request.Key, j.record.Graph, j.request.Sizing)
	if errors.Is(err, watermark.ErrTooSmall) {
		j.report.Table = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	j.report.Model, j.report.Strength, j.report.Expected = j.model.name, j.marking.record.Strengths, j.marking.record.Forecast
	return nil
}

// markTriples makes the rule for triples and, where they are to be dropped, lists them.
func (j *markJob) markTriples(ctx context.Context, v *store.View, graph rdf.Term) error {
	if j.request.Triples == TriplesNone {
		j.report.Reason = "not asked for"
		return nil
	}
	g, err := graphID(v, graph)
	if err != nil {
		return err
	}
	key := j.request.Key.Graph(j.record.Graph)
	rule, err := j.db.selectTriples(ctx, v, g, key, j.request.Sizing.Z)
	if errors.Is(err, watermark.ErrTooSmall) {
		j.report.Reason = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	j.record.Selection, j.report.Selection = rule, rule
	if j.request.Triples != TriplesDrop {
		return nil
	}
	p, err := j.db.publisherOf(ctx, v, &j.record, key)
	if err != nil {
		return err
	}
	return eachTriple(ctx, v, g, func(t store.Triple) error {
		gone, err := p.leavesOut(t)
		if gone {
			j.drop = append(j.drop, t)
		}
		return err
	})
}

// commit writes the records and deletes what is to be dropped.
func (j *markJob) commit(ctx context.Context, graph rdf.Term) error {
	record, err := json.Marshal(j.record)
	if err != nil {
		return err
	}
	var model []byte
	if j.marking != nil {
		if model, err = json.Marshal(j.marking.record); err != nil {
			return err
		}
	}
	c, err := j.db.store.Update(ctx, "watermark", func(tx *store.Tx) error {
		if model != nil {
			if err := tx.SetMeta(metaMark+j.model.name, model); err != nil {
				return err
			}
		}
		g := store.TermID(0)
		if graph.Kind != rdf.None {
			if g, err = tx.Intern(graph); err != nil {
				return err
			}
		}
		for _, t := range j.drop {
			if err := tx.Remove(g, t); err != nil {
				return err
			}
		}
		return tx.SetMeta(metaGraphMark(graph.Value), record)
	})
	j.report.Version, j.report.Removed = c.Version, int64(len(c.Changes))
	return err
}

// enter makes the key ring's entry.
func (j *markJob) enter() {
	e := watermark.Marked{Graph: j.record.Graph, IRI: j.record.IRI, Model: j.report.Model, Time: j.record.Time.Truncate(time.Second)}
	if k := j.marking; k != nil {
		marked := k.latest.Load().marked
		table := watermark.Table{Rows: marked.EntityMatrix()}
		scale := k.record.mark().Scale
		e.Rows, e.Dim, e.Scale = table.Rows.Rows, table.Rows.Cols, &scale
		for c, a := range map[watermark.Channel]float64{watermark.T1: k.record.Strengths.T1, watermark.T2: k.record.Strengths.T2, watermark.Q3: k.record.Strengths.Q3} {
			if a != 0 {
				e.Channels = append(e.Channels, c.String())
			}
		}
		slices.Sort(e.Channels)
		if names, err := j.db.canonicalNames(marked.Vocabulary.EntityIDs()); err == nil {
			table.Names = names
			e.Digests = []string{table.Digest()}
		}
	}
	if s := j.record.Selection; s != nil {
		e.Gamma, e.Channels = s.Gamma, append(e.Channels, watermark.Triples.String())
	}
	j.report.Entry = e
}

// WatermarkRemove takes the mark from a model ("" is the default one), which serves its clean rows again, and from the
// triples of its graph. Triples that were dropped do not come back.
func (db *DB) WatermarkRemove(ctx context.Context, name string) error {
	m, err := db.models.find(name)
	if err == nil {
		err = db.models.begin(m.name, true)
	}
	if err != nil {
		return fmt.Errorf("engine: watermark: %w", err)
	}
	defer db.models.end(m.name)
	if m, err = db.models.find(m.name); err != nil {
		return fmt.Errorf("engine: watermark: %w", err)
	}
	if m.marking == nil {
		return fmt.Errorf("engine: watermark: %w: model %s bears none", ErrBadInput, m.name)
	}
	_, err = db.store.Update(ctx, "watermark", func(tx *store.Tx) error {
		return errors.Join(tx.SetMeta(metaMark+m.name, nil), tx.SetMeta(metaGraphMark(m.graph.Value), nil))
	})
	if err == nil {
		err = db.replaceMark(m, nil)
	}
	if err != nil {
		return fmt.Errorf("engine: watermark: %w", err)
	}
	return nil
}

// WatermarkTest says what WatermarkDetect tests.
type WatermarkTest struct {
	Keys  []*watermark.Key // whose marks are looked for
	Graph rdf.Term         // where Model is ""; the zero Term is the default graph
	Model string           // "" means the model of Graph, if it has any
	Alpha float64          // family-wise rate of false alarms; 0 means watermark.DefaultAlpha
}

// WatermarkDetect tests a graph of this database and the rows that its model serves for marks of keys, under the graphs
// that each key marked and under this graph's own UUID. Facts that only published copies lack are all here, so the triple
// channel of the database itself shows a mark of kind TriplesDrop alone.
func (db *DB) WatermarkDetect(ctx context.Context, r WatermarkTest) (watermark.Evidence, error) {
	e, err := db.detect(ctx, r)
	if err != nil {
		return e, fmt.Errorf("engine: watermark: %w", err)
	}
	return e, nil
}

// WatermarkOwner is WatermarkDetect with all keys of the ring that Options name.
func (db *DB) WatermarkOwner(ctx context.Context, r WatermarkTest) (watermark.Evidence, error) {
	ring, err := db.keyRing()
	if err != nil {
		return watermark.Evidence{}, fmt.Errorf("engine: watermark: %w", err)
	}
	r.Keys = ring.Keys
	return db.WatermarkDetect(ctx, r)
}

func (db *DB) detect(ctx context.Context, r WatermarkTest) (watermark.Evidence, error) {
	m, err := db.modelOf(r.Model, r.Graph)
	if err != nil {
		return watermark.Evidence{}, err
	}
	if m != nil {
		r.Graph = m.graph
	}
	v, err := db.store.View()
	if err != nil {
		return watermark.Evidence{}, err
	}
	defer v.Close()
	g, err := graphID(v, r.Graph)
	if err != nil {
		return watermark.Evidence{}, err
	}
	c := watermark.Copy{Triples: func(visit func(watermark.Triple) error) error {
		d := newDigester(v)
		return eachBatch(ctx, v, g, func(triples []store.Triple) error {
			list, err := d.triples(triples)
			if err != nil {
				return err
			}
			for _, t := range list {
				if err := visit(t); err != nil {
					return err
				}
			}
			return nil
		})
	}}
	if m != nil {
		e := m.embedding()
		names, err := db.canonicalNames(e.Vocabulary.EntityIDs())
		if err != nil {
			return watermark.Evidence{}, err
		}
		c.Table = &watermark.Table{Names: names, Rows: e.EntityMatrix()}
	}
	record, err := graphMarkOf(v, r.Graph.Value)
	if err != nil {
		return watermark.Evidence{}, err
	}
	return watermark.Detect(ctx, c, candidates(r.Keys, record), r.Alpha, runtime.GOMAXPROCS(0))
}

// candidates returns each key with the graphs it marked, and with a graph that has a record here.
func candidates(keys []*watermark.Key, record *graphRecord) []watermark.Candidate {
	var list []watermark.Candidate
	for _, k := range keys {
		list = append(list, k.Candidates()...)
		if record == nil || slices.ContainsFunc(k.Graphs, func(m watermark.Marked) bool { return m.Graph == record.Graph }) {
			continue
		}
		own := watermark.Marked{Graph: record.Graph}
		if record.Selection != nil {
			own.Gamma = record.Selection.Gamma
		}
		list = append(list, watermark.Candidate{Key: k, Marked: own})
	}
	return list
}
