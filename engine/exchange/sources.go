package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Formats are the names of the formats, npy first as the default, and the extension of each one's files.
var Formats = []struct{ Name, Extension string }{{"npy", ".npy"}, {"safetensors", ".safetensors"}, {"tsv", ".vec"}}

// FormatNames lists the names of Formats, for messages.
func FormatNames() string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// Known reports whether a format is one of Formats.
func Known(format string) bool {
	_, err := extensionOf(format)
	return err == nil
}

// extensionOf returns a format's extension.
func extensionOf(format string) (string, error) {
	for _, f := range Formats {
		if f.Name == format {
			return f.Extension, nil
		}
	}
	return "", fmt.Errorf("unknown embedding format %q; there are %s", format, FormatNames())
}

// Sources names the files of one embedding. What a field leaves empty Find looks for in a folder.
type Sources struct {
	Format        string // a name of Formats; "" goes by the files
	Entities      string // the file of the entities' rows; FILE#TENSOR names a tensor of a safetensors file
	Relations     string // likewise
	EntityNames   string // the file that names the entities' rows; word2vec text needs none
	RelationNames string
	Description   *Description // of a folder that Inkling wrote; else nil
}

// places are the names by which files are known, * for any text: Inkling's own, those of PyKEEN and DGL-KE, and the
// tensors of a PyKEEN model's state. ROW stands for entity or relation, ROWS for its plural.
var (
	tablePlaces  = []string{"ROWS", "ROW", "ROW_embeddings", "ROW_embedding", "*_ROW"}
	tensorFiles  = []string{"embeddings.safetensors", "model.safetensors", "*.safetensors"}
	tensorPlaces = []string{"ROWS", "ROW", "ROW_embeddings", "ROW_embedding", "ROW_representations.0._embeddings.weight"}
	namePlaces   = []string{"ROWS.tsv", "ROW_to_id.tsv.gz", "ROW_to_id.tsv", "training_triples/ROW_to_id.tsv.gz", "ROWS.dict", "ROW2id.txt", "ROW_ids.tsv"}
)

// places returns the patterns with the words of a table in them.
func places(patterns []string, row, rows, extension string) []string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		out[i] = strings.ReplaceAll(strings.ReplaceAll(p, "ROWS", rows), "ROW", row) + extension
	}
	return out
}

// Find returns the sources with what they leave open found in a folder, and the folder's description if it has one.
// A file that is not there, or could be several, is an error that says what was looked for.
func (s Sources) Find(dir string) (Sources, error) {
	extension, err := s.begin(dir)
	if err != nil {
		return s, err
	}
	if s.Format == "safetensors" && s.Relations == "" && s.Entities != "" {
		s.Relations, _ = splitTensor(s.Entities)
	}
	err = s.findTable(dir, extension, "entity", "entities", &s.Entities, &s.EntityNames)
	if err == nil {
		err = s.findTable(dir, extension, "relation", "relations", &s.Relations, &s.RelationNames)
	}
	return s, err
}

// FindEntities is Find for the entities alone. Their names stay open where there is no file of them.
func (s Sources) FindEntities(dir string) (Sources, error) {
	extension, err := s.begin(dir)
	if err != nil {
		return s, err
	}
	if s.Entities != "" && s.EntityNames == "" {
		s.EntityNames = none
	}
	err = s.findTable(dir, extension, "entity", "entities", &s.Entities, &s.EntityNames)
	if s.EntityNames == none {
		s.EntityNames = ""
	}
	return s, err
}

// none stands for a file of names that is not looked for.
const none = "\x00"

// begin reads the folder's description, settles the format and returns its extension.
func (s *Sources) begin(dir string) (extension string, err error) {
	if s.Description == nil && dir != "" {
		if s.Description, err = readDescription(filepath.Join(dir, DescriptionFile)); err != nil {
			return "", err
		}
	}
	if s.Format == "" {
		if s.Format, err = s.format(dir); err != nil {
			return "", err
		}
	}
	return extensionOf(s.Format)
}

// findTable finds the file of a table's rows and that of their names.
func (s *Sources) findTable(dir, extension, row, rows string, table, names *string) error {
	patterns := places(tablePlaces, row, rows, extension)
	if s.Format == "safetensors" {
		patterns = tensorFiles
	}
	if err := find(dir, table, patterns, "the rows of the "+rows); err != nil || s.Format == "tsv" {
		return err
	}
	return find(dir, names, places(namePlaces, row, rows, ""), "the names of the "+rows)
}

// splitTensor parts FILE#TENSOR, where FILE is a safetensors file; other paths may hold a # themselves.
func splitTensor(path string) (file, tensor string) {
	const end = ".safetensors"
	if at := strings.LastIndex(path, end+"#"); at >= 0 {
		return path[:at+len(end)], path[at+len(end)+1:]
	}
	return path, ""
}

