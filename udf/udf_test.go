package udf_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/toyworld"
)

func nodes(t *testing.T, h *udf.Host, names ...string) udf.Argument {
	t.Helper()
	var a udf.Argument
	for _, n := range names {
		id, _, err := h.Names.ID(n)
		if err != nil {
			t.Fatal(err)
		}
		a.Nodes = append(a.Nodes, id)
	}
	return a
}

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range udf.Functions {
		if seen[f.Name] || f.Doc == "" || len(f.Examples) == 0 || f.Run == nil || f.Result.String() == "" {
			t.Errorf("%s: every function is listed once, with Doc, Examples, Result and Run", f.Name)
		}
		seen[f.Name] = true
		last := f.Optional[len(f.Optional)-1]
		if last.Type != udf.ModelName {
			t.Errorf("%s: the last optional argument must be the model", f.Name)
		}
	}
}

func TestRowsFailAlone(t *testing.T) {
	h := toyworld.New()
	f, _ := udf.ByName("prob")
	args := []udf.Argument{nodes(t, h, "tokyo", "nowhere", "stranger", "kyoto"),
		nodes(t, h, "in", "in", "in", "in"), nodes(t, h, "japan", "japan", "japan", "france")}
	out, err := udf.Invoke(context.Background(), h, f, args, 4)
	if err != nil {
		t.Fatal(err)
	}
	if out.Errs[0] != nil || out.Errs[3] != nil || out.Numbers[0] < 0.9 || out.Numbers[3] > 0.1 {
		t.Errorf("good rows: %v %v", out.Numbers, out.Errs)
	}
	if out.Errs[1] == nil {
		t.Error("an unknown term is an error of its row")
	}
	var unknown *udf.UnknownError
	if !errors.As(out.Errs[2], &unknown) || unknown.Name != "stranger" {
		t.Errorf("a term the model does not know: %v", out.Errs[2])
	}
}

func TestOptionsMayDifferByRow(t *testing.T) {
	h := toyworld.New()
	f, _ := udf.ByName("predict_tail")
	args := []udf.Argument{nodes(t, h, "tokyo", "tokyo", "kyoto"), nodes(t, h, "in", "in", "in"),
		{Counts: []int64{1, 3, 1}}, {Flags: []bool{true, false, false}}}
	out, err := udf.Invoke(context.Background(), h, f, args, 3)
	if err != nil {
		t.Fatal(err)
	}
	japan := nodes(t, h, "japan").Nodes[0]
	if len(out.Lists[0]) != 1 || out.Lists[0][0].Node != japan {
		t.Errorf("stated ones asked for: %v", out.Lists[0])
	}
	if len(out.Lists[1]) != 3 || out.Lists[1][0].Node == japan {
		t.Errorf("stated ones left out: %v", out.Lists[1])
	}
	if len(out.Lists[2]) != 1 || out.Lists[2][0].Node != japan {
		t.Errorf("the best unstated tail: %v", out.Lists[2])
	}
}

func TestBatchEqualsSingleCalls(t *testing.T) {
	h := toyworld.New()
	cities := nodes(t, h, "tokyo", "kyoto", "osaka", "paris", "lyon", "stranger").Nodes
	for _, name := range []string{"score", "rank", "prob"} {
		f, _ := udf.ByName(name)
		var args [3]udf.Argument
		for _, c := range cities {
			for _, r := range nodes(t, h, "in", "capital_of", "twin_of").Nodes {
				for _, o := range nodes(t, h, "japan", "france", "lyon").Nodes {
					args[0].Nodes = append(args[0].Nodes, c)
					args[1].Nodes = append(args[1].Nodes, r)
					args[2].Nodes = append(args[2].Nodes, o)
				}
			}
		}
		whole, err := udf.Invoke(context.Background(), h, f, args[:], len(args[0].Nodes))
		if err != nil {
			t.Fatal(err)
		}
		for i := range args[0].Nodes {
			single := make([]udf.Argument, 3)
			for j := range single {
				single[j].Nodes = []store.TermID{args[j].Nodes[i]}
			}
			got, err := udf.Invoke(context.Background(), h, f, single, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got.Numbers[0] != whole.Numbers[i] || (got.Errs[0] == nil) != (whole.Errs[i] == nil) {
				t.Errorf("%s row %d: %v %v, alone %v %v", name, i, whole.Numbers[i], whole.Errs[i], got.Numbers[0], got.Errs[0])
			}
		}
	}
}

func TestUnknownNamesSuggestNearOnes(t *testing.T) {
	h := toyworld.New()
	err := h.Unknown(udf.Entity, "Tokio")
	if len(err.Nearest) == 0 || err.Nearest[0] != "tokyo" {
		t.Errorf("nearest of Tokio: %v", err.Nearest)
	}
	if !strings.Contains(err.Error(), "did you mean tokyo") {
		t.Error(err)
	}
	if near := h.Unknown(udf.Entity, "xxxxxxxx").Nearest; len(near) != 0 {
		t.Errorf("nothing is near xxxxxxxx: %v", near)
	}
	f, _ := udf.ByName("prob")
	args := []udf.Argument{nodes(t, h, "tokyo"), nodes(t, h, "in"), nodes(t, h, "japan"), {Texts: []string{"toi"}}}
	if _, err := udf.Invoke(context.Background(), h, f, args, 1); err == nil || !strings.Contains(err.Error(), "did you mean toy?") {
		t.Errorf("unknown model: %v", err)
	}
}

func TestStructureNeedsNoModel(t *testing.T) {
	h := toyworld.New()
	h.Model = func(name string) (*udf.Model, error) { return nil, &udf.UnknownError{What: "model", Name: name} }
	f, _ := udf.ByName("degree")
	out, err := udf.Invoke(context.Background(), h, f, []udf.Argument{nodes(t, h, "japan")}, 1)
	if err != nil || out.Integers[0] != 3 {
		t.Errorf("degree without a model: %v %v", out.Integers, err)
	}
	f, _ = udf.ByName("prob")
	if _, err := udf.Invoke(context.Background(), h, f, []udf.Argument{nodes(t, h, "tokyo"), nodes(t, h, "in"), nodes(t, h, "japan")}, 1); err == nil {
		t.Error("prob without a model must fail")
	}
}
