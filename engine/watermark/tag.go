package watermark

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/inklingdb/inkling/store/rdf"
)

// Triple is a statement as the triple channel sees it: a digest of its three terms that needs no key. The zero Triple is
// none of the channel's: one of its terms, such as a blank node, does not keep its identity in a copy. Two words, and not
// bytes, since the compiler keeps them in registers.
type Triple struct{ a, b uint64 }

// rotateP and rotateO turn the digests of predicates and objects, by places: terms that change places make another
// triple. Each of the two and their difference has at most one factor 2, so that x = rotate(x) holds for four x only.
const rotateP, rotateO = 29, 59

// NewTriple returns s ⊕ rotate(p) ⊕ rotate(o), which costs a few cycles. Digests are the halves of SHA-256, so two triples
// of n whose terms nobody made for it are equal with a chance of n²/2^129. Who makes up the names of four terms can find two equal
// triples by 2^43 trials (Wagner 2002); they count as one, and tell nothing of a key.
func NewTriple(s, p, o TermDigest) Triple {
	if s == (TermDigest{}) || p == (TermDigest{}) || o == (TermDigest{}) {
		return Triple{}
	}
	return Triple{s.a ^ (p.a<<rotateP | p.b>>(64-rotateP)) ^ (o.a<<rotateO | o.b>>(64-rotateO)),
		s.b ^ (p.b<<rotateP | p.a>>(64-rotateP)) ^ (o.b<<rotateO | o.a>>(64-rotateO))}
}

// DigestTriple returns a statement as the channel sees it, whatever its graph.
func DigestTriple(q rdf.Quad) Triple {
	return NewTriple(DigestTerm(q.S), DigestTerm(q.P), DigestTerm(q.O))
}

// stable reports whether all terms keep their identity in a copy.
func (t Triple) stable() bool { return t != Triple{} }

// Of a tag, a is its place: the lowest are carriers. b is its colour in the lowest bit and its share in the highest 53.

func (t Triple) green() bool { return t.b&1 == 0 }

func (t Triple) share() float64 { return float64(t.b>>11) / (1 << 53) }

// tagCipher makes tags of triples: AES-128 under the first half of a secret. As far as AES is a pseudo-random permutation,
// nobody without the key tells which triples are carriers, or their colours, whatever triples he has chosen and seen. Tags
// of n distinct triples are distinct blocks, where independent ones would be equal now and then; that makes no event more
// likely than 1/(1 − n²/2^129) times what it is of independent blocks, so the binomial tail is exact but for that.
type tagCipher struct {
	block    cipher.Block
	schedule [176]byte // round keys, where the processor has AES: many blocks at once take a fifth of block's time
}

func newTagCipher(key secret) *tagCipher {
	first := (*[16]byte)(key.bytes()[:16])
	block, err := aes.NewCipher(first[:])
	if err != nil {
		panic(err) // of a length that is wrong: it is 16
	}
	c := &tagCipher{block: block}
	if hasAES {
		expandKey(first, &c.schedule)
	}
	return c
}

// tag replaces triples by their tags.
func (c *tagCipher) tag(triples []Triple) {
	if hasAES && len(triples) > 0 {
		encryptBlocks(&c.schedule, &triples[0], len(triples))
		return
	}
	var block [16]byte // the words in little-endian order, as the instructions see them
	for i, t := range triples {
		binary.LittleEndian.PutUint64(block[:8], t.a)
		binary.LittleEndian.PutUint64(block[8:], t.b)
		c.block.Encrypt(block[:], block[:])
		triples[i] = Triple{binary.LittleEndian.Uint64(block[:8]), binary.LittleEndian.Uint64(block[8:])}
	}
}

// tagSet is a set of tags. They are random already, so their bits are their place in it.
type tagSet struct {
	slots []Triple // a power of two, open addressing, half full at most; a zero is free: a tag is that with a chance of 2^-128
	used  int
}

// add reports whether the tag is new.
func (s *tagSet) add(tag Triple) bool {
	if 2*s.used >= len(s.slots) {
		old := s.slots
		s.slots, s.used = make([]Triple, max(64, 2*len(old))), 0
		for _, t := range old {
			if t != (Triple{}) {
				s.add(t)
			}
		}
	}
	for at := int(tag.b >> 1); ; at++ {
		switch slot := &s.slots[at&(len(s.slots)-1)]; *slot {
		case Triple{}:
			*slot = tag
			s.used++
			return true
		case tag:
			return false
		}
	}
}
