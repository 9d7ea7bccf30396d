package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/model"
)

// awkward names: those that formats could stumble at.
const awkward = "two words\tin\tcountry0\n<http://inkling.example/%22quoted%22>\tin\tcountry1\nsay \"hi\"\tin\t<http://inkling.example/tab%09tab>\n100%\tspeaks\tlanguage\u00e9\nrdf:type\tin\t7\n<http://else.example/x>\tin\tcountry0\na\u00a0b\tin\t7\n#1\tin\t-0.5\n"

// putModel serves an untrained model of random numbers of the default graph and returns it.
func putModel(t testing.TB, db *DB, name string, f model.Family, reciprocal bool) *model.Embedding {
	t.Helper()
	ctx := context.Background()
	v, err := db.store.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	d, err := readDataset(ctx, v, 0)
	if err != nil {
		t.Fatal(err)
	}
	e := &model.Embedding{Tables: model.Tables{Family: f, Dim: 6, Vocabulary: d.vocabulary, Reciprocal: reciprocal},
		Calibration: model.Calibration{Slope: 1, Threshold: 0.5, Samples: 10},
		Metadata:    model.Metadata{Name: name, DataVersion: v.Version(), Settings: map[string]string{"n3": "0.01"}},
		Timing:      model.Timing{Finished: time.Now()}}
	we, wr := e.Widths()
	random := rand.New(rand.NewPCG(3, uint64(len(name))))
	e.Entities, e.Relations = make([]float32, we*d.vocabulary.Entities()), make([]float32, wr*e.RelationRows())
	for _, table := range [][]float32{e.Entities, e.Relations} {
		for i := range table {
			table[i] = float32(random.NormFloat64()) / 3
		}
	}
	if err := db.addModel(ctx, &served{name: name, fixed: e}); err != nil {
		t.Fatal(err)
	}
	return e
}

// embeddingOf returns a model as it is served.
func embeddingOf(t testing.TB, db *DB, name string) *model.Embedding {
	t.Helper()
	m, err := db.models.find(name)
	if err != nil {
		t.Fatal(err)
	}
	return m.embedding()
}

// sameScores reports the first triple that two models score differently, by tolerance 0 bit for bit.
func sameScores(t *testing.T, got, want *model.Embedding, tolerance float64) {
	t.Helper()
	if got.Vocabulary.Relations() == 0 || got.Vocabulary.Entities() != want.Vocabulary.Entities() {
		t.Fatalf("%d entities and %d relations, want %d and %d", got.Vocabulary.Entities(), got.Vocabulary.Relations(), want.Vocabulary.Entities(), want.Vocabulary.Relations())
	}
	at := func(row uint32) uint32 { // rows may be in another order
		other, _ := want.Vocabulary.Entity(got.Vocabulary.EntityID(row))
		return other
	}
	for r := range uint32(got.Vocabulary.Relations()) {
		r2, known := want.Vocabulary.Relation(got.Vocabulary.RelationID(r))
		for h := range uint32(got.Vocabulary.Entities()) {
			for x := range uint32(got.Vocabulary.Entities()) {
				a, b := got.Score(h, r, x), want.Score(at(h), r2, at(x))
				if !known || math.Float32bits(a) != math.Float32bits(b) && !(math.Abs(float64(a-b)) <= tolerance) {
					t.Fatalf("triple %d %d %d: score %v, want %v", h, r, x, a, b)
				}
			}
		}
	}
}

