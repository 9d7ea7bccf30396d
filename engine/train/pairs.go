package train

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// gradientShards is how many parts the entities of a batch are cut into; each sums the gradients of the query rows on its
// own, and the sums are added in their order, so that the result does not depend on the number of workers.
const gradientShards = 4

// pairStep is a loss of each answer against negatives drawn for it alone.
//
// A batch of 1,024 answers with 256 negatives each names most entities of a graph of some ten thousand many times over.
// So the pairs are visited entity by entity: its row is read once and compared with the query rows that drew it, which
// stay in the second cache level; the gradients flow back in the same order.
type pairStep struct {
	queryStep
	random   *rand.Rand
	sampler  *sampler
	loss     pairLoss
	weigh    map[question]float32 // of Subsample; nil otherwise
	drawn    []uint32             // [batch × negatives]
	scores   []float32            // [batch × negatives], then derivatives
	positive []float32            // scores of the answers, then derivatives

	pairs    []pair
	starts   []int32   // by entity: where its pairs begin; entities + 1
	next     [][]int32 // [turn][entity]: where the next pair of a range of the draws goes
	entities []uint32
	cuts     [gradientShards + 1]int // of entities
	merged   []part
	gradOf   vec.Matrix // [drawn entities × width]
	shards   [gradientShards]vec.Matrix
}

// pair is one negative: which row of the batch drew it, and where its score is.
type pair struct {
	row  uint32
	slot uint32
}

func newPairs(p *parameters, o Options, whole []group, random *rand.Rand) *pairStep {
	n := p.Vocabulary.Entities()
	s := newAnswers(p, o, whole, random)
	s.drawn, s.scores = make([]uint32, o.Batch*o.Negatives), make([]float32, o.Batch*o.Negatives)
	s.pairs, s.starts = make([]pair, o.Batch*o.Negatives), make([]int32, n+1)
	s.next = make([][]int32, max(1, min(o.Workers, gradientShards)))
	for i := range s.next {
		s.next[i] = make([]int32, n)
	}
	for i := range s.shards {
		s.shards[i] = vec.MatrixOf(make([]float32, o.Batch*p.entityWidth), o.Batch, p.entityWidth)
	}
	return s
}

// newAnswers returns a pairStep with what concerns the answers alone.
func newAnswers(p *parameters, o Options, whole []group, random *rand.Rand) *pairStep {
	s := &pairStep{
		queryStep: newQueryStep(p, o), random: random, sampler: newSampler(o, whole, p.Vocabulary.Entities()),
		loss: o.pairLoss(), positive: make([]float32, o.Batch),
	}
	s.answers = vec.MatrixOf(make([]float32, o.Batch*p.entityWidth), o.Batch, p.entityWidth)
	if o.Subsample {
		s.weigh = subsampling(whole)
	}
	return s
}

// subsampling returns the answers of each query, from which the weights of its triples follow.
func subsampling(whole []group) map[question]float32 {
	weigh := make(map[question]float32, len(whole))
	for _, g := range whole {
		weigh[g.question()] = float32(len(g.targets))
	}
	return weigh
}

func (s *pairStep) step(groups []group, rate float32) float64 {
	s.begin(groups, rate)
	s.draw()
	s.compare()
	s.inRows(s.differentiate)
	s.flowBack()
	s.inRows(s.queryGradient)
	s.collect()
	s.stepRelations()
	s.stepParts(s.gradOf)
	return s.total()
}

// draw draws the negatives and sorts the pairs by entity.
func (s *pairStep) draw() {
	k, b := s.o.Negatives, len(s.groups)
	seed := s.random.Uint64()
	s.inRows(func(i int) {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		out := s.drawn[i*k : (i+1)*k]
		if s.o.Sampling == Hard {
			s.drawHard(i, out, random)
			return
		}
		s.sampler.draw(s.groups[i], out, random)
	})
	s.sortPairs(b * k)
}

