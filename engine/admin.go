package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
)

// Stats describes the database as it is now.
type Stats struct {
	Version   store.Version   `json:"version"`
	Base      string          `json:"base"`
	Triples   int64           `json:"triples"` // in all graphs
	Terms     int64           `json:"terms"`
	DiskBytes int64           `json:"disk_bytes"`
	Graphs    []GraphStats    `json:"graphs"`    // the default graph first
	Relations []RelationStats `json:"relations"` // of the default graph, most triples first, at most 1,000
	Models    int             `json:"models"`
}

// GraphStats counts one graph.
type GraphStats struct {
	Graph   string `json:"graph"` // "" for the default graph
	Triples int64  `json:"triples"`
}

// RelationStats counts one relation.
type RelationStats struct {
	Relation string `json:"relation"` // its IRI
	Triples  int64  `json:"triples"`
	Subjects int64  `json:"subjects"` // distinct
	Objects  int64  `json:"objects"`  // distinct
	// Functionality is Subjects ÷ Triples; Functional says that it is 0.9 or more with 95% confidence.
	Functionality float64 `json:"functionality"`
	Functional    bool    `json:"functional"`
}

const maxRelationStats = 1000

// Stats counts graphs, relations, terms and bytes, from indexes.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	if err := ctx.Err(); err != nil {
		return Stats{}, err
	}
	v, err := db.store.View()
	if err != nil {
		return Stats{}, err
	}
	defer v.Close()
	figures := db.store.Stats()
	s := Stats{Version: v.Version(), Base: baseOf(v), Triples: figures.Triples, Terms: int64(v.TermCount()), Models: len(db.models.all())}
	for _, g := range append([]store.TermID{0}, v.Graphs()...) {
		about := GraphStats{}
		about.Triples, _ = v.Count(g, store.Pattern{})
		if g != 0 {
			name, err := v.Term(g)
			if err != nil {
				return Stats{}, err
			}
			about.Graph = name.Value
		}
		s.Graphs = append(s.Graphs, about)
	}
	if s.Relations, err = relationStats(v); err != nil {
		return Stats{}, fmt.Errorf("engine: stats: %w", err)
	}
	s.DiskBytes = diskBytes(db.dir)
	return s, nil
}

// relationStats reads the default graph's relations from the index of sets.
func relationStats(v *store.View) ([]RelationStats, error) {
	sets := index.SetsOf(v)
	if sets == nil {
		return nil, nil // the index failed and could not be rebuilt; Check tells
	}
	list := []RelationStats{}
	for _, p := range sets.Relations(0) {
		name, err := v.Term(p)
		if err != nil {
			return nil, err
		}
		n := sets.Counts(0, p)
		f := n.Functionality()
		list = append(list, RelationStats{Relation: name.Value, Triples: n.Triples, Subjects: n.Subjects, Objects: n.Objects,
			Functionality: f.Share, Functional: f.Functional(0)})
		if len(list) == maxRelationStats {
			break
		}
	}
	return list, nil
}

// diskBytes adds up the space that the files below a directory take; those that vanish meanwhile are left out.
func diskBytes(dir string) int64 {
	if dir == "" {
		return 0
	}
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if about, err := d.Info(); err == nil {
			total += allocatedBytes(about)
		}
		return nil
	})
	return total
}

// CheckReport is what Check found.
type CheckReport struct {
	Version  store.Version `json:"version"`
	Triples  int64         `json:"triples"`
	Terms    int64         `json:"terms"`
	Commits  int64         `json:"commits"`
	Models   int           `json:"models"`
	Problems []string      `json:"problems"` // empty: all is well
}

// Check verifies the whole database: blocks, dictionary, log, indexes against a full scan, model checkpoints.
// Problems found are in the report; the error is for not being able to look.
func (db *DB) Check(ctx context.Context) (CheckReport, error) {
	found, err := db.store.Check(ctx)
	if err != nil {
		return CheckReport{}, fmt.Errorf("engine: check: %w", err)
	}
	r := CheckReport{Version: found.Version, Triples: found.Triples, Terms: found.Terms, Commits: found.Commits, Problems: []string{}}
	for _, p := range found.Problems {
		r.Problems = append(r.Problems, p.Place+": "+p.What)
	}
	v, err := db.store.View()
	if err != nil {
		return CheckReport{}, err
	}
	defer v.Close()
	if err := index.Verify(ctx, v); errors.Is(err, index.ErrDiffers) {
		r.Problems = append(r.Problems, err.Error())
	} else if err != nil {
		return CheckReport{}, fmt.Errorf("engine: check: %w", err)
	}
	for _, key := range v.MetaNames() {
		name, ok := strings.CutPrefix(key, metaModel)
		if !ok {
			continue
		}
		r.Models++
		e, err := model.Load(db.modelPath(name))
		if err == nil && e.Metadata.DataVersion > v.Version() {
			err = fmt.Errorf("has seen version %d, the database is at %d", e.Metadata.DataVersion, v.Version())
		}
		if err != nil {
			r.Problems = append(r.Problems, fmt.Sprintf("model %s: %v", name, err))
		}
	}
	return r, nil
}
