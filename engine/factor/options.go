// Package factor factorizes a graph as a three-way tensor: A and one matrix R_k for each relation such that A·R_k·Aᵀ, or
// A1·R_k·A2ᵀ, comes near the relation's 0/1 matrix in the sense of least squares. Fit is the whole of it; its result is
// an ordinary model.Embedding, of family rescal or rescal-linear, so that whatever serves models serves it. Similarities
// of relations, which some methods use, come from roaring sets of subjects and objects.
// docs/factorization.md has the formulas and their sources. The package reads no store and keeps no model up to date.
package factor

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Method is one of the six models.
type Method struct {
	Name     string // as `--model` takes it
	Title    string
	Equation string // what is minimised
	Source   string

	linear      bool // A is split in A1, as heads, and A2, as tails
	nonNegative bool
	similar     bool // similar relations are drawn together by a penalty
	constrained bool // … by a constraint with multipliers
	proximal    bool // each block stays near where it was, by 1/ρ
}

const source = "Padia, Kalpakis, Ferraro, Finin: Knowledge Graph Fact Prediction via Knowledge-Enriched Tensor Factorization, Journal of Web Semantics 59, 2019"

// Methods lists the six models.
var Methods = []Method{
	{
		Name: "rescal-als", Title: "RESCAL by ALS",
		Equation: "½Σ‖X_k − A·R_k·Aᵀ‖² + ½λ_A‖A‖² + ½λ_R Σ‖R_k‖²",
		Source:   "Nickel, Tresp, Kriegel: A Three-Way Model for Collective Learning on Multi-Relational Data, ICML 2011",
	},
	{
		Name: "nn-rescal", Title: "Non-negative RESCAL", nonNegative: true,
		Equation: "as rescal-als, with A ≥ 0 and R ≥ 0",
		Source:   "Krompaß, Nickel, Jiang, Tresp: Non-Negative Tensor Factorization with RESCAL, ECML 2013 workshop",
	},
	{
		Name: "linear-reg", Title: "Linear + Regularized", linear: true, similar: true, proximal: true,
		Equation: "½Σ‖X_k − A1·R_k·A2ᵀ‖² + ½λ_A(‖A1‖²+‖A2‖²) + ½λ_E‖A1−A2‖² + ½λ_R Σ‖R_k‖² + ½λ_S ΣC_kl‖R_k−R_l‖²",
		Source:   source,
	},
	{
		Name: "quadratic-reg", Title: "Quadratic + Regularized", similar: true,
		Equation: "½Σ‖X_k − A·R_k·Aᵀ‖² + ½λ_A‖A‖² + ½λ_R Σ‖R_k‖² + ½λ_S ΣC_kl‖R_k−R_l‖²",
		Source:   source,
	},
	{
		Name: "linear-con", Title: "Linear + Constraint", linear: true, constrained: true,
		Equation: "½Σ‖X_k − A1·R_k·A2ᵀ‖² + ½λ_A(‖A1‖²+‖A2‖²) + ½λ_E‖A1−A2‖² + ½λ_R Σ‖R_k‖², where ‖R_k−R_l‖² = 1−C_kl",
		Source:   source + ", eq. 17",
	},
	{
		Name: "quadratic-con", Title: "Quadratic + Constraint", constrained: true,
		Equation: "½Σ‖X_k − A·R_k·Aᵀ‖² + ½λ_A‖A‖² + ½λ_R Σ‖R_k‖², where ‖R_k−R_l‖² = 1−C_kl",
		Source:   source + ", eq. 17",
	},
}

// MethodByName returns the method with that name, in any letter case.
func MethodByName(name string) (Method, bool) {
	for _, m := range Methods {
		if strings.EqualFold(m.Name, name) {
			return m, true
		}
	}
	return Method{}, false
}

// MethodNames returns the methods' names, commas between them.
func MethodNames() string {
	names := make([]string, len(Methods))
	for i, m := range Methods {
		names[i] = m.Name
	}
	return strings.Join(names, ", ")
}