// sortPairs lists the pairs by entity, those of an entity as they were drawn. Each worker counts and places its own range of
// the draws; where it places them follows from the counts of those before it.
func (s *pairStep) sortPairs(pairs int) {
	k, n := s.o.Negatives, len(s.starts)-1
	turns := len(s.next)
	each := func(do func(turn, from, to int)) {
		inTurn(turns, s.workers, func() func(turn int) {
			return func(turn int) { do(turn, pairs*turn/turns, pairs*(turn+1)/turns) }
		})
	}
	each(func(turn, from, to int) {
		counts := s.next[turn]
		clear(counts)
		for _, e := range s.drawn[from:to] {
			counts[e]++
		}
	})
	s.entities = s.entities[:0]
	at := int32(0)
	for e := range n {
		s.starts[e] = at
		for _, next := range s.next {
			c := next[e]
			next[e] = at
			at += c
		}
		if at > s.starts[e] {
			s.entities = append(s.entities, uint32(e))
		}
	}
	s.starts[n] = at
	each(func(turn, from, to int) {
		next := s.next[turn]
		for slot := from; slot < to; slot++ {
			e := s.drawn[slot]
			s.pairs[next[e]] = pair{uint32(slot / k), uint32(slot)}
			next[e]++
		}
	})
	s.cut(pairs)
}

// cut divides the drawn entities into shards of about as many pairs.
func (s *pairStep) cut(pairs int) {
	shard := 0
	for i, e := range s.entities {
		for shard < gradientShards && int(s.starts[e]) >= shard*pairs/gradientShards {
			s.cuts[shard] = i
			shard++
		}
	}
	for ; shard <= gradientShards; shard++ {
		s.cuts[shard] = len(s.entities)
	}
}

// hardPool is how many times the negatives are drawn of which Hard keeps the best scored.
const hardPool = 4

func (s *pairStep) drawHard(i int, out []uint32, random *rand.Rand) {
	pool, scores := make([]uint32, hardPool*len(out)), make([]float32, hardPool*len(out))
	s.sampler.draw(s.groups[i], pool, random)
	s.similarities(s.p.Entities, pool, s.q.Row(i), scores)
	for k, best := range vec.TopK(nil, scores, len(out), nil) {
		out[k] = pool[best.Index]
	}
}

// similarities sets out to the scores of x and rows of a table, whichever of the two is the query.
func (s *pairStep) similarities(table []float32, rows []uint32, x, out []float32) {
	if s.p.Family.Similarity == model.Dot {
		vec.DotGather(table, s.p.entityWidth, rows, x, out)
		return
	}
	vec.DistanceGather(s.p.Family.Similarity.Metric(), table, s.p.entityWidth, rows, x, out)
	if s.distances() {
		for k, d := range out {
			out[k] = float32(math.Sqrt(float64(d)))
		}
	}
	vec.Scale(-1, out)
}

// flow takes similarities back: g holds the derivatives by the scores, and scores the scores.
func (s *pairStep) flow(g, scores, table []float32, rows []uint32, x, dx, dtable []float32) {
	if s.p.Family.Similarity == model.Dot {
		vec.DotGatherGrad(g, table, s.p.entityWidth, rows, x, dx, dtable)
		return
	}
	vec.Scale(-1, g)
	if s.distances() {
		for k, d := range scores { // the square of d = −score is what the kernel differentiates: 1/(2d)
			if g[k] *= -0.5; d != 0 {
				g[k] /= d
			} else {
				g[k] = 0
			}
		}
	}
	vec.DistanceGatherGrad(s.p.Family.Similarity.Metric(), g, table, s.p.entityWidth, rows, x, dx, dtable)
}

// inShards calls do for each drawn entity, a shard at a time, with room for its pairs: rows of the batch and scores.
func (s *pairStep) inShards(do func(shard, i int, pairs []pair, room *pairRoom)) {
	inTurn(gradientShards, s.workers, func() func(shard int) {
		room := new(pairRoom)
		return func(shard int) {
			for i := s.cuts[shard]; i < s.cuts[shard+1]; i++ {
				e := s.entities[i]
				pairs := s.pairs[s.starts[e]:s.starts[e+1]]
				room.fit(len(pairs))
				for k, p := range pairs {
					room.rows[k] = p.row
				}
				do(shard, i, pairs, room)
			}
		}
	})
}

// pairRoom is what one worker gathers an entity's pairs in.
type pairRoom struct {
	rows      []uint32
	g, scores []float32
}

func (r *pairRoom) fit(n int) {
	if cap(r.rows) < n {
		r.rows, r.g, r.scores = make([]uint32, 2*n), make([]float32, 2*n), make([]float32, 2*n)
	}
	r.rows, r.g, r.scores = r.rows[:n], r.g[:n], r.scores[:n]
}

// compare scores all pairs and the answers.
func (s *pairStep) compare() {
	s.inShards(func(_, i int, pairs []pair, room *pairRoom) {
		s.similarities(s.q.Data, room.rows, s.p.Entity(s.entities[i]), room.scores)
		for k, p := range pairs {
			s.scores[p.slot] = room.scores[k]
		}
	})
	s.scoreAnswers()
}

