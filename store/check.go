package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/inklingdb/inkling/store/rdf"
)

// Problem is one thing that Check found wrong.
type Problem struct {
	Place string // key, block or version
	What  string
}

// CheckReport is what Check read and what it found.
type CheckReport struct {
	Version  Version
	Triples  int64 // in all graphs
	Terms    int64 // in the dictionary
	Commits  int64 // in the log
	Bytes    int64 // of all keys and values, before Badger compresses them
	Problems []Problem
}

// maxProblems ends a check that finds ever more of the same.
const maxProblems = 1000

var errEnough = errors.New("too many problems")

// checker collects problems.
type checker struct {
	ctx    context.Context
	store  *Store
	view   *View
	report CheckReport
}

func (c *checker) problem(place, format string, args ...any) error {
	c.report.Problems = append(c.report.Problems, Problem{place, fmt.Sprintf(format, args...)})
	if len(c.report.Problems) >= maxProblems {
		return errEnough
	}
	return nil
}

// Check reads everything at one version and verifies it: checksums; blocks sorted and counted; the three
// orders hold the same triples; every term found by its number and its number by the term; every identifier
// used has a term; the log without gaps. Problems are in the report; the error is for a check that could
// not be carried out. Writers may go on; readers of other stores may not.
func (s *Store) Check(ctx context.Context) (CheckReport, error) {
	v, err := s.View()
	if err != nil {
		return CheckReport{}, err
	}
	defer v.Close()
	c := &checker{ctx: ctx, store: s, view: v}
	c.report.Version = v.Version()
	for _, part := range []func() error{c.keys, c.terms, c.triples, c.log} {
		if err := part(); err != nil && !errors.Is(err, errEnough) {
			return c.report, fmt.Errorf("store: check: %w", err)
		}
	}
	return c.report, nil
}

// keys verifies that every key is one of ours and every sealed value is whole.
func (c *checker) keys() error {
	n := 0
	return c.store.kv.Scan(nil, false, func(key, value []byte) error {
		if n++; n%4096 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		c.report.Bytes += int64(len(key) + len(value))
		place := fmt.Sprintf("key %x", key)
		switch key[0] {
		case prefixHead, prefixRun, prefixSingle, prefixTerms, prefixBlock, prefixLog, prefixMeta:
			if _, err := unseal(value); err != nil {
				return c.problem(place, "%v", err)
			}
			if key[0] == prefixSingle && binary.BigEndian.Uint32(key[1:]) < c.view.state.lexicon.tailFirst {
				return c.problem(place, "a single term that a full block holds")
			}
		case prefixTerm:
			if len(value) != 4 {
				return c.problem(place, "a number of %d bytes", len(value))
			}
		case prefixHashed:
			if len(value) == 0 || len(value)%4 != 0 {
				return c.problem(place, "numbers of %d bytes", len(value))
			}
		case prefixGraph:
			if _, n := binary.Uvarint(value); n != len(value) || len(key) != 13 {
				return c.problem(place, "not a graph's count")
			}
		case prefixIntent:
		default:
			return c.problem(place, "unknown kind of key")
		}
		return nil
	})
}

// terms verifies that each number has a term and the term that number.
func (c *checker) terms() error {
	l := &c.view.state.lexicon
	for n := uint32(1); n < l.next; n++ {
		if n%4096 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		c.report.Terms++
		place := fmt.Sprintf("term %d", n)
		t, err := c.stored(n)
		if err == nil {
			var back uint32
			if back, err = l.dictionary.find(t, l.next); err == nil && back != n {
				err = fmt.Errorf("%q is found as number %d", t.Value, back)
			}
		}
		if err != nil {
			if err := c.problem(place, "%v", err); err != nil {
				return err
			}
		}
	}
	return nil
}

// stored reads a term from disk, past the caches for the tail.
func (c *checker) stored(n uint32) (rdf.Term, error) {
	if n >= c.view.state.lexicon.tailFirst {
		return c.view.state.lexicon.dictionary.stored(n)
	}
	return c.view.state.lexicon.term(n)
}

// triples verifies the base and what the delta makes of it.
func (c *checker) triples() error {
	for g := range c.view.state.gen.graphs {
		if err := c.baseGraph(g); err != nil {
			return err
		}
	}
	for _, g := range append([]TermID{0}, c.view.Graphs()...) {
		if g != 0 {
			if err := c.identifier(fmt.Sprintf("graph %x", uint64(g)), g); err != nil {
				return err
			}
		}
		if err := c.graph(g); err != nil {
			return err
		}
	}
	return nil
}

