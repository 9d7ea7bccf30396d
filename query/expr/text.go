package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// isText reports that v is a string literal, with or without language.
func isText(v Value) bool { return v.Kind == String || v.Kind == LangString }

// likeText returns s as a literal of the same kind and language as v.
func likeText(v Value, s string) Value { return langStr(s, v.Lang()) }

// compatible reports that o may be an argument beside v: a plain string, or of v's language.
func compatible(v, o Value) bool {
	return isText(v) && isText(o) && (o.Kind == String || v.Kind == LangString && strings.EqualFold(v.Lang(), o.Lang()))
}

func strlen(v Value) Value {
	if !isText(v) {
		return Value{}
	}
	return Int(int64(utf8.RuneCountInString(v.text)))
}

// substr implements SUBSTR: positions count code points from 1, and both numbers are rounded first.
func substr(args []Value) Value {
	v := args[0]
	if !isText(v) || !args[1].IsNumeric() {
		return Value{}
	}
	start, _ := roundOf(args[1]).Float()
	end := float64(len(v.text) + 2)
	if len(args) == 3 {
		length, ok := roundOf(args[2]).Float()
		if !ok {
			return Value{}
		}
		end = start + length
	}
	var b strings.Builder
	position := 0.0
	for _, r := range v.text {
		position++
		if position >= start && position < end {
			b.WriteRune(r)
		}
	}
	return likeText(v, b.String())
}

// upper maps by Unicode's full rules: ß becomes SS.
func upper(s string) string { return cases.Upper(language.Und).String(s) }

func lower(s string) string {
	return cases.Lower(language.Und, cases.HandleFinalSigma(false)).String(s)
}

func mapText(f func(string) string) func(Value) Value {
	return func(v Value) Value {
		if !isText(v) {
			return Value{}
		}
		return likeText(v, f(v.text))
	}
}

func testText(f func(s, part string) bool) func(v, o Value) Value {
	return func(v, o Value) Value {
		if !compatible(v, o) {
			return Value{}
		}
		return Bool(f(v.text, o.text))
	}
}

func strBefore(v, o Value) Value {
	if !compatible(v, o) {
		return Value{}
	}
	if before, _, found := strings.Cut(v.text, o.text); found {
		return likeText(v, before)
	}
	return Str("")
}

func strAfter(v, o Value) Value {
	if !compatible(v, o) {
		return Value{}
	}
	if _, after, found := strings.Cut(v.text, o.text); found {
		return likeText(v, after)
	}
	return Str("")
}

// concat keeps the language that all arguments share.
func concat(args []Value) Value {
	var b strings.Builder
	for _, v := range args {
		if !isText(v) {
			return Value{}
		}
		b.WriteString(v.text)
	}
	for _, v := range args {
		if v.Lang() == "" || !strings.EqualFold(v.Lang(), args[0].Lang()) {
			return Str(b.String())
		}
	}
	if len(args) == 0 {
		return Str("")
	}
	return likeText(args[0], b.String())
}

// encodeForURI escapes every byte but the unreserved characters of RFC 3986.
func encodeForURI(v Value) Value {
	if !isText(v) {
		return Value{}
	}
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(v.text); i++ {
		c := v.text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return Str(b.String())
}

// langMatches implements basic filtering of RFC 4647: "*" matches any tag.
func langMatches(tag, pattern Value) Value {
	if tag.Kind != String || pattern.Kind != String {
		return Value{}
	}
	if pattern.text == "*" {
		return Bool(tag.text != "")
	}
	t, p := strings.ToLower(tag.text), strings.ToLower(pattern.text)
	return Bool(t == p && p != "" || strings.HasPrefix(t, p+"-"))
}

// hashes maps each SPARQL hash function to its digest in lower-case hex.
var hashes = map[string]func([]byte) string{
	"MD5":    func(b []byte) string { s := md5.Sum(b); return hex.EncodeToString(s[:]) },
	"SHA1":   func(b []byte) string { s := sha1.Sum(b); return hex.EncodeToString(s[:]) },
	"SHA256": func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) },
	"SHA384": func(b []byte) string { s := sha512.Sum384(b); return hex.EncodeToString(s[:]) },
	"SHA512": func(b []byte) string { s := sha512.Sum512(b); return hex.EncodeToString(s[:]) },
}

func hashText(name string) func(Value) Value {
	digest := hashes[name]
	return func(v Value) Value {
		if v.Kind != String {
			return Value{}
		}
		return Str(digest([]byte(v.text)))
	}
}