// Family returns the family of the method's models: "rescal", or "rescal-linear" where heads and tails have rows of
// their own.
func (m Method) Family() string {
	if m.linear {
		return "rescal-linear"
	}
	return "rescal"
}

// UsesSimilarity reports whether the method draws similar relations together.
func (m Method) UsesSimilarity() bool { return m.similar || m.constrained }

// Solver names how the unknowns are found.
type Solver string

// The solvers.
const (
	ALS  Solver = "als"  // each block of unknowns exactly, in turns; nn-rescal by multiplicative updates
	Adam Solver = "adam" // a step of Adam for each block in turns, as the source's authors do; the constrained methods only
)

// Start names what A begins as; R follows from it.
type Start string

// The starts.
const (
	Eigen  Start = "eigen"  // the leading eigenvectors of Σ X_k + X_kᵀ, as RESCAL's code does
	Random Start = "random" // normal, or uniform where unknowns are not negative
	Warm   Start = "warm"   // for the solver adam: a few exact iterations from Eigen, the constraint left out
)

// Precision names the arithmetic. Matrices of p×p are decomposed and inverted in float64 either way.
type Precision = train.Precision

// The precisions.
const (
	Float32 = train.Float32
	Float64 = Precision("float64")
)

// Settings are what only a factorization is asked for. A zero setting is filled in by Defaults; a negative weight is
// none.
type Settings struct {
	Solver     Solver  `json:"solver,omitempty"`
	LambdaA    float64 `json:"lambda_a,omitempty"`   // weight of ‖A‖²
	LambdaR    float64 `json:"lambda_r,omitempty"`   // weight of Σ‖R_k‖²
	LambdaS    float64 `json:"lambda_s,omitempty"`   // weight of ΣC_kl‖R_k−R_l‖²; linear-reg, quadratic-reg
	LambdaE    float64 `json:"lambda_e,omitempty"`   // weight of ‖A1−A2‖²; linear methods
	Rho        float64 `json:"rho,omitempty"`        // a block may move the further from where it was the larger it is; linear-reg. Negative: freely
	StepA      float64 `json:"step_a,omitempty"`     // of Adam
	StepR      float64 `json:"step_r,omitempty"`     // of Adam
	StepMu     float64 `json:"step_mu,omitempty"`    // of the multipliers, with either solver
	Similarity string  `json:"similarity,omitempty"` // of relations: a name in Similarities
	Iterations int     `json:"iterations,omitempty"` // at most
	Tolerance  float64 `json:"tolerance,omitempty"`  // stop at this relative change: of the unknowns for linear-reg, of the loss for others. Negative: never
	Start      Start   `json:"start,omitempty"`
}

// Options are the settings of a factorization. Zero values are filled in by Defaults for the size of the data.
type Options struct {
	Method string // a name in Methods
	Rank   int    // p, numbers of an entity in A
	Settings

	// Matrix is the user's own similarity of relations, by rows of the vocabulary, in [0, 1]; nil takes Similarity.
	Matrix mat.Symmetric
	// Precision is Float32 or Float64.
	Precision Precision

	train.CalibrationOptions

	Budget      time.Duration // stop after the iteration in which so much time has passed; 0 means no limit
	ValidEvery  int           // iterations between validations; 0 means none
	ValidSample int           // triples that are validated on, at most; negative: all
	Patience    int           // stop after so many validations without a better MRR; negative: never

	Seed    uint64 // same data, settings and seed: same model
	Workers int    // goroutines; 0 means 1. The model does not depend on it.

	// Progress is called from the fitting goroutine after each iteration; may be nil. Epochs are iterations, Loss is the
	// objective for each training triple.
	Progress func(train.Progress)
}

// ErrOptions is returned for settings that make no sense together. It is train's, so that callers need only know one.
var ErrOptions = train.ErrOptions

// errNotFinite tells that unknowns have outgrown their arithmetic.
var errNotFinite = errors.New("the unknowns are no longer numbers")

