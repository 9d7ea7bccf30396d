package train

import (
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// rowwise is a paired loss for families whose scores are no similarity of two rows, such as TransR's: each pair is
// scored and differentiated on its own by the family's Score and Grad. The batch is cut into gradientShards parts, each
// with gradients of its own, which are added in order.
type rowwise struct {
	p       *parameters
	o       Options
	random  *rand.Rand
	sampler *sampler
	loss    pairLoss
	weigh   *pairStep // for weightOf
	shards  [gradientShards]rowGradients
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

func newRowwise(p *parameters, o Options, whole []group, random *rand.Rand) *rowwise {
	s := &rowwise{
		p: p, o: o, random: random, sampler: newSampler(o, whole, p.Vocabulary.Entities()), loss: o.pairLoss(),
		weigh: &pairStep{queryStep: queryStep{p: p}},
	}
	if o.Subsample {
		s.weigh.weigh = subsampling(whole)
	}
	for i := range s.shards {
		s.shards[i].entities.width, s.shards[i].relations.width = p.entityWidth, p.relWidth
	}
	return s
}

func (s *rowwise) step(groups []group, rate float32) float64 {
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

// rowRoom is what one worker computes with.
type rowRoom struct {
	random     *rand.Rand
	drawn      []uint32
	scores     []float32
	dh, dr, dt []float32
}

func (s *rowwise) newRoom() *rowRoom {
	r := &rowRoom{drawn: make([]uint32, s.o.Negatives), scores: make([]float32, s.o.Negatives)}
	r.dh, r.dt, r.dr = make([]float32, s.p.entityWidth), make([]float32, s.p.entityWidth), make([]float32, s.p.relWidth)
	return r
}

// rowsOf returns the rows of a group's triple with another entity in the place asked for.
func (s *rowwise) rowsOf(g group, answer uint32) (h, r, t []float32) {
	h, r, t = s.p.Entity(g.entity), s.p.Relation(g.relation), s.p.Entity(answer)
	if g.heads {
		h, t = t, h
	}
	return h, r, t
}

func (s *rowwise) score(g group, answer uint32) float32 {
	h, r, t := s.rowsOf(g, answer)
	return s.p.Family.Interaction.Score(h, r, t)
}

// one adds the gradients of one answer and its negatives.
func (s *rowwise) one(g group, shard *rowGradients, room *rowRoom) {
	if s.o.Sampling == Hard {
		pool := make([]uint32, hardPool*len(room.drawn))
		s.sampler.draw(g, pool, room.random)
		scores := make([]float32, len(pool))
		for i, e := range pool {
			scores[i] = s.score(g, e)
		}
		for i, best := range vec.TopK(nil, scores, len(room.drawn), nil) {
			room.drawn[i] = pool[best.Index]
		}
	} else {
		s.sampler.draw(g, room.drawn, room.random)
	}
	for i, e := range room.drawn {
		room.scores[i] = s.score(g, e)
	}
	weight := s.weigh.weightOf(g)
	loss, d := s.loss(s.score(g, g.targets[0]), room.scores)
	shard.loss += loss * float64(weight)
	s.flow(g, g.targets[0], d*weight, shard, room)
	for i, e := range room.drawn {
		if room.scores[i] != 0 {
			s.flow(g, e, room.scores[i]*weight, shard, room)
		}
	}
	s.penalise(g, shard, room)
}

// flow adds the gradient of one score to the rows it is made of.
func (s *rowwise) flow(g group, answer uint32, by float32, shard *rowGradients, room *rowRoom) {
	clear(room.dh)
	clear(room.dr)
	clear(room.dt)
	h, r, t := s.rowsOf(g, answer)
	s.p.Family.Interaction.Grad(by, h, r, t, room.dh, room.dr, room.dt)
	fixed, missing := room.dh, room.dt
	if g.heads {
		fixed, missing = missing, fixed
	}
	shard.entities.add(g.entity, fixed)
	shard.entities.add(answer, missing)
	shard.relations.add(g.relation, room.dr)
}

// penalise adds the penalties of the triple's rows.
func (s *rowwise) penalise(g group, shard *rowGradients, room *rowRoom) {
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
func (s *rowwise) apply(table func(*rowGradients) *gradientTable, step func(row uint32, grad []float32)) {
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
