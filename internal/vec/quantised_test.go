package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// blocksOf returns rows as blocks; rows beyond the last are empty places.
func blocksOf(rows Matrix) []uint32 {
	words := BlockWords(rows.Cols)
	count := (rows.Rows + BlockRows - 1) / BlockRows
	blocks := make([]uint32, count*words)
	for i := range count * BlockRows {
		block := blocks[i/BlockRows*words : (i/BlockRows+1)*words]
		if i < rows.Rows {
			QuantiseRow(block, i%BlockRows, rows.Row(i))
		} else {
			ClearRow(block, i%BlockRows)
		}
	}
	return blocks
}

// Every instruction set gives the Go twin's bounds, bit for bit.
func TestBoundsOfEveryVariant(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for _, width := range []int{1, 3, 4, 7, 64, 200, 401} {
		for _, count := range []int{1, 16, 17, 48, 79, 130} {
			rows := MatrixOf(randoms(rng, count*width), count, width)
			blocks := blocksOf(rows)
			var q ByteQuery
			if !q.Set(randoms(rng, width)) {
				t.Fatal("the query cannot be bounded")
			}
			weights := [6]float32{q.Scale * 2, 0.3, 0.7, 0.9, 0.2, 1.1}
			want := make([]float32, (count+15)/16*16)
			quantisedBoundsGo(blocks, q.words, q.bias, &weights, want)
			eachByteVariant(t, func(t *testing.T, name string, kernel boundsKernel) {
				got := make([]float32, len(want))
				kernel(blocks, q.words, q.bias, &weights, got)
				for i := range want {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%s, width %d, row %d of %d: %g, want %g", name, width, i, count, got[i], want[i])
					}
				}
			})
		}
	}
}

// The largest codes and bytes of one sign: the sums that a saturating instruction would spoil.
func TestBoundsOfExtremeCodes(t *testing.T) {
	const width = 512
	for _, sign := range []float32{1, -1} {
		row, query := make([]float32, width), make([]float32, width)
		for i := range row {
			row[i], query[i] = 3, 2*sign
		}
		blocks := blocksOf(MatrixOf(row, 1, width))
		var q ByteQuery
		q.Set(query)
		eachByteVariant(t, func(t *testing.T, name string, kernel boundsKernel) {
			out := make([]float32, BlockRows)
			kernel(blocks, q.words, q.bias, &[6]float32{q.Scale, 1e-9, 0, 0, 1, 0}, out)
			if want := 6 * width * sign; math.Abs(float64(out[0]-want)) > 0.01 {
				t.Fatalf("%s: %g, want %g", name, out[0], want)
			}
		})
	}
}

// What a block says of a row holds: the codes miss it by no more than the error, and the norms are those of it.
func TestQuantisedRowsHoldTheirError(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	for range 200 {
		width := 1 + rng.IntN(300)
		row := randoms(rng, width)
		Scale(float32(math.Exp(20*rng.NormFloat64()/3)), row)
		if rng.IntN(3) == 0 {
			row[rng.IntN(width)] *= 1000 // one number takes the scale
		}
		block := make([]uint32, BlockWords(width))
		place := rng.IntN(BlockRows)
		QuantiseRow(block, place, row)
		line := func(i int) float64 { return float64(math.Float32frombits(block[i*BlockRows+place])) }
		var missed, kept, square float64
		for i, v := range row {
			word := block[(codeLines+i/4)*BlockRows+place]
			code := float64(uint8(word>>(8*(i%4)))) - codeZero
			missed += math.Pow(float64(v)-line(scaleLine)*code, 2)
			kept += math.Pow(line(scaleLine)*code, 2)
			square += float64(v) * float64(v)
		}
		if math.Sqrt(missed) > line(errorLine) || math.Sqrt(kept) > line(normLine) || -square > line(offsetLine) {
			t.Fatalf("width %d: misses %g of %g, keeps %g of %g, square %g of %g", width,
				math.Sqrt(missed), line(errorLine), math.Sqrt(kept), line(normLine), square, -line(offsetLine))
		}
		// Half a step of the scale is all that rounding may miss.
		if line(errorLine) > 0.51*line(scaleLine)*math.Sqrt(float64(width)) {
			t.Fatalf("width %d: error %g at scale %g", width, line(errorLine), line(scaleLine))
		}
	}
}

// Rows that have no bound come out as +Inf, empty places as −Inf, rows of zeros as what the weights say.
func TestBoundsOfOddRows(t *testing.T) {
	const width = 9
	odd := [][]float32{make([]float32, width), make([]float32, width), make([]float32, width), make([]float32, width), make([]float32, width)}
	odd[1][3], odd[2][8], odd[3][0], odd[4][1] = float32(math.NaN()), float32(math.Inf(-1)), 1e30, 1e-30
	block := make([]uint32, BlockWords(width))
	for i := range BlockRows {
		ClearRow(block, i)
	}
	for i, row := range odd {
		QuantiseRow(block, i, row)
	}
	var q ByteQuery
	q.Set([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9})
	eachByteVariant(t, func(t *testing.T, name string, kernel boundsKernel) {
		for _, weights := range [][6]float32{{1, 1, 1, 0, 1, 0}, {1, 1, 1, 1, 1, 0}, {1, 1, 1, 0, 0, 1}} {
			out := make([]float32, BlockRows)
			kernel(block, q.words, q.bias, &weights, out)
			for i, v := range out {
				want := math.Inf(-1)
				switch {
				case i == 0:
					want = 0
				case i < len(odd):
					want = math.Inf(1)
				}
				if float64(v) != want {
					t.Fatalf("%s: weights %v, row %d: %g, want %g", name, weights, i, v, want)
				}
			}
		}
	})
	for _, row := range [][]float32{make([]float32, 4), {float32(math.NaN())}, {float32(math.Inf(1))}, {1e25}, {1e-25}} {
		if new(ByteQuery).Set(row) {
			t.Errorf("a query %v was taken", row)
		}
	}
}

func BenchmarkBounds(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, width = 14541, 200
	blocks := blocksOf(MatrixOf(randoms(rng, rows*width), rows, width))
	var q ByteQuery
	q.Set(randoms(rng, width))
	out := make([]float32, (rows+15)/16*16)
	eachByteVariant(b, func(b *testing.B, name string, kernel boundsKernel) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				kernel(blocks, q.words, q.bias, &[6]float32{1, 1, 1, 1, 1, 0}, out)
			}
			b.ReportMetric(float64(4*len(blocks))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
		})
	})
}

func BenchmarkQuantiseRow(b *testing.B) {
	row := randoms(rand.New(rand.NewPCG(1, 2)), 200)
	block := make([]uint32, BlockWords(200))
	for b.Loop() {
		QuantiseRow(block, 3, row)
	}
}
