package main

import (
	"os"

	"github.com/inklingdb/inkling/engine/factor"
)

// factorFlags are a factorization's settings on the command line; what is not given is the preset's or the method's.
type factorFlags struct {
	Solver     string  `group:"Factorization" placeholder:"NAME" help:"als (exact solution of each block) or, for linear-con and quadratic-con, adam."`
	LambdaA    float64 `group:"Factorization" name:"lambda-a" placeholder:"X" help:"Weight of the entities' squared norm; negative: none."`
	LambdaR    float64 `group:"Factorization" name:"lambda-r" placeholder:"X" help:"Weight of the relations' squared norm; negative: none."`
	LambdaS    float64 `group:"Factorization" name:"lambda-s" placeholder:"X" help:"Weight by which similar relations are drawn together (linear-reg, quadratic-reg); negative: none."`
	LambdaE    float64 `group:"Factorization" name:"lambda-e" placeholder:"X" help:"Weight by which an entity's two roles are drawn together (linear-reg, linear-con); negative: none."`
	Rho        float64 `group:"Factorization" placeholder:"X" help:"How freely unknowns move in an iteration (linear-reg); negative: wholly."`
	StepA      float64 `group:"Factorization" name:"step-a" placeholder:"X" help:"Step size of the entities (adam)."`
	StepR      float64 `group:"Factorization" name:"step-r" placeholder:"X" help:"Step size of the relations (adam)."`
	StepMu     float64 `group:"Factorization" name:"step-mu" placeholder:"X" help:"Step size of the multipliers (linear-con, quadratic-con)."`
	Similarity string  `group:"Factorization" placeholder:"NAME|FILE" help:"How relations are compared: ${similarities}; or a file of relation, relation, value from 0 to 1, tabs between."`
	Iterations int     `group:"Factorization" placeholder:"N" help:"Iterations at most."`
	Tolerance  float64 `group:"Factorization" placeholder:"X" help:"Stop at this relative change in an iteration; negative: never."`
	Start      string  `group:"Factorization" placeholder:"NAME" help:"What entities begin as: eigen (the graph's leading eigenvectors), random or, with adam, warm (some exact iterations)."`
}

// settings returns the settings and, where the similarity is no known name but a file that is there, the file.
func (f factorFlags) settings() (s factor.Settings, similarityFile string) {
	s = factor.Settings{
		Solver: factor.Solver(f.Solver), LambdaA: f.LambdaA, LambdaR: f.LambdaR, LambdaS: f.LambdaS, LambdaE: f.LambdaE, Rho: f.Rho,
		StepA: f.StepA, StepR: f.StepR, StepMu: f.StepMu, Similarity: f.Similarity,
		Iterations: f.Iterations, Tolerance: f.Tolerance, Start: factor.Start(f.Start),
	}
	if _, err := factor.SimilarityByName(f.Similarity); err != nil {
		if _, err := os.Stat(f.Similarity); err == nil {
			s.Similarity, similarityFile = "", f.Similarity
		}
	}
	return s, similarityFile
}
