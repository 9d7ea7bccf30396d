package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/engine/watermark/trial"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/internal/vec"
)

// watermarkResult is what the attack suite found on one graph at one dimension.
type watermarkResult struct {
	Graph       string        `json:"graph"`
	Dim         int           `json:"dim"`
	Epochs      int           `json:"epochs"`
	Entities    int           `json:"entities"`
	Triples     int           `json:"triples"`
	TableTime   time.Duration `json:"table_ns"`
	Plus        *trial.Plus   `json:"plus,omitempty"`
	PlusTime    time.Duration `json:"plus_ns"`
	Paper       []trial.Paper `json:"paper,omitempty"`
	PaperTime   time.Duration `json:"paper_ns"`
	MemoryBytes int64         `json:"memory_bytes"`
}

// attacks runs the suite on every folder and dimension.
func (c *benchWatermark) attacks(a *app) error {
	report := reportTo(a.out, c.JSON)
	if report == a.out {
		a.machine()
	}
	var all []watermarkResult
	for _, folder := range c.Folder {
		for _, dim := range c.Dims {
			r, err := c.attackGraph(a, folder, dim)
			if err != nil {
				return err
			}
			printWatermark(report, r)
			all = append(all, r)
		}
	}
	return saveJSON(a.out, c.JSON, all)
}

// attackGraph runs the suite on one folder.
func (c *benchWatermark) attackGraph(a *app, folder string, dim int) (watermarkResult, error) {
	workers := runtime.GOMAXPROCS(0)
	b := a.newBar("watermark")
	s := trial.Source{Folder: folder, Cache: c.Cache, Dim: dim, Epochs: c.Epochs, Seed: c.Seed, Workers: workers, Progress: func(p train.Progress) {
		b.set(float64(p.Epoch)/float64(p.Epochs), fmt.Sprintf("RotatE epoch %d/%d loss %.3f", p.Epoch, p.Epochs, p.Loss))
	}}
	settings, methods, err := c.trialSettings(workers)
	if err != nil {
		return watermarkResult{}, usageError{err}
	}
	settings.Progress = func(what string, done float64) { b.set(done, what) }
	start := time.Now()
	g, err := s.Load(a.ctx)
	if err != nil {
		b.fail()
		return watermarkResult{}, err
	}
	r := watermarkResult{Graph: s.Name(), Dim: dim, Epochs: c.Epochs, Entities: g.Table.Rows.Rows, Triples: len(g.Triples), TableTime: time.Since(start)}
	if c.Mode != "paper" {
		start = time.Now()
		plus, err := trial.RunPlus(a.ctx, g, settings)
		if err != nil {
			b.fail()
			return r, err
		}
		r.Plus, r.PlusTime = &plus, time.Since(start)
	}
	if c.Mode != "plus" {
		start = time.Now()
		o := kgmark.Options{Latent: dim, CommunityMin: c.Min, CommunityMax: 2 * c.Min, Communities: c.PaperCommunities, ByNames: true}
		if r.Paper, err = trial.RunPaper(a.ctx, g, o, methods, settings); err != nil {
			b.fail()
			return r, err
		}
		r.PaperTime = time.Since(start)
	}
	b.done(r.Graph)
	r.MemoryBytes = peakMemory()
	return r, nil
}

// trialSettings returns the trial's settings and the published methods that are wanted.
func (c *benchWatermark) trialSettings(workers int) (trial.Settings, []kgmark.Method, error) {
	s := trial.Settings{Cosine: c.Cosine, Copies: c.Copies, Fresh: c.Fresh, Communities: c.Communities, Sizes: c.Sizes, Seed: c.Seed, Workers: workers}
	for _, x := range attack.Attacks {
		if c.wants(x) {
			s.Attacks = append(s.Attacks, x)
		}
	}
	if len(s.Attacks) == 0 {
		return s, nil, fmt.Errorf("--attack %s: no such attack; take part of a name: %s", strings.Join(c.Attack, ","), strings.Join(attackTitles(), ", "))
	}
	var methods []kgmark.Method
	for _, name := range c.Method {
		m, err := kgmark.MethodByName(name)
		if err != nil {
			return s, nil, err
		}
		methods = append(methods, m)
	}
	if len(methods) == 0 {
		methods = kgmark.Methods
	}
	return s, methods, nil
}

