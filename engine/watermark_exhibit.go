package engine

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// WatermarkExhibit is the evidence about a graph of this database and its model in full, for a report.
type WatermarkExhibit struct {
	Evidence    watermark.Evidence
	Graph       string // IRI; "" for the default graph
	Triples     int64
	Version     store.Version
	Model       string // "" when the graph has none
	Mark        *WatermarkInfo
	Communities []CommunityEvidence // of the model's rows, largest number of links first
	Loose       int                 // rows in no community
	Sample      MarkSample
}

// CommunityEvidence is what one community's rows say by themselves of the key that the whole was tested best with.
type CommunityEvidence struct {
	Rows    int
	Example string             // the first row's name
	Results []watermark.Result // by channel, of the table
	Log10P  float64            // of the best channel, corrected for the channels alone
}

// MarkSample is rows before and after marking.
type MarkSample struct {
	Before, After vec.Matrix // [rows × dimension]; Before has no rows where the clean ones are not at hand
	Community     []int      // of each row, an index into Communities; −1 for none
	Entities      int        // of the model, of which the rows are drawn
	Cosine        float64    // mean over all rows, of a row before and after; 0 without Before
}

// mostCommunities is how many communities an exhibit shows.
const mostCommunities = 12

// WatermarkExhibit tests as WatermarkDetect does, and by communities of the model's rows; sample is how many rows are drawn
// at most.
func (db *DB) WatermarkExhibit(ctx context.Context, r WatermarkTest, sample int) (x WatermarkExhibit, err error) {
	if x.Evidence, err = db.WatermarkDetect(ctx, r); err != nil {
		return x, err
	}
	if err := db.exhibit(ctx, r, sample, &x); err != nil {
		return x, watermarkError(err)
	}
	return x, nil
}

func (db *DB) exhibit(ctx context.Context, r WatermarkTest, sample int, x *WatermarkExhibit) error {
	m, err := db.modelOf(r.Model, r.Graph)
	if err != nil {
		return err
	}
	if m != nil {
		r.Graph = m.graph
	}
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	g, err := graphID(v, r.Graph)
	if err != nil {
		return err
	}
	x.Graph, x.Version = r.Graph.Value, db.Version()
	x.Triples, _ = v.Count(g, store.Pattern{})
	if m == nil {
		return nil
	}
	x.Model, x.Mark = m.name, m.marking.info()
	e := m.embedding()
	var clean *model.Embedding
	if k := m.marking; k != nil && k.frozen == nil {
		both := k.latest.Load()
		e, clean = both.marked, both.clean
	}
	groups, err := communitiesOf(ctx, v, g, e)
	if err != nil {
		return err
	}
	names, err := db.canonicalNames(e.Vocabulary.EntityIDs())
	if err != nil {
		return err
	}
	record, err := graphMarkOf(v, r.Graph.Value)
	if err != nil {
		return err
	}
	if c := bestCandidate(candidates(r.Keys, record), x.Evidence); c != nil {
		if err := x.byCommunity(ctx, watermark.Table{Names: names, Rows: e.EntityMatrix()}, groups, *c); err != nil {
			return err
		}
	}
	x.Loose = e.Vocabulary.Entities()
	for _, group := range groups {
		x.Loose -= len(group)
	}
	x.Sample.draw(clean, e, groups[:min(len(groups), mostCommunities)], sample)
	return nil
}

// communitiesOf returns communities of a model's rows, each large enough to be tested alone.
func communitiesOf(ctx context.Context, v *store.View, g store.TermID, e *model.Embedding) ([][]uint32, error) {
	var triples []model.Triple
	err := eachTriple(ctx, v, g, func(t store.Triple) error {
		if row, known := e.Vocabulary.Triple(t); known {
			triples = append(triples, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	width, _ := e.Widths()
	least := max(100, (watermark.LeastNumbers+width-1)/max(1, width))
	if e.Vocabulary.Entities() < least {
		return nil, nil
	}
	return kgmark.CommunitiesOf(ctx, e.Vocabulary.Entities(), triples, kgmark.Options{CommunityMin: least, CommunityMax: 5 * least})
}

// bestCandidate returns the pair of a key and a graph that the evidence is of, or the first.
func bestCandidate(list []watermark.Candidate, e watermark.Evidence) *watermark.Candidate {
	for i, c := range list {
		if c.Key.ID == e.KeyID && c.Marked.Graph.String() == e.Graph {
			return &list[i]
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// byCommunity tests each community's rows by themselves.
func (x *WatermarkExhibit) byCommunity(ctx context.Context, t watermark.Table, groups [][]uint32, c watermark.Candidate) error {
	for _, group := range groups[:min(len(groups), mostCommunities)] {
		part := watermark.Table{Names: make([]string, len(group)), Rows: vec.MatrixOf(make([]float32, len(group)*t.Rows.Cols), len(group), t.Rows.Cols)}
		for i, row := range group {
			part.Names[i] = t.Names[row]
			copy(part.Rows.Row(i), t.Rows.Row(int(row)))
		}
		e, err := watermark.Detect(ctx, watermark.Copy{Table: &part}, []watermark.Candidate{c}, x.Evidence.Alpha, runtime.GOMAXPROCS(0))
		if err != nil {
			return err
		}
		x.Communities = append(x.Communities, CommunityEvidence{Rows: len(group), Example: part.Names[0], Results: e.Results, Log10P: e.Log10P})
	}
	return nil
}

// draw copies rows evenly spread over the table, before and after.
func (s *MarkSample) draw(clean, marked *model.Embedding, groups [][]uint32, most int) {
	of := make(map[uint32]int)
	for i, group := range groups {
		for _, row := range group {
			of[row] = i
		}
	}
	rows := drawRows(marked.Vocabulary.Entities(), most, 1)
	width, _ := marked.Widths()
	s.Entities = marked.Vocabulary.Entities()
	take := func(e *model.Embedding) vec.Matrix {
		out := vec.MatrixOf(make([]float32, len(rows)*width), len(rows), width)
		for i, row := range rows {
			copy(out.Row(i), e.Entity(row))
		}
		return out
	}
	for _, row := range rows {
		group, inOne := of[row]
		if !inOne {
			group = -1
		}
		s.Community = append(s.Community, group)
	}
	s.After = take(marked)
	if clean == nil {
		return
	}
	s.Before = take(clean)
	for i := range s.Entities {
		s.Cosine += cosine(clean.Entity(uint32(i)), marked.Entity(uint32(i))) / float64(s.Entities)
	}
}

// cosine returns that of two rows, 1 where one is zero.
func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 1
	}
	return ab / math.Sqrt(aa*bb)
}

// Claim is a commitment that a key can make to a graph that it marked.
type Claim struct {
	Key       string
	KeyID     string
	Public    string // hexadecimal public key of its signatures
	Graph     watermark.UUID
	IRI       string
	Marked    time.Time
	Hash      string // of the commitment
	Committed bool   // it was printed to be published, as the ring notes
}

// Claims returns the commitments of keys to the graphs that they marked. They show no secret.
func Claims(keys []*watermark.Key) []Claim {
	var list []Claim
	for _, k := range keys {
		for _, m := range k.Graphs {
			list = append(list, Claim{Key: k.Name, KeyID: k.ID, Public: fmt.Sprintf("%x", k.Public()), Graph: m.Graph, IRI: m.IRI, Marked: m.Time,
				Hash: fmt.Sprintf("%x", k.Graph(m.Graph).Commit(m.Time).Hash), Committed: m.Committed})
		}
	}
	return list
}
