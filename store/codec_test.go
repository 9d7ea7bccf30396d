package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
	"pgregory.net/rapid"
)

func drawID(t *rapid.T) TermID {
	k := Kind(rapid.IntRange(1, int(KindDateTime)).Draw(t, "kind"))
	most := uint64(1<<32 - 1)
	if k >= KindInteger {
		most = payloadMask
	}
	return makeID(k, rapid.Uint64Range(1, most).Draw(t, "payload"))
}

func drawTuples(t *rapid.T) []tuple {
	pool := rapid.SliceOfN(rapid.Custom(drawID), 1, 6).Draw(t, "pool")
	one := rapid.Custom(func(t *rapid.T) tuple {
		var out tuple
		for i := range out {
			if rapid.Bool().Draw(t, "any") {
				out[i] = drawID(t)
			} else {
				out[i] = rapid.SampledFrom(pool).Draw(t, "of pool")
			}
		}
		return out
	})
	tuples := rapid.SliceOfN(one, 1, blockSize).Draw(t, "tuples")
	slices.SortFunc(tuples, tuple.compare)
	return slices.Compact(tuples)
}

func TestBlockRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tuples := drawTuples(t)
		packed := appendBlock(nil, tuples)
		var out [blockSize]tuple
		n, err := decodeBlock(packed, tuples[0], tuple{maxID, maxID, maxID}, &out)
		if err != nil || !slices.Equal(out[:n], tuples) {
			t.Fatalf("%v, %v, want %v", out[:n], err, tuples)
		}
		probe := rapid.SampledFrom(tuples).Draw(t, "probe")
		for _, want := range []tuple{probe, {probe[0], probe[1], probe[2] + 1}, {probe[0], probe[1] + 1, 1}} {
			has, err := blockHas(packed, tuples[0], want)
			if err != nil || has != slices.Contains(tuples, want) {
				t.Fatalf("has %v: %v, %v", want, has, err)
			}
		}
	})
}

func FuzzDecodeBlock(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		tuples := make([]tuple, 1+r.IntN(blockSize))
		for i := range tuples {
			tuples[i] = tuple{makeID(KindIRI, uint64(r.IntN(9))), makeID(KindIRI, uint64(r.IntN(3))), makeID(Kind(1+r.IntN(9)), r.Uint64N(1<<30))}
		}
		slices.SortFunc(tuples, tuple.compare)
		f.Add(appendBlock(nil, slices.Compact(tuples)), uint64(tuples[0][2]))
	}
	f.Fuzz(func(t *testing.T, data []byte, first uint64) {
		var out [blockSize]tuple
		start := tuple{makeID(KindIRI, 1), makeID(KindIRI, 1), TermID(first)}
		n, err := decodeBlock(data, start, tuple{maxID, maxID, maxID}, &out)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if n < 1 || n > blockSize || out[0] != start {
			t.Fatalf("%d tuples", n)
		}
		if _, err := blockHas(data, start, out[n-1]); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCommitRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := map[placed]bool{}
		for _, at := range drawTuples(t) {
			var g TermID
			if rapid.Bool().Draw(t, "named") {
				g = makeID(KindIRI, rapid.Uint64Range(1, 3).Draw(t, "graph"))
			}
			changes[placed{g, SPO.triple(at)}] = rapid.Bool().Draw(t, "removed")
		}
		c := Commit{Version: Version(rapid.Uint64().Draw(t, "version")), Source: rapid.String().Draw(t, "source"),
			Time: time.Unix(0, rapid.Int64().Draw(t, "time")).UTC(), Bulk: rapid.Bool().Draw(t, "bulk"), Changes: changeList(changes)}
		got, err := decodeCommit(encodeCommit(c))
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("%+v, %v, want %+v", got, err, c)
		}
	})
}

