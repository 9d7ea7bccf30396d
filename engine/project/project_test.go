package project

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/internal/vec"
)

// gaussians returns n rows of a width around each of k centres that lie far apart, and the centre of each row.
func gaussians(k, n, width int, apart float64, seed uint64) (vec.Matrix, []int) {
	random := rand.New(rand.NewPCG(seed, 9))
	data := make([]float32, 0, k*n*width)
	var labels []int
	for c := range k {
		centre := make([]float64, width)
		for j := range centre {
			centre[j] = apart * random.NormFloat64()
		}
		for range n {
			for _, m := range centre {
				data = append(data, float32(m+random.NormFloat64()))
			}
			labels = append(labels, c)
		}
	}
	return vec.MatrixOf(data, k*n, width), labels
}

// rotation returns an orthonormal basis.
func rotation(width int, seed uint64) [][]float64 { return randomBasis(width, width, seed) }

// Rows drawn with variances 25, 9 and 1 along known, turned directions: PCA finds the directions, the variances of the
// sample along them, and their shares.
func TestPCAFindsAKnownCovariance(t *testing.T) {
	const n, width = 4000, 12
	axes := rotation(width, 3)
	random := rand.New(rand.NewPCG(1, 1))
	deviations := []float64{5, 3, 1}
	data := make([]float32, n*width)
	drawn := make([][3]float64, n)
	for i := range n {
		for a, deviation := range deviations {
			drawn[i][a] = deviation * random.NormFloat64()
			for j := range width {
				data[i*width+j] += float32(drawn[i][a]*axes[a][j]) + 7
			}
		}
	}
	got, err := PCA(context.Background(), vec.MatrixOf(data, n, width), 5)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{25.0 / 35, 9.0 / 35}
	for k, share := range got.Explained {
		if math.Abs(share-want[k]) > 0.02 {
			t.Errorf("component %d explains %.3f, want about %.3f", k+1, share, want[k])
		}
	}
	if r := correlation(n, func(i int) (x, y float64) { return got.Points[i].X, drawn[i][0] }); math.Abs(r) < 0.999 {
		t.Errorf("the first component correlates by %.4f with what was drawn", r)
	}
	if r := correlation(n, func(i int) (x, y float64) { return got.Points[i].Y, drawn[i][1] }); math.Abs(r) < 0.999 {
		t.Errorf("the second component correlates by %.4f with what was drawn", r)
	}
}

func correlation(n int, pair func(i int) (x, y float64)) float64 {
	var sx, sy, sxx, syy, sxy float64
	for i := range n {
		x, y := pair(i)
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	m := float64(n)
	return (m*sxy - sx*sy) / math.Sqrt((m*sxx-sx*sx)*(m*syy-sy*sy))
}

// The shares are the eigenvalues of the covariance, here by Jacobi on the whole matrix.
func TestPCAEqualsTheEigenvaluesOfTheCovariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := rapid.IntRange(1, 12).Draw(t, "rows"), rapid.IntRange(1, 14).Draw(t, "columns")
		data := make([]float32, n*width)
		for i := range data {
			data[i] = float32(rapid.IntRange(-3, 3).Draw(t, "value"))
		}
		rows := vec.MatrixOf(data, n, width)
		got, err := PCA(context.Background(), rows, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := centred(rows)
		if err != nil {
			t.Fatal(err)
		}
		covariance := make([][]float64, width)
		total := 0.0
		for a := range covariance {
			covariance[a] = make([]float64, width)
			for b := range covariance[a] {
				for _, row := range c {
					covariance[a][b] += row[a] * row[b]
				}
			}
			total += covariance[a][a]
		}
		values, _ := eigen(covariance)
		for k := range min(2, width) {
			if want := values[k] / max(total, 1e-300); total > 1e-9 && math.Abs(got.Explained[k]-want) > 1e-6 {
				t.Fatalf("component %d explains %g, the covariance says %g", k+1, got.Explained[k], want)
			}
		}
		for _, p := range got.Points {
			if math.IsNaN(p.X) || math.IsNaN(p.Y) {
				t.Fatal("a score is no number")
			}
		}
	})
}