// Every family, with and without reverse relations, through every format: scores stay bit for bit, and the model works.
func TestEmbeddingsRoundTrip(t *testing.T) {
	db := openDir(t, t.TempDir())
	ctx := context.Background()
	importText(t, db, "person1\tspeaks\tlanguage1\nperson2\tspeaks\tlanguage1\nperson1\tin\tcountry0\nperson2\tknows\tperson1\n"+awkward, "tsv")
	for _, f := range model.Families {
		for _, reciprocal := range []bool{false, true} {
			original := putModel(t, db, fmt.Sprintf("%s %v", f.Name, reciprocal), f, reciprocal)
			for _, format := range exchange.Formats {
				name := original.Metadata.Name + " " + format.Name
				dir := filepath.Join(t.TempDir(), "out")
				report, err := db.ExportEmbedding(ctx, original.Metadata.Name, ExportEmbeddingOptions{Format: format.Name, Dir: dir})
				if err != nil || report.Entities != original.Vocabulary.Entities() || report.RelationRows != original.RelationRows() {
					t.Fatalf("%s: %+v %v", name, report, err)
				}
				done, err := db.ImportEmbedding(ctx, ImportEmbeddingRequest{Name: name, Dir: dir})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if done.MissingEntities+done.MissingRelations+done.UnknownEntities > 0 || done.Triples == 0 || done.Model.Imported == "" {
					t.Errorf("%s: %+v", name, done)
				}
				e := embeddingOf(t, db, name)
				sameScores(t, e, original, 0)
				if !e.Calibration.Fitted() || e.Calibration.Slope <= 0 || e.Metadata.Settings["n3"] != "0.01" {
					t.Errorf("%s: calibration %+v, settings %v", name, e.Calibration, e.Metadata.Settings)
				}
				answer, err := db.Eval(ctx, fmt.Sprintf(`size(predict_tail("person1", "speaks", 3, %q)) == 3 && is_fact("two words", "in", "country0", %[1]q) in [true, false] && prob("100%%", "speaks", "languageé", %[1]q) > 0.0`, name), nil)
				if err != nil || answer != true {
					t.Errorf("%s: %v %v", name, answer, err)
				}
			}
		}
	}
}

