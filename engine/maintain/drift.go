package maintain

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// driftSample is how many stated triples drift is measured on; the mean of so many losses is known to some 5 %,
// and the difference of two models on the same triples far better.
const driftSample = 256

// driftCandidates is how many entities those triples' answers compete with.
const driftCandidates = 2048

// driftCache holds the drift of one version.
type driftCache struct {
	mu      sync.Mutex
	known   bool
	version store.Version
	value   float64
}

// Status returns where the follower stands, its drift measured anew if the version has changed.
func (f *Follower) Status() Status {
	p := f.published.Load()
	s := p.status
	f.drift.mu.Lock()
	defer f.drift.mu.Unlock()
	if !f.drift.known || f.drift.version != s.Version {
		if value, err := f.Drift(); err == nil {
			f.drift.known, f.drift.version, f.drift.value = true, s.Version, value
		}
	}
	s.Drift = f.drift.value
	return s
}

// Drift returns by how much the published model's mean loss on a fixed sample of stated triples exceeds what it
// was after training, as a share of that: 0.05 means 5 % worse. Triples removed since then do not count. Below 0 the
// model has become better on them.
func (f *Follower) Drift() (float64, error) {
	s, err := f.source.Snapshot()
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return f.base.drift(&f.Embedding().Tables, s.Triples, f.options)
}

// drift is Follower.Drift of some tables, given how to read the graph.
func (b *base) drift(t *model.Tables, triples func(store.Pattern, store.Triple, int) ([]store.Triple, error), o Options) (float64, error) {
	var sample []store.Triple
	var then, now float64
	for i, x := range b.Sample {
		found, err := triples(store.Pattern{S: x.S, P: x.P}, x, 1)
		if err != nil {
			return 0, err
		}
		if len(found) == 1 && found[0] == x {
			sample = append(sample, x)
			then += b.Losses[i]
		}
	}
	for _, loss := range b.losses(t, sample, o) {
		now += loss
	}
	if then == 0 {
		return 0, nil
	}
	return (now - then) / then, nil
}

// losses returns the loss of each triple, both directions, against entities drawn from those there were at
// training, the same ones each time.
func (b *base) losses(t *model.Tables, triples []store.Triple, o Options) []float64 {
	l := &learner{tables: *t, options: o, dirty: map[rowKey]bool{}, base: *b}
	p := newProblem(l)
	for _, t := range l.rowsOf(triples) {
		p.ask(t)
	}
	if len(p.queries) == 0 {
		return nil
	}
	for _, q := range p.queries {
		p.candidate(q.answer, 0)
	}
	random := rand.New(rand.NewPCG(o.Seed, uint64(b.Entities)))
	drawn := min(b.Entities, driftCandidates)
	for range drawn {
		p.candidate(uint32(random.IntN(b.Entities)), float32(math.Log(float64(b.Entities)/float64(drawn))))
	}
	p.prepare()
	out := make([]float64, p.triples)
	for _, q := range p.queries {
		out[q.triple] += q.loss
	}
	return out
}

// measureBase samples the graph as the model saw it.
func (f *Follower) measureBase(ctx context.Context, l *learner, e *model.Embedding) (base, error) {
	h, _, err := f.past(ctx, e.Metadata.DataVersion)
	if err != nil {
		return base{}, err
	}
	defer h.snapshot.Close()
	b := base{Training: trainingName(e), Entities: e.Vocabulary.Entities(), Triples: e.Metadata.Triples}
	random := rand.New(rand.NewPCG(f.options.Seed, uint64(e.Metadata.DataVersion)))
	seen := map[store.Triple]bool{}
	var score float64
	for range 4 * driftSample {
		part, err := h.Triples(store.Pattern{}, l.randomPosition(store.Pattern{}, random), 1)
		if err != nil {
			return base{}, err
		}
		for _, t := range part {
			if rows, ok := e.Vocabulary.Triple(t); ok && !seen[t] && len(b.Sample) < driftSample {
				seen[t] = true
				b.Sample = append(b.Sample, t)
				score += float64(e.Score(rows.H, rows.R, rows.T))
			}
		}
	}
	b.Typical = float32(score / math.Max(1, float64(len(b.Sample))))
	var squares float64
	for _, v := range e.Entities {
		squares += float64(v) * float64(v)
		b.Ceilings[0] = max(b.Ceilings[0], 4*v, -4*v)
	}
	for _, v := range e.Relations {
		b.Ceilings[1] = max(b.Ceilings[1], 4*v, -4*v)
	}
	b.Scale = math.Sqrt(squares / math.Max(1, float64(len(e.Entities))))
	l.base = b
	if e.Family.Similarity != model.Dot || l.solver != nil {
		b.Sharpness = l.sharpest(random)
		l.base = b
	}
	b.Losses = b.losses(&e.Tables, b.Sample, f.options)
	b.Probes, b.Low, err = l.drawProbes(h, random)
	return b, err
}

// sharpest returns the sharpness at which the sample's answers are most probable among random entities.
func (l *learner) sharpest(random *rand.Rand) float32 {
	p := newProblem(l)
	for _, t := range l.rowsOf(l.base.Sample) {
		p.ask(t)
	}
	if len(p.queries) == 0 {
		return 1
	}
	p.draw(nil, driftCandidates, random)
	w, _ := l.tables.Widths()
	x := vec.MatrixOf(make([]float32, len(p.pool)*w), len(p.pool), w)
	for i, row := range p.pool {
		copy(x.Row(i), l.tables.Entity(row))
	}
	answers := make([]int, len(p.queries))
	for i, q := range p.queries {
		answers[i] = p.column[q.answer]
	}
	return sharpen(l.scoreRows(p.queries, x), answers, p.correction)
}
