package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf/cel"
)

// metaPolicy is the metadata that keeps the import policy.
const metaPolicy = "import-policy"

// maxPolicyBytes bounds a policy's text.
const maxPolicyBytes = 16 << 10

// ImportPolicy decides what becomes of each imported graph once it was tested for watermarks.
type ImportPolicy struct {
	// Expression is CEL over import, whose fields are those of udf/cel.Import; it gives accept, tag, warn or reject.
	Expression string    `json:"expression"`
	Set        time.Time `json:"set"`
}

// ErrNoPolicy is returned when no import policy is set.
var ErrNoPolicy = errors.New("no import policy is set")

// ImportPolicy returns the policy, or ErrNoPolicy: then everything is accepted.
func (db *DB) ImportPolicy() (ImportPolicy, error) {
	v, err := db.store.View()
	if err != nil {
		return ImportPolicy{}, err
	}
	defer v.Close()
	p, err := policyOf(v)
	if err == nil && p == nil {
		return ImportPolicy{}, fmt.Errorf("engine: %w", ErrNoPolicy)
	}
	if err != nil {
		return ImportPolicy{}, fmt.Errorf("engine: import policy: %w", err)
	}
	return *p, nil
}

func policyOf(v *store.View) (*ImportPolicy, error) {
	text := v.Meta(metaPolicy)
	if text == nil {
		return nil, nil
	}
	p := &ImportPolicy{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("metadata of the import policy: %w", err)
	}
	return p, nil
}

// SetImportPolicy checks a policy and keeps it in place of the former one. It holds for imports that begin afterwards. What is
// wrong with the expression is a *cel.Error.
func (db *DB) SetImportPolicy(ctx context.Context, expression string) (ImportPolicy, error) {
	if len(expression) > maxPolicyBytes {
		return ImportPolicy{}, fmt.Errorf("engine: import policy: %w: %d bytes, at most %d are kept", ErrBadInput, len(expression), maxPolicyBytes)
	}
	if _, err := db.expressions.Load().CompilePolicy(expression); err != nil {
		return ImportPolicy{}, fmt.Errorf("engine: import policy: %w", err)
	}
	p := ImportPolicy{Expression: expression, Set: time.Now().UTC().Truncate(time.Second)}
	text, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	return p, db.writePolicy(ctx, text)
}

// RemoveImportPolicy takes the policy away; ErrNoPolicy when there is none.
func (db *DB) RemoveImportPolicy(ctx context.Context) error {
	if _, err := db.ImportPolicy(); err != nil {
		return err
	}
	return db.writePolicy(ctx, nil)
}

func (db *DB) writePolicy(ctx context.Context, text []byte) error {
	_, err := db.store.Update(ctx, "policy", func(tx *store.Tx) error { return tx.SetMeta(metaPolicy, text) })
	if err != nil {
		return fmt.Errorf("engine: import policy: %w", err)
	}
	return nil
}

// compiledPolicy returns the policy ready to decide; nil when there is none. A policy that no longer compiles, since a
// function of the user's is gone, is an error: nothing is imported past it.
func (db *DB) compiledPolicy() (*cel.Policy, error) {
	p, err := db.ImportPolicy()
	if errors.Is(err, ErrNoPolicy) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	compiled, err := db.expressions.Load().CompilePolicy(p.Expression)
	if err != nil {
		return nil, fmt.Errorf("the import policy no longer holds; set another: %w", err)
	}
	return compiled, nil
}