// wants reports whether an attack is asked for.
func (c *benchWatermark) wants(x attack.Attack) bool {
	if c.NoRetrain && x.Retrain > 0 {
		return false
	}
	return len(c.Attack) == 0 || slices.ContainsFunc(c.Attack, func(part string) bool {
		return part == "source" && x.Source || strings.Contains(strings.ToLower(x.Title()), strings.ToLower(part))
	})
}

func attackTitles() []string {
	var titles []string
	for _, x := range attack.Attacks {
		titles = append(titles, x.Title())
	}
	return titles
}

// printWatermark writes a graph's tables.
func printWatermark(out io.Writer, r watermarkResult) {
	fmt.Fprintf(out, "\n%s: %s entities, %s triples, dimension %d, RotatE-L2 %d epochs (table %s)\n",
		r.Graph, grouped(int64(r.Entities)), grouped(int64(r.Triples)), r.Dim, r.Epochs, shortTime(r.TableTime))
	if p := r.Plus; p != nil {
		fmt.Fprintf(out, "plus: cosine %.5f, strengths t1 %.4f t2 %.4f q3 %.4f, %d triples left out; marked in %s, detected in %s; suite %s\n",
			p.Cosine, p.Strengths.T1, p.Strengths.T2, p.Strengths.Q3, p.LeftOut, shortTime(p.Mark), shortTime(p.Detect), shortTime(r.PlusTime))
	}
	printAUC(out, r)
	printChannels(out, r)
	printPaper(out, r)
	printQuality(out, r)
	fmt.Fprintf(out, "peak memory %s, processor time %.0f s so far\n", sizeText(r.MemoryBytes), processorTime())
}

// printAUC writes the AUC of plus by unit beside the published methods', here and as their source has them.
func printAUC(out io.Writer, r watermarkResult) {
	header := []string{"AUC under"}
	units := map[int]bool{}
	rows := []string{}
	auc := map[string]float64{}
	add := func(title, column string, x float64) {
		if !slices.Contains(rows, title) {
			rows = append(rows, title)
		}
		auc[title+"\n"+column] = x
	}
	if r.Plus != nil {
		for _, x := range r.Plus.Cells {
			if x.Channel == "combined" {
				units[x.Unit] = true
				add(x.Attack, unitName(x.Unit), x.AUC)
			}
		}
	}
	for _, size := range slices.Sorted(mapKeys(units)) {
		header = append(header, unitName(size))
	}
	for _, p := range r.Paper {
		header = append(header, p.Title)
		for _, x := range p.Cells {
			add(x.Attack, p.Title, x.AUC)
		}
	}
	t := newTable(out, append(header, "KGMark, published")...)
	for _, title := range rows {
		line := []any{title}
		for _, column := range header[1:] {
			if x, ok := auc[title+"\n"+column]; ok {
				line = append(line, fmt.Sprintf("%.4f", x))
			} else {
				line = append(line, "")
			}
		}
		published := ""
		if x, ok := kgmark.PublishedAUC(r.Graph, "kgmark", title); ok {
			published = fmt.Sprintf("%.4f", x)
		}
		t.AppendRow(append(line, published))
	}
	t.Render()
}

