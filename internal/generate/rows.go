package generate

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Rows is the shape of a generated entity table that resembles a trained one: entities of a type lie together, few
// types take most entities, some directions carry more than others, and rows differ in length.
//
// Row = length·(centre of its type + Spread·noise), where centre and noise are normal in each dimension j with
// deviation (1 + j/16)^(−1/4), and length is log-normal with deviation 0.25.
type Rows struct {
	Rows, Width int
	Types       int     // 0 means the root of Rows; sizes by Zipf's law with exponent 0.75
	Spread      float64 // 0 means 0.7
	Seed        uint64
}

// chunk is how many rows share a random stream.
const chunk = 4096

// Table returns the rows, row-major. It uses all processors.
func (r Rows) Table() []float32 {
	if r.Types == 0 {
		r.Types = max(1, int(math.Sqrt(float64(r.Rows))))
	}
	if r.Spread == 0 {
		r.Spread = 0.7
	}
	random := rand.New(rand.NewPCG(r.Seed, 1))
	centres := make([]float32, r.Types*r.Width)
	for i := range centres {
		centres[i] = float32(random.NormFloat64() * deviation(i%r.Width))
	}
	noise := make([]float64, r.Width)
	for j := range noise {
		noise[j] = r.Spread * deviation(j)
	}
	table := make([]float32, r.Rows*r.Width)
	var wait sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for from := 0; from < r.Rows; from += chunk {
		limit <- struct{}{}
		wait.Go(func() {
			r.fill(table, centres, noise, from, min(from+chunk, r.Rows))
			<-limit
		})
	}
	wait.Wait()
	return table
}

func (r Rows) fill(table, centres []float32, noise []float64, from, to int) {
	random := rand.New(rand.NewPCG(r.Seed, uint64(from)+2))
	types := newZipf(random, r.Types, 0.75)
	for i := from; i < to; i++ {
		length := math.Exp(0.25 * random.NormFloat64())
		centre := centres[types.draw()*r.Width:]
		row := table[i*r.Width : (i+1)*r.Width]
		for j := range row {
			row[j] = float32(length * (float64(centre[j]) + noise[j]*random.NormFloat64()))
		}
	}
}

// Query returns a query row as a model's (h, r) gives one: it points to a row drawn at random from the table, missing
// it by noise of 0.7 times the length a row's own noise has.
func (r Rows) Query(table []float32, random *rand.Rand) []float32 {
	at := random.IntN(r.Rows) * r.Width
	q := make([]float32, r.Width)
	for j := range q {
		q[j] = table[at+j] + float32(0.7*0.7*deviation(j)*random.NormFloat64())
	}
	return q
}

// deviation is that of dimension j.
func deviation(j int) float64 { return math.Pow(1+float64(j)/16, -0.25) }
