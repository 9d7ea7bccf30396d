package exchange

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// npyParser reads a header: a Python dictionary of exactly 'descr', 'fortran_order' and 'shape'.
type npyParser struct {
	text string // what is left
	file string
	at   int64 // where the text begins in the file
	from int   // length of the text at the start
}

func (p *npyParser) fail(format string, args ...any) error {
	return atByte(p.file, p.at+int64(p.from-len(p.text)), format, args...)
}

// take passes over white space and then the given text, if it stands there.
func (p *npyParser) take(what string) bool {
	p.text = strings.TrimLeft(p.text, " \t\r\n\x00")
	rest, ok := strings.CutPrefix(p.text, what)
	if ok {
		p.text = rest
	}
	return ok
}

// parse sets the table's shape, type and order.
func (p *npyParser) parse(t *Table) error {
	p.from = len(p.text)
	if !p.take("{") {
		return p.fail("expected { at the start of the header")
	}
	seen := map[string]bool{}
	for !p.take("}") {
		key, err := p.quoted()
		if err != nil {
			return err
		}
		if seen[key] {
			return p.fail("the header states %q twice", key)
		}
		seen[key] = true
		if !p.take(":") {
			return p.fail("expected : after %q", key)
		}
		if err := p.value(key, t); err != nil {
			return err
		}
		if !p.take(",") && !strings.HasPrefix(strings.TrimLeft(p.text, " "), "}") {
			return p.fail("expected , or } after %q", key)
		}
	}
	if p.take(""); p.text != "" {
		return p.fail("text follows the header")
	}
	if len(seen) < 3 {
		return p.fail("the header lacks one of 'descr', 'fortran_order', 'shape'")
	}
	return nil
}

// value reads what stands under a key.
func (p *npyParser) value(key string, t *Table) (err error) {
	switch key {
	case "descr":
		p.take("")
		if strings.HasPrefix(p.text, "[") {
			return p.fail("an array with named fields: save one plain array of float32")
		}
		descr, err := p.quoted()
		if err == nil {
			t.element, err = p.element(descr)
		}
		return err
	case "fortran_order":
		switch {
		case p.take("True"):
			t.fortran = true
		case !p.take("False"):
			return p.fail("expected True or False for 'fortran_order'")
		}
	case "shape":
		t.shape, err = p.tuple()
	default:
		return p.fail("%q does not belong in a header", key)
	}
	return err
}

// quoted reads a string in single or double quotes, without escapes.
func (p *npyParser) quoted() (string, error) {
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) {
			text, rest, ok := strings.Cut(p.text, quote)
			if !ok {
				return "", p.fail("a string does not end")
			}
			p.text = rest
			return text, nil
		}
	}
	return "", p.fail("expected a quoted string")
}

// tuple reads the dimensions: (3, 4) or (3,) or ().
func (p *npyParser) tuple() ([]int, error) {
	if !p.take("(") {
		return nil, p.fail("expected ( for 'shape'")
	}
	dims := []int{}
	for !p.take(")") {
		p.take("")
		digits := 0
		for digits < len(p.text) && p.text[digits] >= '0' && p.text[digits] <= '9' {
			digits++
		}
		d, err := strconv.Atoi(p.text[:digits])
		if err != nil || len(dims) == maxDimensions {
			return nil, p.fail("'shape' must be at most %d whole numbers", maxDimensions)
		}
		p.text = strings.TrimPrefix(p.text[digits:], "L") // as Python 2 wrote it
		dims = append(dims, d)
		if !p.take(",") && !strings.HasPrefix(strings.TrimLeft(p.text, " "), ")") {
			return nil, p.fail("expected , or ) in 'shape'")
		}
	}
	return dims, nil
}

// maxDimensions is what NumPy allows.
const maxDimensions = 32

// element returns what a type string such as <f4 stands for.
func (p *npyParser) element(descr string) (element, error) {
	e := element{name: descr, order: binary.LittleEndian}
	code := descr
	if len(code) > 0 && strings.ContainsRune("<>=|", rune(code[0])) {
		if code[0] == '>' {
			e.order = binary.BigEndian
		}
		code = code[1:]
	}
	switch code {
	case "f2":
		e.kind, e.size = float16, 2
	case "f4":
		e.kind, e.size = float32Kind, 4
	case "f8":
		e.kind, e.size = float64Kind, 8
	case "c8":
		e.kind, e.size, e.complex = float32Kind, 8, true
	case "c16":
		e.kind, e.size, e.complex = float64Kind, 16, true
	case "O":
		return e, p.fail("the array holds pickled Python objects, which are not read: save a.astype('float32')")
	default:
		return e, p.fail("elements of type %q are no floating-point numbers: save a.astype('float32')", descr)
	}
	return e, nil
}
