package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// BenchmarkCheckCommit is the time that before-hooks add to a commit of one triple.
func BenchmarkCheckCommit(b *testing.B) {
	for _, condition := range []string{`r == "other" && has_other(h, r, t)`, `h == t`, `has_other(h, r, t)`} {
		for _, n := range []int{0, 1, 10, 100} {
			b.Run(fmt.Sprint(condition, "/", n), func(b *testing.B) {
				db := openDir(b, "")
				for i := range n {
					addHook(b, db, hook.Definition{Name: fmt.Sprint("h", i), Action: "reject", Condition: condition})
				}
				quad := rdf.Quad{S: rdf.NewIRI("urn:s"), P: rdf.NewIRI("urn:p"), O: rdf.NewIRI("urn:o")}
				if _, err := db.Apply(context.Background(), []rdf.Quad{quad}, nil, ""); err != nil {
					b.Fatal(err)
				}
				v, err := db.store.View()
				if err != nil {
					b.Fatal(err)
				}
				defer v.Close()
				var c store.Commit
				if err := db.store.Changes(context.Background(), v.Version()-1, func(x store.Commit) error { c = x; return nil }); err != nil {
					b.Fatal(err)
				}
				if len(c.Changes) != 1 {
					b.Fatal(c)
				}
				for b.Loop() {
					if err := db.checkCommit(context.Background(), c, v); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