// The entropy of each row's conditional probabilities is the logarithm of the perplexity.
func TestAffinitiesHaveThePerplexity(t *testing.T) {
	x, _ := gaussians(3, 40, 6, 4, 2)
	squares := make([]float64, x.Rows)
	for _, perplexity := range []float64{2, 10, 30} {
		for i := range x.Rows {
			squaredDistances(x, i, squares)
			var links []link
			for j, d := range squares {
				if j != i {
					links = append(links, link{uint32(j), d})
				}
			}
			slices.SortFunc(links, func(a, b link) int { return int(math.Copysign(1, a.p-b.p)) })
			conditional(links, perplexity)
			entropy, sum := 0.0, 0.0
			for _, l := range links {
				sum += l.p
				if l.p > 0 {
					entropy -= l.p * math.Log(l.p)
				}
			}
			if math.Abs(entropy-math.Log(perplexity)) > 1e-5 || math.Abs(sum-1) > 1e-12 {
				t.Fatalf("row %d: entropy %g, want %g; sum %g", i, entropy, math.Log(perplexity), sum)
			}
		}
	}
	total := 0.0
	links := affinities(x, 10, 2)
	for i := range links {
		for _, l := range links[i] {
			total += l.p
			back, ok := slices.BinarySearchFunc(links[l.to], uint32(i), func(a link, to uint32) int { return int(a.to) - int(to) })
			if !ok || links[l.to][back].p != l.p {
				t.Fatalf("p(%d, %d) is not symmetric", i, l.to)
			}
		}
	}
	if math.Abs(total-1) > 1e-9 {
		t.Errorf("the joint probabilities sum to %g", total)
	}
}

// The tree's repulsion is that of all pairs: exactly at theta 0, within a few percent at the theta used.
func TestTreeRepelsAsAllPairsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "points")
		grid := rapid.Bool().Draw(t, "on a grid, so that points coincide")
		points := make([]Point, n)
		for i := range points {
			points[i] = Point{rapid.Float64Range(-50, 50).Draw(t, "x"), rapid.Float64Range(-50, 50).Draw(t, "y")}
			if grid {
				points[i] = Point{math.Round(points[i].X / 10), math.Round(points[i].Y / 10)}
			}
		}
		s := &tsne{points: points}
		s.tree.build(points)
		var sumTree, sumAll float64
		for i, p := range points {
			force, sum := s.repelAll(i)
			near, nearSum, _ := s.tree.repulsion(p, 0, nil)
			if math.Abs(nearSum-sum) > 1e-6*(1+sum) || math.Hypot(force.X-near.X, force.Y-near.Y) > 1e-6*(1+sum) {
				t.Fatalf("point %d: %v and %g, by the tree %v and %g", i, force, sum, near, nearSum)
			}
			_, far, _ := s.tree.repulsion(p, theta, nil)
			sumTree, sumAll = sumTree+far, sumAll+sum
		}
		if math.Abs(sumTree-sumAll) > 0.05*(sumAll+1e-9) {
			t.Fatalf("Σw %g, by the tree %g", sumAll, sumTree)
		}
	})
}

// kept returns the mean share of the rows' k nearest rows that are among the k nearest points, and how often a point's
// nearest one has its label.
func kept(x vec.Matrix, points []Point, labels []int, k int) (neighbours, pure float64) {
	n := x.Rows
	squares := make([]float64, n)
	nearest := func(i int, distance func(j int) float64) []int {
		order := make([]int, 0, n-1)
		for j := range n {
			if j != i {
				order = append(order, j)
			}
		}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, distance(a)-distance(b))) })
		return order[:k]
	}
	for i := range n {
		squaredDistances(x, i, squares)
		before := nearest(i, func(j int) float64 { return squares[j] })
		after := nearest(i, func(j int) float64 { return math.Hypot(points[i].X-points[j].X, points[i].Y-points[j].Y) })
		for _, j := range after {
			if slices.Contains(before, j) {
				neighbours += 1 / float64(k*n)
			}
		}
		if labels[after[0]] == labels[i] {
			pure += 1 / float64(n)
		}
	}
	return neighbours, pure
}

