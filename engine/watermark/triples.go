package watermark

import (
	"fmt"
	"math"
	"slices"
)

const (
	// DefaultGamma makes one triple in so many a carrier, where there are triples enough.
	DefaultGamma = 128
	maxGamma     = 1 << 20
	// DefaultTripleZ is the z that leaving out triples is to reach: claims should stand on 12, and half of it still tells.
	DefaultTripleZ = 12
	// maxLeftOut is the share of all triples that a mark may leave out.
	maxLeftOut = 0.01
	// carriersByZ is how many carriers a mark has at least, as a multiple of z²: enough that it need not take all red ones.
	carriersByZ = 4
)

// GammaFor returns how rare carriers are to be in so many triples: a power of two, DefaultGamma at most.
func GammaFor(triples int64, z float64) uint64 {
	gamma := uint64(DefaultGamma)
	for gamma > 1 && float64(triples)/float64(gamma) < carriersByZ*z*z {
		gamma /= 2
	}
	return gamma
}

// fact is what a key says of a triple.
type fact struct {
	carrier, green bool
	share          float64 // in [0, 1)
}

// reader tells the facts of one key. It is not safe for concurrent use.
type reader struct {
	cipher *tagCipher
	limit  uint64 // the highest place of a carrier
	buffer *[tagBatch]Triple
}

// tagBatch is how many triples are tagged at a time: 4 KiB, which stay in the first cache level.
const tagBatch = 256

func (k *GraphKey) reader(gamma uint64) reader {
	if gamma == 0 {
		gamma = DefaultGamma
	}
	return reader{newTagCipher(k.secrets[Triples]), math.MaxUint64 / gamma, new([tagBatch]Triple)}
}

// of returns what the key says of one triple.
func (r reader) of(t Triple) fact {
	r.buffer[0] = t
	r.cipher.tag(r.buffer[:1])
	tag := r.buffer[0]
	return fact{carrier: tag.a <= r.limit, green: tag.green(), share: tag.share()}
}

// TripleTest counts carriers and green ones among the triples of a copy. It is not safe for concurrent use.
type TripleTest struct {
	reader   reader
	carriers tagSet // so that a repeated one counts once
	green    int
}

// TripleTest returns a test of a copy's triples, of which one in gamma is a carrier; 0 means DefaultGamma.
func (k *GraphKey) TripleTest(gamma uint64) *TripleTest { return k.reader(gamma).test() }

func (r reader) test() *TripleTest { return &TripleTest{reader: r} }

// Add takes triples in. Many at a time cost less.
func (t *TripleTest) Add(triples ...Triple) {
	for len(triples) > 0 {
		tags := t.reader.buffer[:copy(t.reader.buffer[:], triples)]
		t.reader.cipher.tag(tags)
		for i := range tags {
			if tag := tags[i]; tag.a <= t.reader.limit && triples[i].stable() && t.carriers.add(tag) && tag.green() {
				t.green++
			}
		}
		triples = triples[len(tags):]
	}
}

// Result returns what the triples say: the exact binomial tail of green ones among the carriers.
func (t *TripleTest) Result() Result {
	n := t.carriers.used
	if n == 0 {
		return untested(Triples, "no triple is a carrier")
	}
	return Result{Channel: Triples, Tested: true, Used: n,
		Z: float64(2*t.green-n) / math.Sqrt(float64(n)), Log10P: binomialLog10(t.green, n)}
}

// Selection is a keyed rule that says which triples a published copy leaves out: red carriers whose share lies below the
// stated one. It looks at one triple at a time, so that it holds for triples to come. It holds no secret.
type Selection struct {
	Gamma    uint64  `json:"gamma"`
	Entailed float64 `json:"entailed"` // share of red carriers that the other triples entail
	Other    float64 `json:"other"`    // share of the rest
	Z        float64 `json:"z"`        // reached when the rule was made
	LeftOut  int     `json:"left_out"` // triples then
	Of       int64   `json:"of"`       // triples then, in all
}

// Picker applies a Selection with a key. It is not safe for concurrent use.
type Picker struct {
	selection Selection
	reader    reader
}

// With returns a picker.
func (s Selection) With(k *GraphKey) *Picker { return &Picker{s, k.reader(s.Gamma)} }

