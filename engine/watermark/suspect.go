package watermark

import (
	"context"
	"fmt"
	"math"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/internal/vec"
)

// Suspect is a table under test, with all that needs no key: its scale, the identity of its rows and the factor that
// whitens it. It may be used from several goroutines.
type Suspect struct {
	table   Table
	names   []string // "" where a row has no identity or repeats an earlier one
	scale   Scale
	inverse []float32
	named   int     // rows with an identity
	norm    float64 // of the named rows, standardised
	rank    float64 // of the covariance, at most
	factor  *mat.Cholesky
	power   float64 // z that the strongest mark allowed is expected to show
	reason  string  // why no table channel can be tested; "" when they can
	workers int
}

const (
	// gramRows is how many rows one product sums in float32.
	gramRows = 2048
	// testRows is how many rows are standardised at a time: 256 × 1024 numbers are one megabyte.
	testRows = 256
	// testParts is how many parts of a table are summed apart at most, and partRows how many rows one has at least: sums
	// then depend on the table alone, not on the number of workers.
	testParts, partRows = 8, 1024
	// keysAtOnce is how many keys read a block while it is in the cache; each takes 64 × dimension sums.
	keysAtOnce = 8
	// ridge is added to the covariance, as a share of its mean variance. It only lowers Q, whatever the rotation, and
	// drowns the rounding of the covariance.
	ridge = 1e-5
	// chance is how far above its mean a mark's z is still looked for: one in 700 shows more.
	chance = 3
)

// NewSuspect returns a table ready to be tested, which is kept and must not change. A number that is not finite is an
// error. Time: one product of the table with itself, N·D² multiplications, for Q3.
func NewSuspect(ctx context.Context, t Table, workers int) (*Suspect, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	s := &Suspect{table: t, scale: t.Scale(), workers: max(1, workers)}
	s.inverse = s.scale.inverses()
	s.identify()
	s.power = s.attainable()
	s.demand(AlarmZ(DefaultAlpha, 1))
	return s, s.whiten(ctx)
}

// Reason says why no table channel is tested, with the figure of Attainable; "" when they are. Detect goes by its own rate of
// false alarms and number of candidates, others by DefaultAlpha and one.
func (s *Suspect) Reason() string { return s.reason }

// Attainable returns the z that the strongest mark which Sizing allows would show on this table by T1, T2 or both, on average;
// chance adds about 1 either way. Q3 never shows more on a table so small that it matters: its strength is bounded by
// Sizing, and it needs twice as many rows as dimensions.
func (s *Suspect) Attainable() float64 { return s.power }

// demand settles whether the channels are tested for an alarm at z.
func (s *Suspect) demand(z float64) {
	s.reason = ""
	if s.power+chance < z {
		s.reason = fmt.Sprintf("%d rows of %d varying numbers: the strongest mark allowed (cosine %g) would show z = %.1f on average, and an alarm takes %.1f",
			s.table.Rows.Rows, s.scale.Varying(), leastCosine, s.power, z)
	}
}

// attainable returns what Attainable tells. 1 − cosine is half the square of the strength where rows are alike long around
// the origin. Where they are not, a copy's rows do not tell what they were when they were marked, so its own figure counts only
// if it allows more. A mark is a part of the deviation that a copy is standardised by; of N rows, what it adds to the mean and to
// the deviation of a dimension, 2 of N parts, is lost.
func (s *Suspect) attainable() float64 {
	f := s.table.figures(s.scale)
	square := 2 * (1 - leastCosine)
	if f.perStep > 0 {
		square = max(square, (1-leastCosine)/f.perStep)
	}
	z := math.Sqrt(square * float64(s.named) * f.d)
	if s.table.Rows.Cols >= leastParityDim {
		z = max(z, f.forecast(Strengths{T2: math.Sqrt(square)}).T2)
	}
	return z / math.Sqrt(1+square) * max(0, f.n-2) / max(1, f.n)
}

// identify keeps the first row of each name: signs of a repeated one would not be independent.
func (s *Suspect) identify() {
	s.names = make([]string, s.table.Rows.Rows)
	seen := make(map[string]struct{}, len(s.names))
	y := make([]float32, s.table.Rows.Cols)
	square := 0.0
	for i := range s.names {
		name := s.table.name(i)
		if name == "" {
			continue
		}
		if _, twice := seen[name]; twice {
			continue
		}
		seen[name] = struct{}{}
		s.names[i] = name
		s.named++
		s.scale.standardise(s.table.Rows.Row(i), s.inverse, y)
		square += float64(vec.Dot(y, y))
	}
	s.norm = math.Sqrt(square)
}

