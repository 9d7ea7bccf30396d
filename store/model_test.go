package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"pgregory.net/rapid"
)

// machine runs random operations on a store and on a plain map of quads, and compares them.
type machine struct {
	t       *rapid.T
	dir     string // "" in memory: no reopening
	options Options
	store   *Store
	quads   map[rdf.Quad]bool
	version Version
	held    []heldView
	log     []loggedCommit
}

// heldView is a snapshot kept open across later operations, with what it must show.
type heldView struct {
	view  *View
	quads map[rdf.Quad]bool
}

type loggedCommit struct {
	bulk  bool
	quads map[rdf.Quad]bool // state after it
}

func drawTerm(t *rapid.T, what string, kinds int) rdf.Term {
	n := rapid.IntRange(0, 12).Draw(t, what)
	switch rapid.IntRange(0, kinds-1).Draw(t, what+" kind") {
	case 0, 1:
		return iri(fmt.Sprint(what, n))
	case 2:
		return rdf.NewBlank(fmt.Sprint("b", n))
	case 3:
		return rdf.NewTyped(fmt.Sprint(n-5), rdf.XSDInteger)
	case 4:
		return rdf.NewTyped(fmt.Sprint("0", n), rdf.XSDInteger)
	case 5:
		return rdf.Term{Kind: rdf.Literal, Value: fmt.Sprint(n), Datatype: rdf.RDFLangString, Lang: "en"}
	case 6:
		return rdf.NewString(fmt.Sprintf("%0*d", 300, n))
	}
	return rdf.NewString(fmt.Sprint(n))
}

// drawRemovals returns quads to remove: mostly some that are there.
func (m *machine) drawRemovals(most int) []rdf.Quad {
	removals := drawQuads(m.t, 3)
	present := slices.Collect(maps.Keys(m.quads))
	slices.SortFunc(present, func(a, b rdf.Quad) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	if len(present) > 0 {
		removals = append(removals, rapid.SliceOfN(rapid.SampledFrom(present), 0, most).Draw(m.t, "removals")...)
	}
	return removals
}

func drawQuad(t *rapid.T) rdf.Quad {
	q := rdf.Quad{S: drawTerm(t, "s", 3), P: drawTerm(t, "p", 1), O: drawTerm(t, "o", 8)}
	if rapid.IntRange(0, 3).Draw(t, "named") == 0 {
		q.G = iri(fmt.Sprint("g", rapid.IntRange(0, 2).Draw(t, "g")))
	}
	return q
}

func drawQuads(t *rapid.T, most int) []rdf.Quad {
	if most >= 30 && rapid.IntRange(0, 5).Draw(t, "many") == 0 {
		return manyQuads(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 1500).Draw(t, "count"))
	}
	return rapid.SliceOfN(rapid.Custom(drawQuad), 0, most).Draw(t, "quads")
}

// manyQuads returns enough quads over few terms for several blocks.
func manyQuads(seed uint64, count int) []rdf.Quad {
	r := rand.New(rand.NewPCG(seed, 1))
	quads := make([]rdf.Quad, count)
	for i := range quads {
		quads[i] = rdf.Quad{S: iri(fmt.Sprint("s", r.IntN(40))), P: iri(fmt.Sprint("p", r.IntN(4))), O: rdf.NewString(fmt.Sprint(r.IntN(60)))}
		if r.IntN(2) == 0 {
			quads[i].O = rdf.NewTyped(fmt.Sprint(r.IntN(60)), rdf.XSDInteger)
		}
	}
	return quads
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) open() {
	var err error
	m.store, err = Open(m.dir, m.options)
	m.must(err)
}