// LeavesOut reports whether a published copy is to lack a triple. entailed tells, when asked, whether the triples that
// stay entail it; nil means that nothing is known to.
func (p *Picker) LeavesOut(t Triple, entailed func() (bool, error)) (bool, error) {
	f, red := p.red(t)
	if !red || f.share >= max(p.selection.Entailed, p.selection.Other) {
		return false, nil
	}
	if entailed == nil || f.share < min(p.selection.Entailed, p.selection.Other) {
		return f.share < p.selection.Other, nil
	}
	yes, err := entailed()
	if yes {
		return f.share < p.selection.Entailed, err
	}
	return f.share < p.selection.Other, err
}

// Red reports whether a triple may be left out at all: then nothing should count on its staying.
func (p *Picker) Red(t Triple) bool {
	_, red := p.red(t)
	return red
}

func (p *Picker) red(t Triple) (fact, bool) {
	if !t.stable() {
		return fact{}, false
	}
	f := p.reader.of(t)
	return f, f.carrier && !f.green
}

// Selecting makes a Selection: give it every triple once, then ask for the rule. It is not safe for concurrent use.
type Selecting struct {
	picker   *Picker
	z        float64
	total    int64
	green    int
	entailed []float64 // shares of the red carriers that the rest entails
	other    []float64
	tags     []Triple // of a batch; the picker's reader has its own, for entailed asks it
}

// Selecting returns the making of a rule for about so many triples that is to reach z; 0 means DefaultTripleZ.
func (k *GraphKey) Selecting(triples int64, z float64) *Selecting {
	if z == 0 {
		z = DefaultTripleZ
	}
	return &Selecting{picker: Selection{Gamma: GammaFor(triples, z)}.With(k), z: z, tags: make([]Triple, tagBatch)}
}

// Red reports whether a triple is a red carrier.
func (s *Selecting) Red(t Triple) bool { return s.picker.Red(t) }

// Add takes triples in; many at a time cost less. entailed is asked of red carriers only, by their place in the list; nil
// means that nothing is known to be entailed.
func (s *Selecting) Add(list []Triple, entailed func(i int) (bool, error)) error {
	s.total += int64(len(list))
	for from := 0; from < len(list); from += tagBatch {
		tags := s.tags[:copy(s.tags, list[from:])]
		s.picker.reader.cipher.tag(tags)
		for i, tag := range tags {
			if tag.a > s.picker.reader.limit || !list[from+i].stable() {
				continue
			}
			if err := s.add(tag, from+i, entailed); err != nil {
				return err
			}
		}
	}
	return nil
}

// add takes a carrier in by its tag.
func (s *Selecting) add(tag Triple, i int, entailed func(i int) (bool, error)) error {
	if tag.green() {
		s.green++
		return nil
	}
	if entailed != nil {
		yes, err := entailed(i)
		if err != nil {
			return err
		}
		if yes {
			s.entailed = append(s.entailed, tag.share())
			return nil
		}
	}
	s.other = append(s.other, tag.share())
	return nil
}

// Rule returns the rule that reaches z by leaving out as few triples as it can, entailed ones first. ErrTooSmall says
// why there is none.
func (s *Selecting) Rule() (Selection, error) {
	out := s.picker.selection
	out.Of = s.total
	red := len(s.entailed) + len(s.other)
	// With r red ones left beside g green ones, z = (g−r)/√(g+r).
	g := float64(s.green)
	stay := g + s.z*s.z/2 - s.z*math.Sqrt(8*g+s.z*s.z)/2
	if stay < 0 || s.green == 0 {
		return out, fmt.Errorf("watermark: %w: %d triples with %d carriers cannot reach z = %g even without any red one", ErrTooSmall, s.total, s.green+red, s.z)
	}
	out.LeftOut = max(0, red-int(math.Floor(stay)))
	if left := float64(out.LeftOut); left > maxLeftOut*float64(s.total) {
		return out, fmt.Errorf("watermark: %w: z = %g would leave out %d of %d triples, more than %g%%", ErrTooSmall, s.z, out.LeftOut, s.total, 100*maxLeftOut)
	}
	first := min(out.LeftOut, len(s.entailed))
	out.Entailed, out.Other = shareOf(s.entailed, first), shareOf(s.other, out.LeftOut-first)
	n := s.green + red - out.LeftOut
	out.Z = float64(2*s.green-n) / math.Sqrt(float64(n))
	return out, nil
}

// shareOf returns the share below which n of the shares lie.
func shareOf(shares []float64, n int) float64 {
	slices.Sort(shares)
	switch {
	case n == 0:
		return 0
	case n >= len(shares):
		return 1
	}
	return shares[n]
}
