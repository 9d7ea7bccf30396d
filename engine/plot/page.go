package plot

import (
	"html"
	"image/color"
	"strings"
	"unicode"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes, in pixels.
const (
	margin     vg.Length = 14
	titleSize  vg.Length = 15
	normalSize vg.Length = 11.5
	smallSize  vg.Length = 10.5
	gap        vg.Length = 6
	lineGap    vg.Length = 1.35 // baseline to baseline, in font sizes
)

// page is a drawing under way. Its origin is at the bottom left, units are pixels.
type page struct {
	draw.Canvas
	theme
	fonts *font.Cache
	rest  vg.Rectangle // what is not drawn on yet
}

// inset returns a rectangle without strips at its sides.
func inset(r vg.Rectangle, left, right, bottom, top vg.Length) vg.Rectangle {
	r.Min.X, r.Max.X, r.Min.Y, r.Max.Y = r.Min.X+left, r.Max.X-right, r.Min.Y+bottom, r.Max.Y-top
	return r
}

// words is how a text looks.
type words struct {
	size  vg.Length
	bold  bool
	color color.Color
}

func (p *page) title() words  { return words{titleSize, true, p.text} }
func (p *page) normal() words { return words{normalSize, false, p.text} }
func (p *page) small() words  { return words{smallSize, false, p.muted} }

func (p *page) style(w words) text.Style {
	weight := stdfont.WeightNormal
	if w.bold {
		weight = stdfont.WeightBold
	}
	return text.Style{Color: w.color, Font: font.Font{Typeface: "Sans", Weight: weight, Size: w.size},
		Handler: text.Plain{Fonts: p.fonts}, YAlign: text.YBottom}
}

// width returns how wide a text is.
func (p *page) width(w words, s string) vg.Length { return p.style(w).Width(clean(s)) }

// say writes a text with its baseline at a height; align is 0 for a text that begins at x, 0.5 for one around it and 1
// for one that ends there.
func (p *page) say(w words, x, baseline vg.Length, align float64, s string) {
	s = clean(s)
	style := p.style(w)
	x -= vg.Length(align) * style.Width(s)
	face := p.fonts.Lookup(style.Font, style.Font.Size)
	p.SetColor(w.color)
	p.FillString(face, vg.Point{X: x, Y: baseline}, s)
}

// fit shortens a text to a width, with dots in the place of its end.
func (p *page) fit(w words, s string, width vg.Length) string {
	s = clean(s)
	if p.width(w, s) <= width {
		return s
	}
	runes := []rune(s)
	low, high := 0, len(runes)
	for low < high {
		if middle := (low + high + 1) / 2; p.width(w, string(runes[:middle])+"…") <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return strings.TrimRight(string(runes[:low]), " ,·") + "…"
}

// wrap cuts a text into lines of a width, at spaces; the last of at most limit lines is shortened.
func (p *page) wrap(w words, s string, width vg.Length, limit int) []string {
	var lines []string
	line := ""
	rest := strings.Fields(clean(s))
	for i, word := range rest {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line == "" || p.width(w, longer) <= width {
			line = longer
			continue
		}
		if len(lines) == limit-1 {
			line += " " + strings.Join(rest[i:], " ")
			break
		}
		lines, line = append(lines, line), word
	}
	if line != "" {
		lines = append(lines, line)
	}
	for i := range lines {
		lines[i] = p.fit(w, lines[i], width)
	}
	return lines
}

// head writes the title, the words below it and a row of keys at the top, and leaves the rest.
func (p *page) head(title, below string, keys []key) {
	width := p.rest.Max.X - p.rest.Min.X
	y := p.rest.Max.Y - titleSize*0.8
	p.say(p.title(), p.rest.Min.X, y, 0, p.fit(p.title(), title, width))
	y -= titleSize * 0.3
	for _, line := range p.wrap(p.small(), below, width, 3) {
		y -= smallSize * lineGap
		p.say(p.small(), p.rest.Min.X, y, 0, line)
	}
	p.rest.Max.Y = y - 2*gap
	p.row(keys)
}

// key is an entry of a legend: a mark and what it stands for.
type key struct {
	label string
	mark  func(at vg.Point) // draws it around a point; nil for words alone
}

const (
	keyMark  vg.Length = 24 // room for a mark and the gap behind it
	keySpace vg.Length = 18 // between keys
	keyLine  vg.Length = 18
)

// row writes keys from left to right, in as many lines as they take.
func (p *page) row(keys []key) {
	if len(keys) == 0 {
		return
	}
	x, y := p.rest.Min.X, p.rest.Max.Y-normalSize
	room := p.rest.Max.X - p.rest.Min.X
	for _, k := range keys {
		label := p.fit(p.normal(), k.label, room-keyMark)
		width := keyMark + p.width(p.normal(), label)
		if x > p.rest.Min.X && x+width > p.rest.Max.X {
			x, y = p.rest.Min.X, y-keyLine
		}
		k.mark(vg.Point{X: x + 9, Y: y + normalSize*0.34})
		p.say(p.normal(), x+keyMark, y, 0, label)
		x += width + keySpace
	}
	p.rest.Max.Y = y - 2*gap
}

// clean returns a text that fonts can write and XML can hold: what has no shape becomes a space.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFFFD' || !unicode.IsGraphic(r) || r == '\uFFFE' || r == '\uFFFF' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

func escape(s string) string { return html.EscapeString(clean(s)) }
