package trial

import (
	"context"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/store/rdf"
)

// digests are those of a copy's names.
type digests struct{ entities, relations []watermark.TermDigest }

func newDigests(c attack.Copy) digests {
	of := func(names []string) []watermark.TermDigest {
		out := make([]watermark.TermDigest, len(names))
		for i, name := range names {
			if name != "" {
				out[i] = watermark.DigestTerm(rdf.NewIRI(name))
			}
		}
		return out
	}
	return digests{of(c.Table.Names), of(c.RelationNames)}
}

func (d digests) of(t model.Triple) watermark.Triple {
	return watermark.NewTriple(d.entities[t.H], d.relations[t.R], d.entities[t.T])
}

func (d digests) all(triples []model.Triple) []watermark.Triple {
	list := make([]watermark.Triple, len(triples))
	for i, t := range triples {
		list[i] = d.of(t)
	}
	return list
}

// Channels are the lines of a cell: each channel, T1 and T2 together, and all of them.
var Channels = []string{"t1", "t2", "q3", "triples", "t1+t2", "combined"}

const combined = 5 // of Channels

// reading is what one unit says of one key: log10 p by Channels, 0 where a channel is not tested, and z.
type reading struct {
	log10p, z [combined + 1]float64
	tested    [combined + 1]bool
}

// read tests a part of a copy for keys, whose carriers are one triple in gamma.
func (s Settings) read(ctx context.Context, c attack.Copy, keys []*watermark.GraphKey, gamma uint64) ([]reading, error) {
	if c.Table.Rows.Rows == 0 {
		return make([]reading, len(keys)), nil
	}
	suspect, err := watermark.NewSuspect(ctx, c.Table, s.Workers)
	if err != nil {
		return nil, err
	}
	scores, err := suspect.Test(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make([]reading, len(keys))
	list := newDigests(c).all(c.Triples)
	for i, k := range keys {
		test := k.TripleTest(gamma)
		test.Add(list...)
		triples := test.Result()
		if triples.Used < leastCarriers {
			triples.Tested = false
		}
		results := append(slices.Clone(scores[i][:]), triples)
		for _, r := range append(results, watermark.JointOf(scores[i][watermark.T1], scores[i][watermark.T2])) {
			if r.Tested {
				out[i].log10p[r.Channel], out[i].z[r.Channel], out[i].tested[r.Channel] = r.Log10P, r.Z, true
			}
		}
		best, p := watermark.Combine(results)
		out[i].log10p[combined], out[i].z[combined], out[i].tested[combined] = p, best.Z, best.Tested
	}
	return out, nil
}

// leastCarriers is how many carriers a test rests on at least: so many, all green, are an alarm at 1e-9 of five tests.
const leastCarriers = 33

// Cell is what a channel reaches on units of one size under one attack.
type Cell struct {
	Attack    string
	Source    bool   // one of the source's attacks
	Unit      int    // entities of a community, 0 for the whole graph
	Channel   string // one of Channels, or a method of the published watermark
	Positives int
	Negatives int
	Tested    float64 // share of the positives that could be tested
	AUC       float64 // untested ones have p = 1
	TPR5e5    float64 // share of positives with p at most 5e-5, by the bound
	TPR1e9    float64
	FPR5e5    float64 // share of negatives with p at most 5e-5
	Log10P    float64 // median of positives
	Z         float64 // median of positives
}

// samples gathers the units of one size under one attack.
type samples struct{ positive, negative []reading }

// cells sums samples up, a cell a channel.
func (s samples) cells(a attack.Attack, size int) []Cell {
	var out []Cell
	for k, name := range Channels {
		pick := func(list []reading) (p, z []float64, tested float64) {
			for _, r := range list {
				p, z = append(p, r.log10p[k]), append(z, r.z[k])
				if r.tested[k] {
					tested += 1 / float64(len(list))
				}
			}
			return
		}
		p, z, tested := pick(s.positive)
		n, _, _ := pick(s.negative)
		if tested == 0 && k != combined {
			continue
		}
		c := newCell(a, size, name, p, n)
		c.Z, c.Tested = kgmark.Median(z), tested
		out = append(out, c)
	}
	return out
}
