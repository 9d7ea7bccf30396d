package exchange

import (
	"encoding/binary"
	"math"
)

// kind is how a number is stored.
type kind uint8

const (
	otherKind kind = iota // integers and the like: not read
	float16
	bfloat16
	float32Kind
	float64Kind
)

// element is the type of an array's elements.
type element struct {
	name    string // as the file has it
	kind    kind
	size    int  // bytes of an element
	complex bool // two numbers of the kind: real, imaginary
	order   binary.ByteOrder
}

// numbers returns how many real numbers an element is.
func (e element) numbers() int {
	if e.complex {
		return 2
	}
	return 1
}

// decode sets out to the numbers stored in p; those too large for a float32 become infinite.
func (e element) decode(p []byte, out []float32) {
	switch e.kind {
	case float16:
		for i := range out {
			out[i] = fromHalf(e.order.Uint16(p[2*i:]))
		}
	case bfloat16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(e.order.Uint16(p[2*i:])) << 16)
		}
	case float32Kind:
		for i := range out {
			out[i] = math.Float32frombits(e.order.Uint32(p[4*i:]))
		}
	case float64Kind:
		for i := range out {
			out[i] = float32(math.Float64frombits(e.order.Uint64(p[8*i:])))
		}
	}
}

// fromHalf returns the value of a number in IEEE 754 binary16, which a float32 holds exactly.
func fromHalf(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 31: // infinite, or not a number
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case 0: // fraction · 2⁻²⁴
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
