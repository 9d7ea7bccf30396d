package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/internal/vec"
)

// benchCommand measures on this machine. Each measurement names what it compares with and prints a ratio.
type benchCommand struct {
	Load      benchLoad           `cmd:"" help:"Bulk import of a generated graph or of files, next to the parser alone."`
	Train     benchTrain          `cmd:"" help:"Train on a benchmark's folder with its measured settings; MRR and time."`
	Steps     benchSteps          `cmd:"" help:"Steps of negative sampling a second, next to the machine's limit and PyTorch."`
	Growth    benchGrowth         `cmd:"" help:"Time and memory of an epoch as a generated graph doubles."`
	Predict   benchPredict        `cmd:"" help:"predict_tail, predict_head and similar: p50 and p99 of single calls, next to scans of all entities; or searches of a generated table."`
	Auto      benchAuto           `cmd:"" help:"What a search for settings finds on a benchmark's folder, next to the preset or the defaults."`
	Patterns  benchPatterns       `cmd:"" help:"Which relation patterns each model family learns, next to the published table."`
	Facts     benchFacts          `cmd:"" help:"Fact prediction by the protocols of Padia et al. and on labelled sets: ROC-AUC, AP, F1, accuracy, next to the published tables."`
	Converge  benchConverge       `cmd:"" help:"How the unknowns of linear-reg settle, at several rho."`
	Errors    benchErrors         `cmd:"" help:"Find errors planted in a benchmark's folder: AUC and precision, by a model and by cross-scoring, next to chance."`
	Query     benchQuery          `cmd:"" help:"A join of two stated patterns and a plausible one, next to the stated part alone."`
	Maintain  benchMaintain       `cmd:"" help:"Commits followed by a model: times, ranks, drift, and the last fifth of the triples streamed, next to a full retraining."`
	Watermark benchWatermark      `cmd:"" help:"Marks under attack on graphs of a folder, next to the published watermark; false alarms of the tests over many fresh keys; speed."`
	Paper     benchWatermarkPaper `cmd:"" name:"watermark-paper" help:"The published watermark KGMark, its variants and baselines on a graph's folder, next to the published figures."`
	Hooks     benchHooks          `cmd:"" help:"Commits a second with 0, 1, 10 and 100 hooks; with --crashes, what hooks lose when the process is killed."`
	Crash     benchCrash          `cmd:"" help:"Kill a committing and importing process at random moments: commits acknowledged, lost, torn."`
	Continual benchContinual      `cmd:"" help:"A graph that grows by snapshots: maintenance next to fine-tuning and training anew."`
	Inductive benchInductive      `cmd:"" help:"Entities that arrive after training: the graph they come with is committed, further triples of theirs are predicted."`
}

// machine writes what the figures were measured on.
func (a *app) machine() {
	cpu := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
		f.Close()
	}
	load := ""
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Join(strings.Fields(string(data))[:1], "")
	}
	fmt.Fprintf(a.out, "machine: %s, %d threads, %s/%s, %s, kernels %s%s\n",
		cpu, runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version(), vec.Variant(), load)
}

// percentile returns the time below which a share of the times lie; times are sorted by it.
func percentile(times []time.Duration, share float64) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, int(share*float64(len(times))))]
}

// mean returns the mean of times.
func mean(times []time.Duration) time.Duration {
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	return sum / time.Duration(max(1, len(times)))
}
