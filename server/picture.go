package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

// pictureRequest asks for a picture of an entity's surroundings, or of what a query rests on.
type pictureRequest struct {
	Entity string  `json:"entity,omitempty"` // an absolute IRI, <iri> or a plain name under the base
	Query  string  `json:"query,omitempty"`  // instead of Entity
	Limit  int     `json:"limit,omitempty"`  // at most so many stated edges; 0 means 60
	K      int     `json:"k,omitempty"`      // plausible edges per relation and direction; 0 means 3, at most 50
	Min    float64 `json:"min,omitempty"`    // least probability of a plausible edge; 0 means the model's threshold
	Model  string  `json:"model,omitempty"`  // "" is the default model
}

// pictureNode is a term in the picture. Its ID is the term in N-Triples.
type pictureNode struct {
	ID    string   `json:"id"`
	Term  termJSON `json:"term"`
	Focus bool     `json:"focus,omitempty"` // the entity asked for
}

// pictureEdge is a triple: stated in the graph, or held plausible by the model.
type pictureEdge struct {
	Source      string  `json:"source"`
	Target      string  `json:"target"`
	Relation    string  `json:"relation"`
	Stated      bool    `json:"stated"`
	Probability float64 `json:"probability,omitempty"` // where not stated
}

// picture is a graph to draw.
type picture struct {
	Nodes     []pictureNode   `json:"nodes"`
	Edges     []pictureEdge   `json:"edges"`
	Truncated bool            `json:"truncated"` // there were more edges than Limit
	Model     string          `json:"model,omitempty"`
	Threshold float64         `json:"threshold,omitempty"`
	Versions  engine.Versions `json:"versions"`
}

// Bounds of a picture: more cannot be read.
const (
	maxPictureEdges    = 500
	maxPictureNodes    = 150
	pictureRelations   = 12 // relations of an entity that are asked for plausible edges, each way
	closedPictureNodes = 60 // up to so many nodes, edges between the neighbours are drawn too
)

