package exec

import (
	"errors"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store"
)

// TestOpenQuestionsAreBounded counts questions up to the limit and one beyond, and wants an error that says what to do.
func TestOpenQuestionsAreBounded(t *testing.T) {
	o := openQuestions{seen: map[question]struct{}{}}
	for i := range mostQuestions {
		for range 2 { // a question asked twice counts once
			if !o.add(store.Triple{S: store.TermID(i + 1), P: 1}) {
				t.Fatalf("question %d is refused", i)
			}
		}
	}
	if err := o.complete(); err != nil || !o.more() || len(o.pending) != mostQuestions {
		t.Fatalf("%v, %d questions", err, len(o.pending))
	}
	if o.add(store.Triple{S: mostQuestions + 1, P: 1}) {
		t.Error("a question too many is taken")
	}
	if err := o.complete(); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "bind its subject") {
		t.Errorf("beyond the limit: %v", err)
	}
	o.pattern, o.of = store.Triple{P: 2}, 0 // the next row's
	if !o.add(store.Triple{S: 1, P: 1}) || len(o.pending) != mostQuestions+1 {
		t.Error("another pattern has questions of its own")
	}
}