// whiten factors the covariance, in the table's own units: a ridge that is the same in all directions there does not
// depend on the rotation.
func (s *Suspect) whiten(ctx context.Context) error {
	n, d := s.table.Rows.Rows, s.table.Rows.Cols
	if s.named == 0 || n < 2*d {
		return nil
	}
	gram := make([]float64, d*d)
	y := vec.MatrixOf(make([]float32, gramRows*d), gramRows, d)
	part := vec.MatrixOf(make([]float32, d*d), d, d)
	for from := 0; from < n; from += gramRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := y.RowRange(0, min(gramRows, n-from))
		for i := range block.Rows {
			s.scale.standardise(s.table.Rows.Row(from+i), s.inverse, block.Row(i))
		}
		vec.MulTN(part, block, block, false, s.workers)
		for i, x := range part.Data {
			gram[i] += float64(x)
		}
	}
	mean := 0.0
	for i := range d {
		for j := range d {
			gram[i*d+j] *= float64(s.scale.Deviation[i]) * float64(s.scale.Deviation[j]) / float64(n)
		}
		mean += gram[i*d+i] / float64(d)
	}
	for i := range d {
		gram[i*d+i] += ridge * mean
	}
	factor := &mat.Cholesky{}
	if factor.Factorize(mat.NewSymDense(d, gram)) {
		s.factor, s.rank = factor, float64(min(s.scale.Varying(), n-1))
	}
	return nil
}

// referenceReach bounds the mean square of numbers, standardised by a reference, that may still be a part of its table.
const referenceReach = 16

// isPartOf reports whether the suspect looks like less than half of the table that a key marked: so much smaller, and
// within its scale. It does not depend on the key's secrets. A larger part has the whole's scale well enough, and its own
// also stands another unit or origin of each dimension.
func (s *Suspect) isPartOf(k *GraphKey) bool {
	if k.scale == nil || len(k.scale.Deviation) != len(s.scale.Deviation) || len(k.scale.Mean) != len(s.scale.Mean) || 2*s.table.Rows.Rows > k.rows {
		return false
	}
	square, varying := 0.0, 0
	for j, sd := range k.scale.Deviation {
		if sd > 0 {
			spread, shift := float64(s.scale.Deviation[j]/sd), float64((s.scale.Mean[j]-k.scale.Mean[j])/sd)
			square, varying = square+spread*spread+shift*shift, varying+1
		}
	}
	square /= float64(max(1, varying))
	return square < referenceReach && square > 1.0/referenceReach
}

// Scores are the results of T1, T2 and Q3.
type Scores [Triples]Result

// Test returns what the table says of each key.
func (s *Suspect) Test(ctx context.Context, keys []*GraphKey) ([]Scores, error) {
	out := make([]Scores, 0, len(keys))
	for from := 0; from < len(keys); from += keysAtOnce {
		some := keys[from:min(from+keysAtOnce, len(keys))]
		scores, err := s.test(ctx, some)
		if err != nil {
			return nil, err
		}
		out = append(out, scores...)
	}
	return out, nil
}

