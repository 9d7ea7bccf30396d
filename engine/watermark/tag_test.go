package watermark

import (
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// The instructions' tags are those of crypto/aes, for each number of blocks at once; and those of FIPS 197, appendix C.1.
func TestTagsAreAES(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for n := range 40 {
		var key [32]byte
		in := make([]Triple, n)
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		want := make([]Triple, n)
		block, err := aes.NewCipher(key[:16])
		if err != nil {
			t.Fatal(err)
		}
		for i := range in {
			in[i] = Triple{random.Uint64(), random.Uint64()}
			text := bytesOf(in[i])
			block.Encrypt(text[:], text[:])
			want[i] = tripleOf(text)
		}
		for _, instructions := range []bool{false, true} {
			got := append([]Triple{}, in...)
			with(t, instructions, func() { newTagCipher(newSecret(key[:])).tag(got) })
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("block %d of %d, instructions %t: %x, want %x", i, n, instructions, got[i], want[i])
				}
			}
		}
	}
	key, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	text, _ := hex.DecodeString("00112233445566778899aabbccddeeff")
	tags := []Triple{tripleOf([16]byte(text))}
	newTagCipher(newSecret(key)).tag(tags)
	if got := fmt.Sprintf("%x", bytesOf(tags[0])); got != "69c4e0d86a7b0430d8cdb78070b4c55a" {
		t.Error(got)
	}
}

func bytesOf(t Triple) (b [16]byte) {
	binary.LittleEndian.PutUint64(b[:8], t.a)
	binary.LittleEndian.PutUint64(b[8:], t.b)
	return b
}

func tripleOf(b [16]byte) Triple {
	return Triple{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])}
}

// with runs f with the processor's AES or without; where there is none, always without.
func with(t *testing.T, instructions bool, f func()) {
	t.Helper()
	has := hasAES
	hasAES = has && instructions
	defer func() { hasAES = has }()
	f()
}

// Terms that change places, are equal or lack an identity make triples of their own, or none.
func TestTripleTellsItsTerms(t *testing.T) {
	terms := []TermDigest{}
	for i := range 12 {
		terms = append(terms, DigestTerm(rdf.NewIRI(fmt.Sprintf("http://example.org/%d", i))))
	}
	seen := map[Triple][3]int{}
	for s := range terms {
		for p := range terms {
			for o := range terms {
				x := NewTriple(terms[s], terms[p], terms[o])
				if other, twice := seen[x]; twice || !x.stable() {
					t.Fatalf("%v and %v are both %x", other, [3]int{s, p, o}, x)
				}
				seen[x] = [3]int{s, p, o}
			}
		}
	}
	none := TermDigest{}
	for _, x := range []Triple{NewTriple(none, terms[0], terms[1]), NewTriple(terms[0], none, terms[1]), NewTriple(terms[0], terms[1], none)} {
		if x.stable() {
			t.Errorf("%x has an identity", x)
		}
	}
}

// Of digests as bits, each bit of the subject, predicate and object moves one bit of the triple, to places of its own.
func TestTripleIsARotation(t *testing.T) {
	one := TermDigest{0x5a5a5a5a5a5a5a5a, 0x5a5a5a5a5a5a5a5a}
	base := NewTriple(one, one, one)
	for role, by := range []int{0, rotateP, rotateO} {
		for bit := range 128 {
			d := [3]TermDigest{one, one, one}
			moved := bytesOf(Triple(one))
			moved[bit/8] ^= 1 << (bit % 8)
			d[role] = TermDigest(tripleOf(moved))
			want := bytesOf(base)
			to := (bit + by) % 128
			want[to/8] ^= 1 << (to % 8)
			if got := bytesOf(NewTriple(d[0], d[1], d[2])); got != want {
				t.Fatalf("bit %d of term %d: %x, want %x", bit, role, got, want)
			}
		}
	}
}

// Tags of a structured set behave as independent ones: carriers are one in gamma, half of them green, and the carriers of two keys
// meet as chance has it.
func TestTagsOfAGrid(t *testing.T) {
	const gamma, side = 16, 256
	var digests [side]TermDigest
	for i := range digests {
		digests[i] = DigestTerm(rdf.NewIRI(fmt.Sprintf("http://example.org/%d", i)))
	}
	a, b := graphKey(1).reader(gamma), graphKey(2).reader(gamma)
	carriers, green, both := 0, 0, 0
	for _, s := range digests {
		for _, o := range digests {
			x := NewTriple(s, digests[0], o)
			f, g := a.of(x), b.of(x)
			if f.carrier {
				carriers++
				if f.green {
					green++
				}
				if g.carrier {
					both++
				}
			}
		}
	}
	// 65,536 triples: 4,096 carriers with a deviation of 62, 2,048 green ones with 32, and 256 of both keys with 16.
	if carriers < 4096-310 || carriers > 4096+310 || green < carriers/2-160 || green > carriers/2+160 || both < 256-80 || both > 256+80 {
		t.Errorf("%d carriers, %d green, %d of both keys", carriers, green, both)
	}
}

// A set of tags says what a map does, of many and of few, repeated or not.
func TestTagSet(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for _, n := range []int{0, 1, 31, 32, 33, 5000} {
		var set tagSet
		seen := map[Triple]bool{}
		for range n {
			tag := Triple{random.Uint64N(3), 1 + random.Uint64N(1600)}
			if isNew := set.add(tag); isNew == seen[tag] {
				t.Fatalf("of %d: %x is new: %t", n, tag, isNew)
			}
			seen[tag] = true
		}
		if set.used != len(seen) {
			t.Errorf("of %d: %d kept, %d are there", n, set.used, len(seen))
		}
	}
}
