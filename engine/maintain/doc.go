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
// It neither trains from nothing (engine/train) nor refits calibration: probabilities keep the meaning they had
// at training time. After a bulk import it only places new entities and asks for a new training.
package maintain
