package attack

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// Retrain goes on with training the copy's table on the copy's triples for so many epochs, with the settings given: what
// an edit of triples leads to in the hands of somebody who keeps the embeddings up to date.
func Retrain(ctx context.Context, s Setting, c Copy, epochs float64, seed uint64) (Copy, error) {
	start, err := c.Embedding()
	if err != nil {
		return Copy{}, err
	}
	o := s.Train
	o.Family, o.Dim, o.NoReciprocal = start.Family.Name, start.Dim, true
	o.Start, o.Epochs, o.Seed, o.Patience = start, int(epochs), seed, -1
	e, err := train.Train(ctx, train.Data{Vocabulary: start.Vocabulary, Train: c.Triples}, o)
	if err != nil {
		return Copy{}, fmt.Errorf("attack: training on: %w", err)
	}
	c.Table.Rows = vec.MatrixOf(e.Entities, c.Table.Rows.Rows, c.Table.Rows.Cols)
	c.Relations = vec.MatrixOf(e.Relations, c.Relations.Rows, c.Relations.Cols)
	return c, nil
}

// Embedding returns the copy as a RotatE-L2 model without calibration. It shares the copy's numbers.
func (c Copy) Embedding() (*model.Embedding, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	family, err := model.FamilyByName("rotate-l2")
	if err != nil {
		return nil, err
	}
	ids := make([]store.TermID, c.Table.Rows.Rows+c.Relations.Rows)
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	vocabulary, err := model.NewVocabulary(ids[:c.Table.Rows.Rows], ids[c.Table.Rows.Rows:])
	if err != nil {
		return nil, err
	}
	return &model.Embedding{Tables: model.Tables{Family: family, Dim: c.Table.Rows.Cols / 2, Vocabulary: vocabulary,
		Entities: c.Table.Rows.Data, Relations: c.Relations.Data}}, nil
}

// Run does the attack, with the training on that it ends with.
func (a Attack) Run(ctx context.Context, s Setting, c Copy, seed uint64) (Copy, error) {
	out, err := a.Do(ctx, s, c, a.Strength, seed)
	if err == nil && a.Retrain > 0 {
		out, err = Retrain(ctx, s, out, float64(a.Retrain), seed)
	}
	if err != nil {
		return Copy{}, fmt.Errorf("%s: %w", a.Title(), err)
	}
	return out, nil
}
