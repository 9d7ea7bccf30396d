package kgmark

import (
	"errors"
	"fmt"
	"math"
	"runtime"
)

// ErrOptions is returned for settings that make no sense together.
var ErrOptions = errors.New("bad watermark settings")

// ErrGraph is returned for a table and triples that do not belong together, or are too small to mark.
var ErrGraph = errors.New("bad graph")

// Relations names how a layer's weight depends on the relation.
type Relations string

// The forms of a relation's weight. A full matrix for each relation is 34 GB a layer for MIND at a dimension of 4096.
const (
	Diagonal Relations = "diagonal" // Wʳ = diag(dʳ)·W
	Bases    Relations = "bases"    // Wʳ = Σ_b aʳ_b·B_b. Schlichtkrull et al. 2018, eq. 3
)

// Options are the settings of a pipeline. Zero values are filled in by Defaults.
type Options struct {
	Latent    int       // numbers of an entity's latent, default 256; the source has 4096
	Hidden    int       // width of the attention layers, default Latent
	Relations Relations // default Diagonal
	Bases     int       // matrices of the form Bases, default 4

	CommunityMin, CommunityMax int // entities of a community, default 100 and 500
	Communities                int // at most so many communities are marked, those with most triples inside; 0 means all
	VertexShare                float64
	Slices                     int // different signatures of the vertex layer; default 4, the channels of the source's latent

	VAEEpochs       int     // default 40
	PredictorEpochs int     // default 40
	VAERate         float64 // of Adam, default 1e-3
	PredictorRate   float64 // of Adam, default 1e-3
	Divergence      float64 // weight of the KL divergence at the end, default 0.1 as in the authors' code
	PredictorWidth  int     // hidden numbers of the noise predictor, default 2·Latent
	BatchRows       int     // rows that are in memory as activations at once, and learnt in one step; default 512; a community is never cut

	Steps      int // of DDIM, default 75
	FixedPoint int // iterations a step of the inversion, default 2; negative: none, the naive inversion

	Density  float64 // share of coefficients in the mask, default 0.015
	MaskRate float64 // of Adam on the mask, default 0.02
	Correct  float64 // α of eq. 9, default 1
	Test     Test    // default LikelihoodRatio
	ByNames  bool    // the detector finds entities by name and not, as the source has it, by the shape of the graph

	Literal Literal
	Seed    uint64
	Workers int // goroutines, default as many as there are processors; no result depends on it

	// Progress is called with what is being done and the share done, from the goroutine that called; may be nil.
	Progress func(what string, done float64)
}

// Literal brings back what is wrong with the source, each flaw by itself. docs/kgmark.md lists them.
type Literal struct {
	NoSelfLoops bool // attention sees neighbours only, along triples only: an entity's own row never reaches its latent
	Dropout     bool // a half of the hidden numbers are dropped in training
	MaskCut     bool // the mask is sigmoid(p) > 0.91 after 50 steps of 0.02 from p in [0, 1]: always empty
	MaskScale   bool // the correction term adds the signature's frequencies to the latent's places
	OneSided    bool // the mask is not Hermitian: the real part keeps half of the mark
	Statistic   bool // eq. 13 to 16 as printed: a constant statistic, and a density without its Bessel term
	Uncorrected bool // a mark is found if any community, mask or layer has it, without a correction for trying all
	Ascending   bool // entities in ascending order as in algorithm 1, not descending as in eq. 17
	DctScale    bool // DwtDct with an unnormalised DCT: the low band comes out 64 times too large
	QimStep     bool // DctQim with a step of 15.5 on numbers of variance 1
	ShadeAll    bool // GaussianShading draws every latent anew, not 5% of them: the source's cosine of 0.29 to 0.42
}

// literals names each flaw.
var literals = []struct {
	name string
	flag func(*Literal) *bool
}{
	{"no-self-loops", func(l *Literal) *bool { return &l.NoSelfLoops }},
	{"dropout", func(l *Literal) *bool { return &l.Dropout }},
	{"mask-cut", func(l *Literal) *bool { return &l.MaskCut }},
	{"mask-scale", func(l *Literal) *bool { return &l.MaskScale }},
	{"one-sided", func(l *Literal) *bool { return &l.OneSided }},
	{"statistic", func(l *Literal) *bool { return &l.Statistic }},
	{"uncorrected", func(l *Literal) *bool { return &l.Uncorrected }},
	{"ascending", func(l *Literal) *bool { return &l.Ascending }},
	{"dct-scale", func(l *Literal) *bool { return &l.DctScale }},
	{"qim-step", func(l *Literal) *bool { return &l.QimStep }},
	{"shade-all", func(l *Literal) *bool { return &l.ShadeAll }},
}

// LiteralNames lists the flaws by name.
func LiteralNames() []string {
	var names []string
	for _, l := range literals {
		names = append(names, l.name)
	}
	return names
}

// LiteralByNames returns the flaws of the names, or all of them for "all". An unknown name is ErrOptions.
func LiteralByNames(names []string) (Literal, error) {
	var l Literal
	for _, name := range names {
		known := false
		for _, flaw := range literals {
			if name == flaw.name || name == "all" {
				*flaw.flag(&l) = true
				known = true
			}
		}
		if !known {
			return l, fmt.Errorf("kgmark: %w: flaw %q; take %v or all", ErrOptions, name, LiteralNames())
		}
	}
	return l, nil
}

