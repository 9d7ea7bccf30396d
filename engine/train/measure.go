package train

import (
	"context"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// Measurement is one training on a benchmark's files with its result on the test split.
type Measurement struct {
	Data      Data
	Embedding *model.Embedding
	Report    eval.Report   // filtered ranks of the test split, by relation too
	Read      time.Duration // of the files
	Train     time.Duration // until the model was trained and calibrated, validation included
	Evaluate  time.Duration // of ranking the whole test split, the filter's construction left out
}

// Measure reads the splits of a benchmark folder (see ReadSplits), trains with the options and ranks the test split.
// `inkling bench` prints what it returns; no store takes part.
func Measure(ctx context.Context, folder string, o Options) (Measurement, error) {
	return MeasureFit(ctx, folder, o.Workers, func(ctx context.Context, d Data, _ Names) (*model.Embedding, error) {
		return Train(ctx, d, o)
	})
}

// MeasureFit is Measure of another way to make a model of the splits.
func MeasureFit(ctx context.Context, folder string, workers int, fit func(context.Context, Data, Names) (*model.Embedding, error)) (Measurement, error) {
	var m Measurement
	var names Names
	var err error
	start := time.Now()
	if m.Data, names, err = ReadNamedSplits(folder); err != nil {
		return m, err
	}
	m.Read = time.Since(start)
	if m.Embedding, err = fit(ctx, m.Data, names); err != nil {
		return m, err
	}
	m.Train = m.Embedding.Timing.Total
	known := eval.NewKnown(m.Data.Train, m.Data.Valid, m.Data.Test)
	start = time.Now()
	m.Report, err = eval.Rank(ctx, m.Embedding, m.Data.entities(), m.Data.Test, known, eval.Options{Workers: workers, ByRelation: true})
	m.Evaluate = time.Since(start)
	return m, err
}

// String returns the figures in one line.
func (m Measurement) String() string {
	r := m.Report.Ranking
	return fmt.Sprintf("MRR %.4f, Hits@1 %.4f, @3 %.4f, @10 %.4f, mean rank %.0f; %d epochs, best %d, trained in %v, %d queries ranked in %v",
		r.MRR, r.Hits1, r.Hits3, r.Hits10, r.MeanRank, m.Embedding.Metadata.Epochs, m.Embedding.Metadata.BestEpoch,
		m.Train.Round(time.Millisecond), r.Queries, m.Evaluate.Round(time.Millisecond))
}