// Ranks outside these are asked for or given only on purpose: a relation's matrix has p² numbers.
const (
	leastDefaultRank   = 10
	largestDefaultRank = 256
	largestRank        = 4096
	largestIterations  = 1_000_000
)

// Defaults returns the options with every zero setting filled in for the size of the data.
func (o Options) Defaults(d train.Data) Options {
	m, _ := MethodByName(o.Method)
	o.Method = m.Name
	if d.Vocabulary != nil {
		rank := max(leastDefaultRank, min(d.Vocabulary.Relations(), largestDefaultRank))
		o.Rank = cmp.Or(o.Rank, min(rank, d.Vocabulary.Entities()))
	}
	o.Solver = cmp.Or(o.Solver, ALS)
	o.Precision = cmp.Or(o.Precision, Float32)
	o.Workers = cmp.Or(o.Workers, 1)
	o.Similarity = cmp.Or(o.Similarity, Transitivity.Name)
	o.ValidSample = cmp.Or(o.ValidSample, 2000)
	o.Patience = cmp.Or(o.Patience, 5)
	start := Eigen
	switch {
	case m.nonNegative:
		start = Random
	case o.Solver == Adam:
		start = Warm
	}
	o.Start = cmp.Or(o.Start, start)
	o.Settings = o.Settings.over(m.defaults(o.Solver))
	return o
}

// defaults are the weights of a method where nothing else is asked for.
func (m Method) defaults(s Solver) Settings {
	d := Settings{LambdaA: 1, LambdaR: 1, Iterations: 50, Tolerance: 1e-6}
	switch {
	case m.nonNegative:
		d.LambdaA, d.LambdaR, d.Iterations = -1, -1, 200
	case m.proximal:
		d.LambdaA, d.LambdaR, d.LambdaE, d.Rho, d.Iterations, d.Tolerance = 0.01, 0.01, 10, 1, 100, 1e-4
	case s == Adam:
		d = Settings{LambdaA: 1, LambdaR: 1, StepA: 0.01, StepR: 0.01, StepMu: 0.01, Iterations: 500, Tolerance: 1e-6}
	}
	if m.similar {
		d.LambdaS = 0.1
		if m.proximal {
			d.LambdaS = 2e-5
		}
	}
	if m.linear {
		d.LambdaE = cmp.Or(d.LambdaE, 1)
	}
	if m.constrained {
		d.StepMu = cmp.Or(d.StepMu, 0.01)
	}
	return d
}

// over returns the settings with zero ones taken from others.
func (s Settings) over(d Settings) Settings {
	return Settings{
		Solver: cmp.Or(s.Solver, d.Solver), LambdaA: cmp.Or(s.LambdaA, d.LambdaA), LambdaR: cmp.Or(s.LambdaR, d.LambdaR),
		LambdaS: cmp.Or(s.LambdaS, d.LambdaS), LambdaE: cmp.Or(s.LambdaE, d.LambdaE), Rho: cmp.Or(s.Rho, d.Rho),
		StepA: cmp.Or(s.StepA, d.StepA), StepR: cmp.Or(s.StepR, d.StepR), StepMu: cmp.Or(s.StepMu, d.StepMu),
		Similarity: cmp.Or(s.Similarity, d.Similarity), Iterations: cmp.Or(s.Iterations, d.Iterations),
		Tolerance: cmp.Or(s.Tolerance, d.Tolerance), Start: cmp.Or(s.Start, d.Start),
	}
}

// Over returns the options with zero settings taken from a preset's; of a preset for another solver, the weights alone.
// ErrOptions where it is for another method.
func (o Options) Over(preset Options) (Options, error) {
	if preset.Method != "" && o.Method != "" && o.Method != preset.Method {
		return o, fmt.Errorf("factor: %w: the preset is for %s, and %s is asked for", ErrOptions, preset.Method, o.Method)
	}
	if o.Solver != "" && o.Solver != cmp.Or(preset.Solver, ALS) {
		p := preset.Settings
		preset.Settings = Settings{LambdaA: p.LambdaA, LambdaR: p.LambdaR, LambdaS: p.LambdaS, LambdaE: p.LambdaE, Rho: p.Rho, Similarity: p.Similarity}
	}
	o.Method = cmp.Or(o.Method, preset.Method)
	o.Rank = cmp.Or(o.Rank, preset.Rank)
	o.Settings = o.Settings.over(preset.Settings)
	return o, nil
}

