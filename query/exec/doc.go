// Package exec answers SPARQL queries and updates over a snapshot: it runs the plans of package plan as pull-based
// operators that pass batches of about a thousand rows.
//
// Run answers a Query and gives a Result to stream rows, quads or a truth value from; Update applies an update request
// through a Target. Source, Target, Predictor and Options are what it asks of others: a store's snapshot and
// transaction, the models behind ink:plausible and ink:predict, extension functions and CEL.
//
// Invariants: (1) a batch belongs to the operator that returned it and is valid until its next call; (2) equal terms
// have equal identifiers, so operators compare identifiers only; (3) the context is checked once a batch; (4) every
// operator that keeps rows reports their size to the query's memory limit.
package exec
