package engine

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"time"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// ImportEmbeddingRequest says what ImportEmbedding reads. A folder that ExportEmbedding wrote says all by itself.
type ImportEmbeddingRequest struct {
	Name   string   // the model's name; "" means Family
	Family string   // a name of model.Families; "" goes by the folder's description
	Dim    int      // 0 goes by the width of an entity's row
	Graph  rdf.Term // the graph that the model is of; the zero Term is the default graph

	Dir           string // where files are looked for that are not named here
	Format        string // npy, safetensors or tsv (word2vec text); "" goes by the files
	Entities      string // file of the entities' rows, or FILE#TENSOR
	Relations     string // file of the relations' rows, or FILE#TENSOR
	EntityNames   string // file of two columns, row and name
	RelationNames string

	Complex       string  // of rows of complex numbers: "halves" (d real parts, d imaginary ones) or "interleaved"; "" means halves, or as an array of complex numbers has it
	Reciprocal    string  // rows of reverse relations: "none", "halves" (behind all relations) or "interleaved" (behind each); "" goes by the description, and means none without one
	RelationScale float64 // multiplies the relations' numbers: such as DGL-KE's angles of RotatE, to make them radians; 0 means 1

	SkipUnknown bool     // leave out rows whose name the database does not know, instead of refusing them
	Valid       []string // files of triples to calibrate on, better ones that the embedding was not trained on; none means the graph's
	Test        []string // files of triples to measure on; none means no figures
	Seed        uint64   // of the draws for calibrating and maintaining
	Replace     bool     // an existing model of that name gives way
	Progress    func(TrainProgress)
}

// EmbeddingImport is what ImportEmbedding did.
type EmbeddingImport struct {
	Model            ModelInfo `json:"model"`
	Triples          int       `json:"triples"`           // of the graph, that the model has rows for
	UnknownEntities  int       `json:"unknown_entities"`  // left out: the database does not know their names
	UnknownRelations int       `json:"unknown_relations"` // likewise
	Unknown          []string  `json:"unknown"`           // the first of their names
	MissingEntities  int       `json:"missing_entities"`  // of the graph, that the embedding has no row for
	MissingRelations int       `json:"missing_relations"` // likewise
}

// ImportEmbedding makes a model of embeddings that this or another program trained: it finds each row's node by its
// name, arranges the numbers as the family has them, calibrates probabilities on triples of the graph, and saves and
// publishes the model as Train does. Calibrating on triples that the embedding was trained on flatters it; name
// others in Valid where there are any. Nothing is kept after an error.
func (db *DB) ImportEmbedding(ctx context.Context, r ImportEmbeddingRequest) (EmbeddingImport, error) {
	j := embeddingJob{db: db, request: r, started: time.Now()}
	out, err := j.run(ctx)
	if err != nil {
		return EmbeddingImport{}, fmt.Errorf("engine: import embeddings: %w", asBadInput(err))
	}
	return out, nil
}

// embeddingJob is one import of an embedding under way.
type embeddingJob struct {
	db        *DB
	request   ImportEmbeddingRequest
	started   time.Time
	sources   exchange.Sources
	tables    model.Tables // whose Vocabulary comes last
	entities  exchange.Matrix
	relations exchange.Matrix // whose names are the relations', without their reverses
	report    EmbeddingImport
}

func (j *embeddingJob) run(ctx context.Context) (EmbeddingImport, error) {
	if err := j.settle(); err != nil {
		return j.report, err
	}
	r := j.request
	if err := j.db.models.begin(r.Name, r.Replace); err != nil {
		return j.report, err
	}
	defer j.db.models.end(r.Name)
	j.tell("reading")
	if err := j.read(ctx); err != nil {
		return j.report, err
	}
	v, err := j.db.store.View()
	if err != nil {
		return j.report, err
	}
	m, err := j.make(ctx, v)
	v.Close()
	if err != nil {
		return j.report, err
	}
	j.tell("saving")
	if err := j.db.addModel(ctx, m); err != nil {
		return j.report, err
	}
	return j.finish(ctx, m)
}

// make returns the calibrated model of a graph as a view shows it.
func (j *embeddingJob) make(ctx context.Context, v *store.View) (*served, error) {
	e, t, err := j.assemble(ctx, v)
	if err != nil {
		return nil, err
	}
	if err := j.calibrate(ctx, e, t); err != nil {
		return nil, err
	}
	e.Timing = model.Timing{Finished: time.Now(), Total: time.Since(j.started)}
	return &served{name: j.request.Name, graph: j.request.Graph, id: t.graph, fixed: e}, nil
}

// finish waits a little for a model that is served to be up to date, and returns the report.
func (j *embeddingJob) finish(ctx context.Context, m *served) (EmbeddingImport, error) {
	(&trainJob{db: j.db}).settle(ctx, m)
	var err error
	j.report.Model, err = j.db.Model(m.name)
	return j.report, err
}

func (j *embeddingJob) tell(phase string) {
	if j.request.Progress != nil {
		j.request.Progress(TrainProgress{Phase: phase})
	}
}

