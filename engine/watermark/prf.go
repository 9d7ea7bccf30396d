package watermark

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"math"
	"math/rand/v2"
)

// source is a keyed pseudo-random function from names to streams of signs: HMAC-SHA256 of the name seeds ChaCha8, whose
// words are the signs, lowest bit first, a set bit for −1. It is not safe for concurrent use.
type source struct {
	mac    hash.Hash
	stream *rand.ChaCha8
	text   []byte
	sum    [sha256.Size]byte
}

func newSource(key secret) *source {
	return &source{mac: hmac.New(sha256.New, key.bytes()[:]), stream: rand.NewChaCha8([32]byte{})}
}

// Kinds of what a source is asked for, so that no name can be taken for a label.
const (
	ofName  = 'n' // a row's name
	ofLabel = 'l' // a direction of the channel's own
)

// hash sets s.sum to the HMAC of a kind and a text.
func (s *source) hash(kind byte, text string) {
	s.text = append(append(s.text[:0], kind), text...)
	s.mac.Reset()
	s.mac.Write(s.text)
	s.mac.Sum(s.sum[:0])
}

// signs fills words with the signs of a kind and a text.
func (s *source) signs(kind byte, text string, words []uint64) {
	s.hash(kind, text)
	s.stream.Seed(s.sum)
	for i := range words {
		words[i] = s.stream.Uint64()
	}
}

// sign returns the first sign of a name.
func (s *source) sign(name string) float32 {
	s.hash(ofName, name)
	return 1 - 2*float32(s.sum[0]&1)
}

// wordsFor returns how many words hold d signs.
func wordsFor(d int) int { return (d + 63) / 64 }

// flipped returns x with its sign changed where the lowest bit of w is set.
func flipped(x float32, w uint64) float32 {
	return math.Float32frombits(math.Float32bits(x) ^ uint32(w)<<31)
}

// signedSum returns Σ ±y[i], the signs being those of words. Eight sums run side by side, so the order of additions is
// fixed.
func signedSum(y []float32, words []uint64) float32 {
	var a, b, c, d, e, f, g, h float32
	i := 0
	for ; i+8 <= len(y); i += 8 {
		w := words[i>>6] >> (i & 63)
		v := y[i : i+8 : i+8]
		a += flipped(v[0], w)
		b += flipped(v[1], w>>1)
		c += flipped(v[2], w>>2)
		d += flipped(v[3], w>>3)
		e += flipped(v[4], w>>4)
		f += flipped(v[5], w>>5)
		g += flipped(v[6], w>>6)
		h += flipped(v[7], w>>7)
	}
	for ; i < len(y); i++ {
		a += flipped(y[i], words[i>>6]>>(i&63))
	}
	return ((a + b) + (c + d)) + ((e + f) + (g + h))
}

// addSigns adds ±a to y[i].
func addSigns(y []float32, words []uint64, a float32) {
	for i := range y {
		y[i] += flipped(a, words[i>>6]>>(i&63))
	}
}

// unpack writes the signs as ±1.
func unpack(words []uint64, out []float32) {
	clear(out)
	addSigns(out, words, 1)
}
