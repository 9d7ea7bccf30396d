package exchange

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// DescriptionFile is the name of a folder's Description.
const DescriptionFile = "embedding.json"

// descriptionMost bounds the description's text.
const descriptionMost = 1 << 20

// Description says what the tables beside it are.
type Description struct {
	Model         string            `json:"model"`
	Family        string            `json:"family"`
	Equation      string            `json:"equation"`
	Layout        string            `json:"layout"` // of an entity row and a relation row
	Dim           int               `json:"dim"`
	Entities      int               `json:"entities"`
	EntityWidth   int               `json:"entity_width"`
	Relations     int               `json:"relations"`
	RelationRows  int               `json:"relation_rows"` // twice the relations when reciprocal
	RelationWidth int               `json:"relation_width"`
	Reciprocal    bool              `json:"reciprocal"` // row relations+r is the reverse of relation r
	Graph         string            `json:"graph,omitempty"`
	Base          string            `json:"base"` // under which plain names stand
	Version       uint64            `json:"version"`
	Triples       int               `json:"triples"` // learnt from
	Settings      map[string]string `json:"settings,omitempty"`
}

// readDescription reads a description; nil when the file is not there.
func readDescription(path string) (*Description, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, descriptionMost))
	if err != nil {
		return nil, err
	}
	var d Description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, inFile(path, "%v: mend it, or take it away and state the family instead", err)
	}
	return &d, nil
}

// Write writes an embedding into a new folder, or one that is there and empty: both tables in a format of Formats, the
// names of their rows in entities.tsv and relations.tsv, and the description. The folder appears when all is written.
func Write(ctx context.Context, dir, format string, d Description, entities, relations Matrix) error {
	extension, err := extensionOf(format)
	if err != nil {
		return err
	}
	if files, err := os.ReadDir(dir); err == nil && len(files) > 0 {
		return inFile(dir, "the folder holds files already (%s, …): name a new one", files[0].Name())
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".tmp*")
	if err != nil {
		return err
	}
	w := folderWriter{dir: fresh, extension: extension}
	if err := w.all(ctx, d, entities, relations); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := errors.Join(os.Chmod(fresh, 0o755), os.Rename(fresh, dir)); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	return nil
}

// folderWriter writes the files of an embedding.
type folderWriter struct{ dir, extension string }

func (f folderWriter) all(ctx context.Context, d Description, entities, relations Matrix) error {
	about, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error {
			return f.file("entities.tsv", func(w io.Writer) error { return WriteNames(w, entities.Names) })
		},
		func() error {
			return f.file("relations.tsv", func(w io.Writer) error { return WriteNames(w, relations.Names) })
		},
		func() error { return f.tables(d, entities, relations) },
		func() error {
			return f.file(DescriptionFile, func(w io.Writer) error {
				_, err := w.Write(append(about, '\n'))
				return err
			})
		},
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (f folderWriter) tables(d Description, entities, relations Matrix) error {
	if f.extension == ".safetensors" {
		return f.file("embeddings.safetensors", func(w io.Writer) error {
			return WriteSafetensors(w, []Tensor{
				{"entities", entities.Rows, entities.Width, entities.Values},
				{"relations", relations.Rows, relations.Width, relations.Values},
			}, map[string]string{"family": d.Family, "dim": fmt.Sprint(d.Dim), "reciprocal": fmt.Sprint(d.Reciprocal), "layout": d.Layout})
		})
	}
	for name, m := range map[string]Matrix{"entities": entities, "relations": relations} {
		err := f.file(name+f.extension, func(w io.Writer) error {
			if f.extension == ".npy" {
				return WriteNPY(w, m.Rows, m.Width, m.Values)
			}
			return WriteVectors(w, m.Names, m.Width, m.Values)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// file writes one file.
func (f folderWriter) file(name string, write func(io.Writer) error) error {
	out, err := os.Create(filepath.Join(f.dir, name))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, chunkBytes)
	if err := write(w); err != nil {
		return errors.Join(err, out.Close())
	}
	return errors.Join(w.Flush(), out.Close())
}
