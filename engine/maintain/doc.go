// Package maintain carries a trained embedding over the commits that follow its training, without retraining. A
// Follower keeps one model at one version of the graph: for each commit it places entities and relations new to
// the model from their neighbours (place.go), re-optimises the few touched rows by local steps of the training
// loss, with stated neighbours replayed so that what was learnt stays (learn.go, problem.go), unlearns removed triples, saves
// the changed rows with the version (journal.go) and publishes a new immutable Embedding.
//
// A commit's effect depends on the model, the commit, the graph as the commit left it and the seed, and on
// nothing else: a follower that lags reads the graph of the past by undoing the commits it has not reached
// (history.go), so that following step by step, catching up later and resuming after a crash give the same bytes.
//
// A commit of many triples and a bulk import are applied in parts (study.go), by the training's own passes. Tensor
// factorizations are carried by row solves (solver.go, refit.go, relations.go) instead of steps. docs/maintenance.md tells
// it all. The package does not train from nothing (engine/train, engine/factor).
package maintain