// A trained model that went out and came back answers after reopening, and follows the graph.
func TestImportedModelIsKeptAndMaintained(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	ctx := context.Background()
	importText(t, db, families(60, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Dim: 8, Epochs: 5}})
	out := filepath.Join(t.TempDir(), "out")
	if _, err := db.ExportEmbedding(ctx, "", ExportEmbeddingOptions{Dir: out}); err != nil {
		t.Fatal(err)
	}
	test := filepath.Join(t.TempDir(), "test.tsv")
	if err := os.WriteFile(test, []byte("city0_0\tin\tcountry0\ncity1_0\tin\tcountry1\nnowhere\tin\tcountry1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	phases := map[string]bool{}
	done, err := db.ImportEmbedding(ctx, ImportEmbeddingRequest{Name: "back", Dir: out, Test: []string{test}, Valid: []string{test},
		Progress: func(p TrainProgress) { phases[p.Phase] = true }})
	if err != nil || done.Model.HeldOut.Triples != 3 || done.Model.Default || !phases["reading"] || !phases["calibrating"] || !phases["evaluating"] {
		t.Fatalf("%+v %v %v", done, phases, err)
	}
	before := embeddingOf(t, db, "back")
	if _, err := db.Update(ctx, `INSERT DATA { :newcomer :citizen_of :country3 . :newcomer :speaks :language3 }`, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := db.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if e := embeddingOf(t, db, "back"); e.Vocabulary.Entities() != before.Vocabulary.Entities()+1 {
		t.Error("the model must have placed the newcomer")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, dir)
	if info, err := again.Model("back"); err != nil || info.Lag > 0 || info.Imported == "" {
		t.Errorf("reopened: %+v %v", info, err)
	}
}

// writeNPY writes an array, of complex64 where asked: half as many columns of interleaved pairs.
func writeNPY(t testing.TB, path string, rows, width int, values []float32, complex bool) {
	t.Helper()
	var b bytes.Buffer
	if err := exchange.WriteNPY(&b, rows, width, values); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	if complex {
		head := fmt.Sprintf("{'descr': '<c8', 'fortran_order': False, 'shape': (%d, %d), }", rows, width/2)
		space := bytes.IndexByte(data[10:], '\n')
		copy(data[10:], head+strings.Repeat(" ", space-len(head)))
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// writeIDs writes names with their rows, id first or last, with a header or without, packed if the name says so.
func writeIDs(t testing.TB, path, header string, idFirst bool, names []string) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(header)
	for i, name := range names {
		if idFirst {
			fmt.Fprintf(&b, "%d\t%s\n", i, name)
		} else {
			fmt.Fprintf(&b, "%s\t%d\n", name, i)
		}
	}
	data := b.Bytes()
	if strings.HasSuffix(path, ".gz") {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(data); err != nil || z.Close() != nil {
			t.Fatal("gzip failed")
		}
		data = packed.Bytes()
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// alternate returns rows of real and imaginary halves with the two alternating.
func alternate(values []float32, width int) []float32 {
	out := make([]float32, len(values))
	for i := range values {
		row, j := i/width, i%width
		out[row*width+2*(j%(width/2))+j/(width/2)] = values[i]
	}
	return out
}

// named returns the names of a model's entities and relations.
func named(t testing.TB, db *DB, e *model.Embedding) (entities, relations []string) {
	t.Helper()
	s, err := db.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	entities, err = s.fileNames(context.Background(), e.Vocabulary.EntityIDs(), exchange.Tabular)
	relations, err2 := s.fileNames(context.Background(), e.Vocabulary.RelationIDs(), exchange.Tabular)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return entities, relations
}

// PyKEEN: complex64 arrays, reverse relations behind each, names packed in training_triples.
func TestImportsWhatPyKEENKeeps(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(5, 1), "tsv")
	f, err := model.FamilyByName("complex")
	if err != nil {
		t.Fatal(err)
	}
	e := putModel(t, db, "original", f, true)
	entities, relations := named(t, db, e)
	n, we := len(relations), 2*e.Dim
	dir := t.TempDir()
	interleavedRows := make([]float32, 0, len(e.Relations))
	for r := range uint32(n) {
		interleavedRows = append(append(interleavedRows, e.Relation(r)...), e.Relation(e.Reverse(r))...)
	}
	writeNPY(t, filepath.Join(dir, "entity.npy"), len(entities), we, alternate(e.Entities, we), true)
	writeNPY(t, filepath.Join(dir, "relation.npy"), 2*n, we, alternate(interleavedRows, we), true)
	writeIDs(t, filepath.Join(dir, "training_triples", "entity_to_id.tsv.gz"), "id\tlabel\n", true, entities)
	writeIDs(t, filepath.Join(dir, "training_triples", "relation_to_id.tsv.gz"), "id\tlabel\n", true, relations)
	r := ImportEmbeddingRequest{Name: "there", Family: "complex", Dir: dir}
	if _, err := db.ImportEmbedding(context.Background(), r); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "interleaved (as PyKEEN has them)") {
		t.Errorf("twice as many relation rows as names: %v", err)
	}
	r.Reciprocal = "interleaved"
	if _, err := db.ImportEmbedding(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	sameScores(t, embeddingOf(t, db, "there"), e, 0)
}

// DGL-KE: DATASET_MODEL_entity.npy beside the names, in either order of columns; numbers in halves, or interleaved.
func TestImportsWhatDGLKEKeeps(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(5, 1), "tsv")
	f, err := model.FamilyByName("complex")
	if err != nil {
		t.Fatal(err)
	}
	e := putModel(t, db, "original", f, false)
	entities, relations := named(t, db, e)
	for name, arrange := range map[string]func([]float32, int) []float32{"halves": func(v []float32, _ int) []float32 { return v }, "interleaved": alternate} {
		dir := t.TempDir()
		writeNPY(t, filepath.Join(dir, "x_ComplEx_entity.npy"), len(entities), 2*e.Dim, arrange(e.Entities, 2*e.Dim), false)
		writeNPY(t, filepath.Join(dir, "x_ComplEx_relation.npy"), len(relations), 2*e.Dim, arrange(e.Relations, 2*e.Dim), false)
		writeIDs(t, filepath.Join(dir, "data", "entities.tsv"), "", true, entities)
		writeIDs(t, filepath.Join(dir, "relations.dict"), "", false, relations)
		_, err := db.ImportEmbedding(context.Background(), ImportEmbeddingRequest{Name: name, Family: "ComplEx", Dir: dir, Complex: name,
			EntityNames: filepath.Join(dir, "data", "entities.tsv")})
		if err != nil {
			t.Fatal(err)
		}
		sameScores(t, embeddingOf(t, db, name), e, 0)
	}
}

func TestUnknownNamesAreRefusedOrLeftOut(t *testing.T) {
	for _, reciprocal := range []bool{false, true} {
		from, to := openDir(t, ""), openDir(t, "")
		ctx := context.Background()
		importText(t, from, families(8, 1)+"stranger\tknows\tperson1\nperson1\tlives_in\tatlantis\n", "tsv")
		importText(t, to, families(8, 1)+"person1\tlikes\tmusic\n", "tsv")
		e := putModel(t, from, "m", model.Families[0], reciprocal)
		dir := filepath.Join(t.TempDir(), "out")
		if _, err := from.ExportEmbedding(ctx, "m", ExportEmbeddingOptions{Format: "safetensors", Dir: dir}); err != nil {
			t.Fatal(err)
		}
		_, err := to.ImportEmbedding(ctx, ImportEmbeddingRequest{Name: "m", Dir: dir})
		if !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "2 of 80 entities and 1 of 6 relations") || !strings.Contains(err.Error(), `"knows"`) {
			t.Errorf("unknown names: %v", err)
		}
		if len(to.Models()) > 0 {
			t.Error("a refused embedding was kept")
		}
		done, err := to.ImportEmbedding(ctx, ImportEmbeddingRequest{Name: "m", Dir: dir, SkipUnknown: true})
		if err != nil || done.UnknownEntities != 2 || done.UnknownRelations != 1 || len(done.Unknown) != 3 || done.MissingEntities != 1 || done.MissingRelations != 1 {
			t.Fatalf("%+v %v", done, err)
		}
		got := embeddingOf(t, to, "m")
		ask := func(db *DB, e *model.Embedding) float32 {
			s, err := db.snapshot()
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			entity := func(name string) uint32 {
				id, _, _ := s.names.ID(name)
				row, _ := e.Vocabulary.Entity(id)
				return row
			}
			id, _, _ := s.names.ID("speaks")
			r, _ := e.Vocabulary.Relation(id)
			return e.Score(entity("person3"), r, entity("language4"))
		}
		if a, b := ask(to, got), ask(from, e); a != b {
			t.Errorf("score %v, want %v", a, b)
		}
	}
}

// exported writes a small model and returns its folder.
func exported(t *testing.T, db *DB, f model.Family, format string) (dir string, e *model.Embedding) {
	t.Helper()
	e = putModel(t, db, "small "+format, f, false)
	dir = filepath.Join(t.TempDir(), "out")
	if _, err := db.ExportEmbedding(context.Background(), e.Metadata.Name, ExportEmbeddingOptions{Format: format, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	return dir, e
}

func TestImportEmbeddingRefusesNonsense(t *testing.T) {
	db := openDir(t, "")
	ctx := context.Background()
	importText(t, db, families(5, 1), "tsv")
	f, err := model.FamilyByName("distmult")
	if err != nil {
		t.Fatal(err)
	}
	dir, e := exported(t, db, f, "npy")
	entities, _ := named(t, db, e)
	double := filepath.Join(t.TempDir(), "double.tsv")
	writeIDs(t, double, "", true, append([]string{"<" + db.Base() + entities[1] + ">"}, entities[1:]...))
	short := filepath.Join(t.TempDir(), "short.tsv")
	writeIDs(t, short, "", true, entities[1:])
	if err := os.WriteFile(filepath.Join(filepath.Dir(short), "broken.npy"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	models := len(db.Models())
	for want, r := range map[string]ImportEmbeddingRequest{
		"unknown model family":        {Family: "nosuch", Dir: dir},
		"unknown format":              {Format: "pkl", Dir: dir},
		"arrangement of complex":      {Complex: "none", Dir: dir},
		"arrangement of reciprocal":   {Reciprocal: "some", Dir: dir},
		"rows of distmult are real":   {Complex: "interleaved", Dir: dir},
		"of dimension 5 has 5":        {Dim: 5, Dir: dir},
		"dimension -1":                {Dim: -1, Dir: dir},
		"holds no embedding":          {Dir: t.TempDir()},
		"state the family":            {Entities: filepath.Join(dir, "entities.npy"), Relations: filepath.Join(dir, "relations.npy"), EntityNames: double, RelationNames: double},
		"are the same term":           {Dir: dir, EntityNames: double},
		"but 74 names are listed":     {Dir: dir, EntityNames: short},
		"broken.npy, byte 0":          {Dir: dir, Entities: filepath.Join(filepath.Dir(short), "broken.npy")},
		"must be twice the relations": {Dir: dir, Reciprocal: "halves"},
		"leave float32":               {Dir: dir, RelationScale: 1e300},
		"no such file":                {Dir: dir, Valid: []string{"nosuch.tsv"}},
		"shorten it":                  {Dir: dir, Name: strings.Repeat("n", 300)},
		"exists":                      {Dir: dir, Name: e.Metadata.Name},
	} {
		if _, err := db.ImportEmbedding(ctx, r); err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrBadInput) && !errors.Is(err, ErrModelExists) {
			t.Errorf("%+v: %v, want …%s…", r, err, want)
		}
	}
	if len(db.Models()) != models {
		t.Error("a refused embedding was kept")
	}
	if _, err := db.ImportEmbedding(ctx, ImportEmbeddingRequest{Dir: dir, Name: e.Metadata.Name, Replace: true}); err != nil {
		t.Errorf("replacing: %v", err)
	}
	for want, o := range map[string]ExportEmbeddingOptions{"unknown format": {Format: "pkl", Dir: "x"}, "holds files": {Dir: dir}, "name the folder": {}} {
		if _, err := db.ExportEmbedding(ctx, e.Metadata.Name, o); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	other := openDir(t, "")
	importText(t, other, strings.ReplaceAll(families(5, 1), "\n", "\t<http://g.example/>\n"), "tsv") // all in a named graph
	if _, err := other.ImportEmbedding(ctx, ImportEmbeddingRequest{Dir: dir}); err == nil || !strings.Contains(err.Error(), "nothing to calibrate on") {
		t.Errorf("a graph without triples: %v", err)
	}
}

// Rotations come as complex numbers of any modulus or as angles, scaled as DGL-KE keeps them.
func TestImportsRotations(t *testing.T) {
	db := openDir(t, t.TempDir())
	importText(t, db, families(5, 1), "tsv")
	for _, family := range []string{"rotate", "rotate-l2"} {
		f, err := model.FamilyByName(family)
		if err != nil {
			t.Fatal(err)
		}
		e := putModel(t, db, family, f, false)
		entities, relations := named(t, db, e)
		var scaled []float32
		for r := range uint32(len(relations)) {
			row := e.Relation(r)
			for i := range e.Dim {
				scaled = append(scaled, float32(math.Atan2(float64(row[e.Dim+i]), float64(row[i]))*7/math.Pi))
			}
		}
		for name, r := range map[string]ImportEmbeddingRequest{" turns": {}, " angles": {RelationScale: math.Pi / 7}} {
			dir := t.TempDir()
			r.Name, r.Family, r.Dir = family+name, family, dir
			writeNPY(t, filepath.Join(dir, "entity.npy"), len(entities), 2*e.Dim, alternate(e.Entities, 2*e.Dim), true)
			if name == " turns" {
				writeNPY(t, filepath.Join(dir, "relation.npy"), len(relations), 2*e.Dim, alternate(e.Relations, 2*e.Dim), true)
			} else {
				writeNPY(t, filepath.Join(dir, "relation.npy"), len(relations), e.Dim, scaled, false)
			}
			writeIDs(t, filepath.Join(dir, "entities.tsv"), "", true, entities)
			writeIDs(t, filepath.Join(dir, "relations.tsv"), "", true, relations)
			if _, err := db.ImportEmbedding(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			sameScores(t, embeddingOf(t, db, r.Name), e, 1e-5)
			if answer, err := db.Eval(context.Background(), fmt.Sprintf(`size(predict_tail("person1", "speaks", 3, %q))`, r.Name), nil); err != nil || answer != int64(3) {
				t.Errorf("%s: %v %v", r.Name, answer, err)
			}
		}
	}
}