// baseGraph verifies the blocks of a graph: readable, full but the last, ascending.
func (c *checker) baseGraph(g TermID) error {
	gen := c.view.state.gen
	graph := gen.graphs[g]
	for _, o := range orders {
		var cursor baseCursor
		cursor.open(gen, o, g, tuple{maxID, maxID, maxID})
		defer cursor.close()
		var count int64
		var last tuple
		for i := range cursor.list.firsts {
			if i%64 == 0 && c.ctx.Err() != nil {
				return c.ctx.Err()
			}
			place := fmt.Sprintf("generation %d, graph %x, %v, block %d", gen.number, uint64(g), o, i)
			if err := cursor.load(i); err != nil {
				if err := c.problem(place, "%v", err); err != nil {
					return err
				}
				continue
			}
			if i+1 < len(cursor.list.firsts) && cursor.n != blockSize {
				if err := c.problem(place, "%d triples", cursor.n); err != nil {
					return err
				}
			}
			for _, t := range cursor.buffer[:cursor.n] {
				if count > 0 && !last.less(t) {
					if err := c.problem(place, "%x after %x", t, last); err != nil {
						return err
					}
				}
				last = t
				count++
			}
		}
		if count != graph.count {
			place := fmt.Sprintf("generation %d, graph %x, %v", gen.number, uint64(g), o)
			if err := c.problem(place, "%d triples, its count says %d", count, graph.count); err != nil {
				return err
			}
		}
	}
	return nil
}

// graph verifies that the orders agree, by count and by a sum over all triples that does not depend on
// order, and that every identifier has a term.
func (c *checker) graph(g TermID) error {
	var counts [len(orders)]int64
	var sums [len(orders)]uint64
	buffer := make([]Triple, 1024)
	for i, o := range orders {
		cursor := newCursor(c.view, g, Pattern{}, o)
		for {
			if c.ctx.Err() != nil {
				return c.ctx.Err()
			}
			n, err := cursor.Next(buffer)
			if err != nil {
				if err := c.problem(fmt.Sprintf("graph %x, %v", uint64(g), o), "%v", err); err != nil {
					return err
				}
			}
			if n == 0 {
				cursor.Close()
				break
			}
			for _, t := range buffer[:n] {
				counts[i]++
				sums[i] += t.mix()
				if o == SPO && (!c.known(t.S) || !c.known(t.P) || !c.known(t.O) || !t.allowed()) {
					if err := c.problem(fmt.Sprintf("graph %x", uint64(g)), "triple %x has an identifier without term, or not allowed there", t); err != nil {
						return err
					}
				}
			}
		}
	}
	c.report.Triples += counts[0]
	if counts[0] != counts[1] || counts[0] != counts[2] || sums[0] != sums[1] || sums[0] != sums[2] {
		return c.problem(fmt.Sprintf("graph %x", uint64(g)), "orders differ: %d, %d and %d triples", counts[0], counts[1], counts[2])
	}
	return nil
}

// mix returns a number that differs for nearly all pairs of triples.
func (t Triple) mix() uint64 {
	x := uint64(t.S)*0x9e3779b97f4a7c15 ^ uint64(t.P)*0xc2b2ae3d27d4eb4f ^ uint64(t.O)*0x165667b19e3779f9
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>29
}

func (c *checker) known(id TermID) bool {
	if id.IsInline() {
		_, ok := inlineTerm(id)
		return ok
	}
	n := id.Number()
	return n > 0 && n < c.view.state.lexicon.next
}

func (c *checker) identifier(place string, id TermID) error {
	if !c.known(id) || !id.IsNode() {
		return c.problem(place, "%x is not an identifier of a node", uint64(id))
	}
	return nil
}

// log verifies that each version has a whole record, later than the one before.
func (c *checker) log() error {
	var last Commit
	for v := Version(1); v <= c.report.Version; v++ {
		if v%1024 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		commit, err := readCommit(c.store.kv, v)
		if err == nil && commit.Time.Before(last.Time) {
			err = fmt.Errorf("committed before version %d", v-1)
		}
		if err != nil {
			if err := c.problem(fmt.Sprintf("log of version %d", v), "%v", err); err != nil {
				return err
			}
			continue
		}
		last = commit
		c.report.Commits++
	}
	return nil
}
