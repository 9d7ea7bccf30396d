package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/inklingdb/inkling/store"
)

// past is the graph as it was at a version at or before its view's: later commits are undone on reading, so that a hook
// that lags sees what the commit left. Only bulk imports, which the log does not hold, cannot be undone. It is a
// udf.Graph and belongs to one goroutine.
type past struct {
	view    *store.View
	commits []store.Commit // up to the view's version
	at      store.Version
	imports *imports

	built bool // from commits, on first use: what follows
	later map[located][]pastChange
	heads map[headRelation][]located // the keys of later
	all   []located
}

// located is a triple in a graph.
type located struct {
	graph  store.TermID
	triple store.Triple
}

type headRelation struct{ graph, s, p store.TermID }

type pastChange struct {
	version store.Version
	removed bool
}

// newPast takes a view and the commits after some version up to the view's.
func newPast(v *store.View, commits []store.Commit) *past {
	return &past{view: v, commits: commits, at: v.Version()}
}

// present reports that nothing is to be undone; otherwise the commits are at hand.
func (p *past) present() bool {
	if p.at >= p.view.Version() {
		return true
	}
	if p.built {
		return len(p.later) == 0
	}
	p.built, p.later, p.heads = true, map[located][]pastChange{}, map[headRelation][]located{}
	for _, c := range p.commits {
		for _, x := range c.Changes {
			key := located{x.Graph, x.Triple}
			if p.later[key] == nil {
				head := headRelation{x.Graph, x.Triple.S, x.Triple.P}
				p.heads[head] = append(p.heads[head], key)
				p.all = append(p.all, key)
			}
			p.later[key] = append(p.later[key], pastChange{c.Version, x.Removed})
		}
	}
	return len(p.later) == 0
}

// undone reports whether a commit after p.at changed a triple, and whether it was there before.
func (p *past) undone(key located) (changed, present bool) {
	if p.present() {
		return false, false
	}
	for _, c := range p.later[key] {
		if c.version > p.at {
			return true, c.removed
		}
	}
	return false, false
}

// Has reports whether a graph stated a triple.
func (p *past) Has(g store.TermID, t store.Triple) (bool, error) {
	if changed, present := p.undone(located{g, t}); changed {
		return present, nil
	}
	return p.view.Has(g, t)
}

// Count estimates how many triples matched; exact where nothing is to be undone.
func (p *past) Count(g store.TermID, pattern store.Pattern) (rows int64, exact bool) {
	rows, exact = p.view.Count(g, pattern)
	if p.present() {
		return rows, exact
	}
	for _, key := range p.keys(g, pattern) {
		if changed, was := p.undone(key); changed {
			is, err := p.view.Has(key.graph, key.triple)
			switch {
			case err != nil:
				return rows, false
			case was && !is:
				rows++
			case is && !was:
				rows--
			}
		}
	}
	return rows, exact
}

// Match calls visit for each triple that matched until visit returns false.
func (p *past) Match(g store.TermID, pattern store.Pattern, visit func(store.Triple) bool) error {
	if p.present() {
		return graph{p.view}.Match(g, pattern, visit)
	}
	stopped := false
	err := graph{p.view}.Match(g, pattern, func(t store.Triple) bool {
		if changed, present := p.undone(located{g, t}); changed && !present {
			return true
		}
		stopped = !visit(t)
		return !stopped
	})
	if err != nil || stopped {
		return err
	}
	for _, key := range p.keys(g, pattern) {
		if changed, present := p.undone(key); !changed || !present {
			continue
		}
		if is, err := p.view.Has(g, key.triple); err != nil {
			return err
		} else if !is && !visit(key.triple) {
			return nil
		}
	}
	return nil
}

// keys returns the changed triples of a graph that match a pattern.
func (p *past) keys(g store.TermID, pattern store.Pattern) []located {
	list := p.all
	if pattern.S != 0 && pattern.P != 0 {
		list = p.heads[headRelation{g, pattern.S, pattern.P}]
	}
	var out []located
	for _, key := range list {
		t := key.triple
		if key.graph == g && (pattern.S == 0 || pattern.S == t.S) && (pattern.P == 0 || pattern.P == t.P) && (pattern.O == 0 || pattern.O == t.O) {
			out = append(out, key)
		}
	}
	return out
}

// olderTails returns the tails that the head and relation of a triple had before the commit at p.at and have since: what
// that commit or a later one brought, an import too, is not among them.
func (p *past) olderTails(x store.Change) ([]store.TermID, error) {
	now := p.at
	defer func() { p.at = now }()
	p.at = now - 1
	var tails []store.TermID
	err := p.Match(x.Graph, store.Pattern{S: x.Triple.S, P: x.Triple.P}, func(t store.Triple) bool {
		if changed, _ := p.undone(located{x.Graph, t}); t.O != x.Triple.O && !changed {
			tails = append(tails, t.O)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	older := tails[:0]
	for _, tail := range tails {
		t := x.Triple
		t.O = tail
		brought, err := p.imports.brought(located{x.Graph, t}, now, p.view.Version(), p.commits)
		if err != nil {
			return nil, err
		}
		if !brought {
			older = append(older, tail)
		}
	}
	slices.Sort(older)
	return older, nil
}

// commitCache keeps the latest commits that followers read, so that a hundred of them read each one once.
type commitCache struct {
	mu      sync.Mutex
	commits map[store.Version]store.Commit
	changes int // in commits
}

// cachedChanges bounds the changes that a commitCache holds, 40 bytes each.
const cachedChanges = 1 << 16

// read returns the commits after a version up to another, most of most changes and at least one commit if there is one.
func (c *commitCache) read(ctx context.Context, s *store.Store, after, to store.Version, most int) (list []store.Commit, err error) {
	changes := 0
	add := func(commit store.Commit) bool {
		list = append(list, commit)
		changes += len(commit.Changes)
		return commit.Version < to && changes < most
	}
	for version := after + 1; version <= to; version++ {
		commit, ok := c.get(version)
		if !ok {
			err := s.Changes(ctx, version-1, func(commit store.Commit) error {
				c.put(commit)
				if !add(commit) {
					return errEnough
				}
				return nil
			})
			if err == errEnough {
				err = nil
			}
			if err != nil {
				err = fmt.Errorf("engine: reading the log: %w", err)
			}
			return list, err
		}
		if !add(commit) {
			break
		}
	}
	return list, ctx.Err()
}

var errEnough = fmt.Errorf("enough was read")

func (c *commitCache) get(v store.Version) (store.Commit, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	commit, ok := c.commits[v]
	return commit, ok
}

func (c *commitCache) put(commit store.Commit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(commit.Changes) >= cachedChanges {
		return // each follower reads it by itself: it would stay here for long
	}
	c.changes += len(commit.Changes) + 1
	if c.commits == nil || c.changes > cachedChanges {
		c.commits, c.changes = map[store.Version]store.Commit{}, len(commit.Changes)+1
	}
	c.commits[commit.Version] = commit
}
