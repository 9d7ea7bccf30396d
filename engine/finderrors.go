package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/doubt"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

// ErrorRequest says where to look for stated triples that a model takes to be false, and how.
type ErrorRequest struct {
	Model     string   // "" means the default model
	Graph     rdf.Term // whose triples are judged; the zero Term means the graph that the model is about
	Relations []string // names; none means all
	Limit     int      // at most so many, the least probable; 0 means 100, at most 10,000
	Below     float64  // only triples less probable; 0 means the model's threshold, 1 lists those it believes too
	// Folds judges each triple by a model trained without it: as many are trained, each on the graph without one part, with
	// the settings of the model, over which go those of Train that are set. 0 means the model itself, which was trained on most of what it judges.
	Folds   int
	Train   train.Options
	Reasons int // nodes named in a reason at most; 0 means 3, negative leaves reasons out
	Exact   bool
	Wait    bool // let the models catch up with the log first

	Progress func(SearchProgress) // from one goroutine; may be nil
}

// SearchProgress is how far a search for errors or for missing triples has come.
type SearchProgress struct {
	Phase string  // "training", "judging", "explaining", "asking"
	Done  float64 // of the phase, 0 to 1
}

// ErrorReport lists stated triples that are taken to be false.
type ErrorReport struct {
	Model    string           `json:"model,omitempty"`
	Graph    string           `json:"graph,omitempty"` // its IRI; "" for the default graph
	Method   string           `json:"method"`          // "model", or "5 folds"
	Triples  int64            `json:"triples"`         // looked at
	Judged   int64            `json:"judged"`          // of them, by a model that knows their terms
	Doubtful int64            `json:"doubtful"`        // of them, less probable than asked for
	Below    float64          `json:"below"`           // the probability asked for; 0 where each fold has its threshold
	Errors   []DoubtfulTriple `json:"errors"`          // least probable first
	Note     string           `json:"note"`            // what such a search can find and cannot
	Versions Versions         `json:"versions"`
	Elapsed  time.Duration    `json:"elapsed_ns"`
}

// DoubtfulTriple is a stated triple that is taken to be false, by the shortest names that expressions understand.
type DoubtfulTriple struct {
	Head        string        `json:"head"`
	Relation    string        `json:"relation"`
	Tail        string        `json:"tail"`
	Probability float64       `json:"probability"`
	Threshold   float64       `json:"threshold"` // from which whoever judged calls a triple a fact
	Reasons     []ErrorReason `json:"reasons,omitempty"`
}

// ErrorReason is something that speaks for or against a triple; the function explain lists the kinds.
type ErrorReason struct {
	Reason string   `json:"reason"`
	Text   string   `json:"text"`
	Nodes  []string `json:"nodes,omitempty"`
}

const (
	mostErrors = 10_000
	// What each way of judging can find.
	noteModel = "The model was trained on most of what it judges, and what it was trained on scores high, wrong or not: it finds " +
		"errors that contradict much else, added since, or of a graph it was not trained on. Folds find more: there each triple is judged by a model that has not seen it."
	noteFolds = "Each triple was judged by a model trained without it. Rare but true triples are doubted too: read the reasons before removing any."
)

