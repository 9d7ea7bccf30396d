package watermark

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/internal/vec"
)

// reference computes T1, T2 and Q3 by their definitions, in float64, row by row.
func reference(t Table, k *GraphKey) (t1, t2, q3 float64) {
	n, d := t.Rows.Rows, t.Rows.Cols
	scale := t.Scale()
	y := mat.NewDense(n, d, nil)
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for j, v := range t.Rows.Row(i) {
			x.Set(i, j, float64(v)-float64(scale.Mean[j]))
			y.Set(i, j, x.At(i, j)/float64(scale.Deviation[j]))
		}
	}
	words, signs := make([]uint64, wordsFor(d)), make([]float32, d)
	names, turns := newSource(k.secrets[T1]), newSource(k.secrets[Q3])
	p := k.parity(d)
	sums := make([]float64, parities*d)
	u := mat.NewVecDense(d, nil)
	along := 0.0
	for i := range n {
		names.signs(ofName, t.Names[i], words)
		unpack(words, signs)
		turn := float64(turns.sign(t.Names[i]))
		for j := range d {
			along += y.At(i, j) * float64(signs[j])
			u.SetVec(j, u.AtVec(j)+turn*x.At(i, j))
		}
		var side [directions]float64
		for c := range directions {
			for j, s := range p.directions.Row(c) {
				side[c] += float64(s) * y.At(i, j)
			}
		}
		for j := range parities {
			a, b := parityPair(j)
			sign := 1.0
			if (side[a] < 0) != (side[b] < 0) {
				sign = -1
			}
			for c := range d {
				sums[j*d+c] += sign * y.At(i, c)
			}
		}
	}
	var covariance mat.Dense
	covariance.Mul(x.T(), x)
	covariance.Scale(1/float64(n), &covariance)
	mean := mat.Trace(&covariance) / float64(d)
	for j := range d {
		covariance.Set(j, j, covariance.At(j, j)+ridge*mean)
	}
	var solved mat.VecDense
	if err := solved.SolveVec(&covariance, u); err != nil {
		panic(err)
	}
	q := mat.Dot(u, &solved) / float64(n)
	return along / mat.Norm(y, 2), p.statistic(sums), (q - float64(d)) / math.Sqrt(2*float64(d))
}

func TestStatisticsEqualTheirDefinitions(t *testing.T) {
	table := gaussian(700, 96, 1)
	marked, _ := marked(t, table, graphKey(1), Sizing{Cosine: 0.99})
	for n, copied := range []Table{table, marked} {
		got := scoresOf(t, copied, graphKey(1))
		t1, t2, q3 := reference(copied, graphKey(1))
		for c, want := range []float64{t1, t2, q3} {
			if z := got[c].Z; !got[c].Tested || math.Abs(z-want) > 1e-3*(1+math.Abs(want)) {
				t.Errorf("table %d, %s: z = %g, by definition %g", n, Channel(c), z, want)
			}
		}
	}
}

func TestSignedSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for d := range 200 {
		y, words, signs := make([]float32, d), make([]uint64, wordsFor(d)), make([]float32, d)
		for i := range y {
			y[i] = float32(rng.NormFloat64())
		}
		for i := range words {
			words[i] = rng.Uint64()
		}
		unpack(words, signs)
		want := 0.0
		for i := range y {
			if signs[i] != 1 && signs[i] != -1 {
				t.Fatalf("sign %v", signs[i])
			}
			want += float64(y[i]) * float64(signs[i])
		}
		if got := float64(signedSum(y, words)); math.Abs(got-want) > 1e-4 {
			t.Fatalf("d = %d: %g, want %g", d, got, want)
		}
	}
}

// The binomial tail against sums of exact integers.
func TestBinomialTail(t *testing.T) {
	for _, n := range []int{1, 2, 7, 64, 501, 1500} {
		total := new(big.Int).Lsh(big.NewInt(1), uint(n))
		tail := new(big.Int)
		for k := n; k >= 0; k-- {
			tail.Add(tail, new(big.Int).Binomial(int64(n), int64(k)))
			var share big.Float
			share.SetPrec(200).Quo(new(big.Float).SetInt(tail), new(big.Float).SetInt(total))
			mantissa := new(big.Float)
			exponent := share.MantExp(mantissa)
			m, _ := mantissa.Float64()
			want := math.Log10(m) + float64(exponent)*math.Log10(2)
			if got := binomialLog10(k, n); math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
				t.Fatalf("P(X >= %d of %d): 10^%g, want 10^%g", k, n, got, want)
			}
		}
	}
	if got := binomialLog10(900_000, 1_000_000); math.IsInf(got, 0) || got > -100_000 {
		t.Errorf("10^%g: underflow", got)
	}
}

func TestQuadraticBoundInverts(t *testing.T) {
	for _, r := range []float64{1, 64, 1024} {
		for _, log := range []float64{0.1, 1, 9, 300} {
			x := log / log10e
			q := r + 2*math.Sqrt(r*x) + 2*x
			if got := quadraticLog10(q, r); math.Abs(got+log) > 1e-9*log {
				t.Errorf("rank %g: %g, want %g", r, got, -log)
			}
		}
	}
	if quadraticLog10(5, 9) != 0 || hoeffdingLog10(-3) != 0 || hoeffdingLog10(math.NaN()) != 0 {
		t.Error("a statistic below what chance gives is evidence of nothing")
	}
}

