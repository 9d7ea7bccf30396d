package eval

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// Scorer scores every entity in the missing place of each query: row i of out, [len(queries) × entities], is
// for queries[i]. *model.Embedding is one. It must be safe for concurrent calls.
type Scorer interface {
	ScoreQueries(queries []model.Query, out vec.Matrix, workers int)
}

// Ranking sums up the filtered ranks of a set of queries. Ties rank at their mean place.
type Ranking struct {
	Queries  int
	MRR      float64 // mean of 1/rank
	MeanRank float64
	Hits1    float64 // share of ranks ≤ 1
	Hits3    float64
	Hits10   float64
}

// Report is the result of ranking a test split: every triple once by its tail and once by its head.
type Report struct {
	Ranking                       // both directions together
	Tails, Heads Ranking          // of (h, r, ?) and of (?, r, t)
	ByRelation   []RelationReport // by relation row; only if asked for
	Histogram    Histogram        // of the ranks in both directions
}

// RelationReport is the ranking of one relation's triples.
type RelationReport struct {
	Relation     uint32
	Ranking              // both directions together
	Tails, Heads Ranking // of (h, r, ?) and of (?, r, t)
}

// Options of Rank. The zero value works.
type Options struct {
	Workers    int                   // goroutines; 0 means 1
	ByRelation bool                  // fill Report.ByRelation
	Progress   func(done, total int) // called with queries ranked so far, from any of the goroutines
}

// queriesPerBatch is how many distinct queries are scored at once. 256 rows spread the cost of packing the entity
// table (MulNT packs it for each product) over enough of them; at 14,541 entities a worker's scores take 15 MB.
// Large tables get fewer, so that a worker's scores stay within batchScores floats, 64 MB, but no fewer than 8.
const (
	queriesPerBatch = 256
	batchScores     = 16 << 20
)

// item is one rank to find: where the target stands among the completions of a query.
type item struct {
	query  model.Query
	target uint32
	triple int // index into the test split
}

// Rank finds the filtered rank of both ends of every test triple among all entities, streaming over batches of
// queries, one matrix product each. Known completions other than the target itself do not compete. A target
// whose score is NaN ranks last. The result does not depend on Workers. It returns ctx's error when cancelled.
func Rank(ctx context.Context, s Scorer, entities int, test []model.Triple, known Filter, opts Options) (Report, error) {
	ranks, err := Ranks(ctx, s, entities, test, known, opts)
	if err != nil {
		return Report{}, err
	}
	report := summarise(test, ranks, opts.ByRelation)
	report.Histogram = histogramOf(ranks, entities)
	return report, nil
}

