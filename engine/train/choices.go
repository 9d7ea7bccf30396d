package train

import (
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// Sampling names how the negatives of a paired loss are drawn.
type Sampling string

// The samplings.
const (
	Uniform   Sampling = "uniform"   // every entity alike, both ends of a triple asked for
	Bernoulli Sampling = "bernoulli" // one end of a triple: the tail with the share of heads a tail has, so that the crowded end is asked less. Wang, Zhang, Feng, Chen 2014
	Degree    Sampling = "degree"    // by degree to the power of 3/4. Mikolov et al. 2013
	Hard      Sampling = "hard"      // the best scored of four times as many uniform ones
)

// Optimiser names how gradients become steps.
type Optimiser string

// The optimisers. Both step only the rows that a batch touches, which a loss over all entities does to every one.
const (
	Adagrad Optimiser = "adagrad" // Duchi, Hazan, Singer 2011
	Adam    Optimiser = "adam"    // Kingma, Ba 2015; moments of untouched rows stay as they are
)

// Schedule names how the learning rate falls.
type Schedule string

// The schedules.
const (
	Linear   Schedule = "linear"   // evenly
	Cosine   Schedule = "cosine"   // as half a cosine
	Constant Schedule = "constant" // not at all
	Plateau  Schedule = "plateau"  // halved after each validation without a better MRR
)

// Precision names the arithmetic of the products over all entities, or over those that a batch shares.
type Precision string

// The precisions.
const (
	// FastPrecision rounds the factors to bfloat16 where the processor has tile registers for them, and is Float32
	// elsewhere. Rows, gradients and optimiser state stay float32.
	FastPrecision Precision = "fast"
	Float32       Precision = "float32"
)

// used returns what the precision means on this machine.
func (p Precision) used() Precision {
	if p == FastPrecision && vec.BfloatTiles() {
		return "bfloat16"
	}
	return Float32
}

// checkChoices returns ErrOptions for a word that is none of its list.
func (o Options) checkChoices() error {
	if _, err := o.Loss.kind(); err != nil {
		return err
	}
	for _, c := range []struct {
		what, given string
		all         []string
	}{
		{"sampling", string(o.Sampling), []string{string(Uniform), string(Bernoulli), string(Degree), string(Hard)}},
		{"optimiser", string(o.Optimiser), []string{string(Adagrad), string(Adam)}},
		{"schedule", string(o.Schedule), []string{string(Linear), string(Cosine), string(Constant), string(Plateau)}},
		{"precision", string(o.Precision), []string{string(FastPrecision), string(Float32)}},
	} {
		if !slices.Contains(c.all, c.given) {
			return fmt.Errorf("train: %w: %s %q (there are %v)", ErrOptions, c.what, c.given, c.all)
		}
	}
	return o.CalibrationOptions.Check()
}