func TestTheSameBytesWhateverTheWorkers(t *testing.T) {
	table := gaussian(1500, 128, 3)
	m, mark := marked(t, table, graphKey(2), Sizing{})
	alone, err := mark.Apply(context.Background(), graphKey(2), table, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := mark.With(graphKey(2))
	row := make([]float32, 128)
	for i := range table.Rows.Rows {
		w.Add(table.Names[i], table.Rows.Row(i), row)
		for j := range row {
			if row[j] != m.Rows.Row(i)[j] || row[j] != alone.Row(i)[j] {
				t.Fatalf("row %d differs", i)
			}
		}
	}
	var first []Scores
	for _, workers := range []int{1, 2, 3} {
		s, err := NewSuspect(context.Background(), m, workers)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Test(context.Background(), []*GraphKey{graphKey(2), graphKey(3)})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		for i := range got {
			if got[i] != first[i] {
				t.Errorf("%d workers: %+v, with one %+v", workers, got[i], first[i])
			}
		}
	}
}

func TestRemoveUndoesAdd(t *testing.T) {
	table := gaussian(400, 80, 4)
	m, mark := marked(t, table, graphKey(4), Sizing{Cosine: 0.99})
	w := mark.With(graphKey(4))
	row := make([]float32, 80)
	for i := range table.Rows.Rows {
		w.Remove(m.Names[i], m.Rows.Row(i), row)
		for j := range row {
			if math.Abs(float64(row[j]-table.Rows.Row(i)[j])) > 1e-5 {
				t.Fatalf("row %d, number %d: %g, was %g", i, j, row[j], table.Rows.Row(i)[j])
			}
		}
	}
}

func TestScaleOfConstantDimension(t *testing.T) {
	table := gaussian(2000, 80, 5)
	for i := range table.Rows.Rows {
		table.Rows.Row(i)[7] = 3.3
	}
	if s := table.Scale(); s.Deviation[7] != 0 || s.Varying() != 79 {
		t.Errorf("deviation %g, %d dimensions vary", s.Deviation[7], s.Varying())
	}
	m, _ := marked(t, table, graphKey(1), Sizing{Cosine: 0.99})
	for i := range m.Rows.Rows {
		if m.Rows.Row(i)[7] != 3.3 {
			t.Fatal("a constant dimension was marked")
		}
	}
	if s := scoresOf(t, m, graphKey(1)); s[T1].Z < 15 || s[T2].Z < 15 || s[Q3].Z < 4 {
		t.Errorf("%+v", s)
	}
}

func TestNotFiniteIsRefused(t *testing.T) {
	table := gaussian(400, 64, 5)
	table.Rows.Row(3)[5] = float32(math.NaN())
	if _, err := NewSuspect(context.Background(), table, 1); err == nil {
		t.Error("a table with NaN was taken")
	}
	if _, err := NewSuspect(context.Background(), Table{Names: []string{"a"}, Rows: vec.MatrixOf(make([]float32, 4), 2, 2)}, 1); err == nil {
		t.Error("one name for two rows was taken")
	}
}

// Joint holds its level on unmarked tables, and is what two channels of equal z promise on a marked one.
func TestJoint(t *testing.T) {
	table := gaussian(400, 64, 21)
	s, err := NewSuspect(context.Background(), table, 2)
	if err != nil {
		t.Fatal(err)
	}
	const keys = 2000
	var list []*GraphKey
	for i := range keys {
		list = append(list, testKey(byte(i)).Graph(UUID{1, 7, byte(i >> 8)}))
	}
	scores, err := s.Test(context.Background(), list)
	if err != nil {
		t.Fatal(err)
	}
	alarms, square := 0, 0.0
	for _, x := range scores {
		j := JointOf(x[T1], x[T2])
		square += j.Z * j.Z / keys
		if j.Log10P <= -1 {
			alarms++
		}
	}
	if float64(alarms) > 0.1*keys || math.Abs(square-1) > 0.15 {
		t.Errorf("%d of %d alarms at 0.1, mean square %.3f", alarms, keys, square)
	}
	key := graphKey(5)
	m, _ := marked(t, gaussian(1000, 128, 5), key, Sizing{Cosine: 0.998})
	got := scoresOf(t, m, key)
	best, p := Combine(got[:])
	if want := (got[T1].Z + got[T2].Z) / math.Sqrt2; best.Channel != Joint || math.Abs(best.Z-want) > 1e-9 {
		t.Errorf("best %v %.2f, joint %.2f", best.Channel, best.Z, want)
	}
	if want := hoeffdingLog10(best.Z) + math.Log10(5); p != want {
		t.Errorf("log10 p %g, want %g", p, want)
	}
	if best, p := Combine([]Result{untested(T1, "")}); best.Tested || p != 0 {
		t.Errorf("nothing tested: %v, %g", best, p)
	}
}
