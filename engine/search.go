package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/nearest"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// finder keeps the table in which the rows of one served model are searched, and renews it as versions are published:
// a table answers for the very embedding it was made of and for no other.
type finder struct {
	latest atomic.Pointer[indexed]
	making sync.Mutex // held while a table is made or renewed

	approximate func()       // makes lists in the background; nil in a model that is to have none
	clustering  atomic.Bool  // lists are being made
	progress    atomic.Value // of that: a string
	built       atomic.Int64 // how long making the latest lists took, in nanoseconds
}

// indexed is an embedding with its table.
type indexed struct {
	embedding *model.Embedding
	table     *nearest.Table
}

// leastRecall is the recall@10 below which lists are not used: answers are exact then.
const leastRecall = 0.95

// renewShare is the share of rows outside of the lists from which on the lists are made anew.
const renewShare = 0.05

// similarityOf returns how a family's scores compare a query row with entity rows; false where they do not, or not in a
// way that package nearest knows.
func similarityOf(e *model.Embedding) (s nearest.Similarity, ok bool) {
	_, queries := e.Family.Interaction.(model.Querier)
	_, projects := e.Family.Interaction.(model.Projector)
	if !queries || projects {
		return nearest.Dot, false
	}
	s, ok = map[model.Similarity]nearest.Similarity{
		model.Dot: nearest.Dot, model.NegL2: nearest.SquaredL2, model.NegL1: nearest.L1, model.NegModuli: nearest.Moduli,
	}[e.Family.Similarity]
	return s, ok
}

// rowQuery returns a question as package nearest takes it; false as in similarityOf.
func rowQuery(e *model.Embedding, q udf.Question) (nearest.Query, bool) {
	similarity, ok := similarityOf(e)
	if !ok {
		return nearest.Query{}, false
	}
	rows := e.QueryRows([]model.Query{{Entity: q.Entity, Relation: q.Relation, Heads: q.Heads}})
	return nearest.Query{Row: rows.Row(0), Similarity: similarity}, true
}

// table returns the table of an embedding; nil when it is being made, or when the embedding is older than the latest:
// then the caller scores every row.
func (m *served) table(e *model.Embedding) *nearest.Table {
	f := &m.finder
	if i := f.latest.Load(); i != nil && i.embedding == e {
		return i.table
	}
	if !f.making.TryLock() {
		return nil
	}
	defer f.making.Unlock()
	return m.renew(e)
}

// renew makes or renews the table for an embedding. The caller holds f.making.
func (m *served) renew(e *model.Embedding) *nearest.Table {
	i := m.finder.latest.Load()
	next := &indexed{embedding: e}
	switch {
	case i == nil:
		similarity, _ := similarityOf(e)
		next.table = nearest.New(e.EntityMatrix(), similarity, runtime.GOMAXPROCS(0))
	case i.embedding == e:
		return i.table
	case e.Metadata.DataVersion < i.embedding.Metadata.DataVersion:
		return nil
	default:
		next.table = i.table.Update(e.EntityMatrix(), m.changed(i.embedding, e))
	}
	m.finder.latest.Store(next)
	if f := &m.finder; f.approximate != nil && float64(next.table.Moved()) > renewShare*float64(next.table.Rows()) {
		f.approximate()
	}
	return next.table
}

// changed returns the entity rows of a former embedding that differ in a later one.
func (m *served) changed(from, to *model.Embedding) []uint32 {
	if m.keeper != nil {
		if rows, known := m.keeper.follower.Changed(from.Metadata.DataVersion, to.Metadata.DataVersion); known {
			return rows
		}
	}
	return nearest.Differences(from.EntityMatrix(), to.EntityMatrix(), runtime.GOMAXPROCS(0))
}

// find searches the rows of an embedding; false when they must all be scored.
func (m *served) find(e *model.Embedding, q nearest.Query, exact bool) (udf.Found, bool) {
	table := m.table(e)
	if table == nil {
		return udf.Found{}, false
	}
	if recall := table.Recall(q.Similarity); !exact && table.Approximates(q.Similarity) && recall >= leastRecall {
		found, ok := table.Approximate(q, scoreWorkers)
		return udf.Found{Best: found.Best, Approximate: true, Recall: recall}, ok
	}
	found, ok := table.TopK(q, scoreWorkers)
	return udf.Found{Best: found.Best}, ok
}

// prepare makes a large model's tables in the background, the one of bytes and then the lists, where its similarity has
// lists. It comes before the model is known to queries.
func (db *DB) prepare(m *served) {
	limit := db.opts.ApproximateFrom
	e := m.embedding()
	if s, ok := similarityOf(e); !ok || !s.Lists() || limit < 0 || e.Vocabulary.Entities() < limit {
		return
	}
	m.finder.approximate = func() { db.cluster(m) }
	db.cluster(m)
}

// cluster makes lists in the background unless that is under way.
func (db *DB) cluster(m *served) {
	f := &m.finder
	if db.running.Err() != nil || !f.clustering.CompareAndSwap(false, true) {
		return
	}
	f.progress.Store("waiting")
	db.background.Go(func() {
		defer f.clustering.Store(false)
		started := time.Now()
		if err := db.makeLists(m); err != nil {
			if !errors.Is(err, context.Canceled) {
				db.log.Warn("a model is searched exactly: its lists could not be made", "model", m.name, "problem", err)
			}
			return
		}
		f.built.Store(int64(time.Since(started)))
	})
}