// test runs a few keys over the table at once.
func (s *Suspect) test(ctx context.Context, keys []*GraphKey) ([]Scores, error) {
	out := make([]Scores, len(keys))
	if s.reason != "" {
		for i := range out {
			out[i] = Scores{untested(T1, s.reason), untested(T2, s.reason), untested(Q3, s.reason)}
		}
		return out, nil
	}
	shared := make([]*paritySecrets, len(keys))
	if s.table.Rows.Cols >= leastParityDim {
		for i, k := range keys {
			shared[i] = k.parity(s.table.Rows.Cols)
		}
	}
	parts := make([][]*sums, max(1, min(testParts, s.table.Rows.Rows/partRows)))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.workers)
	for part := range parts {
		n := s.table.Rows.Rows
		from, to := part*n/len(parts), (part+1)*n/len(parts)
		g.Go(func() error {
			parts[part] = s.newSums(keys, shared)
			return s.sum(ctx, parts[part], from, to)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i := range keys {
		total := parts[0][i]
		for _, p := range parts[1:] {
			total.add(p[i])
		}
		out[i] = s.scores(total)
	}
	return out, nil
}

// sums are what one key gathers from rows.
type sums struct {
	names, turns *source
	parity       *paritySecrets // nil where T2 is not tested
	reference    *Scale         // by which parities are told; nil: the suspect's own
	inverse      []float32      // of the reference
	referred     vec.Matrix     // [rows × D], rows by the reference
	along        float64        // Σ <y, s>
	byParity     []float64      // V [64 × D]
	turned       []float64      // Σ σ·y
	words        []uint64
	products     vec.Matrix // [rows × 16]
	chosen       vec.Matrix // [rows × 64]
	block        vec.Matrix // [64 × D]
	turnedBlock  []float32
}

func (s *Suspect) newSums(keys []*GraphKey, shared []*paritySecrets) []*sums {
	d, rows := s.table.Rows.Cols, min(testRows, s.table.Rows.Rows)
	out := make([]*sums, len(keys))
	for i, k := range keys {
		m := &sums{names: newSource(k.secrets[T1]), turns: newSource(k.secrets[Q3]), parity: shared[i],
			words: make([]uint64, wordsFor(d)), turned: make([]float64, d), turnedBlock: make([]float32, d)}
		if m.parity != nil {
			m.byParity = make([]float64, parities*d)
			m.products = vec.MatrixOf(make([]float32, rows*directions), rows, directions)
			m.chosen = vec.MatrixOf(make([]float32, rows*parities), rows, parities)
			m.block = vec.MatrixOf(make([]float32, parities*d), parities, d)
			if s.isPartOf(k) {
				m.reference, m.inverse = k.scale, k.scale.inverses()
				m.referred = vec.MatrixOf(make([]float32, rows*d), rows, d)
			}
		}
		out[i] = m
	}
	return out
}

// sum adds rows from up to to.
func (s *Suspect) sum(ctx context.Context, keys []*sums, from, to int) error {
	d := s.table.Rows.Cols
	rows := min(testRows, to-from)
	y := vec.MatrixOf(make([]float32, rows*d), rows, d)
	for ; from < to; from += testRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := y.RowRange(0, min(testRows, to-from))
		for i := range block.Rows {
			s.scale.standardise(s.table.Rows.Row(from+i), s.inverse, block.Row(i))
		}
		for _, m := range keys {
			m.byName(block, s.names[from:from+block.Rows], s.factor != nil)
			if m.parity != nil {
				m.byRow(s.table.Rows.RowRange(from, from+block.Rows), block)
			}
		}
	}
	return nil
}

// byName takes rows in for T1 and, with turns, Q3.
func (m *sums) byName(y vec.Matrix, names []string, turns bool) {
	clear(m.turnedBlock)
	for i, name := range names {
		if name == "" {
			continue
		}
		m.names.signs(ofName, name, m.words)
		m.along += float64(signedSum(y.Row(i), m.words))
		if turns {
			vec.Axpy(m.turns.sign(name), y.Row(i), m.turnedBlock)
		}
	}
	for j, x := range m.turnedBlock {
		m.turned[j] += float64(x)
	}
}

// byRow takes rows in for T2: x as they are and y standardised.
func (m *sums) byRow(x, y vec.Matrix) {
	products, chosen, told := m.products.RowRange(0, y.Rows), m.chosen.RowRange(0, y.Rows), y
	if m.reference != nil {
		told = m.referred.RowRange(0, y.Rows)
		for i := range x.Rows {
			m.reference.standardise(x.Row(i), m.inverse, told.Row(i))
		}
	}
	vec.MulNT(products, told, m.parity.directions, false, 1)
	for i := range y.Rows {
		parityOf(products.Row(i), chosen.Row(i))
	}
	vec.MulTN(m.block, chosen, y, false, 1)
	for j, x := range m.block.Data {
		m.byParity[j] += float64(x)
	}
}

// add adds the sums of other rows.
func (m *sums) add(o *sums) {
	m.along += o.along
	for j, x := range o.byParity {
		m.byParity[j] += x
	}
	for j, x := range o.turned {
		m.turned[j] += x
	}
}

// scores turns a key's sums into results.
func (s *Suspect) scores(m *sums) Scores {
	out := Scores{untested(T1, "no row has a name that lasts"), untested(T2, fmt.Sprintf("rows have fewer than %d numbers", leastParityDim)),
		untested(Q3, "fewer rows with a name than twice the dimension")}
	if s.named > 0 && s.norm > 0 {
		t := m.along / s.norm
		out[T1] = Result{Channel: T1, Tested: true, Z: t, Log10P: hoeffdingLog10(t), Used: s.named}
	}
	if m.parity != nil {
		t := m.parity.statistic(m.byParity)
		out[T2] = Result{Channel: T2, Tested: true, Z: t, Log10P: hoeffdingLog10(t), Used: s.table.Rows.Rows}
	}
	if s.factor != nil {
		q := s.turnedSquare(m.turned)
		out[Q3] = Result{Channel: Q3, Tested: true, Z: (q - s.rank) / math.Sqrt(2*s.rank), Log10P: quadraticLog10(q, s.rank), Used: s.named}
	}
	return out
}

// turnedSquare returns Q = uᵀΣ⁻¹u/N for u = Σ σ·(x − mean), given as standardised sums.
func (s *Suspect) turnedSquare(turned []float64) float64 {
	u := mat.NewVecDense(len(turned), nil)
	for j, x := range turned {
		u.SetVec(j, x*float64(s.scale.Deviation[j]))
	}
	var solved mat.VecDense
	if err := s.factor.SolveVecTo(&solved, u); err != nil {
		// The factor is badly conditioned: what it gives would be no bound.
		return 0
	}
	return mat.Dot(u, &solved) / float64(s.table.Rows.Rows)
}
