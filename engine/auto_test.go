package engine

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/tune"
)

// TestAutoKeepsItsReport searches, and finds the report again after the database is opened anew.
func TestAutoKeepsItsReport(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(60, 1), "tsv")
	var phases, steps []string
	ask := TrainRequest{
		Auto: true, Rungs: []tune.Rung{{Dim: 8, Epochs: 2}, {Dim: 8, Epochs: 4, Vary: true}, {Dim: 16, Epochs: 8}},
		Options: train.Options{Seed: 3}, Progress: func(p TrainProgress) {
			if len(phases) == 0 || phases[len(phases)-1] != p.Phase {
				phases = append(phases, p.Phase)
			}
			if p.Step != "" {
				steps = append(steps, p.Step)
			}
			if p.Step != "" && (p.Loss != 0 || p.Epoch != 0) {
				t.Errorf("a trial's curve is told as the model's: %+v", p)
			}
		},
	}
	info, err := db.Train(context.Background(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"reading", "searching", "training", "evaluating", "saving"}; !reflect.DeepEqual(phases, want) {
		t.Errorf("phases %v, want %v", phases, want)
	}
	if len(steps) == 0 || !strings.HasPrefix(steps[0], "rung 1/3, trial 1/") {
		t.Errorf("steps %v", steps)
	}
	r := info.Auto
	if info.Name != "auto" || r == nil || len(r.Rungs) != 3 || r.Seconds <= 0 || !strings.HasPrefix(r.Chosen, info.Family+" ") || info.HeldOut.Triples == 0 {
		t.Fatalf("%+v", info)
	}
	if strings.Contains(info.Settings, "evidence") || !strings.Contains(info.Settings, "loss=") {
		t.Errorf("settings in words: %s", info.Settings)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openDir(t, dir).Model("auto")
	if err != nil || !reflect.DeepEqual(again.Auto, r) {
		t.Errorf("opened anew, %v: %+v, want %+v", err, again.Auto, r)
	}
}

func TestAutoIsCancelled(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(60, 1), "tsv")
	ctx, cancel := context.WithCancel(context.Background())
	_, err := db.Train(ctx, TrainRequest{Auto: true, Progress: func(p TrainProgress) {
		if p.Step != "" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || len(db.Models()) != 0 {
		t.Errorf("%v, models %v", err, db.Models())
	}
	if _, err := db.Train(context.Background(), TrainRequest{Name: "auto", Options: train.Options{Dim: 4, Epochs: 1}}); err != nil {
		t.Errorf("the name is not free again: %v", err)
	}
}