// makeLists makes a table of lists of the model as it is now, brings it to the version that is the latest then, and
// puts it in the place of the former table.
func (db *DB) makeLists(m *served) error {
	f, e := &m.finder, m.embedding()
	samples, err := db.sampleQueries(m, e)
	if err != nil {
		return err
	}
	// The exact table serves meanwhile.
	f.making.Lock()
	m.renew(e)
	f.making.Unlock()
	table, err := nearest.Cluster(db.running, e.EntityMatrix(), nearest.ClusterOptions{
		Samples: samples, Seed: e.Metadata.Seed, Workers: runtime.GOMAXPROCS(0),
		Progress: func(phase string, done float64) { f.progress.Store(fmt.Sprintf("%s %.0f%%", phase, 100*done)) },
	})
	if err != nil {
		return err
	}
	f.making.Lock()
	defer f.making.Unlock()
	now := f.latest.Load().embedding
	if now != e {
		table = table.Update(now.EntityMatrix(), m.changed(e, now))
	}
	f.latest.Store(&indexed{embedding: now, table: table})
	return nil
}

const (
	// sampledQueries is how many questions of either kind lists are adjusted to and measured with: half each, so that a
	// recall of 0.97 at ten rows each is known to about ±0.01.
	sampledQueries = 600
	// sampleTries bounds the entities looked at to find them.
	sampleTries = 20 * sampledQueries
)

// sampleQueries draws questions (h, r, ?) and (?, r, t) of stated triples, as queries of the embedding that leave the
// stated answers out, and as many for entities similar to one.
func (db *DB) sampleQueries(m *served, e *model.Embedding) ([]nearest.Query, error) {
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	random := rand.New(rand.NewPCG(e.Metadata.Seed, uint64(e.Metadata.DataVersion)))
	var queries []nearest.Query
	for try := 0; try < sampleTries && len(queries) < 2*sampledQueries; try++ {
		if err := db.running.Err(); err != nil {
			return nil, err
		}
		row := uint32(random.IntN(e.Vocabulary.Entities()))
		ask := udf.Ask{Node: e.Vocabulary.EntityID(row), Heads: try%2 == 1}
		if ask.Relation, err = relationOf(graph{v}, m.id, ask, random); err != nil {
			return nil, err
		}
		relation, ok := e.Vocabulary.Relation(ask.Relation)
		if !ok {
			continue
		}
		q, _ := rowQuery(e, udf.Question{Entity: row, Relation: relation, Heads: ask.Heads})
		if q.Skip, err = udf.Unstated(graph{v}, m.id, e.Vocabulary, ask); err != nil {
			return nil, err
		}
		queries = append(queries, q, nearest.Query{
			Row: e.Entity(row), Similarity: nearest.Cosine, Skip: func(other int) bool { return other == int(row) },
		})
	}
	return queries, nil
}

// relationOf returns a relation in which the graph states the asked node, one of its first few triples; 0 for none.
func relationOf(g graph, name store.TermID, a udf.Ask, random *rand.Rand) (relation store.TermID, err error) {
	pattern := store.Pattern{S: a.Node}
	if a.Heads {
		pattern = store.Pattern{O: a.Node}
	}
	seen := 0
	err = g.Match(name, pattern, func(t store.Triple) bool {
		if seen++; random.IntN(seen) == 0 {
			relation = t.P
		}
		return seen < 64
	})
	return relation, err
}

// SearchInfo says how the best entities of a model are found.
type SearchInfo struct {
	// Method is "scan" when every entity is scored, "exact" when bounds of scores are read first, with the same answer,
	// and "approximate" when lists of entities are left out.
	Method  string        `json:"method"`
	Bytes   int64         `json:"bytes,omitempty"`        // held beside the model's own
	Recall  float64       `json:"recall_at_10,omitempty"` // of "approximate": measured when the lists were made
	Moved   int           `json:"moved,omitempty"`        // of "approximate": entities changed since, always looked at
	Built   time.Duration `json:"built_ns,omitempty"`     // making the lists took so long
	Working string        `json:"working,omitempty"`      // lists are being made: the phase and how much of it is done
}

// searchInfo describes how a model is searched.
func (m *served) searchInfo() SearchInfo {
	f := &m.finder
	info := SearchInfo{Method: "scan", Built: time.Duration(f.built.Load())}
	similarity, ok := similarityOf(m.embedding())
	if ok {
		info.Method = "exact"
	}
	if f.clustering.Load() {
		info.Working, _ = f.progress.Load().(string)
	}
	if i := f.latest.Load(); i != nil {
		info.Bytes, info.Moved = i.table.Bytes(), i.table.Moved()
		if ok && i.table.Approximates(similarity) {
			info.Recall = i.table.Recall(similarity)
			if info.Recall >= leastRecall {
				info.Method = "approximate"
			}
		}
	}
	return info
}

// Complete finds the entities that complete a question.
func (s scorer) Complete(q udf.Question, search udf.Search) (udf.Found, bool) {
	query, ok := rowQuery(s.Embedding, q)
	if !ok || s.served == nil {
		return udf.Found{}, false
	}
	query.K, query.Skip = search.K, search.Skip
	return s.served.find(s.Embedding, query, search.Exact)
}

// Neighbours finds the entities whose rows have the largest cosine with an entity's.
func (s scorer) Neighbours(entity uint32, search udf.Search) (udf.Found, bool) {
	if s.served == nil {
		return udf.Found{}, false
	}
	query := nearest.Query{Row: s.Entity(entity), Similarity: nearest.Cosine, K: search.K, Skip: search.Skip}
	return s.served.find(s.Embedding, query, search.Exact)
}