// Check returns nil if Fit can begin with the options, zero ones defaulted: ErrOptions or train.ErrNoData with the
// reason otherwise.
func (o Options) Check(d train.Data) error {
	m, ok := MethodByName(o.Method)
	if !ok {
		return fmt.Errorf("factor: %w: no method %q (there are %s)", ErrOptions, o.Method, MethodNames())
	}
	if err := d.Check(); err != nil {
		return err
	}
	if err := m.checkUse(o.Settings, o.Matrix != nil); err != nil {
		return err
	}
	if err := o.CalibrationOptions.Check(); err != nil {
		return err
	}
	o = o.Defaults(d)
	if err := o.checkNumbers(d); err != nil {
		return err
	}
	if o.Matrix != nil {
		return checkSimilarity(o.Matrix, d.Vocabulary.Relations())
	}
	_, err := SimilarityByName(o.Similarity)
	return err
}

// checkUse returns ErrOptions for a setting that the method has no use for.
func (m Method) checkUse(s Settings, matrix bool) error {
	unused := func(given bool, what, who string) error {
		if given {
			return fmt.Errorf("factor: %w: %s is for %s; %s has no use for it", ErrOptions, what, who, m.Name)
		}
		return nil
	}
	adam := s.Solver == Adam
	return errors.Join(
		unused(s.LambdaS != 0 && !m.similar, "lambda-s", "linear-reg and quadratic-reg"),
		unused(s.LambdaE != 0 && !m.linear, "lambda-e", "linear-reg and linear-con"),
		unused(s.Rho != 0 && !m.proximal, "rho", "linear-reg"),
		unused(adam && !m.constrained, "the solver adam", "linear-con and quadratic-con"),
		unused(s.StepMu != 0 && !m.constrained, "step-mu", "linear-con and quadratic-con"),
		unused((s.StepA != 0 || s.StepR != 0) && !(adam && m.constrained), "step-a or step-r", "linear-con and quadratic-con with the solver adam"),
		unused((s.Similarity != "" || matrix) && !m.UsesSimilarity(), "a similarity of relations", "the methods that use one: linear-reg, quadratic-reg, linear-con and quadratic-con"),
		unused(s.Start == Warm && !(adam && m.constrained), "the start warm", "linear-con and quadratic-con with the solver adam"),
		unused(s.Start == Eigen && m.nonNegative, "the start eigen", "methods whose unknowns may be negative"),
	)
}

// checkNumbers returns ErrOptions for a value that is out of range.
func (o Options) checkNumbers(d train.Data) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("factor: %w: %s", ErrOptions, fmt.Sprintf(format, args...))
	}
	for name, v := range map[string]float64{
		"lambda-a": o.LambdaA, "lambda-r": o.LambdaR, "lambda-s": o.LambdaS, "lambda-e": o.LambdaE, "rho": o.Rho,
		"step-a": o.StepA, "step-r": o.StepR, "step-mu": o.StepMu, "tolerance": o.Tolerance,
	} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fail("%s %g must be a number", name, v)
		}
	}
	if o.StepA < 0 || o.StepR < 0 || o.StepMu < 0 {
		return fail("steps %g, %g and %g must not be negative", o.StepA, o.StepR, o.StepMu)
	}
	if o.Rank < 1 || o.Rank > largestRank {
		return fail("rank %d must be from 1 to %d", o.Rank, largestRank)
	}
	if n := d.Vocabulary.Entities(); o.Start != Random && o.Rank > n {
		return fail("rank %d is more than the %d entities, which have only so many eigenvectors: lower it or start from random numbers", o.Rank, n)
	}
	if o.Iterations < 1 || o.Iterations > largestIterations || o.ValidEvery < 0 {
		return fail("iterations %d must be from 1 to %d, and iterations between validations %d not negative", o.Iterations, largestIterations, o.ValidEvery)
	}
	if o.Solver != ALS && o.Solver != Adam {
		return fail("no solver %q (there are %s and %s)", o.Solver, ALS, Adam)
	}
	if o.Start != Eigen && o.Start != Random && o.Start != Warm {
		return fail("no start %q (there are %s, %s and %s)", o.Start, Eigen, Random, Warm)
	}
	if o.Precision != Float32 && o.Precision != Float64 {
		return fail("no precision %q of a factorization (there are %s and %s)", o.Precision, Float32, Float64)
	}
	return o.checkMemory(d)
}