func (s *Server) picture(w http.ResponseWriter, r *http.Request) error {
	var q pictureRequest
	if err := s.readJSON(w, r, &q); err != nil {
		return err
	}
	if (q.Entity == "") == (q.Query == "") {
		return problemf(http.StatusBadRequest, "give either entity or query")
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	q.Limit = bounded(q.Limit, 60, maxPictureEdges)
	q.K = bounded(q.K, 3, 50)
	d := &drawing{s: s, q: q, nodes: map[string]bool{}, edges: map[rdf.Quad]int{}}
	card, err := s.db.Model(q.Model)
	if err == nil {
		d.out.Model, d.out.Threshold = card.Name, card.Threshold
		d.q.Min = cmp.Or(q.Min, card.Threshold)
	} else if q.Model != "" {
		return err
	}
	if q.Query != "" {
		err = d.drawQuery(ctx)
	} else {
		err = d.drawEntity(ctx)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, d.finish())
}

// bounded returns n, a default where it is not positive, and at most a bound.
func bounded(n, otherwise, most int) int {
	if n <= 0 {
		n = otherwise
	}
	return min(n, most)
}

// drawing gathers the nodes and edges of one picture.
type drawing struct {
	s     *Server
	q     pictureRequest
	out   picture
	nodes map[string]bool  // by N-Triples text
	edges map[rdf.Quad]int // index into out.Edges
}

func (d *drawing) node(t rdf.Term, focus bool) string {
	id := text(t)
	if !d.nodes[id] {
		d.nodes[id] = true
		d.out.Nodes = append(d.out.Nodes, pictureNode{ID: id, Term: *newTermJSON(t), Focus: focus})
	}
	return id
}

// edge adds a triple once; a stated one stays stated.
func (d *drawing) edge(q rdf.Quad, stated bool, probability float64) {
	q.G = rdf.Term{}
	if i, known := d.edges[q]; known {
		if stated {
			d.out.Edges[i].Stated, d.out.Edges[i].Probability = true, 0
		}
		return
	}
	d.edges[q] = len(d.out.Edges)
	d.out.Edges = append(d.out.Edges, pictureEdge{
		Source: d.node(q.S, false), Target: d.node(q.O, false), Relation: q.P.Value, Stated: stated, Probability: probability,
	})
}

// text returns a term in N-Triples.
func text(t rdf.Term) string { return string(rdf.AppendTerm(nil, t)) }

// finish returns the picture, plausible edges after the stated ones, most probable first.
func (d *drawing) finish() picture {
	if d.out.Nodes == nil {
		d.out.Nodes = []pictureNode{}
	}
	if d.out.Edges == nil {
		d.out.Edges = []pictureEdge{}
	}
	slices.SortStableFunc(d.out.Edges, func(a, b pictureEdge) int {
		if a.Stated != b.Stated {
			if a.Stated {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Probability, a.Probability)
	})
	return d.out
}

// rows runs a query and calls each for every row.
func (d *drawing) rows(ctx context.Context, query string, each func(row []rdf.Term)) (err error) {
	result, err := d.s.db.Query(ctx, query, engine.QueryOptions{Limits: d.s.engineLimits()})
	if err != nil {
		return err
	}
	defer func() {
		d.out.Versions = result.Versions()
		err = errors.Join(err, result.Close())
	}()
	for row, err := range result.Rows() {
		if err != nil {
			return err
		}
		each(row)
	}
	return nil
}

// drawEntity draws the stated edges of an entity, the plausible ones of its relations, and what is stated between
// the nodes drawn.
func (d *drawing) drawEntity(ctx context.Context) error {
	entity, err := d.entity()
	if err != nil {
		return err
	}
	d.node(entity, true)
	e := text(entity)
	outward, inward := map[string]int{}, map[string]int{}
	half := d.q.Limit/2 + 1
	seen := 0
	err = d.rows(ctx, fmt.Sprintf("SELECT ?p ?o { %s ?p ?o } LIMIT %d", e, d.q.Limit+1), func(row []rdf.Term) {
		if outward[row[0].Value]++; seen < d.q.Limit {
			d.edge(rdf.Quad{S: entity, P: row[0], O: row[1]}, true, 0)
		}
		seen++
	})
	if err != nil {
		return err
	}
	room := max(half, d.q.Limit-seen)
	got := 0
	err = d.rows(ctx, fmt.Sprintf("SELECT ?s ?p { ?s ?p %s } LIMIT %d", e, room+1), func(row []rdf.Term) {
		if inward[row[1].Value]++; got < room {
			d.edge(rdf.Quad{S: row[0], P: row[1], O: entity}, true, 0)
		}
		got++
	})
	if err != nil {
		return err
	}
	d.out.Truncated = seen > d.q.Limit || got > room
	if d.out.Model != "" {
		if err := d.drawPlausible(ctx, entity, outward, inward); err != nil {
			return err
		}
	}
	return d.drawBetween(ctx)
}

// entity returns the term that the request names.
func (d *drawing) entity() (rdf.Term, error) {
	iri, err := nodeText(d.q.Entity, d.s.base())
	if err != nil {
		return rdf.Term{}, err
	}
	return rdf.NewIRI(strings.Trim(iri, "<>")), nil
}

// drawPlausible asks the model for what may be missing in the relations that the entity has already.
func (d *drawing) drawPlausible(ctx context.Context, entity rdf.Term, outward, inward map[string]int) error {
	for _, relation := range commonest(outward) {
		query := d.predictQuery(text(entity), relation, "?x")
		err := d.rows(ctx, query, func(row []rdf.Term) {
			d.plausible(rdf.Quad{S: entity, P: rdf.NewIRI(relation), O: row[0]}, row[1])
		})
		if err != nil {
			return err
		}
	}
	for _, relation := range commonest(inward) {
		query := d.predictQuery("?x", relation, text(entity))
		err := d.rows(ctx, query, func(row []rdf.Term) {
			d.plausible(rdf.Quad{S: row[0], P: rdf.NewIRI(relation), O: entity}, row[1])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *drawing) predictQuery(subject, relation, object string) string {
	return fmt.Sprintf("SELECT ?x ?p { SERVICE ink:predict { %s <%s> %s . [] ink:prob ?p ; ink:k %d ; ink:min %s ; ink:model %s } }",
		subject, relation, object, d.q.K, strconv.FormatFloat(d.q.Min, 'f', -1, 64), text(rdf.NewString(d.out.Model)))
}

// plausible adds an edge that the model holds probable enough.
func (d *drawing) plausible(q rdf.Quad, probability rdf.Term) {
	if p, err := strconv.ParseFloat(probability.Value, 64); err == nil && p >= d.q.Min && len(d.nodes) < maxPictureNodes {
		d.edge(q, false, p)
	}
}

// commonest returns the names that occur most, at most pictureRelations of them.
func commonest(counts map[string]int) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	return names[:min(len(names), pictureRelations)]
}

// drawBetween adds the triples stated between the nodes of a small picture. Where they are more than the picture may
// have they would drown what was asked for, and none is added.
func (d *drawing) drawBetween(ctx context.Context) error {
	var list []string
	for _, node := range d.out.Nodes {
		if node.Term.Type == "uri" && !node.Focus {
			list = append(list, node.ID)
		}
	}
	if len(list) < 2 || len(list) > closedPictureNodes {
		return nil
	}
	all := strings.Join(list, " ")
	query := fmt.Sprintf("SELECT ?s ?p ?o { VALUES ?s { %s } ?s ?p ?o . FILTER(?o IN (%s)) } LIMIT %d",
		all, strings.Join(list, ", "), d.q.Limit+1)
	var between []rdf.Quad
	err := d.rows(ctx, query, func(row []rdf.Term) {
		between = append(between, rdf.Quad{S: row[0], P: row[1], O: row[2]})
	})
	if len(between) > d.q.Limit {
		d.out.Truncated = true
		return err
	}
	for _, q := range between {
		d.edge(q, true, 0)
	}
	return err
}
