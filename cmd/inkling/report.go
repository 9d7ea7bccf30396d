package main

import (
	"fmt"
	"io"
	"time"

	"github.com/inklingdb/inkling/engine/tune"
)

// printReport writes what a search for settings saw, tried and chose.
func printReport(out io.Writer, r *tune.Report) {
	fmt.Fprintf(out, "the graph: %v\n\n", r.Evidence)
	reasons := newTable(out, "candidate", "because")
	variants := 0
	for _, c := range r.Candidates {
		switch {
		case c.Refused != "":
			reasons.AppendRow([]any{c.Name, c.Why + "; not tried: " + c.Refused})
		case c.Variant():
			variants++
		default:
			reasons.AppendRow([]any{c.Name, c.Why})
		}
	}
	reasons.Render()
	if variants > 0 {
		fmt.Fprintf(out, "and %s of the best ones\n", plural(int64(variants), "variant"))
	}
	fmt.Fprintln(out)
	t := newTable(out, "rung", "candidate", "dim", "epochs", "valid MRR", "seconds", "")
	late := 0
	for _, rung := range r.Rungs {
		for _, x := range rung.Trials {
			if x.Late() {
				late++
				continue
			}
			note := x.Note
			if x.GoesOn {
				note = "goes on"
				if rung.Number == r.Rungs[len(r.Rungs)-1].Number && rung.Final {
					note = "published"
				}
			}
			t.AppendRow([]any{rung.Number, x.Candidate, x.Dim, x.Epochs, fmt.Sprintf("%.4f", x.MRR), fmt.Sprintf("%.2f", x.Seconds), note})
		}
	}
	t.Render()
	if late > 0 {
		fmt.Fprintf(out, "and %s for which no time was left\n", plural(int64(late), "trial"))
	}
	took := fmt.Sprintf("in %v", shortTime(time.Duration(r.Seconds*float64(time.Second))))
	if r.Budget > 0 {
		took += fmt.Sprintf(" of %v", shortTime(time.Duration(r.Budget*float64(time.Second))))
	}
	fmt.Fprintf(out, "chosen %s: %s, dimension %d, %s: %s\n\n", took, r.Chosen, r.Dim, plural(int64(r.Epochs), "epoch"), r.Why)
}