// format tells the format by the named file, else by what the folder holds.
func (s Sources) format(dir string) (string, error) {
	for _, f := range Formats {
		file, _ := splitTensor(s.Entities)
		if strings.HasSuffix(file, f.Extension) {
			return f.Name, nil
		}
		patterns := places(tablePlaces, "entity", "entities", f.Extension)
		if f.Name == "safetensors" {
			patterns = tensorFiles
		}
		if found := ""; s.Entities == "" && find(dir, &found, patterns, "") == nil {
			return f.Name, nil
		}
	}
	if s.Entities != "" {
		return "", inFile(s.Entities, "the name shows no known format; state one of %s", FormatNames())
	}
	return "", inFile(dir, "the folder holds no embedding known by its name, such as entities.npy, DATASET_MODEL_entity.npy, embeddings.safetensors or entities.vec; name the files")
}

// find sets an empty path to the file in a folder that the first fitting pattern names.
func find(dir string, path *string, patterns []string, what string) error {
	if *path != "" {
		return nil
	}
	if dir == "" {
		return fmt.Errorf("no folder is named, and no file for %s", what)
	}
	names, _ := fs.Glob(os.DirFS(dir), "*") // a folder that cannot be read shows no files, as the error below says
	below, _ := fs.Glob(os.DirFS(dir), "training_triples/*")
	names = append(names, below...)
	for _, p := range patterns {
		var found []string
		for _, name := range names {
			if ok, _ := filepath.Match(p, name); ok {
				found = append(found, name)
			}
		}
		if len(found) > 1 {
			return inFile(dir, "%s may be in %s or in %s: name the file", what, found[0], found[1])
		}
		if len(found) == 1 {
			*path = filepath.Join(dir, filepath.FromSlash(found[0]))
			return nil
		}
	}
	return inFile(dir, "there is no file for %s (looked for %s): name it", what, strings.Join(patterns, ", "))
}

// Matrix is a table read into memory with the names of its rows.
type Matrix struct {
	File        string
	Rows, Width int
	Complex     bool      // rows alternate real and imaginary parts
	Values      []float32 // [Rows × Width], row-major
	Names       []string  // by row; there may be fewer
}

// ReadEntities reads the entities' rows and names.
func (s Sources) ReadEntities(ctx context.Context) (Matrix, error) {
	return s.read(ctx, s.Entities, s.EntityNames, places(tensorPlaces, "entity", "entities", ""))
}

// ReadRelations reads the relations' rows and names; rows of reverse relations may have no name.
func (s Sources) ReadRelations(ctx context.Context) (Matrix, error) {
	return s.read(ctx, s.Relations, s.RelationNames, places(tensorPlaces, "relation", "relations", ""))
}

func (s Sources) read(ctx context.Context, path, names string, tensors []string) (Matrix, error) {
	if s.Format == "tsv" {
		return readVectorFile(ctx, path)
	}
	m, err := readTable(ctx, s.Format, path, tensors)
	if err != nil {
		return m, err
	}
	if names == "" {
		return m, nil
	}
	r, err := OpenText(names)
	if err != nil {
		return m, err
	}
	m.Names, err = ReadNames(r, names, m.Rows)
	return m, errors.Join(err, r.Close())
}

// readTable reads an npy file, or the first of some tensors of a safetensors file.
func readTable(ctx context.Context, format, path string, tensors []string) (Matrix, error) {
	if file, tensor := splitTensor(path); tensor != "" {
		path, tensors = file, []string{tensor}
	}
	f, err := os.Open(path)
	if err != nil {
		return Matrix{}, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return Matrix{}, err
	}
	var t *Table
	if format == "npy" {
		t, err = OpenNPY(f, about.Size(), path)
	} else {
		t, err = openTensor(f, about.Size(), path, tensors)
	}
	if err != nil {
		return Matrix{}, err
	}
	values, err := t.Read(ctx)
	return Matrix{File: path, Rows: t.Rows, Width: t.Width, Complex: t.Complex, Values: values}, err
}

// openTensor returns the first of some tensors that a safetensors file has.
func openTensor(f io.ReaderAt, size int64, path string, names []string) (*Table, error) {
	tables, _, err := OpenSafetensors(f, size, path)
	if err != nil {
		return nil, err
	}
	have := make([]string, len(tables))
	for i, t := range tables {
		have[i] = t.Name
	}
	for _, name := range names {
		if i := slices.Index(have, name); i >= 0 {
			return tables[i], nil
		}
	}
	return nil, inFile(path, "it has no tensor %s; it has %s: name one as FILE#TENSOR", strings.Join(names, " or "), strings.Join(have[:min(len(have), 20)], ", "))
}

// readVectorFile reads a word2vec text, plain or gzip.
func readVectorFile(ctx context.Context, path string) (m Matrix, err error) {
	r, err := OpenText(path)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	v := NewVectorReader(r, path)
	m.File = path
	for {
		name, row, err := v.Next()
		if err == io.EOF {
			m.Rows, m.Width = len(m.Names), v.Width()
			return m, nil
		}
		if err != nil {
			return m, err
		}
		m.Names, m.Values = append(m.Names, strings.Clone(name)), append(m.Values, row...)
		if err := ctx.Err(); err != nil {
			return m, err
		}
	}
}
