package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func someCurves() *Curves {
	c := &Curves{}
	for _, name := range []string{"complex", "distmult"} {
		curve := Curve{Name: name}
		for e := 1; e <= 20; e++ {
			p := CurvePoint{Epoch: e, Seconds: float64(e) * 1.5, Loss: 5 / float64(e)}
			if e%5 == 0 {
				p.MRR = 0.4 - 1/float64(e+len(name))
			}
			curve.Points = append(curve.Points, p)
		}
		c.Curves = append(c.Curves, curve)
	}
	return c
}

func someRanks() *Ranks {
	return &Ranks{Model: "complex", Source: "200 triples held out", Entities: 60, UpTo: []int{1, 2, 3, 5, 10, 20, 50, 100},
		Tails: []int{50, 20, 10, 5, 5, 5, 4, 1}, Heads: []int{25, 25, 10, 10, 10, 10, 5, 5}, TailMRR: 0.6, HeadMRR: 0.4, TailHits10: 0.9, HeadHits10: 0.8}
}

func someRelations() *Relations {
	return &Relations{Model: "complex", Source: "200 triples held out", All: Relation{Triples: 200, MRR: 0.5, Hits10: 0.8}, More: 3,
		Rows: []Relation{{"treats", 150, 0.6, 0.9}, {"interacts_with_something_that_has_a_very_long_name", 40, 0.25, 0.5}, {"isa", 10, 1, 1}}}
}

func someEntities() *Entities {
	e := &Entities{Title: "Entities of complex", Below: "all 40 entities", Groups: []string{"country", "city"}, Heading: "type, by rdf:type",
		Others: 2, Nothing: "no type", Names: []Name{{0, "France"}, {1, "Paris"}, {99, "not there"}}}
	for i := range 40 {
		e.Points = append(e.Points, [2]float64{math.Cos(float64(i)) * float64(i), math.Sin(float64(i)) * 9})
		e.Group = append(e.Group, i%4-2)
	}
	return e
}

func drawings() map[string]Drawing {
	byTime, pca := someCurves(), someEntities()
	byTime.ByTime = true
	pca.Axes = [2]string{"component 1 (40 % of the variance)", "component 2 (20 % of the variance)"}
	one := &Curves{Curves: someCurves().Curves[:1]}
	return map[string]Drawing{"curves": someCurves(), "one curve": one, "curves by time": byTime, "ranks": someRanks(),
		"convergence": someConvergence(), "relations": someRelations(), "entities": someEntities(), "entities by PCA": pca}
}

func someConvergence() *Convergence {
	return &Convergence{Title: "Linear + Regularized on Kinship", Tolerance: 1e-4, Runs: []ConvergenceRun{
		{"rho 1", []float64{1.5, 0.3, 0.02, 4e-3, 9e-5}}, {"rho 10", []float64{0.9, 0, 0.4, math.NaN(), 1e-3, 2e-4}},
	}}
}

