package maintain

import (
	"context"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// solver carries a tensor factorization over commits.
type solver struct{}

func newSolver(e *model.Embedding) (*solver, error) { return nil, nil }

func (l *learner) startSolver(ctx context.Context, state []byte) error { return nil }
func (l *learner) solverState() []byte                                 { return nil }

func (s *solver) study(ctx context.Context, triples []store.Triple, h *history) error { return nil }

// watched does what changes rows and keeps what the solver has summed over them in step.
func (l *learner) watched(do func() error, rows []rowKey) error { return do() }
