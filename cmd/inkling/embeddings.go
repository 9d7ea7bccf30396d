package main

import (
	"fmt"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type embeddingCommand struct {
	Export embeddingsExport `cmd:"" help:"Write a model's rows, their names and a description into a new folder."`
	Import embeddingsImport `cmd:"" help:"Make a model of embeddings that Inkling, PyKEEN, DGL-KE or another program wrote."`
}

type embeddingsExport struct {
	database
	Model  string `arg:"" help:"The model."`
	Dir    string `arg:"" help:"The folder to make; one that is there must be empty."`
	Format string `default:"npy" placeholder:"NAME" help:"npy (NumPy), safetensors or tsv: word2vec text, a name and its numbers a line (${default})."`
	JSON   bool   `help:"Print the report as JSON."`
}

// Run writes a model's embeddings.
func (c *embeddingsExport) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		report, err := db.ExportEmbedding(a.ctx, c.Model, engine.ExportEmbeddingOptions{Format: c.Format, Dir: c.Dir})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, report)
		}
		fmt.Fprintf(a.out, "%s and %s of model %s written to %s\n", plural(int64(report.Entities), "node"),
			plural(int64(report.Relations), "relation"), report.Model, report.Dir)
		return nil
	})
}

type embeddingsImport struct {
	database
	Dir           string   `arg:"" help:"A folder that export wrote, or one that holds such as entity.npy, relation.npy, entities.tsv and relations.tsv."`
	Name          string   `placeholder:"NAME" help:"The model's name; without it the family's."`
	Family        string   `placeholder:"FAMILY" help:"The model's family, such as complex or distmult; without it as embedding.json in the folder says."`
	Dim           int      `placeholder:"N" help:"Numbers per embedding; without it as the width of a row has it."`
	Graph         string   `placeholder:"IRI" help:"The named graph that the model is of; without it the default one."`
	Format        string   `placeholder:"NAME" help:"npy, safetensors or tsv; without it by the files."`
	Entities      string   `placeholder:"FILE" help:"The entities' rows; FILE#TENSOR in a safetensors file."`
	Relations     string   `placeholder:"FILE" help:"The relations' rows, likewise."`
	EntityNames   string   `placeholder:"FILE" help:"Row numbers and names of the entities, in two columns; .gz too."`
	RelationNames string   `placeholder:"FILE" help:"Row numbers and names of the relations, likewise."`
	Complex       string   `placeholder:"HOW" help:"Rows of complex numbers: halves (all real parts first) or interleaved; without it halves, or as an array of complex numbers has it."`
	Reciprocal    string   `placeholder:"HOW" help:"Rows of reverse relations: none, halves (behind all relations) or interleaved (behind each, as PyKEEN has them)."`
	RelationScale float64  `placeholder:"X" help:"Multiply the relations' numbers, such as DGL-KE's of RotatE to make them radians."`
	SkipUnknown   bool     `help:"Leave out rows whose name the database does not know instead of refusing them."`
	Valid         []string `placeholder:"FILE" help:"Triples to calibrate on, best ones that the embedding was not trained on; without it the graph's own, which flatters."`
	Test          []string `placeholder:"FILE" help:"Triples to measure on."`
	Seed          uint64   `default:"1" placeholder:"N" help:"Seed of all randomness (${default})."`
	Replace       bool     `help:"Replace a model of that name once the new one is ready."`
	JSON          bool     `help:"Print the report as JSON."`
}

// Run makes a model of embeddings and prints its card.
func (c *embeddingsImport) Run(a *app) error {
	request := engine.ImportEmbeddingRequest{
		Name: c.Name, Family: c.Family, Dim: c.Dim, Dir: c.Dir, Format: c.Format,
		Entities: c.Entities, Relations: c.Relations, EntityNames: c.EntityNames, RelationNames: c.RelationNames,
		Complex: c.Complex, Reciprocal: c.Reciprocal, RelationScale: c.RelationScale, SkipUnknown: c.SkipUnknown,
		Valid: c.Valid, Test: c.Test, Seed: c.Seed, Replace: c.Replace,
	}
	if c.Graph != "" {
		request.Graph = rdf.NewIRI(c.Graph)
	}
	return c.with(func(db *engine.DB) error {
		b := a.newBar("import")
		request.Progress = func(p engine.TrainProgress) { b.set(p.Done, p.Phase) }
		report, err := db.ImportEmbedding(a.ctx, request)
		if err != nil {
			b.fail()
			return err
		}
		b.done(report.Model.Name)
		if c.JSON {
			return printJSON(a.out, report)
		}
		printCard(a.out, report.Model)
		c.printRest(a, report)
		return nil
	})
}

// printRest says what was left out and what the probabilities stand on.
func (c *embeddingsImport) printRest(a *app, r engine.EmbeddingImport) {
	if len(c.Valid) == 0 {
		fmt.Fprintf(a.out, "  calibrated on triples of the graph (%s with rows): flattering if it was trained on them\n", plural(int64(r.Triples), "triple"))
	}
	if r.UnknownEntities+r.UnknownRelations > 0 {
		fmt.Fprintf(a.out, "  left out   %s and %s that the database does not know, such as %q\n",
			plural(int64(r.UnknownEntities), "node"), plural(int64(r.UnknownRelations), "relation"), r.Unknown[0])
	}
	if r.MissingEntities+r.MissingRelations > 0 {
		fmt.Fprintf(a.out, "  no row for %s and %s of the graph: the model cannot tell about them\n",
			plural(int64(r.MissingEntities), "node"), plural(int64(r.MissingRelations), "relation"))
	}
}