// Ranks returns the filtered ranks that Rank sums up: the rank of triple i's tail at 2i, that of its head at 2i+1.
func Ranks(ctx context.Context, s Scorer, entities int, test []model.Triple, known Filter, opts Options) ([]float64, error) {
	items := rankItems(test)
	batches := cut(items, max(8, min(queriesPerBatch, batchScores/max(entities, 1))))
	ranks := make([]float64, 2*len(test)) // tail rank of triple i at 2i, head rank at 2i+1
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	work := make(chan []item)
	g.Go(func() error {
		defer close(work)
		for _, b := range batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			select {
			case work <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range max(opts.Workers, 1) {
		g.Go(func() error {
			b := batch{scorer: s, known: known, entities: entities, ranks: ranks}
			for items := range work {
				b.rank(items)
				if n := done.Add(int64(len(items))); opts.Progress != nil {
					opts.Progress(int(n), len(ranks))
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("eval: rank: %w", err)
	}
	return ranks, nil
}

// rankItems lists both directions of every triple, sorted so that equal queries stand together.
func rankItems(test []model.Triple) []item {
	items := make([]item, 0, 2*len(test))
	for i, t := range test {
		items = append(items, item{tailQuery(t), t.T, i}, item{headQuery(t), t.H, i})
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(key(a.query), key(b.query)), cmp.Compare(a.triple, b.triple))
	})
	return items
}

// cut divides sorted items into batches of at most limit distinct queries.
func cut(items []item, limit int) [][]item {
	var batches [][]item
	from, distinct := 0, 0
	for i := range items {
		if i > from && items[i].query == items[i-1].query {
			continue
		}
		if distinct == limit {
			batches = append(batches, items[from:i])
			from, distinct = i, 0
		}
		distinct++
	}
	if from < len(items) {
		batches = append(batches, items[from:])
	}
	return batches
}

// batch is one worker's state: buffers that are used again for each batch.
type batch struct {
	scorer   Scorer
	known    Filter
	entities int
	ranks    []float64
	queries  []model.Query
	scores   []float32
	rows     []uint32
}

func (b *batch) rank(items []item) {
	b.queries = b.queries[:0]
	for i, it := range items {
		if i == 0 || it.query != items[i-1].query {
			b.queries = append(b.queries, it.query)
		}
	}
	if need := len(b.queries) * b.entities; len(b.scores) < need {
		b.scores = make([]float32, need)
	}
	scores := vec.MatrixOf(b.scores, len(b.queries), b.entities)
	b.scorer.ScoreQueries(b.queries, scores, 1)
	at := -1
	for i, it := range items {
		if i == 0 || it.query != items[i-1].query {
			at++
			b.rows = b.known.Known(it.query, b.rows[:0])
		}
		place := 2 * it.triple
		if it.query.Heads {
			place++
		}
		b.ranks[place] = rankOf(scores.Row(at), it.target, b.rows)
	}
}

// rankOf returns the place of the target among scores, from 1, without the known rows other than the target;
// equal scores share the mean of their places.
func rankOf(scores []float32, target uint32, known []uint32) float64 {
	s := scores[target]
	if s != s {
		return float64(len(scores))
	}
	greater, equal := vec.CountGreater(scores, s)
	equal-- // the target itself
	for _, row := range known {
		switch {
		case row == target:
		case scores[row] > s:
			greater--
		case scores[row] == s:
			equal--
		}
	}
	return 1 + float64(greater) + float64(equal)/2
}

// tally adds up ranks.
type tally struct {
	n, hits1, hits3, hits10 int
	reciprocal, rank        float64
}

func (t *tally) add(rank float64) {
	t.n++
	t.reciprocal += 1 / rank
	t.rank += rank
	if rank <= 1 {
		t.hits1++
	}
	if rank <= 3 {
		t.hits3++
	}
	if rank <= 10 {
		t.hits10++
	}
}

func (t *tally) ranking() Ranking {
	n := math.Max(float64(t.n), 1)
	return Ranking{
		Queries: t.n, MRR: t.reciprocal / n, MeanRank: t.rank / n,
		Hits1: float64(t.hits1) / n, Hits3: float64(t.hits3) / n, Hits10: float64(t.hits10) / n,
	}
}

// summarise adds the ranks up in the order of the test split, so that the sums do not depend on scheduling.
func summarise(test []model.Triple, ranks []float64, byRelation bool) Report {
	var both, tails, heads tally
	relations := map[uint32]*[3]tally{} // both directions, tails, heads
	for i, t := range test {
		tails.add(ranks[2*i])
		heads.add(ranks[2*i+1])
		both.add(ranks[2*i])
		both.add(ranks[2*i+1])
		if !byRelation {
			continue
		}
		if relations[t.R] == nil {
			relations[t.R] = &[3]tally{}
		}
		sums := relations[t.R]
		sums[0].add(ranks[2*i])
		sums[0].add(ranks[2*i+1])
		sums[1].add(ranks[2*i])
		sums[2].add(ranks[2*i+1])
	}
	r := Report{Ranking: both.ranking(), Tails: tails.ranking(), Heads: heads.ranking()}
	for relation, t := range relations {
		r.ByRelation = append(r.ByRelation, RelationReport{relation, t[0].ranking(), t[1].ranking(), t[2].ranking()})
	}
	slices.SortFunc(r.ByRelation, func(a, b RelationReport) int { return cmp.Compare(a.Relation, b.Relation) })
	return r
}
