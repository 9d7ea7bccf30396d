package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String returns 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", 2*len(h), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Sections is how many sections a part has: a change shows in those of the leaves it touches.
const Sections = 64

// Tree makes the Merkle root of a set of leaves, whatever their order; one that comes twice counts twice. Leaves fall into
// sections by the first bits of their hash. It holds 32 bytes a leaf.
type Tree struct{ sections [Sections][]Hash }

// Add takes a leaf in.
func (t *Tree) Add(leaf []byte) {
	h := sha256.New()
	h.Write([]byte{0}) // a leaf, as against a node: RFC 6962, section 2.1
	h.Write(leaf)
	var sum Hash
	h.Sum(sum[:0])
	at := sum[0] >> 2
	t.sections[at] = append(t.sections[at], sum)
}

// Part returns the count and the roots. Nothing may be added afterwards.
func (t *Tree) Part(name string) Part {
	p := Part{Name: name, Sections: make([]Hash, Sections)}
	for i, leaves := range t.sections {
		slices.SortFunc(leaves, func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
		p.Count += int64(len(leaves))
		p.Sections[i] = root(leaves)
	}
	p.Root = root(p.Sections)
	return p
}

// root returns the Merkle tree hash over hashes: RFC 6962, section 2.1, with a list's first half the largest power of two
// below its length.
func root(list []Hash) Hash {
	switch len(list) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return list[0]
	}
	half := 1
	for 2*half < len(list) {
		half *= 2
	}
	left, right := root(list[:half]), root(list[half:])
	var node [1 + 2*sha256.Size]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+sha256.Size:], right[:])
	return sha256.Sum256(node[:])
}
