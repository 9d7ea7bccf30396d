package exchange

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHalveAndSeparate(t *testing.T) {
	const rows, width = 6, 10
	values := make([]float32, rows*width)
	for i := range values {
		values[i] = float32(i)
	}
	halved := slices.Clone(values)
	Halve(halved, width)
	separated := Separate(values, rows, width)
	for row := range rows {
		for i := range width / 2 {
			re, im := halved[row*width+i], halved[row*width+width/2+i]
			if re != float32(row*width+2*i) || im != float32(row*width+2*i+1) {
				t.Fatalf("row %d, number %d: %v %v", row, i, re, im)
			}
		}
		from := 2*row*width + 0
		if row >= rows/2 {
			from = (2*(row-rows/2) + 1) * width
		}
		if !slices.Equal(separated[row*width:(row+1)*width], values[from:from+width]) {
			t.Fatalf("row %d: %v", row, separated[row*width:(row+1)*width])
		}
	}
}

func TestTurns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	const rows, width = 3, 4
	angles := make([]float32, rows*width)
	for i := range angles {
		angles[i] = float32((2*random.Float64() - 1) * math.Pi)
	}
	turns := Turns(angles, width)
	for i, want := range angles {
		row, at := i/width, i%width
		re, im := turns[row*2*width+at], turns[row*2*width+width+at]
		if got := math.Atan2(float64(im), float64(re)); math.Abs(got-float64(want)) > 1e-6 {
			t.Errorf("row %d, number %d turns by %v, want %v", row, at, got, want)
		}
	}
}

// touch makes empty files in a new folder.
func touch(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindKnowsOtherProgramsFolders(t *testing.T) {
	for _, c := range []struct {
		files []string
		given Sources
		want  Sources
	}{
		{[]string{"entities.npy", "relations.npy", "entities.tsv", "relations.tsv"}, Sources{},
			Sources{"npy", "entities.npy", "relations.npy", "entities.tsv", "relations.tsv", nil}},
		{[]string{"FB15k_ComplEx_entity.npy", "FB15k_ComplEx_relation.npy", "entities.dict", "relations.dict", "config.json"}, Sources{},
			Sources{"npy", "FB15k_ComplEx_entity.npy", "FB15k_ComplEx_relation.npy", "entities.dict", "relations.dict", nil}},
		{[]string{"entity.npy", "relation.npy", "training_triples/entity_to_id.tsv.gz", "training_triples/relation_to_id.tsv.gz"}, Sources{},
			Sources{"npy", "entity.npy", "relation.npy", "training_triples/entity_to_id.tsv.gz", "training_triples/relation_to_id.tsv.gz", nil}},
		{[]string{"state.safetensors", "entity2id.txt", "relation2id.txt"}, Sources{},
			Sources{"safetensors", "state.safetensors", "state.safetensors", "entity2id.txt", "relation2id.txt", nil}},
		{[]string{"a.safetensors", "b.safetensors", "entity2id.txt", "relation2id.txt"}, Sources{Entities: "b.safetensors#x"},
			Sources{"safetensors", "b.safetensors#x", "b.safetensors", "entity2id.txt", "relation2id.txt", nil}},
		{[]string{"entities.vec", "relations.vec", "entities.npy"}, Sources{Format: "tsv"},
			Sources{"tsv", "entities.vec", "relations.vec", "", "", nil}},
	} {
		dir := touch(t, c.files...)
		got, err := c.given.Find(dir)
		if err != nil {
			t.Errorf("%v: %v", c.files, err)
			continue
		}
		for _, p := range []*string{&got.Entities, &got.Relations, &got.EntityNames, &got.RelationNames} {
			if name, err := filepath.Rel(dir, *p); err == nil {
				*p = filepath.ToSlash(name)
			}
		}
		if got != c.want {
			t.Errorf("%v: %+v, want %+v", c.files, got, c.want)
		}
	}
}

func TestFindSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		files []string
		given Sources
		want  string
	}{
		{nil, Sources{}, "holds no embedding known by its name"},
		{[]string{"entities.npy"}, Sources{}, "looked for entities.tsv"},
		{[]string{"entities.npy", "entities.tsv"}, Sources{}, "the rows of the relations"},
		{[]string{"a_entity.npy", "b_entity.npy"}, Sources{Format: "npy"}, "a_entity.npy or in b_entity.npy"},
		{nil, Sources{Format: "pkl"}, "unknown embedding format"},
		{nil, Sources{Entities: "x.pkl"}, "shows no known format"},
	} {
		if _, err := c.given.Find(touch(t, c.files...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want …%s…", c.files, err, c.want)
		}
	}
	if _, err := (Sources{Format: "npy"}).Find(""); err == nil {
		t.Error("without a folder every file must be named")
	}
	dir := touch(t)
	if err := os.WriteFile(filepath.Join(dir, DescriptionFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	var place *Error
	if _, err := (Sources{}).Find(dir); !errors.As(err, &place) {
		t.Errorf("a broken description: %v", err)
	}
}

func TestTensorsByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors := []Tensor{{"entity_representations.0._embeddings.weight", 1, 2, []float32{1, 2}}, {"mine", 1, 1, []float32{3}}}
	if err := errors.Join(WriteSafetensors(f, tensors, nil), f.Close()); err != nil {
		t.Fatal(err)
	}
	s := Sources{Format: "safetensors", Entities: path, Relations: path + "#mine"}
	names := filepath.Join(filepath.Dir(path), "n.tsv")
	if err := os.WriteFile(names, []byte("0\ta\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.EntityNames, s.RelationNames = names, names
	e, err := s.ReadEntities(context.Background())
	if err != nil || e.Width != 2 || e.Names[0] != "a" {
		t.Errorf("%+v %v", e, err)
	}
	r, err := s.ReadRelations(context.Background())
	if err != nil || r.Values[0] != 3 {
		t.Errorf("%+v %v", r, err)
	}
	s.Relations = path
	if _, err := s.ReadRelations(context.Background()); err == nil || !strings.Contains(err.Error(), "it has entity_representations.0._embeddings.weight, mine") {
		t.Errorf("a tensor that is not there: %v", err)
	}
}

func TestWriteLeavesOthersFilesAlone(t *testing.T) {
	one := Matrix{Rows: 1, Width: 1, Values: []float32{1}, Names: []string{"a"}}
	dir := touch(t, "precious")
	ctx := context.Background()
	if err := Write(ctx, dir, "npy", Description{}, one, one); err == nil || !strings.Contains(err.Error(), "precious") {
		t.Errorf("a folder with files: %v", err)
	}
	bad := one
	bad.Names = []string{"a b"}
	fresh := filepath.Join(dir, "new")
	if err := Write(ctx, fresh, "tsv", Description{}, bad, one); err == nil {
		t.Error("a name with a space cannot stand in word2vec text")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := Write(cancelled, fresh, "npy", Description{}, one, one); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	for _, f := range Formats {
		fresh := filepath.Join(t.TempDir(), "a", "b")
		if err := Write(ctx, fresh, f.Name, Description{Family: "x"}, one, one); err != nil {
			t.Error(err)
		}
		s, err := Sources{}.Find(fresh)
		if err != nil || s.Format != f.Name || s.Description.Family != "x" {
			t.Errorf("%s: %+v %v", f.Name, s, err)
		}
	}
}
