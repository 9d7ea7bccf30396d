package factor

import (
	"strconv"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// OptionsOf returns the options that a factorization was fitted with, as far as its metadata keeps them; false for any other
// model. Seed, workers and limits of time are left zero. A similarity of relations that was given as a matrix is not kept:
// the options then name none, and the default is taken.
func OptionsOf(e *model.Embedding) (o Options, ok bool) {
	s := e.Metadata.Settings
	m, ok := MethodByName(s["method"])
	if !ok || m.Family() != e.Family.Name {
		return o, false
	}
	o = Options{Method: m.Name, Rank: e.Dim, Precision: Precision(s["precision"]), CalibrationOptions: train.CalibrationOptionsOf(e)}
	o.Solver, o.Start = Solver(s["solver"]), Start(s["start"])
	if _, err := SimilarityByName(s["similarity"]); err == nil {
		o.Similarity = s["similarity"]
	}
	o.Iterations, _ = strconv.Atoi(s["iterations"]) // what is missing or broken is chosen anew
	for name, to := range map[string]*float64{
		"lambda_a": &o.LambdaA, "lambda_r": &o.LambdaR, "lambda_s": &o.LambdaS, "lambda_e": &o.LambdaE, "rho": &o.Rho,
		"step_a": &o.StepA, "step_r": &o.StepR, "step_mu": &o.StepMu, "tolerance": &o.Tolerance,
	} {
		v, err := strconv.ParseFloat(s[name], 64)
		if *to = v; err == nil && v == 0 {
			*to = none
		}
	}
	return o, true
}
