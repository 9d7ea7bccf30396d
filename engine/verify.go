package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf/cel"
)

// ImportVerdict is what the test of one imported graph for watermarks says, and what the import policy made of it.
type ImportVerdict struct {
	Source     string            `json:"source"`
	Format     string            `json:"format"`
	Graph      string            `json:"graph"` // IRI; "" for the default graph, OtherGraphs for those beyond a thousand
	Triples    int64             `json:"triples"`
	Verdict    watermark.Verdict `json:"verdict"`
	Owner      string            `json:"owner,omitempty"`
	KeyID      string            `json:"key_id,omitempty"`
	Log10P     float64           `json:"log10_p"`
	KeysTested int               `json:"keys_tested"` // pairs of a key and a graph
	Signed     bool              `json:"signed"`      // of a bundle: its signature holds
	Signer     string            `json:"signer,omitempty"`
	Intact     bool              `json:"intact"` // of a bundle: it is as it was signed
	Outcome    string            `json:"outcome"`
	NotTested  string            `json:"not_tested,omitempty"` // why the key ring was not asked
}

// Marked reports whether a key of the ring marked the graph.
func (v ImportVerdict) Marked() bool { return v.Owner != "" }

// String returns the verdict on one line.
func (v ImportVerdict) String() string {
	name := "the default graph"
	if v.Graph != "" {
		name = "graph <" + v.Graph + ">"
	}
	text := fmt.Sprintf("%s of %s: %s", name, v.Source, watermark.Evidence{Verdict: v.Verdict, Owner: v.Owner}.Sentence())
	switch {
	case v.NotTested != "":
		text = fmt.Sprintf("%s of %s was not tested for watermarks: %s", name, v.Source, v.NotTested)
	case v.Marked():
		text += fmt.Sprintf(" (p = 10^%.1f)", v.Log10P)
	}
	return text
}

// OtherGraphs stands for the graphs of an import beyond those that are tested one by one; they are tested together.
const OtherGraphs = "*"

// RejectedImportError says that the import policy refused an import. Nothing of it was written.
type RejectedImportError struct{ Verdict ImportVerdict }

// Error names the graph and the evidence.
func (e *RejectedImportError) Error() string {
	return fmt.Sprintf("%v: %v", ErrImportRejected, e.Verdict)
}

// Unwrap returns ErrImportRejected.
func (e *RejectedImportError) Unwrap() error { return ErrImportRejected }

// How many graphs of an import are tested one by one, and how many tests of a key and a graph run at once.
const (
	maxInspected   = 1000
	maxScreenTests = 100_000
	// maxTexts bounds the digests that are kept of terms without a number, some 100 bytes each.
	maxTexts = 1 << 20
)

// inspection tests the graphs of one import while they are read. It belongs to one goroutine.
type inspection struct {
	db             *DB
	source, format string
	policy         *cel.Policy         // nil: everything is accepted
	screener       *watermark.Screener // nil when there is no key to test
	notTested      string
	numbered       digestTable
	texts          map[string]watermark.TermDigest // of IRIs without a number
	graphs         map[string]*inspected
	order          []*inspected
	last           *inspected
	seal           *bundleSeal // of a bundle
}

// inspected is one graph under test.
type inspected struct {
	graph   string
	screen  *watermark.Screen
	triples int64
}

// inspect begins an inspection. Without a policy a key ring that cannot be read is noted; with one it ends the import.
func (db *DB) inspect(source, format string) (*inspection, error) {
	n := &inspection{db: db, source: source, format: format, numbered: newDigestTable(), texts: map[string]watermark.TermDigest{}, graphs: map[string]*inspected{}}
	var err error
	if n.policy, err = db.compiledPolicy(); err != nil {
		return nil, err
	}
	if db.opts.Keys == nil {
		return n, nil
	}
	ring, err := db.opts.Keys()
	if err != nil && n.policy != nil {
		return nil, fmt.Errorf("an import policy is set, so the import must be tested, and the key ring cannot be read: %w", err)
	}
	if err != nil {
		n.notTested = err.Error()
		return n, nil
	}
	if list := tripleCandidates(ring.Keys); len(list) > 0 {
		n.screener = watermark.NewScreener(list, 0)
	}
	return n, nil
}

