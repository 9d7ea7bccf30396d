package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// Commit makes all of the import visible as one version. Whatever it returns, the import is over.
func (m *Import) Commit(ctx context.Context) (c Commit, report ImportReport, err error) {
	if m.done {
		return Commit{}, m.report, fmt.Errorf("store: import: %w", ErrClosed)
	}
	defer m.Abort()
	s := m.store
	if m.terms == nil {
		before := s.Stats().Terms
		c, err := m.commitSmall(ctx)
		m.report.Added, m.report.Terms = int64(len(c.Changes)), s.Stats().Terms-before
		return c, m.report, err
	}
	m.terms.forget()
	m.report.Bulk, m.report.Runs = true, len(m.spilled)
	s.folding.Lock()
	defer s.folding.Unlock()
	err = s.alone(ctx, func() error {
		if c, err = m.publish(ctx); err != nil {
			if s.stopped != nil {
				s.leftovers = true // the head may have reached the disk
			} else {
				s.dropUnpublished()
			}
			err = errors.Join(err, m.cleanTerms())
		}
		return err
	})
	if err != nil {
		return Commit{}, m.report, fmt.Errorf("store: import: %w", err)
	}
	return c, m.report, nil
}

// commitSmall writes an import of few quads as an ordinary commit.
func (m *Import) commitSmall(ctx context.Context) (Commit, error) {
	if m.options.Metadata == nil {
		return m.store.Write(ctx, Batch{Source: m.options.Source, Add: m.small})
	}
	return m.store.Update(ctx, m.options.Source, func(tx *Tx) error {
		for _, q := range m.small {
			if err := tx.AddQuad(q); err != nil {
				return err
			}
		}
		v := tx.View()
		after := *v.state
		after.version++
		trial := &View{store: m.store, state: &after, pending: v.pending}
		defer trial.Close()
		values, err := m.options.Metadata(ctx, trial)
		if err != nil {
			return err
		}
		for name, value := range values {
			if err := tx.SetMeta(name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// cleanTerms removes the terms that a failed import left in the dictionary, before others get their numbers.
func (m *Import) cleanTerms() error {
	s := m.store
	if s.stopped != nil {
		return nil // nobody will get numbers
	}
	dead, err := deadTerms(s.kv, s.head(s.state), nil)
	if err == nil {
		err = s.kv.Load(func(put func(op) error) error { return putAll(dead, put) })
	}
	if err != nil {
		s.stopped = fmt.Errorf("%w: %w", ErrStopped, err)
	}
	return s.stopped
}

// publish writes terms and the new generation and makes them the state; it runs in the committer.
func (m *Import) publish(ctx context.Context) (Commit, error) {
	s := m.store
	if s.state.lexicon.next != m.terms.first {
		if err := m.renumber(ctx); err != nil {
			return Commit{}, err
		}
	}
	err := s.kv.Commit([]op{{intentKey(intentImport), []byte{formatVersion}}, {intentKey(intentFold), []byte{formatVersion}}})
	if err != nil {
		return Commit{}, err
	}
	next := *s.state
	next.version++
	next.changed = next.version
	next.time = laterOf(time.Now().UTC(), s.state.time)
	terms, err := m.writeParts(ctx, &next)
	if err != nil {
		return Commit{}, err
	}
	next.delta, next.lexicon = delta{}, terms.lexicon
	c := Commit{Version: next.version, Time: next.time, Source: m.options.Source, Bulk: true}
	values, err := m.settle(ctx, c, terms.trial(s, next))
	if err != nil {
		return Commit{}, err
	}
	next.meta = withMeta(next.meta, values)
	h := s.head(&next)
	h.setRuns(terms.runs)
	last := metaOps(logOps(terms.last, c), values)
	if len(terms.dead) == 0 {
		last = append(last, op{key: intentKey(intentImport)})
	}
	if err := s.commitOps(last, op{[]byte{prefixHead}, h.encode()}); refused(err) {
		return Commit{}, err
	} else if err != nil {
		s.stopped = fmt.Errorf("%w: %w", ErrStopped, err)
		return Commit{}, s.stopped
	}
	m.report.Added = next.gen.triples - s.Stats().Triples
	m.report.Terms = int64(next.lexicon.next) - int64(s.state.lexicon.next)
	s.dictionary.runs.Store(&terms.runs)
	s.dictionary.full.Store(terms.lexicon.tailFirst)
	s.applyIndexes(c, &next)
	s.publish(&next)
	if len(terms.dead) > 0 && s.dictionary.dropTermRuns(terms.dead) == nil {
		_ = s.kv.Commit([]op{{key: intentKey(intentImport)}}) // kept by an error, it costs a scan at opening
	}
	return c, nil
}

// settle asks what has a say in the commit, given the store as it will be, and returns the metadata to set.
func (m *Import) settle(ctx context.Context, c Commit, after *View) (map[string][]byte, error) {
	defer after.Close()
	if check := m.store.options.Check; check != nil {
		if err := check(ctx, c, after); err != nil {
			return nil, err
		}
	}
	if m.options.Metadata == nil {
		return nil, nil
	}
	values, err := m.options.Metadata(ctx, after)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		if err := checkMeta(name, value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// writeParts writes terms and triples, side by side, and sets next's base.
func (m *Import) writeParts(ctx context.Context, next *state) (newTerms, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	built := make(chan error, 1)
	m.store.lastGeneration++
	go func() {
		var err error
		next.gen, err = m.build(ctx, m.store.lastGeneration, next.version)
		if err != nil {
			cancel()
		}
		built <- err
	}()
	terms, err := m.writeTerms(ctx)
	if err != nil {
		cancel()
	}
	if other := <-built; other != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = other // the one that failed first, not the one that was cancelled for it
	}
	return terms, err
}

// newTerms is what writeTerms put on disk, to be used once the head says so.
type newTerms struct {
	lexicon lexicon
	runs    []*termRun
	dead    []*termRun // replaced by runs
	last    []op       // to be written together with the head
}

// trial returns a view of a state with the new terms. It has a dictionary of its own: the store's does not look into
// the new run yet, and must not keep terms whose numbers go to others if the import fails.
func (n *newTerms) trial(s *Store, st state) *View {
	d := newDictionary(s.kv, newCache(s.options.CacheBytes/8))
	d.grow(n.lexicon.next)
	d.runs.Store(&n.runs)
	d.full.Store(n.lexicon.tailFirst)
	st.lexicon.dictionary = d
	st.indexes = nil                                          // they are of an earlier version
	pending := make(map[rdf.Term]uint32, len(n.lexicon.tail)) // the single terms are not on disk yet
	for i, t := range n.lexicon.tail {
		pending[t] = n.lexicon.tailFirst + uint32(i)
	}
	return &View{store: s, state: &st, pending: pending}
}

// writeTerms puts the import's terms on disk: blocks of terms by number, and a run to find them by.
func (m *Import) writeTerms(ctx context.Context) (n newTerms, err error) {
	base := m.store.state.lexicon
	d := base.dictionary
	number := base.next
	entries := make([]hashedTerm, 0, m.terms.count)
	var block termBlock // the one being filled, and its terms
	block.reset()
	tail := append([]rdf.Term(nil), base.tail...)
	var payload []byte
	for _, t := range tail {
		payload = appendTerm(payload[:0], dictionaryKind(t), t)
		block.add(dictionaryKind(t), payload)
	}
	err = m.store.kv.Load(func(put func(op) error) error {
		err := m.terms.spool.each(func(k Kind, payload []byte) error {
			if number%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			entries = append(entries, hashedTerm{hashTerm(k, payload), number})
			block.add(k, payload)
			number++
			if block.data[0] < termsPerBlock {
				t, err := parseTerm(k, string(payload))
				tail = append(tail, t)
				return err
			}
			value := seal(append(make([]byte, 0, len(block.data)+4), block.data...))
			block.reset()
			tail = tail[:0]
			return put(op{termsKey(blockOf(number - 1)), value})
		})
		if err == nil {
			n.runs, n.dead, err = d.addTermRun(entries, put)
		}
		return err
	})
	if err != nil {
		return n, err
	}
	l := lexicon{dictionary: d, next: number, tailFirst: blockOf(number)*termsPerBlock + 1, tail: append([]rdf.Term(nil), tail...)}
	if l.tailFirst != base.tailFirst {
		for i := range base.tail {
			n.last = append(n.last, op{key: singleKey(base.tailFirst + uint32(i))})
		}
	}
	for at := max(base.next, l.tailFirst); at < l.next; at++ {
		n.last = append(n.last, op{singleKey(at), seal(encodeTerms(l.tail[at-l.tailFirst : at-l.tailFirst+1]))})
	}
	n.lexicon = l
	d.grow(l.next)
	return n, nil
}

// build merges the state with the import's runs into a new generation.
func (m *Import) build(ctx context.Context, number uint32, version Version) (gen *generation, err error) {
	s := m.store
	view := &View{store: s, state: s.state}
	defer view.Close()
	if len(m.spare) < len(m.rows) {
		m.spare = make([]quad, len(m.rows))
	}
	rows, spare := m.rows, m.spare
	err = s.kv.Load(func(put func(op) error) error {
		b := newBuilder(s, number, version, put)
		for i, o := range orders {
			sources := []quadSource{newStateSource(view, o)}
			for _, run := range m.spilled {
				source, err := openSpill(run[i])
				if err != nil {
					return err
				}
				defer source.file.Close()
				sources = append(sources, source)
			}
			sorted := sortQuads(rows, spare)
			if len(rows) > 0 && &sorted[0] != &rows[0] {
				rows, spare = spare[:len(rows)], rows
			}
			if err := mergeInto(ctx, b, o, append(sources, &sliceSource{rows: sorted})); err != nil {
				return err
			}
			turn(rows)
		}
		gen, err = b.finish()
		return err
	})
	return gen, err
}

func mergeInto(ctx context.Context, b *builder, o Order, sources []quadSource) error {
	merged, err := newMerger(sources)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%8192 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		q, ok, err := merged.next()
		if err != nil || !ok {
			return err
		}
		if err := b.add(o, q.g, q.t); err != nil {
			return err
		}
	}
}

// renumber gives the import's new terms their numbers again: commits since its beginning took some.
func (m *Import) renumber(ctx context.Context) error {
	s := m.store
	first, next := m.terms.first, s.state.lexicon.next
	final := make([]uint32, m.terms.count)
	kept := spool{memory: []byte{}}
	if m.dir != "" {
		t, err := newTermTable(s.dictionary, next, m.dir)
		if err != nil {
			return err
		}
		kept = t.spool
	}
	at, fresh := 0, uint32(0)
	err := m.terms.spool.each(func(k Kind, payload []byte) error {
		t, err := parseTerm(k, string(payload))
		if err != nil {
			return err
		}
		n, err := s.dictionary.lookup(t, next)
		if err != nil {
			return err
		}
		if n == 0 {
			n = next + fresh
			fresh++
			err = kept.add(k, payload)
		}
		final[at] = n
		at++
		return err
	})
	if err != nil {
		return err
	}
	m.terms.close()
	m.terms.spool, m.terms.first, m.terms.count = kept, next, fresh
	change := func(id TermID) TermID {
		if n := id.Number(); n >= first {
			return makeID(id.Kind(), uint64(final[n-first]))
		}
		return id
	}
	return m.rewriteRuns(ctx, change)
}

// rewriteRuns changes identifiers in all rows and sorts them again.
func (m *Import) rewriteRuns(ctx context.Context, change func(TermID) TermID) error {
	changeAll := func(rows []quad) {
		for i := range rows {
			q := &rows[i]
			q.g, q.t = change(q.g), tuple{change(q.t[0]), change(q.t[1]), change(q.t[2])}
		}
	}
	changeAll(m.rows)
	for i, run := range m.spilled {
		if err := ctx.Err(); err != nil {
			return err
		}
		source, err := openSpill(run[0])
		if err != nil {
			return err
		}
		var rows []quad
		for {
			q, ok, err := source.next()
			if err != nil {
				source.file.Close()
				return err
			}
			if !ok {
				break
			}
			rows = append(rows, q)
		}
		source.file.Close()
		changeAll(rows)
		if m.spilled[i], err = m.writeRun(run[0][:len(run[0])-len("-SPO")], rows); err != nil {
			return err
		}
	}
	return nil
}
