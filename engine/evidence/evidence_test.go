package evidence

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/vec"
)

func written(t *testing.T, r Report) string {
	t.Helper()
	r.Made = time.Unix(1e9, 0).UTC()
	var out bytes.Buffer
	if err := Write(context.Background(), &out, r); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, outside := range []string{"<script", "href=", `src="`, "@import", "url("} {
		if strings.Contains(text, outside) {
			t.Errorf("the page is not all by itself: it has %s", outside)
		}
	}
	return text
}

func TestReportShowsTheEvidence(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	rows := func() vec.Matrix {
		m := vec.MatrixOf(make([]float32, 60*8), 60, 8)
		for i := range m.Data {
			m.Data[i] = float32(random.NormFloat64())
		}
		return m
	}
	results := []watermark.Result{{Channel: watermark.T1, Tested: true, Z: 27.26, Log10P: -161.4, Used: 6084}, {Channel: watermark.T2, Reason: "rows of 8 numbers"}}
	x := engine.WatermarkExhibit{
		Evidence: watermark.Evidence{Verdict: watermark.Altered, Owner: `<b>acme&`, KeyID: "0123", Graph: "uuid", Channel: "t1", Z: 27.26, Log10P: -160.8, Alpha: 1e-9, KeysTested: 1234, Rows: 60, Results: results},
		Graph:    "http://g/<x>", Triples: 24000, Model: "m", Communities: []engine.CommunityEvidence{{Rows: 1536, Example: "http://e/1", Results: results, Log10P: -19}},
		Sample: engine.MarkSample{Before: rows(), After: rows(), Community: make([]int, 60), Entities: 60, Cosine: 0.99901},
	}
	text := written(t, Report{Exhibit: x, Keys: []string{"acme"}, Claims: []engine.Claim{{Key: "acme", Hash: "abcdef", Committed: true}}})
	for _, want := range []string{"altered, but marked by &lt;b&gt;acme&amp;", "10<sup>−160.8</sup>", "10<sup>−9.0</sup>", "27.26", "not tested: rows of 8 numbers", "1,536", "too small",
		"24,000 triples", "http://g/&lt;x&gt;", "0.99901", "Before: the rows", "After: the rows", "abcdef", "1,234", "width: 31.7%"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "<b>acme") || strings.Count(text, "<svg") != 2 {
		t.Error("a name is not escaped, or there are not two pictures")
	}
}

func TestReportOfFilesAndOfNothing(t *testing.T) {
	text := written(t, Report{Files: []string{"copy.nt"}, Exhibit: engine.WatermarkExhibit{Evidence: watermark.Evidence{Verdict: watermark.NoMark, Alpha: 1e-9}}})
	for _, want := range []string{"no mark found", "copy.nt", "Files hold one state alone", "no key was tried", "no proof"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	x := engine.WatermarkExhibit{Evidence: watermark.Evidence{Verdict: watermark.TooSmall}, Sample: engine.MarkSample{After: vec.MatrixOf(make([]float32, 4), 2, 2), Community: []int{0, 0}}}
	if text := written(t, Report{Exhibit: x}); !strings.Contains(text, "too few for t-SNE") {
		t.Error("two rows")
	}
}
