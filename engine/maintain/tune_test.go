package maintain

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/train"
)

func TestTune(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		t.Skip()
	}
	o := MeasureOptions{Folder: shared(t, os.Getenv("TUNE")), Maintain: Options{Seed: 1}, Retrain: false}
	ep, _ := strconv.Atoi(os.Getenv("EPOCHS"))
	o.Train = train.Options{Family: os.Getenv("FAMILY"), Seed: 1, Workers: 2, Epochs: ep}
	o.Commits, _ = strconv.Atoi(os.Getenv("COMMITS"))
	o.Removals, _ = strconv.Atoi(os.Getenv("REMOVALS"))
	o.Churn, _ = strconv.Atoi(os.Getenv("CHURN"))
	for _, s := range strings.Fields(os.Getenv("SIZES")) {
		n, _ := strconv.Atoi(s)
		o.Sizes = append(o.Sizes, n)
	}
	if os.Getenv("INKLING_CACHE") != "" && o.Sizes == nil {
		o.Model = cachedModel(t, o)
	}
	m, err := Measure(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", m)
}
