package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Protocol names how test facts are chosen. docs/facts.md describes them.
type Protocol string

// The protocols.
const (
	Labelled  Protocol = "labelled"  // valid_labelled and test_labelled, or valid, test and their _negatives
	Published Protocol = "published" // folds or padia_folds
	Uniform   Protocol = "uniform"   // drawn: as many facts of each relation, 60 % true
	Weighted  Protocol = "weighted"  // drawn: the test split, 60 % as they are, 40 % with their objects replaced
)

// Protocols lists them: the first that a folder has files for is its own.
var Protocols = []Protocol{Labelled, Published, Uniform, Weighted}

// perRelation is how many facts of a relation the source draws: 200 where relations are few and large, 10 elsewhere.
func perRelation(set string) int {
	switch strings.ToLower(set) {
	case "wn18", "wn18rr", "fb13", "wn11":
		return 200
	}
	return 10
}

// factSet is a benchmark's files.
type factSet struct {
	name       string
	percent    int // of the subjects
	vocabulary *model.Vocabulary
	relations  []string
	graph      []model.Triple // all that is stated, each once
	train      []model.Triple // the training split; the graph where there is none
	valid      []model.Triple
	test       []model.Triple
	folds      [][]eval.Fact
	validFacts []eval.Fact
	testFacts  []eval.Fact
}

// readFactSet reads all that a folder has: all, or train, valid and test; folds or padia_folds; valid_labelled and
// test_labelled, or valid_negatives and test_negatives.
func readFactSet(folder string) (*factSet, error) {
	s := &factSet{name: nameOf(folder), percent: 100}
	names := train.NewNames()
	path := func(name string) string { return filepath.Join(folder, name) }
	triples := func(name string, into *[]model.Triple) error {
		list, err := names.Triples(path(name))
		*into = append(*into, list...)
		return absent(err)
	}
	var negatives [2][]model.Triple
	if err := errors.Join(
		triples("all", &s.train), triples("train", &s.train), triples("valid", &s.valid), triples("test", &s.test),
		triples("valid_negatives", &negatives[0]), triples("test_negatives", &negatives[1]),
	); err != nil {
		return nil, err
	}
	if len(s.train) == 0 {
		return nil, fmt.Errorf("%s has neither train.tsv(.gz) nor all.tsv(.gz), or they are empty", folder)
	}
	for _, name := range []string{"folds", "padia_folds"} {
		folds, err := names.Folds(path(name))
		if absent(err) != nil {
			return nil, err
		}
		s.folds = append(s.folds, folds...)
	}
	var errs [2]error
	s.validFacts, errs[0] = names.Facts(path("valid_labelled"))
	s.testFacts, errs[1] = names.Facts(path("test_labelled"))
	if err := errors.Join(absent(errs[0]), absent(errs[1])); err != nil {
		return nil, err
	}
	if len(negatives[0]) > 0 && len(negatives[1]) > 0 {
		s.validFacts, s.testFacts = labelled(s.valid, negatives[0]), labelled(s.test, negatives[1])
	}
	s.graph = distinct(s.train, s.valid, s.test)
	s.relations = names.RelationNames()
	var err error
	s.vocabulary, err = names.Vocabulary()
	return s, err
}

// absent returns nil for a file that is not there.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func labelled(trues, falses []model.Triple) (facts []eval.Fact) {
	for _, t := range trues {
		facts = append(facts, eval.Fact{Triple: t, True: true})
	}
	for _, t := range falses {
		facts = append(facts, eval.Fact{Triple: t})
	}
	return facts
}

func distinct(lists ...[]model.Triple) (all []model.Triple) {
	seen := map[model.Triple]bool{}
	for _, list := range lists {
		for _, t := range list {
			if !seen[t] {
				seen[t] = true
				all = append(all, t)
			}
		}
	}
	return all
}

// protocol returns the folder's own.
func (s *factSet) protocol() Protocol {
	switch {
	case len(s.testFacts) > 0:
		return Labelled
	case len(s.folds) > 0:
		return Published
	}
	return Uniform
}

// density is triples over entities squared, as the source's Table 2 counts it.
func (s *factSet) density() float64 {
	n := float64(s.vocabulary.Entities())
	return float64(len(s.graph)) / (n * n)
}

// reduced returns the set with a share of its subjects, drawn at random, and their triples, whose objects stay: a graph
// with more subjects than objects becomes denser (the source's §4.4.2). It has no files: its facts are drawn.
func (s *factSet) reduced(percent int, seed uint64) (*factSet, error) {
	if percent == 100 {
		return s, nil
	}
	if percent < 1 || percent > 100 {
		return nil, fmt.Errorf("%d %% of the subjects: from 1 to 100", percent)
	}
	subjects := subjectsOf(s.graph)
	random := rand.New(rand.NewPCG(seed, 23))
	random.Shuffle(len(subjects), func(i, j int) { subjects[i], subjects[j] = subjects[j], subjects[i] })
	kept := map[uint32]bool{}
	for _, h := range subjects[:max(1, int(math.Round(float64(len(subjects)*percent)/100)))] {
		kept[h] = true
	}
	out := &factSet{name: s.name, percent: percent}
	entities, relations := map[uint32]uint32{}, map[uint32]uint32{}
	number := func(rows map[uint32]uint32, old uint32) uint32 {
		if _, ok := rows[old]; !ok {
			rows[old] = uint32(len(rows))
		}
		return rows[old]
	}
	for _, t := range s.graph {
		if !kept[t.H] {
			continue
		}
		if _, ok := relations[t.R]; !ok {
			out.relations = append(out.relations, s.relations[t.R])
		}
		out.graph = append(out.graph, model.Triple{H: number(entities, t.H), R: number(relations, t.R), T: number(entities, t.T)})
	}
	if len(out.graph) < 10 {
		return nil, fmt.Errorf("%d %% of the subjects leave %d triples: too few to learn from", percent, len(out.graph))
	}
	out.train = out.graph
	var err error
	out.vocabulary, err = vocabularyOf(len(entities), len(relations))
	return out, err
}

