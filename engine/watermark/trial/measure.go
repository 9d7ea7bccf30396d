package trial

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/internal/vec"
)

// newCell returns what log10 p of positives and negatives say.
func newCell(a attack.Attack, size int, channel string, positive, negative []float64) Cell {
	return Cell{
		Attack: a.Title(), Source: a.Source, Unit: size, Channel: channel, Positives: len(positive), Negatives: len(negative),
		AUC: kgmark.AUC(positive, negative), TPR5e5: kgmark.Below(positive, 5e-5), TPR1e9: kgmark.Below(positive, 1e-9), FPR5e5: kgmark.Below(negative, 5e-5),
		Log10P: kgmark.Median(positive), Tested: 1,
	}
}

// Cosine returns the mean cosine of the rows of two tables of one shape: eq. 35 of the source. Rows of 0 count as 1.
func Cosine(a, b vec.Matrix) float64 {
	sum := 0.0
	for i := range a.Rows {
		x, y := a.Row(i), b.Row(i)
		var xx, yy, xy float64
		for j := range x {
			xx += float64(x[j]) * float64(x[j])
			yy += float64(y[j]) * float64(y[j])
			xy += float64(x[j]) * float64(y[j])
		}
		if xx*yy > 0 {
			sum += xy / math.Sqrt(xx*yy)
		} else {
			sum++
		}
	}
	return sum / float64(max(1, a.Rows))
}

// Quality is how well a table ranks triples: both ends of each among all entities, filtered. Eq. 36 to 39 of the source.
type Quality struct {
	What    string // "original", "plus" or a method of the published watermark
	On      string // "training" or "held-out"
	Triples int
	GMR     float64 // geometric mean of ranks
	HMR     float64 // harmonic mean
	AMR     float64 // arithmetic mean
	Hits10  float64
}

// rankedAtMost bounds the triples that Compare ranks of each kind.
const rankedAtMost = 300

// Compare ranks training and held-out triples, a sample of the same ones, by the graph's table and by a marked one.
func Compare(ctx context.Context, g Graph, marked attack.Copy, what string, workers int) ([]Quality, error) {
	known := eval.NewKnown(g.Triples, g.HeldOut)
	var out []Quality
	for _, table := range []struct {
		what string
		attack.Copy
	}{{"original", g.Copy}, {what, marked}} {
		e, err := table.Embedding()
		if err != nil {
			return nil, err
		}
		for _, on := range []struct {
			name    string
			triples []model.Triple
		}{{"training", g.Triples}, {"held-out", g.HeldOut}} {
			if len(on.triples) == 0 {
				continue
			}
			q, err := rank(ctx, e, sampled(on.triples), known, workers)
			if err != nil {
				return nil, err
			}
			q.What, q.On = table.what, on.name
			out = append(out, q)
		}
	}
	return out, nil
}

// sampled returns rankedAtMost triples, always the same ones of a list.
func sampled(triples []model.Triple) []model.Triple {
	if len(triples) <= rankedAtMost {
		return triples
	}
	out := make([]model.Triple, rankedAtMost)
	for i, at := range rand.New(rand.NewPCG(1, 2)).Perm(len(triples))[:rankedAtMost] {
		out[i] = triples[at]
	}
	return out
}

func rank(ctx context.Context, e *model.Embedding, triples []model.Triple, known *eval.Known, workers int) (Quality, error) {
	ranks, err := eval.Ranks(ctx, e, e.Vocabulary.Entities(), triples, known, eval.Options{Workers: workers})
	if err != nil {
		return Quality{}, err
	}
	q := Quality{Triples: len(triples)}
	n := float64(len(ranks))
	for _, r := range ranks {
		q.GMR += math.Log(r) / n
		q.HMR += 1 / r / n
		q.AMR += r / n
		if r <= 10 {
			q.Hits10 += 1 / n
		}
	}
	q.GMR, q.HMR = math.Exp(q.GMR), 1/q.HMR
	return q, nil
}
