package store

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// knownDatatypes are written as one byte. The position is on disk: append only.
var knownDatatypes = []string{
	"", // 0: the datatype is spelt out
	rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDouble, rdf.XSDFloat, rdf.XSDBoolean, rdf.XSDDate, rdf.XSDDateTime,
	rdf.XSD + "time", rdf.XSD + "duration", rdf.XSD + "gYear", rdf.XSD + "gYearMonth", rdf.XSD + "gMonthDay",
	rdf.XSD + "anyURI", rdf.XSD + "int", rdf.XSD + "long", rdf.XSD + "nonNegativeInteger",
	rdf.XSD + "positiveInteger", rdf.RDF + "JSON", rdf.RDF + "HTML", rdf.RDF + "XMLLiteral",
	rdf.XSD + "hexBinary", rdf.XSD + "base64Binary", rdf.XSD + "dayTimeDuration", rdf.XSD + "yearMonthDuration",
}

// appendTerm appends a dictionary term's payload; with its kind it determines the term. Distinct terms
// of one kind have distinct payloads.
func appendTerm(b []byte, k Kind, t rdf.Term) []byte {
	switch k {
	case KindLang:
		b = binary.AppendUvarint(b, uint64(len(t.Lang)))
		b = append(b, t.Lang...)
	case KindTyped:
		code := datatypeCode(t.Datatype)
		b = append(b, code)
		if code == 0 {
			b = binary.AppendUvarint(b, uint64(len(t.Datatype)))
			b = append(b, t.Datatype...)
		}
	}
	return append(b, t.Value...)
}

func datatypeCode(iri string) byte {
	if !strings.HasPrefix(iri, rdf.XSD) && !strings.HasPrefix(iri, rdf.RDF) {
		return 0
	}
	for i, known := range knownDatatypes {
		if known == iri {
			return byte(i)
		}
	}
	return 0
}

// parseTerm is the inverse of appendTerm.
func parseTerm(k Kind, payload string) (rdf.Term, error) {
	switch k {
	case KindIRI:
		return rdf.NewIRI(payload), nil
	case KindBlank:
		return rdf.NewBlank(payload), nil
	case KindString:
		return rdf.NewString(payload), nil
	case KindLang:
		lang, value, ok := cutCounted(payload)
		if ok {
			return rdf.Term{Kind: rdf.Literal, Value: value, Datatype: rdf.RDFLangString, Lang: lang}, nil
		}
	case KindTyped:
		if payload == "" || int(payload[0]) >= len(knownDatatypes) {
			break
		}
		if payload[0] != 0 {
			return rdf.NewTyped(payload[1:], knownDatatypes[payload[0]]), nil
		}
		if datatype, value, ok := cutCounted(payload[1:]); ok && datatype != "" {
			return rdf.NewTyped(value, datatype), nil
		}
	}
	return rdf.Term{}, fmt.Errorf("term of kind %d: %w", k, ErrCorrupt)
}

// cutCounted splits a string that starts with its first part's length.
func cutCounted(s string) (first, rest string, ok bool) {
	var length uint64
	for i := 0; i < len(s) && i < 5; i++ {
		length |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			s = s[i+1:]
			if length > uint64(len(s)) {
				return "", "", false
			}
			return s[:length], s[length:], true
		}
	}
	return "", "", false
}

// termsPerBlock is the number of terms in a front-coded block.
const termsPerBlock = 64

// termBlock encodes terms as one value: a count byte, then for each the length it shares with the last
// term of its kind and the kind, the length of the rest, and the rest.
type termBlock struct {
	data []byte
	last [KindTyped + 1][]byte
}

func (b *termBlock) reset() {
	b.data = append(b.data[:0], 0)
	for i := range b.last {
		b.last[i] = b.last[i][:0]
	}
}

// add appends a term by its payload.
func (b *termBlock) add(k Kind, payload []byte) {
	last := b.last[k]
	shared := 0
	for shared < len(payload) && shared < len(last) && payload[shared] == last[shared] {
		shared++
	}
	b.data[0]++
	b.data = binary.AppendUvarint(b.data, uint64(shared)<<3|uint64(k))
	b.data = binary.AppendUvarint(b.data, uint64(len(payload)-shared))
	b.data = append(b.data, payload[shared:]...)
	b.last[k] = append(last[:shared], payload[shared:]...)
}

// encodeTerms returns up to termsPerBlock terms as one value.
func encodeTerms(terms []rdf.Term) []byte {
	var b termBlock
	b.reset()
	var payload []byte
	for _, t := range terms {
		k := dictionaryKind(t)
		payload = appendTerm(payload[:0], k, t)
		b.add(k, payload)
	}
	return b.data
}

// decodeTerms is the inverse of termBlock.
func decodeTerms(data []byte) ([]rdf.Term, error) {
	if len(data) == 0 || data[0] > termsPerBlock {
		return nil, fmt.Errorf("term block header: %w", ErrCorrupt)
	}
	terms := make([]rdf.Term, 0, data[0])
	count, data := int(data[0]), data[1:]
	var last [KindTyped + 1][]byte
	for range count {
		tag, n := binary.Uvarint(data)
		rest, m := binary.Uvarint(data[max(n, 0):])
		k := Kind(tag & 7)
		if n <= 0 || m <= 0 || k < KindIRI || k > KindTyped || tag>>3 > uint64(len(last[k])) ||
			rest > uint64(len(data)-n-m) {
			return nil, fmt.Errorf("term %d of block: %w", len(terms), ErrCorrupt)
		}
		data = data[n+m:]
		payload := append(last[k][:tag>>3], data[:rest]...)
		data = data[rest:]
		t, err := parseTerm(k, string(payload))
		if err != nil {
			return nil, err
		}
		terms, last[k] = append(terms, t), payload
	}
	if len(data) != 0 {
		return nil, fmt.Errorf("%d bytes after term block: %w", len(data), ErrCorrupt)
	}
	return terms, nil
}