// Test names how a mark's p-value is computed.
type Test string

// The tests. Literal.Statistic overrides them.
const (
	// LikelihoodRatio is the likelihood ratio of eq. 14 with scale and noise unknown, −n·log(1−ρ²). The key is what is
	// random: for any table that does not depend on it, ρ is the cosine of a random direction, so the p-value is exact.
	LikelihoodRatio Test = "likelihood"
	// NonCentral is eq. 16 with the roles put right: given the table, Σ|y−s|² over the variance of the key's signature
	// is noncentral chi-square with the table's coefficients as its centre. Exact up to the approximation of its tail.
	NonCentral Test = "ncx2"
	// OfficialCode is the test of the authors' code: σ is the standard deviation of the masked coefficients themselves.
	// Its direction is right, its calibration is not.
	OfficialCode Test = "code"
)

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// Defaults returns the options with every zero setting filled in.
func (o Options) Defaults() Options {
	setDefault(&o.Latent, 256)
	setDefault(&o.Hidden, o.Latent)
	setDefault(&o.Relations, Diagonal)
	setDefault(&o.Bases, 4)
	setDefault(&o.CommunityMin, 100)
	setDefault(&o.CommunityMax, 500)
	setDefault(&o.VertexShare, 0.25)
	setDefault(&o.Slices, 4)
	setDefault(&o.VAEEpochs, 40)
	setDefault(&o.PredictorEpochs, 40)
	setDefault(&o.VAERate, 1e-3)
	setDefault(&o.PredictorRate, 1e-3)
	setDefault(&o.Divergence, 0.1)
	setDefault(&o.PredictorWidth, 2*o.Latent)
	setDefault(&o.BatchRows, 512)
	setDefault(&o.Steps, 75)
	setDefault(&o.FixedPoint, 2)
	setDefault(&o.Density, 0.015)
	setDefault(&o.MaskRate, 0.02)
	setDefault(&o.Correct, 1)
	setDefault(&o.Test, LikelihoodRatio)
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	return o
}

// Far above any use: a slip of the hand is told instead of asked of the memory.
const (
	largestWidth = 16_384
	largestSteps = diffusionSteps
)

// check returns ErrOptions with the reason, or nil.
func (o Options) check() error {
	for _, s := range []struct {
		name           string
		value, lo, hi  int
		insteadOfRange string
	}{
		{"latent", o.Latent, 4, largestWidth, ""}, {"hidden", o.Hidden, 1, largestWidth, ""},
		{"bases", o.Bases, 1, 256, ""}, {"community minimum", o.CommunityMin, 2, math.MaxInt32, ""},
		{"community maximum", o.CommunityMax, 2 * o.CommunityMin, math.MaxInt32, "at least twice the minimum"},
		{"communities", o.Communities, 0, math.MaxInt32, ""}, {"slices", o.Slices, 1, 4096, ""},
		{"VAE epochs", o.VAEEpochs, 1, 1e6, ""}, {"predictor epochs", o.PredictorEpochs, 1, 1e6, ""},
		{"predictor width", o.PredictorWidth, 1, largestWidth, ""}, {"batch", o.BatchRows, 1, math.MaxInt32, ""},
		{"steps", o.Steps, 1, largestSteps, ""}, {"workers", o.Workers, 1, 4096, ""},
	} {
		if s.value < s.lo || s.value > s.hi {
			if s.insteadOfRange == "" {
				s.insteadOfRange = fmt.Sprintf("%d to %d", s.lo, s.hi)
			}
			return fmt.Errorf("kgmark: %w: %s is %d; take %s", ErrOptions, s.name, s.value, s.insteadOfRange)
		}
	}
	for _, s := range []struct {
		name          string
		value, lo, hi float64
	}{
		{"vertex share", o.VertexShare, 0, 1}, {"VAE rate", o.VAERate, 0, 1}, {"predictor rate", o.PredictorRate, 0, 1},
		{"divergence", o.Divergence, 0, 1e6}, {"density", o.Density, 0, 0.5}, {"mask rate", o.MaskRate, 0, 10}, {"correction", o.Correct, 0, 1e6},
	} {
		if !(s.value > s.lo && s.value <= s.hi) {
			return fmt.Errorf("kgmark: %w: %s is %g; take one above %g and at most %g", ErrOptions, s.name, s.value, s.lo, s.hi)
		}
	}
	if o.Relations != Diagonal && o.Relations != Bases {
		return fmt.Errorf("kgmark: %w: relation weights %q; take %s or %s", ErrOptions, o.Relations, Diagonal, Bases)
	}
	if o.Test != LikelihoodRatio && o.Test != NonCentral && o.Test != OfficialCode {
		return fmt.Errorf("kgmark: %w: test %q; take %s, %s or %s", ErrOptions, o.Test, LikelihoodRatio, NonCentral, OfficialCode)
	}
	return nil
}

// report tells how far a part of the work is.
func (o Options) report(what string, done float64) {
	if o.Progress != nil {
		o.Progress(what, done)
	}
}
