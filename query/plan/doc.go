// Package plan turns SPARQL algebra into a tree of physical operators for package exec: it gives variables slots,
// flattens joins, places filters as early as they can be decided, orders joins by estimated cost, and chooses between
// probing an index for every row and hashing.
//
// Planner holds what planning one query needs, Node is an operator, Info what is known about its rows before it runs.
// A Node computes its input joined with its own pattern: Unit is the input of a pattern that stands alone, Seed
// stands for rows that an enclosing operator feeds in (OPTIONAL, EXISTS, UNION, GRAPH ?g). A pattern may take rows as
// a seed only where that cannot change its meaning (see seedable); otherwise it is evaluated by itself and hashed.
//
// The package reads nothing but counts: it declares Statistics for that.
package plan
