package engine

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

// withPreset returns the request with what it leaves open taken from its preset, which is a training's or a
// factorization's.
func (r TrainRequest) withPreset() (TrainRequest, error) {
	if r.Preset == "" {
		return r, nil
	}
	if p, err := factor.PresetByName(r.Preset); err == nil {
		if _, ok := factor.MethodByName(r.Family); !ok && r.Family != "" {
			return r, fmt.Errorf("%w: the preset %s is for %s, and %s is asked for", train.ErrOptions, r.Preset, p.Method, r.Family)
		}
		if r.Settings.Iterations == 0 && r.Epochs != 0 {
			p.Iterations = 0
		}
		o, err := factor.Options{Method: strings.ToLower(r.Family), Rank: r.Dim, Settings: r.Settings}.Over(p)
		r.Family, r.Dim, r.Settings = o.Method, o.Rank, o.Settings
		return r, err
	}
	p, err := train.PresetByName(r.Preset)
	if err != nil {
		return r, fmt.Errorf("%w; of factorizations: %s", err, factor.PresetNames)
	}
	r.Options = r.Options.Over(p)
	return r, nil
}

// factorization returns the request with the names of method and model filled in, or an error where it asks for what a
// factorization has not.
func (r TrainRequest) factorization(m factor.Method) (TrainRequest, error) {
	if r.Auto {
		return r, fmt.Errorf("%w: a search tries models trained by gradient, and %s is a factorization: leave one of the two out", train.ErrOptions, m.Name)
	}
	if r.SimilarityFile != "" && r.Settings.Similarity != "" {
		return r, fmt.Errorf("%w: a file of similarities and the similarity %s: give one", train.ErrOptions, r.Settings.Similarity)
	}
	r.Family, r.Name = m.Name, cmp.Or(r.Name, m.Name)
	_, err := factor.From(r.Options, r.Settings)
	return r, err
}

// factorize fits the method that the request names.
func (j *trainJob) factorize(ctx context.Context) (*model.Embedding, error) {
	o, err := factor.From(j.options(), j.request.Settings)
	if err != nil {
		return nil, err
	}
	if j.similarity != nil {
		o.Matrix = j.similarity
	}
	return factor.Fit(ctx, j.data, o)
}

// relationSimilarity reads a file of similarities of a vocabulary's relations, named as in imported files.
func relationSimilarity(v *store.View, vocabulary *model.Vocabulary, path string) (*mat.SymDense, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	defer f.Close()
	known := newNames(v)
	var failed error
	c, _, err := factor.ReadSimilarity(f, vocabulary.Relations(), func(name string) (int, bool) {
		id, ok, err := known.ID(name)
		if err != nil {
			failed = err
		}
		if !ok {
			return 0, false
		}
		row, ok := vocabulary.Relation(id)
		return int(row), ok
	})
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBadInput, path, err)
	}
	return c, nil
}