func TestConvergenceRefusesWhatCannotBeDrawn(t *testing.T) {
	for _, c := range []*Convergence{{}, {Runs: []ConvergenceRun{{"none", nil}}}, {Runs: []ConvergenceRun{{"zero", []float64{0, math.NaN()}}}}} {
		if err := Write(io.Discard, c, Options{}); !errors.Is(err, ErrNothing) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := Write(io.Discard, &Convergence{Runs: make([]ConvergenceRun, maxSeries+1)}, Options{}); !errors.Is(err, ErrOptions) {
		t.Errorf("too many runs: %v", err)
	}
}

func written(t interface{ Fatal(...any) }, d Drawing, o Options) []byte {
	var b bytes.Buffer
	if err := Write(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryDrawingInEveryForm(t *testing.T) {
	for name, d := range drawings() {
		for _, width := range []int{0, 300, 480, 1100} {
			for _, darkly := range []bool{false, true} {
				image, err := png.Decode(bytes.NewReader(written(t, d, Options{Width: width, Dark: darkly, Scale: 1})))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if want := width; want != 0 && image.Bounds().Dx() != want {
					t.Errorf("%s is %d wide, want %d", name, image.Bounds().Dx(), want)
				}
				r, _, _, _ := image.At(2, 2).RGBA()
				if paper := r>>8 > 128; paper == darkly {
					t.Errorf("%s, dark %v: the paper's red is %d", name, darkly, r>>8)
				}
				texts := textsOf(t, written(t, d, Options{Width: width, Dark: darkly, Format: "svg"}))
				if len(texts) < 5 {
					t.Errorf("%s holds only %d texts", name, len(texts))
				}
			}
		}
	}
}

// placed is a text of an SVG with its place from the top left.
type placed struct {
	text string
	x, y float64
}

// textsOf parses an SVG strictly and returns its texts; none may begin outside the image.
func textsOf(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, svg []byte) (texts []placed) {
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	var width, height float64
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatal("not XML:", err, string(svg[:min(len(svg), 2000)]))
		}
		switch token := token.(type) {
		case xml.StartElement:
			value := map[string]float64{}
			for _, a := range token.Attr {
				value[a.Name.Local], _ = strconv.ParseFloat(a.Value, 64)
			}
			switch token.Name.Local {
			case "svg":
				width, height = value["width"], value["height"]
			case "text":
				texts = append(texts, placed{"", value["x"], height + value["y"]})
				if p := texts[len(texts)-1]; p.x < 0 || p.x > width || p.y < 0 || p.y > height {
					t.Errorf("a text at %g, %g of %g × %g", p.x, p.y, width, height)
				}
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(token)); s != "" && len(texts) > 0 {
				texts[len(texts)-1].text += s
			}
		}
	}
}

func TestTextsSayWhatIsDrawn(t *testing.T) {
	for name, want := range map[string][]string{
		"curves":          {"complex (best MRR", "distmult (best MRR", "epoch", "loss, mean of a training triple", "MRR on validation triples"},
		"curves by time":  {"time since the training began, seconds"},
		"ranks":           {"tails (h, r, ?): MRR 0.600", "heads (?, r, t): MRR 0.400", "rank up to … (log scale)", "share of the questions, %", "60"},
		"relations":       {"treats", "all relations", "150", "3 relations with fewer triples", "MRR, Hits@10 (0 to 1)", "test triples"},
		"entities":        {"country (10)", "city (10)", "2 others (10)", "no type (10)", "type, by rdf:type", "France"},
		"entities by PCA": {"component 1 (40 % of the variance)", "component 2 (20 % of the variance)"},
	} {
		var all strings.Builder
		for _, p := range textsOf(t, written(t, drawings()[name], Options{Format: "svg", Width: 900})) {
			all.WriteString(p.text + "\n")
		}
		for _, w := range want {
			if !strings.Contains(all.String(), w) {
				t.Errorf("%s does not say %q:\n%s", name, w, all.String())
			}
		}
		if strings.Contains(all.String(), "not there") {
			t.Error("a name without a point is written")
		}
	}
}

var barPath = regexp.MustCompile(`<path d="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)L([\d.]+),([\d.]+)L[\d.,]+Z" style="fill:#(\w+)"`)

// The bars of a histogram are as high as the shares they stand for.
func TestBarsHaveTheirHeights(t *testing.T) {
	r := someRanks()
	svg := string(written(t, r, Options{Format: "svg"}))
	heights := map[string][]float64{}
	for _, m := range barPath.FindAllStringSubmatch(svg, -1) {
		low, _ := strconv.ParseFloat(m[2], 64)
		high, _ := strconv.ParseFloat(m[6], 64)
		heights[m[7]] = append(heights[m[7]], math.Abs(high-low))
	}
	for fill, counts := range map[string][]int{"0072B2": r.Tails, "D55E00": r.Heads} {
		bars := heights[fill]
		if len(bars) != len(counts)+1 {
			t.Fatalf("%d boxes of #%s, want those of the key and %d bars", len(bars), fill, len(counts))
		}
		for i, n := range counts { // after the key; the scale is one for both colours
			want := heights["0072B2"][1] * float64(n) / float64(r.Tails[0])
			if math.Abs(bars[i+1]-want) > 0.1 {
				t.Errorf("#%s: bar %d is %g high, want %g", fill, i, bars[i+1], want)
			}
		}
	}
}

var pointPath = regexp.MustCompile(`<path d="M([\d.]+),([\d.]+)[LA][^"]*" style="fill:#\w+;fill-opacity`)

// The legend of a map stands beside it, or above a narrow one: no point lies under a key.
func TestTheLegendIsOutsideThePoints(t *testing.T) {
	for _, width := range []int{300, 480, 720, 1400} {
		e := someEntities()
		e.Names = nil
		svg := written(t, e, Options{Format: "svg", Width: width})
		left, low := math.Inf(1), 0.0 // of the keys, low from the top
		for _, p := range textsOf(t, svg) {
			if strings.HasPrefix(p.text, "coun") || strings.HasPrefix(p.text, "city") {
				left, low = min(left, p.x-float64(keyMark)), max(low, p.y)
			}
		}
		points := pointPath.FindAllStringSubmatch(string(svg), -1)
		if math.IsInf(left, 1) || len(points) != len(e.Points) {
			t.Fatalf("width %d: keys begin at %g, %d points", width, left, len(points))
		}
		for _, m := range points {
			x, _ := strconv.ParseFloat(m[1], 64)
			y, _ := strconv.ParseFloat(m[2], 64) // from the bottom
			if x > left && float64(e.height(width))-y < low {
				t.Errorf("width %d: a point at %g, %g from the top; the keys begin at %g and end at %g", width, x, float64(e.height(width))-y, left, low)
			}
		}
	}
}

// Whatever the names and numbers, the SVG is well formed, holds no number that is none, and texts begin inside.
func TestAnyNamesAndNumbers(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.SampledFrom([]float64{0, 1, 1e-300, 1e300, -1e300, math.NaN(), math.Inf(1), math.MaxFloat64}))
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.Just("\x00\uFFFF\xff</text>&\n\t"), rapid.StringN(200, 300, -1)), 1, 5).Draw(t, "names")
		curves, relations := &Curves{ByTime: rapid.Bool().Draw(t, "by time")}, &Relations{Model: names[0], Source: names[0]}
		entities := &Entities{Title: names[0], Below: names[0], Heading: names[0], Groups: names, Nothing: names[0]}
		for i, name := range names {
			curve := Curve{Name: name}
			for e := range rapid.IntRange(1, 4).Draw(t, "epochs") {
				curve.Points = append(curve.Points, CurvePoint{e + 1, number.Draw(t, "seconds"), number.Draw(t, "loss"), number.Draw(t, "MRR")})
			}
			curves.Curves = append(curves.Curves, curve)
			relations.Rows = append(relations.Rows, Relation{name, rapid.IntRange(0, 1e9).Draw(t, "triples"), rapid.Float64Range(0, 1).Draw(t, "MRR"), 1})
			entities.Points = append(entities.Points, [2]float64{number.Draw(t, "x"), number.Draw(t, "y")})
			entities.Group = append(entities.Group, i)
			entities.Names = append(entities.Names, Name{i, name})
		}
		for _, d := range []Drawing{curves, relations, entities} {
			var b bytes.Buffer
			err := Write(&b, d, Options{Format: "svg", Width: rapid.SampledFrom([]int{240, 500, 4000}).Draw(t, "width")})
			if errors.Is(err, ErrNothing) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			textsOf(t, b.Bytes())
			for _, path := range regexp.MustCompile(` (d|x|y)="([^"]*)"`).FindAllString(b.String(), -1) {
				if strings.Contains(path, "NaN") || strings.Contains(path, "Inf") {
					t.Fatalf("%T draws at %s", d, path)
				}
			}
		}
	})
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	for name, o := range map[string]Options{"format": {Format: "gif"}, "narrow": {Width: 10}, "wide": {Width: 1e6}, "low": {Height: 3}, "scale": {Scale: 9}, "memory": {Width: 4000, Height: 4000, Scale: 3}} {
		if err := Write(io.Discard, someRanks(), o); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
	eight := &Curves{}
	for range 8 {
		eight.Curves = append(eight.Curves, someCurves().Curves[0])
	}
	if err := Write(io.Discard, eight, Options{}); !errors.Is(err, ErrOptions) {
		t.Errorf("eight curves: %v", err)
	}
	for name, d := range map[string]Drawing{
		"no curve": &Curves{}, "an empty curve": &Curves{Curves: []Curve{{Name: "x"}}}, "no ranks": &Ranks{}, "too few counts": &Ranks{UpTo: []int{1}},
		"no relations": &Relations{}, "no points": &Entities{}, "a point nowhere": &Entities{Points: [][2]float64{{math.NaN(), 1}}, Group: []int{None}},
		"a group too many": &Entities{Points: [][2]float64{{1, 1}}, Group: []int{0}},
	} {
		var b bytes.Buffer
		if err := Write(&b, d, Options{}); !errors.Is(err, ErrNothing) || b.Len() > 0 {
			t.Errorf("%s: %v and %d bytes", name, err, b.Len())
		}
	}
}