// settle finds the files, the family and the name, and checks what can be before anything is read.
func (j *embeddingJob) settle() error {
	r := j.request
	for _, o := range []struct{ name, value string }{{"complex", r.Complex}, {"reciprocal", r.Reciprocal}} {
		if o.value != "" && o.value != halves && o.value != interleaved && (o.name == "complex" || o.value != notAtAll) {
			return fmt.Errorf("%w: unknown arrangement of %s rows %q", ErrBadInput, o.name, o.value)
		}
	}
	if r.Format != "" && !exchange.Known(r.Format) {
		return fmt.Errorf("%w: unknown format %q; there are %s", ErrBadInput, r.Format, exchange.FormatNames())
	}
	var err error
	j.sources, err = exchange.Sources{Format: r.Format, Entities: r.Entities, Relations: r.Relations,
		EntityNames: r.EntityNames, RelationNames: r.RelationNames}.Find(r.Dir)
	if err != nil {
		return err
	}
	if d := j.sources.Description; d != nil && r.Family == "" {
		r.Family = d.Family
	}
	if r.Family == "" {
		return fmt.Errorf("%w: state the family of the model (%s says none)", ErrBadInput, filepath.Join(r.Dir, exchange.DescriptionFile))
	}
	if j.tables.Family, err = model.FamilyByName(r.Family); err != nil {
		return fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	if j.request.Name == "" {
		j.request.Name = j.tables.Family.Name
	}
	if err := checkTarget(j.request.Name, r.Graph); err != nil {
		return err
	}
	return checkFiles(append(append([]string(nil), r.Valid...), r.Test...))
}

// read reads the tables and arranges them as the family has them.
func (j *embeddingJob) read(ctx context.Context) (err error) {
	if j.entities, err = j.sources.ReadEntities(ctx); err != nil {
		return err
	}
	if j.relations, err = j.sources.ReadRelations(ctx); err != nil {
		return err
	}
	if err := j.arrangeEntities(); err != nil {
		return err
	}
	if err := j.arrangeRelations(); err != nil {
		return err
	}
	return j.arrangeReverses()
}

// assemble gives the rows their terms and returns the model, uncalibrated, and a training with the graph's triples as
// its data.
func (j *embeddingJob) assemble(ctx context.Context, v *store.View) (_ *model.Embedding, _ *trainJob, err error) {
	r := j.request
	t := &trainJob{db: j.db, started: j.started, request: TrainRequest{Name: r.Name, Graph: r.Graph, Valid: r.Valid, Test: r.Test, Progress: r.Progress}}
	if t.graph, err = graphID(v, r.Graph); err != nil {
		return nil, nil, err
	}
	if err := j.matchNames(ctx, v); err != nil {
		return nil, nil, err
	}
	t.data.Vocabulary = j.tables.Vocabulary
	if t.data.Train, err = j.graphRows(ctx, v, t.graph); err != nil {
		return nil, nil, err
	}
	if t.data.Valid, _, err = triplesOf(ctx, v, j.tables.Vocabulary, r.Valid); err != nil {
		return nil, nil, err
	}
	if t.data.Test, t.unknown, err = triplesOf(ctx, v, j.tables.Vocabulary, r.Test); err != nil {
		return nil, nil, err
	}
	t.dropHeldOut()
	if len(r.Valid) == 0 {
		t.data.Valid = spread(t.data.Train, min(len(t.data.Train), calibratedOn))
	}
	e := &model.Embedding{Tables: j.tables, Metadata: j.metadata(v.Version())}
	return e, t, e.Check()
}

// calibratedOn is how many of the graph's triples a calibration is offered: as many as it takes.
const calibratedOn = 2000

// metadata says where the model comes from.
func (j *embeddingJob) metadata(version store.Version) model.Metadata {
	about := model.Metadata{Name: j.request.Name, Graph: j.request.Graph.Value, DataVersion: version, Seed: j.request.Seed}
	about.Settings = map[string]string{}
	if d := j.sources.Description; d != nil {
		about.Triples = d.Triples
		maps.Copy(about.Settings, d.Settings) // the N3 weight among them, by which maintenance learns
	}
	about.Settings[importedFrom] = j.sources.Entities
	return about
}

// importedFrom is the setting that names the file of an imported model's entities.
const importedFrom = "imported"

// calibrate fits the probabilities and measures on the test files, if there are any.
func (j *embeddingJob) calibrate(ctx context.Context, e *model.Embedding, t *trainJob) error {
	j.tell("calibrating")
	if len(t.data.Valid)+len(t.data.Train) == 0 {
		return fmt.Errorf("%w: the graph states no triple whose nodes and relation the embedding has rows for: there is nothing to calibrate on", ErrBadInput)
	}
	var err error
	var how train.CalibrationOptions
	if e.Calibration, err = how.Calibrate(ctx, e, t.data, j.request.Seed, runtime.GOMAXPROCS(0)); err != nil {
		return err
	}
	return t.measure(ctx, e)
}