// FindErrors ranks the stated triples of a graph by how improbable they are and explains the first of them. Triples whose
// object is a literal, or with a term that the model does not know, are not judged. It reads the graph in batches and
// holds no more than a few of them, and stops within one when ctx is cancelled; with Folds it holds the graph, as a training does.
func (db *DB) FindErrors(ctx context.Context, r ErrorRequest) (ErrorReport, error) {
	started := time.Now()
	report, err := db.findErrors(ctx, r)
	if errors.Is(err, train.ErrOptions) || errors.Is(err, train.ErrNoData) {
		err = fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	if err != nil {
		return ErrorReport{}, fmt.Errorf("engine: find errors: %w", err)
	}
	report.Elapsed = time.Since(started)
	return report, nil
}

// errorSearch is one search under way.
type errorSearch struct {
	request   ErrorRequest
	snapshot  *snapshot
	published *published // nil where folds need none
	graph     store.TermID
	relations []store.TermID
	report    ErrorReport
}

// doubted is a triple with a verdict.
type doubted struct {
	triple store.Triple
	prob   float64
	least  float64 // the judge's threshold
}

// byDoubt puts the least probable first.
func byDoubt(a, b doubted) int {
	return cmp.Or(cmp.Compare(a.prob, b.prob), cmp.Compare(a.triple.P, b.triple.P), cmp.Compare(a.triple.S, b.triple.S), cmp.Compare(a.triple.O, b.triple.O))
}

func (db *DB) findErrors(ctx context.Context, r ErrorRequest) (ErrorReport, error) {
	if r.Limit == 0 {
		r.Limit = 100
	}
	if r.Limit < 1 || r.Limit > mostErrors {
		return ErrorReport{}, fmt.Errorf("%w: a limit of %d: take from 1 to %d", ErrBadInput, r.Limit, mostErrors)
	}
	if r.Folds < 0 {
		return ErrorReport{}, fmt.Errorf("%w: %d folds: take 2 or more, or 0 to judge by the model itself", ErrBadInput, r.Folds)
	}
	if !(r.Below >= 0 && r.Below <= 1) {
		return ErrorReport{}, fmt.Errorf("%w: a probability of %g: take one from 0 to 1", ErrBadInput, r.Below)
	}
	if r.Wait {
		if err := db.Wait(ctx); err != nil {
			return ErrorReport{}, err
		}
	}
	s, err := db.snapshot()
	if err != nil {
		return ErrorReport{}, err
	}
	defer s.close()
	s.exact = r.Exact
	x := errorSearch{request: r, snapshot: s}
	if err := x.target(); err != nil {
		return ErrorReport{}, err
	}
	var first []doubted
	if r.Folds > 0 {
		first, err = x.acrossFolds(ctx)
	} else {
		first, err = x.byModel(ctx)
	}
	if err != nil {
		return ErrorReport{}, err
	}
	if err := x.tell(ctx, first); err != nil {
		return ErrorReport{}, err
	}
	x.report.Versions = s.versions()
	return x.report, nil
}

// target resolves the request's names.
func (x *errorSearch) target() error {
	var err error
	x.published, err = x.snapshot.model(x.request.Model)
	if errors.Is(err, ErrNoModel) && x.request.Folds > 0 {
		err = nil // the settings are the request's, or chosen by size
	}
	if err != nil {
		return err
	}
	name := x.request.Graph
	if x.published != nil {
		x.report.Model = x.published.functions.Name
		x.graph = x.published.functions.Graph
		if name.Kind == rdf.None {
			name = rdf.NewIRI(x.published.embedding.Metadata.Graph)
		}
	}
	x.report.Graph = name.Value
	if x.request.Graph.Kind != rdf.None {
		if x.graph, err = graphID(x.snapshot.view, x.request.Graph); err != nil {
			return err
		}
	}
	x.relations, err = x.snapshot.relationIDs(x.request.Relations)
	return err
}

// relationIDs resolves names of relations.
func (s *snapshot) relationIDs(list []string) ([]store.TermID, error) {
	var ids []store.TermID
	for _, name := range list {
		id, known, err := s.names.ID(name)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, fmt.Errorf("%w: %w", ErrBadInput, s.host().Unknown(udf.Relation, name))
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (x *errorSearch) progress(phase string, done float64) {
	if x.request.Progress != nil {
		x.request.Progress(SearchProgress{phase, done})
	}
}

// acrossFolds judges by models that have not seen what they judge.
func (x *errorSearch) acrossFolds(ctx context.Context) ([]doubted, error) {
	d, err := readDataset(ctx, x.snapshot.view, x.graph)
	if err != nil {
		return nil, err
	}
	o := doubt.Options{Folds: x.request.Folds, Seed: x.request.Train.Seed, Progress: func(p doubt.Progress) {
		x.progress("training", p.Done())
	}}
	if o.Train, o.Fit, err = x.foldTraining(); err != nil {
		return nil, err
	}
	if x.published != nil {
		o.Seed = cmp.Or(o.Seed, x.published.embedding.Metadata.Seed)
	}
	if all := runtime.GOMAXPROCS(0); o.Train.Workers < 1 || o.Train.Workers > all {
		o.Train.Workers = all
	}
	verdicts, err := doubt.CrossScore(ctx, d.vocabulary, d.triples, o)
	if err != nil {
		return nil, err
	}
	x.report.Method, x.report.Note, x.report.Below = fmt.Sprintf("%d folds", o.Folds), noteFolds, x.request.Below
	first := newLeaders(x.request.Limit, byDoubt)
	for i, t := range d.triples {
		triple := store.Triple{S: d.vocabulary.EntityID(t.H), P: d.vocabulary.RelationID(t.R), O: d.vocabulary.EntityID(t.T)}
		if len(x.relations) > 0 && !slices.Contains(x.relations, triple.P) {
			continue
		}
		x.report.Triples++
		v := verdicts[i]
		if !v.Judged {
			continue
		}
		x.report.Judged++
		if v.Prob < cmp.Or(x.request.Below, v.Threshold) || x.request.Below == 1 {
			x.report.Doubtful++
			first.add(doubted{triple, v.Prob, v.Threshold})
		}
	}
	return first.list(), nil
}

// foldTraining returns how the model of each fold is made: as the published one was, but for what is asked for, or as is
// asked for where that is of another kind. A factorization of its own comes with a fit.
func (x *errorSearch) foldTraining() (train.Options, doubt.Fit, error) {
	asked := x.request.Train
	var as factor.Options // the published model's, where it is a factorization
	if x.published != nil {
		as, _ = factor.OptionsOf(x.published.embedding)
		switch family := x.published.embedding.Family.Name; {
		case as.Method != "":
			asked.Family = cmp.Or(asked.Family, as.Method)
		case asked.Family == "" || asked.Family == family:
			asked = asked.Over(train.OptionsOf(x.published.embedding))
		}
	}
	m, ok := factor.MethodByName(asked.Family)
	if !ok {
		return asked, nil, nil
	}
	o, err := factor.From(asked, factor.Settings{})
	if err != nil {
		return asked, nil, err
	}
	if m.Name == as.Method {
		if o, err = o.Over(as); err != nil {
			return asked, nil, err
		}
		o.Precision = cmp.Or(o.Precision, as.Precision)
		o.CalibrationOptions = cmp.Or(o.CalibrationOptions, as.CalibrationOptions)
	}
	return asked, func(ctx context.Context, d train.Data, t train.Options) (*model.Embedding, error) {
		o.Seed, o.Workers, o.Progress = t.Seed, t.Workers, t.Progress
		return factor.Fit(ctx, d, o)
	}, nil
}

// tell names the triples and their reasons.
func (x *errorSearch) tell(ctx context.Context, first []doubted) error {
	x.report.Errors = []DoubtfulTriple{}
	triples := make([]store.Triple, len(first))
	for i, d := range first {
		triples[i] = d.triple
	}
	names := x.snapshot.names
	for i, t := range triples {
		named, err := names.triple(t)
		if err != nil {
			return err
		}
		x.report.Errors = append(x.report.Errors, DoubtfulTriple{Head: named[0], Relation: named[1], Tail: named[2],
			Probability: first[i].prob, Threshold: first[i].least})
	}
	if x.request.Reasons < 0 {
		return nil
	}
	var m *udf.Model
	if x.published != nil {
		m = x.published.functions
	}
	const atOnce = 200
	for from := 0; from < len(triples); from += atOnce {
		x.progress("explaining", float64(from)/float64(len(triples)))
		part := triples[from:min(from+atOnce, len(triples))]
		reasons, err := udf.Explain(ctx, x.snapshot.host(), m, x.graph, part, cmp.Or(x.request.Reasons, 3))
		if err != nil {
			return err
		}
		for i := range part {
			if err := x.explain(&x.report.Errors[from+i], reasons[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// explain writes a triple's reasons down. The probability is on the triple already; across folds the model that has seen
// it says another.
func (x *errorSearch) explain(d *DoubtfulTriple, reasons []udf.Reason) error {
	for i := range reasons {
		r := &reasons[i]
		if r.Kind == udf.Probability {
			continue
		}
		text, err := r.Text(x.snapshot.names)
		if err != nil {
			return err
		}
		nodes, err := r.NodeNames(x.snapshot.names)
		if err != nil {
			return err
		}
		d.Reasons = append(d.Reasons, ErrorReason{string(r.Kind), text, nodes})
	}
	return nil
}