func FuzzDecodeCommit(f *testing.F) {
	f.Add(encodeCommit(Commit{Version: 3, Source: "x", Time: time.Unix(5, 6).UTC(), Changes: []Change{
		{Triple: Triple{makeID(KindIRI, 1), makeID(KindIRI, 2), makeID(KindInteger, 3)}},
		{Triple: Triple{makeID(KindIRI, 1), makeID(KindIRI, 3), makeID(KindInteger, 3)}, Removed: true},
		{Graph: makeID(KindIRI, 9), Triple: Triple{makeID(KindIRI, 1), makeID(KindIRI, 3), makeID(KindString, 3)}}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := decodeCommit(data); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

func TestTermsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rdf.Term {
			value := rapid.StringN(0, 20, -1).Draw(t, "value")
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				return rdf.NewIRI("http://x/" + value)
			case 1:
				return rdf.NewBlank(value)
			case 2:
				return rdf.NewString(value)
			case 3:
				return rdf.Term{Kind: rdf.Literal, Value: value, Datatype: rdf.RDFLangString, Lang: rapid.SampledFrom([]string{"en", "en-gb"}).Draw(t, "lang")}
			}
			return rdf.NewTyped(value, rapid.SampledFrom(append(knownDatatypes[1:], "http://own/type")).Draw(t, "datatype"))
		}), 1, termsPerBlock).Draw(t, "terms")
		got, err := decodeTerms(encodeTerms(terms))
		if err != nil || !slices.Equal(got, terms) {
			t.Fatalf("%v, %v, want %v", got, err, terms)
		}
	})
}

