package server

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/internal/demo"
)

// modelled returns a server over the demo's graph with a small model.
func modelled(t *testing.T, o Options) *Server {
	t.Helper()
	s := newTestServer(t, o)
	ctx := context.Background()
	if _, err := s.db.Import(ctx, engine.ImportRequest{Reader: bytes.NewReader(demo.Graph), Name: "graph.tsv.gz"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Train(ctx, engine.TrainRequest{Options: train.Options{Dim: 4, Epochs: 2}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlotsOfAModel(t *testing.T) {
	s := modelled(t, Options{})
	for _, kind := range []string{"curves", "entities", "ranks", "relations"} {
		at := "/api/v1/models/complex/plots/" + kind
		query := "?theme=dark&width=480"
		if kind == "entities" {
			query += "&method=pca"
		}
		w := send(s, "GET", at+".svg"+query, "")
		expect(t, w, http.StatusOK)
		if media := w.Header().Get("Content-Type"); media != "image/svg+xml" {
			t.Errorf("%s: %s", kind, media)
		}
		tag := w.Header().Get("ETag")
		svg := w.Body.String()
		for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
		}
		if !strings.Contains(svg, `width="480"`) || !strings.Contains(svg, "complex") {
			t.Errorf("%s: %.300s", kind, svg)
		}
		again := send(s, "GET", at+".svg"+query, "", "If-None-Match: "+tag)
		expect(t, again, http.StatusNotModified)
		w = send(s, "GET", at+".png?scale=1&width=300&method=pca", "")
		expect(t, w, http.StatusOK)
		if image, err := png.Decode(w.Body); err != nil || image.Bounds().Dx() != 300 {
			t.Errorf("%s as PNG: %v", kind, err)
		}
	}
}

func TestPlotsThatAreRefused(t *testing.T) {
	s := modelled(t, Options{})
	for path, status := range map[string]int{
		"complex/plots/pie.svg": 404, "complex/plots/ranks.gif": 404, "complex/plots/ranks": 404, "nosuch/plots/ranks.svg": 404,
		"complex/plots/ranks.svg?width=9": 400, "complex/plots/ranks.svg?width=5000": 400, "complex/plots/ranks.png?scale=3": 400,
		"complex/plots/ranks.svg?theme=pink": 400, "complex/plots/curves.svg?by=moon": 400, "complex/plots/entities.svg?method=umap": 400,
		"complex/plots/entities.svg?type-relation=nosuchrelation": 400,
	} {
		w := send(s, "GET", "/api/v1/models/"+path, "")
		expect(t, w, status)
		if p := decode[problem](t, w.Body); p.Detail == "" {
			t.Errorf("%s says nothing", path)
		}
	}
	guarded := newTestServer(t, Options{Token: "secret"})
	expect(t, send(guarded, "GET", "/api/v1/models/complex/plots/ranks.svg", ""), http.StatusUnauthorized)
	expect(t, send(newTestServer(t, Options{}), "GET", "/api/v1/models/complex/plots/ranks.svg", ""), http.StatusNotFound)
}

// The layout of entities ends with the time limit of a request.
func TestPlotsAreBoundedInTime(t *testing.T) {
	s := modelled(t, Options{})
	s.limits.QueryTime = time.Millisecond
	expect(t, send(s, "GET", "/api/v1/models/complex/plots/entities.svg", ""), http.StatusGatewayTimeout)
	s.limits.QueryTime = time.Minute
	expect(t, send(s, "GET", "/api/v1/models/complex/plots/entities.svg?method=pca", ""), http.StatusOK)
}

// One making serves all who ask at a time; another version or one that failed is made anew; the oldest go.
func TestDrawingsAreKept(t *testing.T) {
	d, ctx := newDrawings(), context.Background()
	var made atomic.Int64
	slowly := func(context.Context) (plot.Drawing, error) {
		made.Add(1)
		time.Sleep(10 * time.Millisecond)
		return &plot.Ranks{}, nil
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := d.get(ctx, plotKey{model: "a"}, slowly); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times for one key", made.Load())
	}
	if _, err := d.get(ctx, plotKey{model: "a", version: 2}, slowly); err != nil || made.Load() != 2 {
		t.Errorf("%v, made %d times for two versions", err, made.Load())
	}
	broken := errors.New("broken")
	if _, err := d.get(ctx, plotKey{model: "b"}, func(context.Context) (plot.Drawing, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := d.get(ctx, plotKey{model: "b"}, slowly); err != nil || made.Load() != 3 {
		t.Errorf("after a failure: %v, made %d times", err, made.Load())
	}
	for i := range 3 * keptDrawings {
		if _, err := d.get(ctx, plotKey{model: fmt.Sprint(i)}, func(context.Context) (plot.Drawing, error) { return &plot.Ranks{}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.entries) > keptDrawings {
		t.Errorf("%d are kept", len(d.entries))
	}
}

// Who waits for a making that its own asker gave up on makes the drawing.
func TestAGivenUpDrawingIsTakenOver(t *testing.T) {
	d, began := newDrawings(), make(chan struct{})
	first, giveUp := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := d.get(first, plotKey{}, func(ctx context.Context) (plot.Drawing, error) {
			close(began)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the one who gave up: %v", err)
		}
	})
	<-began
	wait.Go(func() {
		got, err := d.get(context.Background(), plotKey{}, func(context.Context) (plot.Drawing, error) { return &plot.Ranks{Model: "second"}, nil })
		if r, ok := got.(*plot.Ranks); err != nil || !ok || r.Model != "second" {
			t.Errorf("the one who waited: %v %v", got, err)
		}
	})
	time.Sleep(5 * time.Millisecond)
	giveUp()
	wait.Wait()
}
