// Package udf holds the functions that queries and expressions may call: model scores and predictions, and the
// structure of the graph. Functions lists them; each lives in a file of its own.
//
// A Function works on a whole batch of rows at once, so that a model scores the batch by one kernel call; a single
// call is a batch of one. Invoke runs one for SPARQL columns; package udf/cel runs the same ones from CEL. A
// problem with one row (a name no model knows) is an error value of that row, never the failure of the batch.
//
// What the functions need is declared here (Host, Graph, Names, Model); package engine supplies it, one Host per
// query, all of one snapshot. Predict is the ranking that predict_tail, predict_head and the plausible edges of a
// query share. The package stores nothing and knows no query language.
package udf
