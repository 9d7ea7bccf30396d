package expr

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Runtime is what is fixed for one query. It is not for concurrent use.
type Runtime struct {
	Terms *Terms
	Hooks Hooks
	Base  string // resolves IRI("relative"); "" leaves relative IRIs as they are
	// Row0 numbers the first row of the batch being evaluated among all rows of its operator, so that
	// BNODE("label") gives one node per label and row.
	Row0 int64

	now    Value
	random *rand.Rand
	prefix string // of the blank nodes that this query makes
	blanks int64
	perRow map[rowLabel]string
}

type rowLabel struct {
	row   int64
	label string
}

// NewRuntime returns a runtime whose NOW is fixed and whose RAND, UUID and blank node labels come from seed.
func NewRuntime(t *Terms, now time.Time, seed uint64) *Runtime {
	rt := &Runtime{Terms: t, random: rand.New(rand.NewPCG(seed, 0x1a6b)), perRow: map[rowLabel]string{}}
	rt.now = momentValue(DateTime, moment{utc: now.UTC().Truncate(time.Millisecond), hasZone: true})
	rt.prefix = "q" + strconv.FormatUint(rt.random.Uint64(), 36) + "x"
	return rt
}

// NewBlank returns a blank node that no other query makes.
func (rt *Runtime) NewBlank() Value {
	rt.blanks++
	return Value{Kind: Blank, text: rt.prefix + strconv.FormatInt(rt.blanks, 10)}
}

// rowBlank returns the blank node of a label in a row.
func (rt *Runtime) rowBlank(row int64, label string) Value {
	if len(rt.perRow) > cacheLimit {
		clear(rt.perRow)
	}
	k := rowLabel{row, label}
	text, ok := rt.perRow[k]
	if !ok {
		text = rt.NewBlank().text
		rt.perRow[k] = text
	}
	return Value{Kind: Blank, text: text}
}

// uuid returns a version 4 UUID.
func (rt *Runtime) uuid() string {
	hi, lo := rt.random.Uint64(), rt.random.Uint64()
	hi = hi&^0xF000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xFFFF, hi&0xFFFF, lo>>48, lo&(1<<48-1))
}
