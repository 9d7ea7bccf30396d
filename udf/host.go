package udf

import (
	"context"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// Graph is the stated graph at one version; graph 0 is the default graph.
type Graph interface {
	Has(g store.TermID, t store.Triple) (bool, error)
	// Match calls visit for each triple of the pattern until visit returns false.
	Match(g store.TermID, p store.Pattern, visit func(store.Triple) bool) error
	// Count returns how many triples match, cheaply; exact is false for an estimate.
	Count(g store.TermID, p store.Pattern) (rows int64, exact bool)
}

// Names translates between terms and what people type: "<iri>", an absolute IRI, "prefix:name", "_:label" or a
// plain name, which stands for an IRI under the database's base.
type Names interface {
	ID(name string) (id store.TermID, known bool, err error)
	Name(id store.TermID) (string, error) // the shortest that ID understands; a literal's text
}

// Vocabulary maps terms to a model's rows. Terms are given by row.
type Vocabulary interface {
	Entity(id store.TermID) (row uint32, ok bool)
	Relation(id store.TermID) (row uint32, ok bool)
	EntityIDs() []store.TermID
	RelationIDs() []store.TermID
}

// Rows is a triple by rows of a model's tables.
type Rows struct{ H, R, T uint32 }

// Question asks for every entity in the missing place of a triple: (Entity, Relation, ?) or, with Heads set,
// (?, Relation, Entity).
type Question struct {
	Entity, Relation uint32
	Heads            bool
}

// Scorer is what a model computes, batch by batch. Higher scores are more plausible. It must be safe for
// concurrent use.
type Scorer interface {
	// ScoreTriples sets out[i] to the score of triples[i], the one that Prob takes.
	ScoreTriples(triples []Rows, out []float32)
	// ScoreEntities sets row i of out, [len(questions) × entities] row-major, to the scores that rank every entity
	// as a completion of questions[i]; they need not be the triples' scores.
	ScoreEntities(questions []Question, out []float32)
	// ScoreRelations sets out[r] to the score of (h, r, t) for every relation.
	ScoreRelations(h, t uint32, out []float32)
	// Similarities sets out[e] to the cosine of entity e's row and that of the given entity.
	Similarities(entity uint32, out []float32)
	// Prob turns a score into the calibrated probability that the triple is true.
	Prob(score float32) float64
}

// Search asks for the K best rows of a model.
type Search struct {
	K     int
	Skip  func(row int) bool // rows to leave out; nil for none
	Exact bool               // no approximation, whatever the model has
}

// Found is what a search found.
type Found struct {
	Best []vec.Ranked // by row, best first; scores are in the order of those of ScoreEntities or Similarities
	// Approximate says that Best need not be the best: Recall is the share of the best ten that such searches were
	// measured to find.
	Approximate bool
	Recall      float64
}

// Finder is a Scorer that can find the best rows without a score for every one. Either method returns false when it
// cannot, or when scoring all is faster: then the caller does that.
type Finder interface {
	Scorer
	// Complete finds the entities that complete a question.
	Complete(q Question, s Search) (Found, bool)
	// Neighbours finds the entities whose rows have the largest cosine with an entity's.
	Neighbours(entity uint32, s Search) (Found, bool)
}

// Model is one published version of a model. It is immutable.
type Model struct {
	Name       string
	Version    store.Version
	Graph      store.TermID // the graph it is about
	Threshold  float64      // the probability from which on a triple counts as a fact
	Vocabulary Vocabulary
	Scorer     Scorer
}

// Host is what the functions of one query see: one snapshot of the graph and of the models.
type Host struct {
	Graph Graph
	Names Names
	// Model returns a model by name, or the default model for ""; an *UnknownError when there is none.
	Model func(name string) (*Model, error)
	// Patterns returns the evidence about the relations of a graph, computed once a version.
	Patterns func(ctx context.Context, g store.TermID) (*pattern.GraphReport, error)
	// Sets returns the subjects, objects and counts of each relation, kept with every commit. A transaction sees those
	// of the commit before it: what it has changed itself is not in them.
	Sets func(ctx context.Context) (*index.SetsSnapshot, error)
	// Exact forbids approximate searches. Approximated, if not nil, is told of each model that was searched
	// approximately, with the recall.
	Exact        bool
	Approximated func(m *Model, recall float64)
}