func FuzzDecodeTerms(f *testing.F) {
	f.Add(encodeTerms([]rdf.Term{iri("a"), iri("ab"), rdf.NewString(""), rdf.NewTyped("1.0", rdf.XSDDouble), rdf.NewTyped("x", "http://t")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		terms, err := decodeTerms(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if len(terms) > 0 && len(terms) <= termsPerBlock {
			again, err := decodeTerms(encodeTerms(terms))
			if err != nil || !slices.Equal(again, terms) {
				t.Fatalf("%v, %v, want %v", again, err, terms)
			}
		}
	})
}

func FuzzDecodeRunBlock(f *testing.F) {
	f.Add(appendRunBlock(nil, []hashedTerm{{5, 1}, {5, 2}, {1 << 60, 3}}), uint64(5))
	f.Fuzz(func(t *testing.T, data []byte, first uint64) {
		if _, err := decodeRunBlock(data, first, nil); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

// TestInline holds texts that fit in an identifier, and ones that must not, since they would come back changed.
func TestInline(t *testing.T) {
	inline := map[string][]string{
		rdf.XSDInteger: {"0", "7", "-1", "36028797018963967", "-36028797018963968"},
		rdf.XSDDecimal: {"0", "0.0", "1.50", "-0.5", "12", "2251799813685247", "0.000000000000001", "-2251799813685.247"},
		rdf.XSDBoolean: {"true", "false"},
		rdf.XSDDate:    {"2024-02-29", "0001-01-01", "9999-12-31Z", "2020-01-01+05:30", "2020-01-01-14:00", "2020-01-01+00:00"},
		rdf.XSDDateTime: {"2024-02-29T23:59:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999+14:00", "2020-01-01T10:00:00.5",
			"2020-01-01T10:00:00.05Z", "2020-01-01T10:00:00.123-03:30"},
	}
	for datatype, texts := range inline {
		for _, text := range texts {
			term := rdf.NewTyped(text, datatype)
			id, ok := inlineID(term)
			if !ok {
				t.Errorf("%s %s is not inline", datatype, text)
				continue
			}
			if back, ok := inlineTerm(id); !ok || back != term {
				t.Errorf("%s %s comes back as %v", datatype, text, back)
			}
		}
	}
	other := map[string][]string{
		rdf.XSDInteger: {"", "-", "+1", "01", "-0", "36028797018963968", "1.0", " 1", "1e3", "99999999999999999999"},
		rdf.XSDDecimal: {"", ".", ".5", "5.", "+1.0", "01.0", "-0.0", "-0", "2251799813685248", "0.0000000000000001", "1.-5", "--1"},
		rdf.XSDBoolean: {"1", "0", "TRUE", ""},
		rdf.XSDDate:    {"", "2023-02-29", "0000-01-01", "-0001-01-01", "12024-01-01", "2020-1-1", "2020-01-01+14:15", "2020-01-01-00:00", "2020-01-01+01:07", "2020-01-01z"},
		rdf.XSDDateTime: {"2020-01-01", "2020-01-01T24:00:00", "2020-01-01T10:00:00.", "2020-01-01T10:00:00.50", "2020-01-01T10:00:00.1234",
			"2020-01-01T10:00:60", "2020-01-01 10:00:00", "2020-01-01T10:00:00,5", "2020-01-01T10:00:00+1x:00"},
		rdf.XSDDouble: {"1", "1.0E0"},
		rdf.XSDString: {"1"},
	}
	for datatype, texts := range other {
		for _, text := range texts {
			if id, ok := inlineID(rdf.NewTyped(text, datatype)); ok {
				back, _ := inlineTerm(id)
				t.Errorf("%s %q is inline, as %v", datatype, text, back)
			}
		}
	}
}

// TestInlineProperty: whatever becomes inline comes back as it was, integers and times keep their order.
func TestInlineProperty(t *testing.T) {
	texts := rapid.StringMatching(`-?[0-9]{1,4}(\.[0-9]{0,3})?|[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,4})?)?(Z|[+-][01][0-9]:[0-5][05])?`)
	datatypes := rapid.SampledFrom([]string{rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDate, rdf.XSDDateTime})
	rapid.Check(t, func(t *rapid.T) {
		term := rdf.NewTyped(texts.Draw(t, "text"), datatypes.Draw(t, "datatype"))
		id, ok := inlineID(term)
		if !ok {
			return
		}
		if back, ok := inlineTerm(id); !ok || back != term {
			t.Fatalf("%v comes back as %v", term, back)
		}
		if at, zoned, ok := id.Time(); ok && zoned && term.Datatype == rdf.XSDDateTime {
			want, err := time.Parse(time.RFC3339Nano, term.Value)
			if err != nil || !want.Equal(at) {
				t.Fatalf("%v is %v, %v", term, at, err)
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(-1<<55, 1<<55-1).Draw(t, "a"), rapid.Int64Range(-1<<55, 1<<55-1).Draw(t, "b")
		x, _ := inlineID(rdf.NewTyped(fmt.Sprint(a), rdf.XSDInteger))
		y, _ := inlineID(rdf.NewTyped(fmt.Sprint(b), rdf.XSDInteger))
		if (a < b) != (x < y) {
			t.Fatalf("%d is %x, %d is %x", a, x, b, y)
		}
		if n, ok := x.Integer(); !ok || n != a {
			t.Fatalf("%d is %d", a, n)
		}
	})
}

func TestTermBounds(t *testing.T) {
	s := mustOpen(t, "", Options{})
	big := rdf.NewString(strings.Repeat("x", maxTermBytes+1))
	for _, bad := range []rdf.Quad{{S: rdf.NewString("s"), P: iri("p"), O: iri("o")}, {S: iri("s"), P: rdf.NewBlank("p"), O: iri("o")},
		{S: iri("s"), P: iri("p")}, {S: iri("s"), P: iri("p"), O: iri("o"), G: rdf.NewString("g")}, {S: iri("s"), P: iri("p"), O: big}} {
		if _, err := s.Write(t.Context(), Batch{Add: []rdf.Quad{spo("a", "b", "c"), bad}}); !errors.Is(err, ErrTerm) {
			t.Errorf("%v", err)
		}
	}
	if st := s.Stats(); st.Triples != 0 || st.Terms != 0 || st.Version != 0 {
		t.Errorf("failed writes left %+v", st)
	}
	if _, err := s.Write(t.Context(), Batch{Add: []rdf.Quad{{S: iri("s"), P: iri("p"), O: rdf.Term{Kind: rdf.Literal, Value: "v"}}}}); err != nil {
		t.Error(err)
	}
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, ok, err := v.ID(rdf.NewString("v")); !ok || err != nil {
		t.Error("a literal without datatype is not a string")
	}
}
