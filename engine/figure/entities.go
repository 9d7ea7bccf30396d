package figure

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/engine/project"
	"github.com/inklingdb/inkling/internal/vec"
)

// Methods are the layouts of entities.
var Methods = []string{"tsne", "pca"}

// defaultEntities is how many entities are drawn at most: more would hide each other.
const defaultEntities = 3000

// namedOfGroup is how many entities of a group have their names written, where there is room.
const namedOfGroup = 3

func entities(ctx context.Context, db *engine.DB, r Request) (plot.Drawing, error) {
	if r.Method == "" {
		r.Method = Methods[0]
	}
	if !slices.Contains(Methods, r.Method) {
		return nil, fmt.Errorf("figure: %w: there is no layout %q; there are %v", engine.ErrBadInput, r.Method, Methods)
	}
	limit := r.Entities
	if limit == 0 {
		limit = defaultEntities
	}
	v, err := db.EntityVectors(ctx, engine.VectorsRequest{Model: r.Models[0], Max: limit, Seed: r.Seed, TypeRelation: r.TypeRelation})
	if err != nil {
		return nil, err
	}
	out := &plot.Entities{Title: "Entities of " + v.Model}
	group(out, v)
	out.Names = toName(out, v)
	if err := layOut(ctx, out, v, r); err != nil {
		return nil, err
	}
	all := plot.Count(v.Entities, "entity")
	if len(v.Names) < v.Entities {
		out.Below = fmt.Sprintf("a sample of %d of %s, drawn at random (seed %d); %s", len(v.Names), all, r.Seed, out.Below)
	} else {
		out.Below = "all " + all + "; " + out.Below
	}
	return out, nil
}

// layOut sets the places of the entities, and in words how they were found.
func layOut(ctx context.Context, out *plot.Entities, v engine.EntityVectors, r Request) error {
	rows := vec.MatrixOf(v.Vectors, len(v.Names), v.Width)
	few := r.Method == "tsne" && len(v.Names) < project.MinRows
	if r.Method == "pca" || few {
		c, err := project.PCA(ctx, rows, r.Seed)
		if err != nil {
			return err
		}
		out.Points = places(c.Points)
		out.Below = "principal components"
		if few {
			out.Below += fmt.Sprintf(", since t-SNE needs at least %d", project.MinRows)
		}
		for k, share := range c.Explained {
			out.Axes[k] = fmt.Sprintf("component %d (%.1f %% of variance)", k+1, 100*share)
		}
		return nil
	}
	l, err := project.TSNE(ctx, rows, project.Options{Perplexity: r.Perplexity, Seed: r.Seed, Workers: r.Workers, Progress: r.Progress})
	if err != nil {
		return err
	}
	out.Points = places(l.Points)
	out.Below = fmt.Sprintf("t-SNE, perplexity %.3g: near points have similar embeddings, far distances mean little", l.Perplexity)
	return nil
}

func places(points []project.Point) [][2]float64 {
	out := make([][2]float64, len(points))
	for i, p := range points {
		out[i] = [2]float64{p.X, p.Y}
	}
	return out
}

// group colours the entities by their types: the commonest ones, the rest together.
func group(out *plot.Entities, v engine.EntityVectors) {
	often := map[string]int{}
	for _, name := range v.Types {
		often[name]++
	}
	none := often[""]
	delete(often, "")
	names := make([]string, 0, len(often))
	for name := range often {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(often[b]-often[a], strings.Compare(a, b)) })
	out.Groups = names[:min(len(names), plot.MaxGroups)]
	out.Others = len(names) - len(out.Groups)
	place := map[string]int{"": plot.None}
	for i, name := range out.Groups {
		place[name] = i
	}
	for _, name := range v.Types {
		g, ok := place[name]
		if !ok {
			g = plot.Other
		}
		out.Group = append(out.Group, g)
	}
	out.Heading, out.Nothing = "type, by "+v.TypedBy, "no type"
	if v.TypedBy == "" {
		out.Heading, out.Nothing = "the relation an entity is most often the object of, since no types are stated", "never an object"
	}
	if none == 0 {
		out.Nothing = ""
	}
}

// toName returns the entities to name: the best connected of each group, so that clusters can be read, then the next
// of each.
func toName(out *plot.Entities, v engine.EntityVectors) []plot.Name {
	order := make([]int, len(v.Names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return v.Degrees[b] - v.Degrees[a] })
	turns := make([][]plot.Name, namedOfGroup)
	seen := map[int]int{}
	for _, i := range order {
		g := out.Group[i]
		if seen[g] < namedOfGroup {
			turns[seen[g]] = append(turns[seen[g]], plot.Name{Point: i, Text: v.Names[i]})
			seen[g]++
		}
	}
	return slices.Concat(turns...)
}

// filesText names files without their folders.
func filesText(paths []string) string {
	if len(paths) > 2 {
		return fmt.Sprintf("%d files", len(paths))
	}
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return strings.Join(names, " and ")
}
