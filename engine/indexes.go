package engine

import (
	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
)

// indexes returns the indexes that follow every commit.
func indexes() []store.Indexer { return index.All() }
