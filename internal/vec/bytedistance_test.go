package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// codedBlocks returns rows as blocks; rows beyond the last are empty places.
func codedBlocks(c DistanceCodes, rows Matrix) []uint32 {
	words := c.BlockWords()
	count := (rows.Rows + BlockRows - 1) / BlockRows
	blocks := make([]uint32, count*words)
	for i := range count * BlockRows {
		block := blocks[i/BlockRows*words : (i/BlockRows+1)*words]
		if i < rows.Rows {
			c.QuantiseRow(block, i%BlockRows, rows.Row(i))
		} else {
			c.ClearRow(block, i%BlockRows)
		}
	}
	return blocks
}

func plainDistance(c DistanceCodes, x, y []float32) float64 {
	sum, d := 0.0, c.Width/2
	for i := range x {
		switch {
		case !c.Complex:
			sum += math.Abs(float64(x[i]) - float64(y[i]))
		case i < d:
			sum += math.Hypot(float64(x[i])-float64(y[i]), float64(x[d+i])-float64(y[d+i]))
		}
	}
	return sum
}

// At every level a bound holds, and is no looser than the codes allow.
func TestDistanceBoundsHold(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(41, 42))
		for _, width := range []int{2, 6, 8, 14, 64, 200, 402} {
			for _, count := range []int{1, 16, 33, 79, 130} {
				for _, complex := range []bool{false, true} {
					// Some numbers lie outside of the codes' range, of rows and of the query.
					c := DistanceCodes{Width: width, Complex: complex, Scale: 2.5 / 127}
					rows := MatrixOf(randoms(rng, count*width), count, width)
					query := randoms(rng, width)
					blocks := codedBlocks(c, rows)
					var q DistanceQuery
					if !q.Set(c, query) {
						t.Fatal("no bound")
					}
					out := make([]float32, (count+15)/16*16)
					c.Bounds(blocks, &q, out)
					for i, bound := range out {
						if i >= count {
							if !math.IsInf(float64(bound), -1) {
								t.Fatalf("an empty place has the bound %g", bound)
							}
							continue
						}
						distance := plainDistance(c, rows.Row(i), query)
						low := -(float64(bound) + q.Less)
						if low > distance {
							t.Fatalf("complex %v, width %d, row %d: bound %g of %g", complex, width, i, low, distance)
						}
						missed := float64(math.Float32frombits(blocks[i/16*c.BlockWords()+i%16]))
						if loose := distance - low; loose > 2*missed+0.01*distance+3*math.Abs(q.Less)+float64(width)*float64(c.Scale) {
							t.Fatalf("complex %v, width %d, row %d: bound %g of %g", complex, width, i, low, distance)
						}
					}
				}
			}
		}
	})
}

// Every level gives the Go twin's numbers: sums of bytes to the bit, moduli as near as their square roots are.
func TestDistanceBoundsOfEveryLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	for _, complex := range []bool{false, true} {
		for _, width := range []int{2, 10, 200, 402} {
			c := DistanceCodes{Width: width, Complex: complex, Scale: 4. / 127}
			rows := MatrixOf(randoms(rng, 77*width), 77, width)
			blocks := codedBlocks(c, rows)
			var q DistanceQuery
			q.Set(c, rows.Row(5))
			want := make([]float32, 80)
			twin := byteManhattanGo
			if complex {
				twin = byteModuliGo
			}
			twin(blocks, q.words, -0.25, want)
			atEveryLevel(t, func(t *testing.T) {
				got := make([]float32, 80)
				kernel, tolerance := byteManhattan, 0.0
				if complex {
					kernel, tolerance = byteModuli, 5e-4
				}
				kernel(blocks, q.words, -0.25, got)
				for i := range want {
					if got[i] != want[i] && !(math.Abs(float64(got[i]-want[i])) <= tolerance*math.Abs(float64(want[i]))+tolerance) {
						t.Fatalf("complex %v, width %d, row %d: %g, want %g", complex, width, i, got[i], want[i])
					}
				}
			})
		}
	}
}

// The largest differences: what would not fit a word of two bytes, or its square a word of four.
func TestDistanceBoundsOfExtremeCodes(t *testing.T) {
	for _, complex := range []bool{false, true} {
		c := DistanceCodes{Width: 64, Complex: complex, Scale: 1. / 127}
		row, query := make([]float32, 64), make([]float32, 64)
		for i := range row {
			row[i], query[i] = 1, -1
		}
		block := codedBlocks(c, MatrixOf(row, 1, 64))
		var q DistanceQuery
		q.Set(c, query)
		atEveryLevel(t, func(t *testing.T) {
			out := make([]float32, BlockRows)
			c.Bounds(block, &q, out)
			if want, low := plainDistance(c, row, query), -(float64(out[0]) + q.Less); math.Abs(low-want) > 0.002*want {
				t.Fatalf("complex %v: %g, want %g", complex, low, want)
			}
		})
		bad := []float32{float32(math.NaN()), float32(math.Inf(1)), 1e30}
		for place, v := range bad {
			row[3] = v
			c.QuantiseRow(block, place, row)
			if q.Set(c, row) {
				t.Errorf("a query with %g was taken", v)
			}
		}
		q.Set(c, query)
		out := make([]float32, BlockRows)
		c.Bounds(block, &q, out)
		for place, v := range bad {
			if !math.IsInf(float64(out[place]), 1) {
				t.Errorf("a row with %g has the bound %g", v, out[place])
			}
		}
	}
}

func BenchmarkDistanceBounds(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]DistanceCodes{
		"manhattan": {Width: 200, Scale: 4. / 127}, "moduli": {Width: 400, Complex: true, Scale: 4. / 127},
	} {
		b.Run(name, func(b *testing.B) {
			rows := MatrixOf(randoms(rng, 14541*c.Width), 14541, c.Width)
			blocks := codedBlocks(c, rows)
			var q DistanceQuery
			q.Set(c, rows.Row(7))
			out := make([]float32, (rows.Rows+15)/16*16)
			rates(b, 0, float64(4*len(blocks)), func() { c.Bounds(blocks, &q, out) })
		})
	}
}