// committed compares a commit with the change of the model.
func (m *machine) committed(c Commit, before map[rdf.Quad]bool, meta bool) {
	m.t.Helper()
	changed := 0
	for q := range before {
		if !m.quads[q] {
			changed++
		}
	}
	for q := range m.quads {
		if !before[q] {
			changed++
		}
	}
	if !c.Bulk && len(c.Changes) != changed {
		m.t.Fatalf("%d changes, want %d", len(c.Changes), changed)
	}
	if changed > 0 || c.Bulk || meta {
		m.version++
		m.log = append(m.log, loggedCommit{c.Bulk, maps.Clone(m.quads)})
	}
	if c.Version != m.version {
		m.t.Fatalf("version %d, want %d", c.Version, m.version)
	}
}

func (m *machine) write() {
	before := maps.Clone(m.quads)
	b := Batch{Source: "w", Remove: m.drawRemovals(20), Add: drawQuads(m.t, 30)}
	for _, q := range b.Remove {
		delete(m.quads, q)
	}
	for _, q := range b.Add {
		m.quads[q] = true
	}
	c, err := m.store.Write(context.Background(), b)
	m.must(err)
	m.committed(c, before, false)
}

func (m *machine) update() {
	before := maps.Clone(m.quads)
	fail := rapid.IntRange(0, 4).Draw(m.t, "fail") == 0
	meta := rapid.IntRange(0, 4).Draw(m.t, "meta") == 0
	c, err := m.store.Update(context.Background(), "u", func(tx *Tx) error {
		for range rapid.IntRange(0, 4).Draw(m.t, "steps") {
			add, remove := drawQuads(m.t, 4), m.drawRemovals(4)
			for _, q := range add {
				m.must(tx.AddQuad(q))
				m.quads[q] = true
			}
			for _, q := range remove {
				m.must(tx.RemoveQuad(q))
				delete(m.quads, q)
			}
			m.compare(tx.View(), m.quads)
		}
		if meta {
			m.must(tx.SetMeta("name", []byte{byte(m.version)}))
		}
		if fail {
			return fmt.Errorf("given up")
		}
		return nil
	})
	if fail {
		m.quads = before
		if err == nil {
			m.t.Fatal("failed update returned nil")
		}
		return
	}
	m.must(err)
	m.committed(c, before, meta)
}

func (m *machine) bulk() {
	before := maps.Clone(m.quads)
	ctx := context.Background()
	imp, err := m.store.NewImport(ctx, ImportOptions{CommitLimit: rapid.IntRange(1, 40).Draw(m.t, "limit"), MemoryBytes: 1})
	m.must(err)
	imp.limit = rapid.IntRange(1, 30).Draw(m.t, "rows")
	defer imp.Abort()
	given := map[rdf.Quad]bool{}
	for range rapid.IntRange(1, 3).Draw(m.t, "batches") {
		quads := drawQuads(m.t, 60)
		m.must(imp.Add(ctx, quads))
		for _, q := range quads {
			given[q] = true
		}
		if rapid.IntRange(0, 2).Draw(m.t, "between") == 0 {
			m.write()
			before = maps.Clone(m.quads)
		}
	}
	if rapid.IntRange(0, 4).Draw(m.t, "abort") == 0 {
		return
	}
	for q := range given {
		m.quads[q] = true
	}
	c, report, err := imp.Commit(ctx)
	m.must(err)
	if int(report.Added) != len(m.quads)-len(before) {
		m.t.Fatalf("import added %d, want %d", report.Added, len(m.quads)-len(before))
	}
	m.committed(c, before, false)
}

func (m *machine) hold() {
	v, err := m.store.View()
	m.must(err)
	m.held = append(m.held, heldView{v, maps.Clone(m.quads)})
}

func (m *machine) letGo() {
	for _, h := range m.held {
		m.compare(h.view, h.quads)
		h.view.Close()
	}
	m.held = nil
}

func (m *machine) reopen() {
	if m.dir == "" {
		return
	}
	m.letGo()
	m.must(m.store.Close())
	m.open()
}

func (m *machine) fold() { m.must(m.store.Fold(context.Background())) }