// tripleCandidates returns the pairs of a key and a graph whose triples it marked.
func tripleCandidates(keys []*watermark.Key) []watermark.Candidate {
	var list []watermark.Candidate
	for _, c := range candidates(keys, nil) {
		if c.Marked.Gamma > 0 {
			list = append(list, c)
		}
	}
	return list
}

// idle reports that there is neither a policy nor a key.
func (n *inspection) idle() bool { return n.policy == nil && n.screener == nil && n.notTested == "" }

// add takes statements in.
func (n *inspection) add(quads []rdf.Quad) {
	if n.idle() {
		return
	}
	for i := range quads {
		q := &quads[i]
		if g := n.of(&q.G); g.screen != nil {
			g.screen.Add(watermark.NewTriple(n.digest(&q.S), n.digest(&q.P), n.digest(&q.O)))
		}
	}
}

// addNumbered takes statements in whose terms have identifiers, those of one import: it costs a fraction.
func (n *inspection) addNumbered(quads []rdf.Quad, ids []store.Triple) {
	const ahead = 64
	var digests [3]watermark.TermDigest
	for i := range quads {
		if i%ahead == 0 {
			n.numbered.load(ids[i:min(i+ahead, len(ids))])
		}
		q := &quads[i]
		g := n.of(&q.G)
		if g.screen == nil {
			continue
		}
		for j, id := range [3]store.TermID{ids[i].S, ids[i].P, ids[i].O} {
			known := n.numbered.find(id)
			if known.id != id {
				known = n.numbered.put(id, watermark.DigestTerm(*[3]*rdf.Term{&q.S, &q.P, &q.O}[j]))
			}
			digests[j] = known.digest
		}
		g.screen.Add(watermark.NewTriple(digests[0], digests[1], digests[2]))
	}
}

// of returns the test of a statement's graph, and counts the statement.
func (n *inspection) of(g *rdf.Term) *inspected {
	found := n.find(g)
	found.triples++
	return found
}

func (n *inspection) find(g *rdf.Term) *inspected {
	name := g.Value
	if g.Kind == rdf.Blank {
		name = "_:" + name
	}
	if n.last != nil && n.last.graph == name {
		return n.last
	}
	found := n.graphs[name]
	if found == nil {
		most := maxInspected
		if n.screener != nil {
			most = max(1, min(most, maxScreenTests/n.screener.Candidates()))
		}
		if len(n.graphs) >= most {
			if name = OtherGraphs; n.graphs[name] != nil {
				return n.graphs[name]
			}
		}
		found = &inspected{graph: name}
		if n.screener != nil && n.seal == nil {
			found.screen = n.screener.Screen()
		}
		n.graphs[name] = found
		n.order = append(n.order, found)
	}
	n.last = found
	return found
}

func (n *inspection) digest(t *rdf.Term) watermark.TermDigest {
	if t.Kind != rdf.IRI {
		return watermark.DigestTerm(*t) // literals seldom come twice
	}
	d, known := n.texts[t.Value]
	if !known {
		if len(n.texts) >= maxTexts {
			clear(n.texts)
		}
		d = watermark.DigestTerm(*t)
		n.texts[t.Value] = d
	}
	return d
}

// verdicts returns what the tests say, graph by graph in the order of their first statements.
func (n *inspection) verdicts() []ImportVerdict {
	if n.seal != nil && len(n.order) == 0 {
		n.find(&n.seal.graph) // a bundle without a triple
	}
	var list []ImportVerdict
	for _, g := range n.order {
		v := ImportVerdict{Source: n.source, Format: n.format, Graph: g.graph, Triples: g.triples, Verdict: watermark.NoMark, NotTested: n.notTested, Outcome: cel.Accept}
		var e watermark.Evidence
		switch {
		case n.seal != nil:
			e, v.Signed, v.Signer, v.Intact = n.seal.evidence, n.seal.signed, n.seal.signer, n.seal.intact
		case g.screen != nil:
			e = g.screen.Evidence(len(n.order))
		}
		if e.Verdict != "" {
			v.Verdict, v.Owner, v.KeyID, v.Log10P, v.KeysTested = e.Verdict, e.Owner, e.KeyID, e.Log10P, e.KeysTested
		}
		list = append(list, v)
	}
	return list
}

