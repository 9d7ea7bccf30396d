package expr

import (
	"fmt"
	"regexp"
	"strings"
)

// translateRegex returns the Go regular expression that means what an XPath pattern with flags means.
// Back-references and character class subtraction have no counterpart in linear time and are errors.
func translateRegex(pattern, flags string) (*regexp.Regexp, error) {
	goFlags := ""
	quote, free := false, false
	for _, f := range flags {
		switch f {
		case 's', 'i', 'm':
			goFlags += string(f)
		case 'x':
			free = true
		case 'q':
			quote = true
		default:
			return nil, fmt.Errorf("expr: regular expression flag %q is not one of s, m, i, x, q", f)
		}
	}
	switch {
	case quote:
		pattern = regexp.QuoteMeta(pattern)
	default:
		pattern = translateClasses(pattern, free)
	}
	if goFlags != "" {
		pattern = "(?" + goFlags + ")" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("expr: regular expression: %w", err)
	}
	return re, nil
}

// xmlNameClasses are XML's multi-character escapes, as the inside of a Go character class.
var xmlNameClasses = map[byte]string{
	'i': `\pL_:`, 'c': `\pL\pN\pM_:.\-`, 'd': `\p{Nd}`,
}

// translateClasses rewrites \i, \c and \d, and drops white space outside classes when free is set.
func translateClasses(pattern string, free bool) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			i++
			class, ok := xmlNameClasses[pattern[i]]
			switch {
			case ok && depth > 0:
				b.WriteString(class)
			case ok:
				b.WriteString("[" + class + "]")
			default:
				b.WriteByte('\\')
				b.WriteByte(pattern[i])
			}
			continue
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case free && depth == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// regexCache keeps the last pattern compiled, since patterns are nearly always constant. Not for concurrent use.
type regexCache struct {
	pattern, flags string
	re             *regexp.Regexp
	valid          bool
}

// compile returns nil for a malformed pattern.
func (c *regexCache) compile(pattern, flags string) *regexp.Regexp {
	if !c.valid || c.pattern != pattern || c.flags != flags {
		c.re, _ = translateRegex(pattern, flags)
		c.pattern, c.flags, c.valid = pattern, flags, true
	}
	return c.re
}

// match implements REGEX(text, pattern [, flags]).
func (c *regexCache) match(args []Value) Value {
	flags, ok := optionalFlags(args, 2)
	if !isText(args[0]) || args[1].Kind != String || !ok {
		return Value{}
	}
	re := c.compile(args[1].text, flags)
	if re == nil {
		return Value{}
	}
	return Bool(re.MatchString(args[0].text))
}

// replace implements REPLACE(text, pattern, replacement [, flags]); a pattern that matches "" is an error.
func (c *regexCache) replace(args []Value) Value {
	flags, ok := optionalFlags(args, 3)
	if !isText(args[0]) || args[1].Kind != String || args[2].Kind != String || !ok {
		return Value{}
	}
	re := c.compile(args[1].text, flags)
	if re == nil || re.MatchString("") {
		return Value{}
	}
	if strings.Contains(flags, "q") {
		return likeText(args[0], re.ReplaceAllLiteralString(args[0].text, args[2].text))
	}
	template, ok := translateReplacement(args[2].text, re.NumSubexp())
	if !ok {
		return Value{}
	}
	return likeText(args[0], re.ReplaceAllString(args[0].text, template))
}

func optionalFlags(args []Value, i int) (string, bool) {
	if len(args) <= i {
		return "", true
	}
	return args[i].text, args[i].Kind == String
}

// translateReplacement turns $N, \$ and \\ into Go's template; $N takes as many digits as there are groups for.
func translateReplacement(s string, groups int) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) || s[i] != '\\' && s[i] != '$' {
				return "", false
			}
			if s[i] == '$' {
				b.WriteByte('$')
			}
			b.WriteByte(s[i])
		case '$':
			n, digits := 0, 0
			for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
				next := n*10 + int(s[i+1]-'0')
				if digits > 0 && next > groups {
					break
				}
				n, digits, i = next, digits+1, i+1
			}
			if digits == 0 {
				return "", false
			}
			if n <= groups {
				fmt.Fprintf(&b, "${%d}", n)
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}
