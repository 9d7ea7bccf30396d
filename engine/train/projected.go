package train

import (
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// projected is a paired loss for families that compare entities as a relation sees them, such as TransR's: all the
// negatives of one answer go through the relation's matrix by one product, and their gradients come back by two. The
// batch is cut into gradientShards parts, each with gradients of its own, which are added in order.
type projected struct {
	p         *parameters
	o         Options
	projector model.Projector
	random    *rand.Rand
	sampler   *sampler
	loss      pairLoss
	pairs     *pairStep // for its similarities and weights
	shards    [gradientShards]rowGradients
}

// rowGradients are the gradients of the rows that a shard has met.
type rowGradients struct {
	entities, relations gradientTable
	loss                float64
}

// gradientTable holds gradients by row of a table.
type gradientTable struct {
	width int
	at    map[uint32]int
	rows  []uint32
	data  []float32
}

func (t *gradientTable) reset() {
	t.at, t.rows, t.data = map[uint32]int{}, t.rows[:0], t.data[:0]
}

// add adds a gradient to that of a row.
func (t *gradientTable) add(row uint32, grad []float32) {
	i, ok := t.at[row]
	if !ok {
		i = len(t.rows)
		t.at[row] = i
		t.rows = append(t.rows, row)
		t.data = append(t.data, make([]float32, t.width)...)
	}
	vec.Axpy(1, grad, t.data[i*t.width:(i+1)*t.width])
}

func newProjected(p *parameters, o Options, whole []group, random *rand.Rand) *projected {
	s := &projected{
		p: p, o: o, random: random, sampler: newSampler(o, whole, p.Vocabulary.Entities()), loss: o.pairLoss(),
		pairs: &pairStep{queryStep: queryStep{p: p, o: o}},
	}
	s.projector, _ = p.querier.(model.Projector)
	if o.Subsample {
		s.pairs.weigh = subsampling(whole)
	}
	for i := range s.shards {
		s.shards[i].entities.width, s.shards[i].relations.width = p.entityWidth, p.relWidth
	}
	return s
}

func (s *projected) step(groups []group, rate float32) float64 {
	s.p.beginStep(rate)
	seed := s.random.Uint64()
	inTurn(gradientShards, s.o.Workers, func() func(k int) {
		room := s.newRoom()
		return func(k int) {
			shard := &s.shards[k]
			shard.entities.reset()
			shard.relations.reset()
			shard.loss = 0
			for i := len(groups) * k / gradientShards; i < len(groups)*(k+1)/gradientShards; i++ {
				room.random = rand.New(rand.NewPCG(seed, uint64(i)))
				s.one(groups[i], shard, room)
			}
		}
	})
	s.apply(func(g *rowGradients) *gradientTable { return &g.entities }, s.p.stepEntity)
	s.apply(func(g *rowGradients) *gradientTable { return &g.relations }, s.p.stepRelation)
	var loss float64
	for i := range s.shards {
		loss += s.shards[i].loss
	}
	return loss
}

// projectedRoom is what one worker computes with: the negatives of an answer and, last, the answer itself.
type projectedRoom struct {
	random     *rand.Rand
	drawn      []uint32 // negatives, then the answer
	rows       []uint32 // 0, 1, …
	entities   vec.Matrix
	seen       vec.Matrix // entities through the relation's matrix
	dEntities  vec.Matrix
	dSeen      vec.Matrix
	dMatrix    vec.Matrix
	q, dq      []float32
	scores, g  []float32
	dh, dr, dt []float32
}

func (s *projected) newRoom() *projectedRoom {
	n, w := s.o.Negatives+1, s.p.entityWidth
	matrix := func(rows int) vec.Matrix { return vec.MatrixOf(make([]float32, rows*w), rows, w) }
	r := &projectedRoom{
		drawn: make([]uint32, n), rows: make([]uint32, n), scores: make([]float32, n), g: make([]float32, n),
		entities: matrix(n), seen: matrix(n), dEntities: matrix(n), dSeen: matrix(n), dMatrix: matrix(w),
		q: make([]float32, w), dq: make([]float32, w), dh: make([]float32, w), dt: make([]float32, w), dr: make([]float32, s.p.relWidth),
	}
	for i := range r.rows {
		r.rows[i] = uint32(i)
	}
	return r
}

// one adds the gradients of one answer and its negatives.
func (s *projected) one(g group, shard *rowGradients, room *projectedRoom) {
	relation, fixed, k := s.p.Relation(g.relation), s.p.Entity(g.entity), s.o.Negatives
	if g.heads {
		s.projector.HeadQuery(relation, fixed, room.q)
	} else {
		s.projector.TailQuery(fixed, relation, room.q)
	}
	s.draw(g, room)
	room.drawn[k] = g.targets[0]
	s.score(relation, room.drawn, room, room.scores)
	copy(room.g, room.scores)
	weight := s.pairs.weightOf(g)
	loss, d := s.loss(room.scores[k], room.g[:k])
	room.g[k] = d
	vec.Scale(weight, room.g)
	shard.loss += loss * float64(weight)
	s.flowBack(g, shard, room)
	s.penalise(g, shard, room)
}

// draw fills in the negatives.
func (s *projected) draw(g group, room *projectedRoom) {
	k := s.o.Negatives
	if s.o.Sampling != Hard {
		s.sampler.draw(g, room.drawn[:k], room.random)
		return
	}
	pool, scores := make([]uint32, hardPool*k), make([]float32, hardPool*k)
	s.sampler.draw(g, pool, room.random)
	for from := 0; from < len(pool); from += k {
		s.score(s.p.Relation(g.relation), pool[from:from+k], room, scores[from:from+k])
	}
	for i, best := range vec.TopK(nil, scores, k, nil) {
		room.drawn[i] = pool[best.Index]
	}
}

// score sets scores to those of entities as answers to the query in the room, and leaves their rows there.
func (s *projected) score(relation []float32, entities []uint32, room *projectedRoom, scores []float32) {
	n := len(entities)
	for i, e := range entities {
		copy(room.entities.Row(i), s.p.Entity(e))
	}
	seen := room.seen.RowRange(0, n)
	vec.MulNT(seen, room.entities.RowRange(0, n), s.projector.Projection(relation), false, 1)
	s.pairs.similarities(seen.Data, room.rows[:n], room.q, scores)
}

// flowBack carries the derivatives by the scores to all rows of the answer and its negatives.
func (s *projected) flowBack(g group, shard *rowGradients, room *projectedRoom) {
	relation, fixed := s.p.Relation(g.relation), s.p.Entity(g.entity)
	clear(room.dq)
	clear(room.dSeen.Data)
	s.pairs.flow(room.g, room.scores, room.seen.Data, room.rows, room.q, room.dq, room.dSeen.Data)
	m := s.projector.Projection(relation)
	vec.MulNN(room.dEntities, room.dSeen, m, false, 1)
	for i, e := range room.drawn {
		shard.entities.add(e, room.dEntities.Row(i))
	}
	clear(room.dh)
	clear(room.dr)
	vec.MulTN(room.dMatrix, room.dSeen, room.entities, false, 1)
	vec.Axpy(1, room.dMatrix.Data, s.projector.Projection(room.dr).Data)
	if g.heads {
		s.projector.HeadBackward(relation, fixed, room.dq, room.dr, room.dh)
	} else {
		s.projector.TailBackward(fixed, relation, room.dq, room.dh, room.dr)
	}
	shard.entities.add(g.entity, room.dh)
	shard.relations.add(g.relation, room.dr)
}

// penalise adds the penalties of the triple's rows.
func (s *projected) penalise(g group, shard *rowGradients, room *projectedRoom) {
	if s.o.N3 == 0 && s.o.L2 == 0 {
		return
	}
	for _, x := range []struct {
		table *gradientTable
		row   uint32
		grad  []float32
		value []float32
	}{
		{&shard.entities, g.entity, room.dh, s.p.Entity(g.entity)},
		{&shard.entities, g.targets[0], room.dt, s.p.Entity(g.targets[0])},
		{&shard.relations, g.relation, room.dr, s.p.Relation(g.relation)},
	} {
		clear(x.grad)
		vec.Axpy(2*float32(s.o.L2), x.value, x.grad)
		if s.o.N3 > 0 {
			vec.AddCubeNorm(float32(s.o.N3), x.value, x.grad, 1)
		}
		x.table.add(x.row, x.grad)
	}
}

// apply adds a table's gradients up over the shards and takes the steps.
func (s *projected) apply(table func(*rowGradients) *gradientTable, step func(row uint32, grad []float32)) {
	sum := *table(&s.shards[0])
	for i := range s.shards[1:] {
		t := table(&s.shards[i+1])
		for k, row := range t.rows {
			sum.add(row, t.data[k*t.width:(k+1)*t.width])
		}
	}
	*table(&s.shards[0]) = sum // its slices may have grown
	order := slices.Sorted(slices.Values(sum.rows))
	for _, row := range order {
		at := sum.at[row] * sum.width
		step(row, sum.data[at:at+sum.width])
	}
}
