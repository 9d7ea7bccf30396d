package exec

import (
	"context"
	"time"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Source is a snapshot of the graph; it does not change while a query reads it.
type Source interface {
	expr.Dictionary
	// Graphs returns the named graphs that are not empty.
	Graphs() []store.TermID
	// Scan reads the triples of one graph that match a pattern; graph 0 is the default graph.
	Scan(g store.TermID, p store.Pattern) (Cursor, error)
	// Has reports whether a graph states a triple.
	Has(g store.TermID, t store.Triple) (bool, error)
	// Count estimates the triples that match a pattern, cheaply.
	Count(g store.TermID, p store.Pattern) (rows int64, exact bool)
}

// Cursor reads triples in runs: Next fills buf and returns how many it set; 0 is the end, and leaves buf as it was.
type Cursor interface {
	Next(buf []store.Triple) (int, error)
	Close()
}

// Candidate is a predicted end of a triple. Prob is the model's calibrated probability.
type Candidate struct {
	ID   store.TermID
	Prob float64
}

// PredictOptions says which candidates Predict returns.
type PredictOptions struct {
	K       int     // at most so many a query, most probable first
	MinProb float64 // only at least this probable; negative: what the model calls a fact
	Stated  bool    // keep candidates whose triple the graph states; otherwise they are left out before counting K
	Exact   bool    // no approximate search
}

// Predictor is a model of the graph as the query sees it. The functions ask for a whole batch at once.
type Predictor interface {
	// Predict answers each query, a triple whose S or O is zero, with candidates for that end.
	Predict(ctx context.Context, queries []store.Triple, opt PredictOptions) ([][]Candidate, error)
	// Prob returns the probability of each triple; 0 for one with a term that the model does not know.
	Prob(ctx context.Context, triples []store.Triple) ([]float64, error)
	// Relations returns the relations that the model knows; read only.
	Relations() []store.TermID
	// Threshold is the probability from which the model calls a triple of the relation a fact.
	Threshold(relation store.TermID) float64
	// Model returns the model's name and the commit it has followed to.
	Model() (name string, version store.Version)
}

// Limits bounds one query; 0 is no limit.
type Limits struct {
	Time        time.Duration
	Rows        int64 // rows (or quads) of the answer
	MemoryBytes int64 // held by sorting, grouping, joining, paths and terms computed
}

// Document is what LOAD asks for. Statements given to add go to the graph that they name: where Into is not the zero Term
// they should name that one.
type Document struct {
	IRI  string
	Into rdf.Term
}

// Options is what a query or update runs with. The zero value has no limits, extensions or models.
type Options struct {
	Functions func(iri string, args int) (expr.Function, error)                       // extension functions by IRI; nil: none
	CEL       func(text string, vars []string) (expr.Function, error)                 // compiles ink:cel("…"); nil: an error
	Models    func(name string) (Predictor, error)                                    // "" is the default model; nil: none
	Load      func(ctx context.Context, doc Document, add func(rdf.Quad) error) error // reads LOAD's document; nil: refused
	Limits    Limits
	Base      string    // resolves IRI("relative") where the request declares no base
	Now       time.Time // NOW(); zero: the time of the call
	Seed      uint64    // of RAND, UUID, STRUUID and blank node labels; 0 takes one from Now
	Explain   bool      // measure rows and time of each operator
	// DefaultGraphs and NamedGraphs replace the dataset of the query, as the protocol's parameters do; nil: they do not.
	DefaultGraphs, NamedGraphs []rdf.Term
}

// Edge is a triple that a query took from ink:plausible or ink:predict.
type Edge struct {
	Triple rdf.Quad // G is the zero Term
	Stated bool
	Prob   float64 // 1 when stated
}

// Vocabulary of the prediction patterns. A graph's name may be followed by a slash and the name of a model.
const (
	Ink            = "urn:inkling:"
	PlausibleGraph = Ink + "plausible"
	DoubtfulGraph  = Ink + "doubtful"
	PredictService = Ink + "predict"
	CELFunction    = Ink + "cel"
)