func (s *pairStep) scoreAnswers() {
	s.inRows(func(i int) {
		s.positive[i] = s.p.Family.Similarity.Of(s.q.Row(i), s.p.Entity(s.groups[i].targets[0]))
	})
}

// differentiate replaces the scores of a row by the derivatives of its loss.
func (s *pairStep) differentiate(i int) {
	k := s.o.Negatives
	s.derive(i, s.scores[i*k:(i+1)*k])
}

// derive replaces the scores of an answer and its negatives by the derivatives of its loss.
func (s *pairStep) derive(i int, negatives []float32) {
	weight := s.weightOf(s.groups[i])
	loss, d := s.loss(s.positive[i], negatives)
	s.queryStep.loss[i] = loss * float64(weight)
	s.positive[i] = d * weight
	if weight != 1 {
		vec.Scale(weight, negatives)
	}
	for k, g := range negatives {
		if abs(g) < leastGradient {
			negatives[k] = 0
		}
	}
}

// leastGradient is below what a derivative counts as 0: products of it with a row would soon be subnormal numbers, on
// which a processor takes twenty times as long.
const leastGradient = 1e-20

// weightOf returns the weight of a triple: 1, or by how crowded its two queries are.
func (s *pairStep) weightOf(g group) float32 {
	if s.weigh == nil {
		return 1
	}
	back := question{entity: g.targets[0], relation: g.relation, heads: !g.heads}
	if relations := uint32(s.p.Vocabulary.Relations()); s.p.Reciprocal {
		back.heads, back.relation = false, (g.relation+relations)%(2*relations)
	}
	return 1 / float32(math.Sqrt(float64(s.weigh[g.question()]+s.weigh[back])))
}

// flowBack carries the derivatives of all negatives to the rows of the drawn entities and, shard by shard, to the query
// rows.
func (s *pairStep) flowBack() {
	w := s.p.entityWidth
	if need := len(s.entities) * w; len(s.gradOf.Data) < need {
		s.gradOf = vec.MatrixOf(make([]float32, need), len(s.entities), w)
	}
	for i := range s.shards {
		clear(s.rows(s.shards[i]).Data)
	}
	s.inShards(func(shard, i int, pairs []pair, room *pairRoom) {
		x, dx := s.p.Entity(s.entities[i]), s.gradOf.Row(i)
		clear(dx)
		n := 0
		for _, p := range pairs {
			if g := s.scores[p.slot]; g != 0 {
				room.rows[n], room.g[n] = p.row, g
				n++
			}
		}
		room.fit(n)
		if s.distances() {
			s.similarities(s.q.Data, room.rows, x, room.scores)
		}
		s.flow(room.g, room.scores, s.q.Data, room.rows, x, dx, s.shards[shard].Data)
	})
}

// queryGradient sums row i of dq over the shards, adds the answer's part and goes back through the query.
func (s *pairStep) queryGradient(i int) {
	dq := s.dq.Row(i)
	clear(dq)
	for _, shard := range s.shards {
		vec.Axpy(1, shard.Row(i), dq)
	}
	s.answerGradient(i)
	s.backward(i)
}

// answerGradient adds to row i of dq what the answer's score gives, and sets the answer's own gradient.
func (s *pairStep) answerGradient(i int) {
	t := s.groups[i].targets[0]
	g, q := []float32{s.positive[i]}, s.q.Row(i)
	score := []float32{s.p.Family.Similarity.Of(q, s.p.Entity(t))}
	clear(s.answers.Row(i))
	s.flow(g, score, s.p.Entity(t), []uint32{0}, q, s.dq.Row(i), s.answers.Row(i))
}

// collect lists what each entity's gradient is made of.
func (s *pairStep) collect() {
	for i, g := range s.groups {
		s.parts = append(s.parts, part{entity: g.targets[0], row: uint32(i), source: fromAnswer, scale: 1, count: 1})
	}
	s.sortParts()
	// The drawn entities are sorted already.
	merged, at := s.merged[:0], 0
	for i, e := range s.entities {
		for ; at < len(s.parts) && s.parts[at].entity < e; at++ {
			merged = append(merged, s.parts[at])
		}
		merged = append(merged, part{entity: e, row: uint32(i), source: fromCandidate, scale: 1})
	}
	s.parts, s.merged = append(merged, s.parts[at:]...), s.parts
}