func subjectsOf(triples []model.Triple) []uint32 {
	var subjects []uint32
	for _, t := range triples {
		subjects = append(subjects, t.H)
	}
	slices.Sort(subjects)
	return slices.Compact(subjects)
}

// problem is one fold: what is learnt from, what the calibration is chosen on and what is asked.
type problem struct {
	train       []model.Triple
	valid, test []eval.Fact
}

// sameTraining reports whether two folds are asked of one model.
func (p problem) sameTraining(o problem) bool {
	return len(p.train) == len(o.train) && len(p.train) > 0 && &p.train[0] == &o.train[0]
}

// problems returns the folds of a protocol.
func (s *factSet) problems(o FactOptions) ([]problem, error) {
	known := eval.NewKnown(s.graph)
	entities := s.vocabulary.Entities()
	var list []problem
	switch o.Protocol {
	case Uniform:
		for fold := range o.Folds {
			seed := o.Seed + uint64(fold)
			test := eval.UniformFacts(s.graph, known, entities, eval.UniformOptions{PerRelation: o.PerRelation, Seed: seed})
			list = append(list, s.masked(test, known, eval.UniformOptions{PerRelation: o.PerRelation, Seed: seed}))
		}
	case Published:
		if len(s.folds) == 0 {
			return nil, fmt.Errorf("it has no folds.tsv(.gz) or padia_folds.tsv(.gz): there is no published sample")
		}
		for fold, test := range s.folds[:min(o.Folds, len(s.folds))] {
			// The authors' false facts have two random ends, so the validation's have.
			draw := eval.UniformOptions{PerRelation: o.PerRelation, Seed: o.Seed + uint64(fold), Corruption: eval.ReplaceBoth}
			list = append(list, s.masked(test, known, draw))
		}
	case Weighted:
		if len(s.test) == 0 || len(s.valid) == 0 {
			return nil, fmt.Errorf("it has no valid and test split to draw from")
		}
		list = s.weighted(known, o)
	case Labelled:
		if len(s.testFacts) == 0 || len(s.validFacts) == 0 {
			return nil, fmt.Errorf("it has no valid_labelled and test_labelled, nor valid_negatives and test_negatives")
		}
		list = append(list, problem{s.train, s.validFacts, s.testFacts})
	default:
		return nil, fmt.Errorf("there is no protocol %q; there are %v", o.Protocol, Protocols)
	}
	return list, nil
}

// weighted returns the folds drawn of the test split. All are asked of one model and share its validation facts, which are
// in none of them.
func (s *factSet) weighted(known *eval.Known, o FactOptions) (list []problem) {
	entities, asked := s.vocabulary.Entities(), map[model.Triple]bool{}
	for fold := range o.Folds {
		p := problem{train: s.train, test: eval.WeightedFacts(s.test, known, entities, o.Seed+uint64(fold))}
		for _, f := range p.test {
			asked[f.Triple] = true
		}
		list = append(list, p)
	}
	valid := slices.DeleteFunc(eval.WeightedFacts(s.valid, known, entities, o.Seed+validSeed), func(f eval.Fact) bool { return asked[f.Triple] })
	for i := range list {
		list[i].valid = valid
	}
	return list
}

// validSeed sets the draw of validation facts apart from that of the test.
const validSeed = 1 << 32

// validShare is how much of a relation's triples validation takes at most: small relations are learnt, not measured on.
const validShare = 0.2

// masked returns the fold that asks test: its triples are taken out of the graph, and validation facts drawn from the
// rest.
func (s *factSet) masked(test []eval.Fact, known *eval.Known, draw eval.UniformOptions) problem {
	asked := map[model.Triple]bool{}
	for _, f := range test {
		asked[f.Triple] = true
	}
	rest := slices.DeleteFunc(slices.Clone(s.graph), func(t model.Triple) bool { return asked[t] })
	draw.Seed += validSeed
	draw.Most = validShare
	valid := eval.UniformFacts(rest, known, s.vocabulary.Entities(), draw)
	valid = slices.DeleteFunc(valid, func(f eval.Fact) bool { return asked[f.Triple] })
	for _, f := range valid {
		asked[f.Triple] = true
	}
	return problem{slices.DeleteFunc(rest, func(t model.Triple) bool { return asked[t] }), valid, test}
}
