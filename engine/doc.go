// Package engine is the handle a program opens: it wires the store, the indexes, the query engine, the functions
// and the models into one DB.
//
// The log is the database and everything else follows it. A commit is durable and visible to queries when Update
// or Import returns; models follow a moment later and say how far behind they are. A DB is safe for concurrent use:
// one writer at a time commits, any number of readers see the snapshot they began with.
//
// Its main types are DB, Result (the answer of a query), ModelInfo (a model's card) and the request types of its
// methods. It holds no evaluation, no training and no file parsing of its own.
package engine
