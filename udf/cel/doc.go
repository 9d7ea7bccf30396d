// Package cel evaluates CEL, the Common Expression Language, with Inkling's functions in it: one-line questions, and
// ink:cel("…") over the rows of a query.
//
// An Env holds the declarations and the users' own functions. Compile gives a Program that answers once per Eval;
// CompileColumns gives a ColumnProgram that answers a batch of rows, in which every call of an Inkling function on
// plain variables has become a column computed by one kernel call. Programs are immutable and safe for concurrent
// use. A Run holds what one evaluation sees: the snapshot's Host and the graph patterns of match("…").
//
// It parses no SPARQL and reads no store; errors of the functions are CEL error values, absorbed by && and || as the
// language prescribes.
package cel