// similarityMatrices is how many matrices of relations by relations there are at once, in float64: the similarity, its symmetric
// part, the weights' Laplacian and its eigenvectors.
const similarityMatrices = 4

// checkMemory returns ErrOptions where the unknowns and what the solver keeps beside them would not fit the machine.
func (o Options) checkMemory(d train.Data) error {
	n, m, p := float64(d.Vocabulary.Entities()), float64(d.Vocabulary.Relations()), float64(o.Rank)
	entities, relations := 4.0, 4.0 // A, its sum, its rotation and the last; R, B, their rotations
	if o.Solver == Adam {
		entities, relations = 8, 5
	}
	need := 4 * (entities*n*p + relations*m*p*p + 2*productNumbers)
	if o.Precision == Float64 {
		need *= 2
	}
	if method, _ := MethodByName(o.Method); method.UsesSimilarity() {
		need += 8 * similarityMatrices * m * m
	}
	if limit := train.MemoryLimit(); need > limit {
		return fmt.Errorf("factor: %w: %s of rank %d on %d entities and %d relations takes about %.1f GB, more than the %.1f GB that a training may take here: lower the rank, or with many relations take a method without their similarity",
			ErrOptions, o.Method, o.Rank, d.Vocabulary.Entities(), d.Vocabulary.Relations(), need/1e9, limit/1e9)
	}
	return nil
}

// settings returns the options in words, for the model's metadata.
func (o Options) settings(m Method) map[string]string {
	s := map[string]string{
		"method": o.Method, "rank": fmt.Sprint(o.Rank), "solver": string(o.Solver), "start": string(o.Start), "precision": string(o.Precision),
		"iterations": fmt.Sprint(o.Iterations), "tolerance": fmt.Sprint(o.Tolerance), "reciprocal": "false",
		"lambda_a": fmt.Sprint(weight(o.LambdaA)), "lambda_r": fmt.Sprint(weight(o.LambdaR)),
	}
	o.CalibrationOptions.Settings(s)
	if m.linear {
		s["lambda_e"] = fmt.Sprint(weight(o.LambdaE))
	}
	if m.similar {
		s["lambda_s"] = fmt.Sprint(weight(o.LambdaS))
	}
	if m.proximal {
		s["rho"] = fmt.Sprint(o.Rho)
	}
	if m.constrained {
		s["step_mu"] = fmt.Sprint(o.StepMu)
	}
	if o.Solver == Adam {
		s["step_a"], s["step_r"] = fmt.Sprint(o.StepA), fmt.Sprint(o.StepR)
	}
	if m.UsesSimilarity() {
		s["similarity"] = o.Similarity
		if o.Matrix != nil {
			s["similarity"] = "given"
		}
	}
	return s
}

// weight returns a weight as the formulas have it: a negative one is none.
func weight(lambda float64) float64 { return math.Max(lambda, 0) }

// nearness returns 1/ρ, 0 where blocks move freely.
func (s Settings) nearness() float64 {
	if s.Rho <= 0 {
		return 0
	}
	return 1 / s.Rho
}

// familyOf returns the family of a method's models from the table.
func familyOf(m Method) (model.Family, error) { return model.FamilyByName(m.Family()) }