// decide asks the policy about each graph. It returns the verdicts and the statements that tag graphs; a rejection is a
// *RejectedImportError, and a policy that fails is an error too.
func (n *inspection) decide(ctx context.Context) (list []ImportVerdict, tags []rdf.Quad, err error) {
	if n.idle() && n.seal == nil {
		return nil, nil, nil
	}
	list = n.verdicts()
	if n.policy == nil {
		return list, nil, nil
	}
	s, err := n.db.snapshot()
	if err != nil {
		return nil, nil, err
	}
	defer s.close()
	run := s.run()
	for i := range list {
		v := &list[i]
		v.Outcome, err = n.policy.Decide(ctx, run, cel.Import{Source: v.Source, Format: v.Format, Graph: v.Graph, Triples: v.Triples, Verdict: string(v.Verdict),
			Owner: v.Owner, Log10P: v.Log10P, KeysTested: int64(v.KeysTested), Signed: v.Signed, Signer: v.Signer, Intact: v.Intact})
		if err != nil {
			return nil, nil, fmt.Errorf("the import policy cannot tell about %v: %w", *v, err)
		}
		switch v.Outcome {
		case cel.Reject:
			return nil, nil, &RejectedImportError{*v}
		case cel.Tag:
			tags = append(tags, v.tags()...)
		case cel.Warn:
			n.db.log.Warn("the import policy warns of a graph", "graph", v.Graph, "source", v.Source, "verdict", v.Verdict, "owner", v.Owner)
		}
	}
	return list, tags, nil
}

// DefaultGraphTag stands for the default graph in tags.
const DefaultGraphTag = Namespace + "default-graph"

// tags returns the statements about the graph, in the graph of tags: verdict, source and, where it is marked, owner and p.
func (v ImportVerdict) tags() []rdf.Quad {
	subject := rdf.NewIRI(DefaultGraphTag)
	switch {
	case strings.HasPrefix(v.Graph, "_:"):
		subject = rdf.NewBlank(v.Graph[2:])
	case v.Graph == OtherGraphs:
		subject = rdf.NewIRI(Namespace + "other-graphs")
	case v.Graph != "":
		subject = rdf.NewIRI(v.Graph)
	}
	var list []rdf.Quad
	add := func(name string, object rdf.Term) {
		list = append(list, rdf.Quad{S: subject, P: rdf.NewIRI(Namespace + name), O: object, G: rdf.NewIRI(tagGraph)})
	}
	add("verdict", rdf.NewString(string(v.Verdict)))
	add("source", rdf.NewString(v.Source))
	if v.Marked() {
		add("owner", rdf.NewString(v.Owner))
		add("log10_p", rdf.NewTyped(strconv.FormatFloat(v.Log10P, 'E', -1, 64), rdf.XSDDouble))
	}
	return list
}

// markVerifier is the hooks' verifier of a database with a key ring, unless the program has its own: it tests the inserted
// statements as an import's, and what the import policy rejects is its error. Without a policy any mark is.
type markVerifier struct{ db *DB }

// Verify tests changes. It sees those of one delivery: a copy that comes in small commits shows no mark.
func (m markVerifier) Verify(ctx context.Context, changes []hook.Change) error {
	source := ""
	if len(changes) > 0 {
		source = changes[0].Source
	}
	n, err := m.db.inspect(source, "changes")
	if err != nil {
		return err
	}
	var quads []rdf.Quad
	for _, c := range changes {
		if c.Op == hook.Insert {
			quads = append(quads, c.Quad)
		}
	}
	n.add(quads)
	list, _, err := n.decide(ctx)
	var rejected *RejectedImportError
	if errors.As(err, &rejected) {
		return fmt.Errorf("%w: %w", err, hook.ErrPermanent)
	}
	if err != nil || n.policy != nil {
		return err
	}
	for _, v := range list {
		if v.Marked() {
			return fmt.Errorf("%v: %w", v, hook.ErrPermanent)
		}
	}
	return nil
}

// VerifyImport tests statements as an import's and asks the policy, without writing anything: for a program that writes
// them by another way. read hands them over by add; it is not called when there is neither a policy nor a key to test. The
// result is the verdicts and the statements that tag graphs, to be written together with the others.
func (db *DB) VerifyImport(ctx context.Context, source, format string, read func(add func([]rdf.Quad)) error) ([]ImportVerdict, []rdf.Quad, error) {
	n, err := db.inspect(source, format)
	if err == nil && !n.idle() {
		err = read(n.add)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("engine: verify: %w", err)
	}
	list, tags, err := n.decide(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("engine: verify: %w", err)
	}
	return list, tags, nil
}