func mapKeys(m map[int]bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func unitName(size int) string {
	if size == 0 {
		return "whole"
	}
	return fmt.Sprintf("plus, %d", size)
}

// printChannels writes z and AUC by channel and what the bounds decide.
func printChannels(out io.Writer, r watermarkResult) {
	if r.Plus == nil {
		return
	}
	type line struct {
		attack string
		unit   int
	}
	var order []line
	cells := map[line]map[string]trial.Cell{}
	for _, x := range r.Plus.Cells {
		k := line{x.Attack, x.Unit}
		if cells[k] == nil {
			cells[k] = map[string]trial.Cell{}
			order = append(order, k)
		}
		cells[k][x.Channel] = x
	}
	slices.SortStableFunc(order, func(a, b line) int { return cmp.Compare(a.unit, b.unit) })
	t := newTable(out, append(append([]string{"unit", "attack"}, trial.Channels[:5]...), "log10 p", "AUC", "TPR 5e-5", "TPR 1e-9", "false 5e-5", "pos/neg")...)
	for _, k := range order {
		row := []any{unitName(k.unit), k.attack}
		for _, channel := range trial.Channels[:5] {
			if x, ok := cells[k][channel]; ok {
				row = append(row, fmt.Sprintf("%.1f (%.3f)", x.Z, x.AUC))
			} else {
				row = append(row, "")
			}
		}
		x := cells[k]["combined"]
		t.AppendRow(append(row, fmt.Sprintf("%.1f", x.Log10P), fmt.Sprintf("%.4f", x.AUC), fmt.Sprintf("%.3f", x.TPR5e5), fmt.Sprintf("%.3f", x.TPR1e9),
			fmt.Sprintf("%.2g", x.FPR5e5), fmt.Sprintf("%d/%d", x.Positives, x.Negatives)))
	}
	fmt.Fprintln(out, "plus by channel: median z (AUC); at the right all channels together, p by the bound, corrected")
	t.Render()
}

// printPaper writes what the published methods decide.
func printPaper(out io.Writer, r watermarkResult) {
	if len(r.Paper) == 0 {
		return
	}
	t := newTable(out, "method", "attack", "AUC", "published", "TPR 5e-5", "TPR 1e-9", "false 5e-5", "median log10 p", "pos/neg")
	for _, p := range r.Paper {
		for _, x := range p.Cells {
			published, _ := kgmark.PublishedAUC(r.Graph, p.Method, x.Attack)
			t.AppendRow([]any{p.Title, x.Attack, fmt.Sprintf("%.4f", x.AUC), optional(published), fmt.Sprintf("%.3f", x.TPR5e5), fmt.Sprintf("%.3f", x.TPR1e9),
				fmt.Sprintf("%.2g", x.FPR5e5), fmt.Sprintf("%.1f", x.Log10P), fmt.Sprintf("%d/%d", x.Positives, x.Negatives)})
		}
	}
	t.Render()
	fmt.Fprintf(out, "published methods took %s\n", shortTime(r.PaperTime))
}

// printQuality writes ranks before and after marking beside Table 3.
func printQuality(out io.Writer, r watermarkResult) {
	t := newTable(out, "table", "on", "cosine", "GMR", "HMR", "AMR", "Hits@10", "triples", "published: cosine", "GMR", "HMR", "AMR", "Hits@10")
	add := func(cosine float64, qualities []trial.Quality) {
		for _, q := range qualities {
			row := []any{q.What, q.On, pickText(q.What == "original", "", fmt.Sprintf("%.5f", cosine)), fmt.Sprintf("%.3f", q.GMR), fmt.Sprintf("%.3f", q.HMR),
				fmt.Sprintf("%.1f", q.AMR), fmt.Sprintf("%.4f", q.Hits10), q.Triples}
			if p, ok := kgmark.PublishedRanks(r.Graph, q.What); ok && q.On == "training" {
				row = append(row, optional(p.Cosines[2]), fmt.Sprintf("%.3f", p.GMR), fmt.Sprintf("%.3f", p.HMR), fmt.Sprintf("%.1f", p.AMR), fmt.Sprintf("%.4f", p.Hits10))
			}
			t.AppendRow(row)
		}
	}
	if r.Plus != nil {
		add(r.Plus.Cosine, r.Plus.Quality)
	}
	for i, p := range r.Paper {
		if i > 0 {
			p.Quality = slices.DeleteFunc(slices.Clone(p.Quality), func(q trial.Quality) bool { return q.What == "original" })
		}
		add(p.Cosine, p.Quality)
	}
	fmt.Fprintln(out, "ranks: filtered, both ends, a sample of triples; the published methods' among the marked communities only")
	t.Render()
}

// speed detects one key in a generated table of the size stated.
func (c *benchWatermark) speed(a *app) error {
	a.machine()
	table := watermark.Table{Names: make([]string, c.Rows), Rows: vec.MatrixOf(generate.Rows{Rows: c.Rows, Width: c.Dim, Seed: 1}.Table(), c.Rows, c.Dim)}
	for i := range table.Names {
		table.Names[i] = fmt.Sprintf("http://inkling.example/e%d", i)
	}
	key, err := watermark.NewKey("speed")
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	start, used := time.Now(), processorTime()
	suspect, err := watermark.NewSuspect(a.ctx, table, workers)
	if err != nil {
		return err
	}
	ready := time.Since(start)
	start = time.Now()
	if _, err := suspect.Test(a.ctx, []*watermark.GraphKey{key.Graph(watermark.NewUUID())}); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s × %d: ready in %s, a key in %s, %.1f s of processor time, peak memory %s\n",
		grouped(int64(c.Rows)), c.Dim, shortTime(ready), shortTime(time.Since(start)), processorTime()-used, sizeText(peakMemory()))
	return nil
}