// Separated clusters stay separate, by all pairs and by the tree, and neighbourhoods are kept far better than by chance
// (10 of 240 or 600) and than PCA keeps them.
func TestTSNEKeepsClustersAndNeighbours(t *testing.T) {
	for name, each := range map[string]int{"all pairs": 40, "tree": 100} {
		t.Run(name, func(t *testing.T) {
			x, labels := gaussians(6, each, 20, 3, 4)
			layout, err := TSNE(context.Background(), x, Options{Iterations: 400, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			pca, err := PCA(context.Background(), x, 1)
			if err != nil {
				t.Fatal(err)
			}
			neighbours, pure := kept(x, layout.Points, labels, 10)
			byPCA, purePCA := kept(x, pca.Points, labels, 10)
			t.Logf("of 10 neighbours %.3f are kept (PCA %.3f); nearest of the same cluster %.3f (PCA %.3f); divergence %.3f",
				neighbours, byPCA, pure, purePCA, layout.Divergence)
			if pure < 1-1e-9 {
				t.Errorf("%.3f of the points have a neighbour of their own cluster", pure)
			}
			if neighbours < 0.35 || neighbours < 1.4*byPCA {
				t.Errorf("%.3f of 10 neighbours are kept, by PCA %.3f", neighbours, byPCA)
			}
		})
	}
}

func TestLayoutsAreDeterministic(t *testing.T) {
	x, _ := gaussians(5, 100, 8, 3, 6)
	layout := func(o Options) []Point {
		o.Iterations = 60
		l, err := TSNE(context.Background(), x, o)
		if err != nil {
			t.Fatal(err)
		}
		return l.Points
	}
	one := layout(Options{Seed: 7, Workers: 1})
	if !slices.Equal(one, layout(Options{Seed: 7, Workers: 3})) {
		t.Error("the workers change the layout")
	}
	if slices.Equal(one, layout(Options{Seed: 8, Workers: 1})) {
		t.Error("the seed does not change the layout")
	}
	a, errA := PCA(context.Background(), x, 1)
	b, errB := PCA(context.Background(), x, 1)
	if errA != nil || errB != nil || !slices.Equal(a.Points, b.Points) {
		t.Errorf("two PCAs differ: %v %v", errA, errB)
	}
}

func TestExtremeRows(t *testing.T) {
	ctx := context.Background()
	nan := float32(math.NaN())
	for name, rows := range map[string]vec.Matrix{
		"none": {}, "too few": vec.MatrixOf(make([]float32, 8), 4, 2),
		"NaN": vec.MatrixOf([]float32{1, 2, nan, 4, 5, 6}, 6, 1), "infinite": vec.MatrixOf([]float32{1, 2, float32(math.Inf(1)), 4, 5}, 5, 1),
	} {
		if _, err := TSNE(ctx, rows, Options{}); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, rows := range map[string]vec.Matrix{
		"equal rows": vec.MatrixOf(make([]float32, 60), 20, 3), "one column": vec.MatrixOf([]float32{1, 2, 3, 4, 5, 6}, 6, 1),
		"huge": vec.MatrixOf([]float32{1e30, -1e30, 0, 1, 2, 3e30}, 6, 1), "tiny": vec.MatrixOf([]float32{1e-30, 0, 2e-30, 0, 3e-30}, 5, 1),
		"an outlier": vec.MatrixOf([]float32{0, 0.1, 0.2, 0.3, 1e6, 0.15, 0.25}, 7, 1),
	} {
		for _, exact := range []bool{true, false} {
			layout, err := TSNE(ctx, rows, Options{Iterations: 300, Exact: exact})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, p := range layout.Points {
				if math.IsNaN(p.X+p.Y) || math.Hypot(p.X, p.Y) > 1e5 {
					t.Errorf("%s, all pairs %v: a point at %v", name, exact, p)
					break
				}
			}
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	x, _ := gaussians(2, 10, 3, 3, 1)
	if _, err := TSNE(cancelled, x, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := TSNE(ctx, x, Options{Perplexity: -1}); !errors.Is(err, ErrData) {
		t.Errorf("negative perplexity: %v", err)
	}
}

func BenchmarkTSNE(b *testing.B) {
	x, _ := gaussians(15, 100, 200, 2, 1)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("1500 rows, %d workers", workers), func(b *testing.B) {
			for b.Loop() {
				if _, err := TSNE(context.Background(), x, Options{Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