func TestEqualDrawingsAreEqualBytes(t *testing.T) {
	want := written(t, someEntities(), Options{})
	var wait sync.WaitGroup
	for range 4 { // fonts are shared
		wait.Go(func() {
			var b bytes.Buffer
			if err := Write(&b, someEntities(), Options{}); err != nil || !bytes.Equal(b.Bytes(), want) {
				t.Errorf("the same drawing gives other bytes, %v", err)
			}
		})
	}
	wait.Wait()
}

func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-1e6, 1e6).Draw(t, "low")
		high := low + rapid.Float64Range(1e-3, 1e7).Draw(t, "span")
		n := rapid.IntRange(1, 9).Draw(t, "n")
		a := rounded("x", low, high, n)
		if a.low > low+1e-6*(high-low) || a.high < high-1e-6*(high-low) || len(a.ticks) < 2 || len(a.ticks) > n+3 {
			t.Fatalf("%g to %g: an axis from %g to %g with %d ticks", low, high, a.low, a.high, len(a.ticks))
		}
		for i := 1; i < len(a.ticks); i++ {
			if a.ticks[i].at <= a.ticks[i-1].at || a.ticks[i].label == a.ticks[i-1].label {
				t.Fatalf("ticks %v", a.ticks)
			}
		}
	})
	for want, got := range map[string]string{"0.05": number(0.05, 0.05), "1,200": number(1200, 200), "0": number(-1e-18, 0.2), "−1.5": number(-1.5, 0.5),
		"2k": brief(2000), "1.5M": brief(1_500_000), "2,485": brief(2485), "2 entities": Count(2, "entity"), "1 triple": Count(1, "triple")} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
