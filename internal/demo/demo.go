// Package demo holds the small real graph that `inkling demo` works on; see NOTICE.md for where it comes from and
// under which licence. Command generate beside it makes the file anew.
package demo

import _ "embed"

// Graph is the graph as gzipped TSV: subject, relation and object as plain names, 16,357 statements about 1,085
// people, countries, languages, occupations and the like.
//
//go:embed graph.tsv.gz
var Graph []byte