// compare checks everything a view can tell against a set of quads.
func (m *machine) compare(v *View, want map[rdf.Quad]bool) {
	t := m.t
	byGraph := map[rdf.Term]int{}
	for q := range want {
		byGraph[q.G]++
		g, triple := ids(t, v, q)
		if has, err := v.Has(g, triple); err != nil || !has {
			t.Fatalf("has %v: %v, %v", q, has, err)
		}
	}
	graphs := append([]TermID{0}, v.Graphs()...)
	named := len(byGraph)
	if byGraph[rdf.Term{}] > 0 {
		named--
	}
	if len(graphs)-1 != named {
		t.Fatalf("%d named graphs, want %d", len(graphs)-1, named)
	}
	for _, g := range graphs {
		var graph rdf.Term
		if g != 0 {
			var err error
			if graph, err = v.Term(g); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range orders {
			all := scanAll(t, v, g, Pattern{}, o)
			if len(all) != byGraph[graph] {
				t.Fatalf("graph %v in %v: %d triples, want %d", graph, o, len(all), byGraph[graph])
			}
			if !slices.IsSortedFunc(all, func(a, b Triple) int { return o.arrange(a).compare(o.arrange(b)) }) {
				t.Fatalf("%v not sorted", o)
			}
			for _, triple := range all {
				terms := make([]rdf.Term, 3)
				if err := v.Terms([]TermID{triple.S, triple.P, triple.O}, terms); err != nil {
					t.Fatal(err)
				}
				if !want[rdf.Quad{S: terms[0], P: terms[1], O: terms[2], G: graph}] {
					t.Fatalf("%v is too much", terms)
				}
			}
		}
		m.comparePatterns(v, g)
	}
}

// comparePatterns checks scans, seeks and counts of all patterns drawn from a triple against a filter.
func (m *machine) comparePatterns(v *View, g TermID) {
	t := m.t
	all := scanAll(t, v, g, Pattern{}, SPO)
	if len(all) == 0 {
		return
	}
	at := all[rapid.IntRange(0, len(all)-1).Draw(t, "triple")]
	from := all[rapid.IntRange(0, len(all)-1).Draw(t, "from")]
	for mask := range 8 {
		var p Pattern
		if mask&1 != 0 {
			p.S = at.S
		}
		if mask&2 != 0 {
			p.P = at.P
		}
		if mask&4 != 0 {
			p.O = at.O
		}
		var want []Triple
		for _, triple := range all {
			if p.matches(triple) {
				want = append(want, triple)
			}
		}
		if n, exact := v.Count(g, p); n != int64(len(want)) || !exact {
			t.Fatalf("count of %v: %d (exact %v), want %d", p, n, exact, len(want))
		}
		for _, o := range orders {
			slices.SortFunc(want, func(a, b Triple) int { return o.arrange(a).compare(o.arrange(b)) })
			if got := scanAll(t, v, g, p, o); !slices.Equal(got, want) {
				t.Fatalf("scan of %v in %v: %v, want %v", p, o, got, want)
			}
			m.compareSeek(v, g, p, o, from, want)
		}
	}
}

func (m *machine) compareSeek(v *View, g TermID, p Pattern, o Order, from Triple, want []Triple) {
	c, err := v.Scan(g, p, o)
	m.must(err)
	defer c.Close()
	var got []Triple
	buffer := make([]Triple, 1)
	if rapid.Bool().Draw(m.t, "read first") {
		n, err := c.Next(buffer)
		m.must(err)
		want = want[n:]
	}
	m.must(c.Seek(from))
	for {
		n, err := c.Next(buffer)
		m.must(err)
		if n == 0 {
			break
		}
		got = append(got, buffer[0])
	}
	i := 0
	for i < len(want) && o.arrange(want[i]).less(o.arrange(from)) {
		i++
	}
	if !slices.Equal(got, want[i:]) {
		m.t.Fatalf("seek %v of %v in %v: %v, want %v", from, p, o, got, want[i:])
	}
}

func ids(t tester, v *View, q rdf.Quad) (g TermID, triple Triple) {
	t.Helper()
	for i, term := range [4]rdf.Term{q.G, q.S, q.P, q.O} {
		if i == 0 && term.Kind == rdf.None {
			continue
		}
		id, ok, err := v.ID(term)
		if err != nil || !ok {
			t.Fatalf("term %v: %v, %v", term, ok, err)
		}
		switch i {
		case 0:
			g = id
		case 1:
			triple.S = id
		case 2:
			triple.P = id
		case 3:
			triple.O = id
		}
	}
	return g, triple
}

// check lets the store verify itself.
func (m *machine) check() {
	report, err := m.store.Check(context.Background())
	m.must(err)
	if len(report.Problems) > 0 {
		m.t.Fatalf("check: %v", report.Problems)
	}
	if report.Triples != int64(len(m.quads)) || report.Commits != int64(m.version) {
		m.t.Fatalf("check read %+v, want %d triples at %d", report, len(m.quads), m.version)
	}
}

// replay checks that the log alone leads to the same triples.
func (m *machine) replay() {
	i := 0
	state := map[placed]bool{}
	v, err := m.store.View()
	m.must(err)
	defer v.Close()
	bulk := false
	m.must(m.store.Changes(context.Background(), 0, func(c Commit) error {
		i++
		if c.Version != Version(i) || c.Bulk != m.log[i-1].bulk {
			return fmt.Errorf("log entry %d is %+v", i, c)
		}
		bulk = bulk || c.Bulk
		for _, change := range c.Changes {
			p := placed{change.Graph, change.Triple}
			if !bulk && state[p] == !change.Removed {
				return fmt.Errorf("version %d: no real change %+v", c.Version, change)
			}
			state[p] = !change.Removed
		}
		return nil
	}))
	if i != len(m.log) {
		m.t.Fatalf("log of %d, want %d", i, len(m.log))
	}
	if bulk {
		return
	}
	maps.DeleteFunc(state, func(_ placed, present bool) bool { return !present })
	if len(state) != len(m.quads) {
		m.t.Fatalf("log leads to %d triples, want %d", len(state), len(m.quads))
	}
}

func runMachine(t *rapid.T, dir string, options Options) {
	m := &machine{t: t, dir: dir, options: options, quads: map[rdf.Quad]bool{}}
	m.open()
	defer func() { m.store.Close() }()
	steps := map[string]func(){"write": m.write, "update": m.update, "bulk": m.bulk, "hold": m.hold,
		"let go": m.letGo, "fold": m.fold, "reopen": m.reopen}
	names := slices.Sorted(maps.Keys(steps))
	for range rapid.IntRange(1, 12).Draw(t, "steps") {
		steps[rapid.SampledFrom(names).Draw(t, "step")]()
		v, err := m.store.View()
		m.must(err)
		m.compare(v, m.quads)
		v.Close()
		m.check()
	}
	m.letGo()
	m.replay()
}

// TestAgainstMap compares random operations on a store in memory with a plain map.
func TestAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runMachine(t, "", Options{
			CacheBytes:   rapid.SampledFrom([]int64{1, 5_000, 1 << 20}).Draw(t, "cache"),
			FoldMin:      rapid.SampledFrom([]int{1, 20, 1 << 20}).Draw(t, "fold"),
			FoldFraction: 1e-9,
		})
	})
}

// TestAgainstMapOnDisk does the same in a directory, with reopening.
func TestAgainstMapOnDisk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		if rapid.IntRange(0, 4).Draw(rt, "rarely") != 0 {
			return // opening Badger costs far more than all other steps
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		runMachine(rt, dir, Options{
			RiskLosingRecentCommits: rapid.Bool().Draw(rt, "risk"),
			FoldMin:                 rapid.SampledFrom([]int{1, 1 << 20}).Draw(rt, "fold"),
			FoldFraction:            1e-9,
		})
	})
}
