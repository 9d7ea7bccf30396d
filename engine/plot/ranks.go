package plot

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Ranks is a histogram of where the right answers stand among all entities, over bins of about equal width on a log
// scale: those of tail questions (h, r, ?) beside those of head questions (?, r, t).
type Ranks struct {
	Model      string
	Source     string // which triples were ranked, in words
	Entities   int    // that an answer competes with
	UpTo       []int  // bin i holds the ranks above UpTo[i-1] and up to UpTo[i]
	Tails      []int  // questions by bin; as many as UpTo
	Heads      []int
	TailMRR    float64
	HeadMRR    float64
	TailHits10 float64
	HeadHits10 float64
}

// Describe implements Drawing.
func (r *Ranks) Describe() string {
	return fmt.Sprintf("Ranks of the right answers by %s: %.0f %% of the tails and %.0f %% of the heads are among the first ten; MRR %.3f and %.3f.",
		r.Model, 100*r.TailHits10, 100*r.HeadHits10, r.TailMRR, r.HeadMRR)
}

func (r *Ranks) height(width int) int { return width*9/20 + 110 }

func (r *Ranks) check() error {
	if len(r.Tails) != len(r.UpTo) || len(r.Heads) != len(r.UpTo) {
		return fmt.Errorf("%w: %d and %d counts for %d bins", ErrNothing, len(r.Tails), len(r.Heads), len(r.UpTo))
	}
	if sum(r.Tails)+sum(r.Heads) == 0 {
		return fmt.Errorf("%w: %s ranked no triple", ErrNothing, r.Model)
	}
	return nil
}

func sum(counts []int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

func (r *Ranks) draw(p *page) {
	p.head("Ranks by "+r.Model, fmt.Sprintf("%s; the right answer among %s, filtered, 1 is best", r.Source, Count(r.Entities, "entity")), []key{
		p.boxKey(fmt.Sprintf("tails (h, r, ?): MRR %.3f, Hits@10 %.3f", r.TailMRR, r.TailHits10), 0),
		p.boxKey(fmt.Sprintf("heads (?, r, t): MRR %.3f, Hits@10 %.3f", r.HeadMRR, r.HeadHits10), 1),
	})
	shares := [2][]float64{shares(r.Tails), shares(r.Heads)}
	_, highest, _ := span(append(append([]float64{0}, shares[0]...), shares[1]...))
	x := axis{label: "rank up to … (log scale)", high: float64(len(r.UpTo)), bare: true}
	for i, edge := range r.UpTo {
		x.ticks = append(x.ticks, tick{float64(i) + 0.5, brief(min(edge, max(1, r.Entities)))})
	}
	f := p.frame(p.rest, x, rounded("share of the questions, %", 0, max(highest, 1), 5))
	for series, heights := range shares {
		for i, v := range heights {
			if v == 0 {
				continue
			}
			left := float64(i) + 0.12 + 0.38*float64(series)
			p.box(f.at(left, 0), f.at(left+0.38, v), p.series[series])
		}
	}
}

// shares returns counts in percent of their sum.
func shares(counts []int) []float64 {
	out := make([]float64, len(counts))
	total := max(1, sum(counts))
	for i, n := range counts {
		out[i] = 100 * float64(n) / float64(total)
	}
	return out
}

// brief writes a rank in few letters: 1,000 as 1k.
func brief(n int) string {
	switch {
	case n >= 1_000_000 && n%100_000 == 0:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1e6), ".0") + "M"
	case n >= 1000 && n%100 == 0:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1e3), ".0") + "k"
	}
	return count(n)
}

// Relations are figures by relation, as bars: MRR and Hits@10 to one side, how many triples they rest on to the other.
type Relations struct {
	Model  string
	Source string     // which triples were ranked, in words
	All    Relation   // over all of them
	Rows   []Relation // in the order shown
	More   int        // relations left out
}

// Relation is one row of Relations.
type Relation struct {
	Name    string
	Triples int
	MRR     float64
	Hits10  float64
}

// Describe implements Drawing.
func (r *Relations) Describe() string {
	words := fmt.Sprintf("MRR and Hits@10 of %s by relation: %.3f and %.3f over all %s", r.Model, r.All.MRR, r.All.Hits10, Count(r.All.Triples, "triple"))
	for i, row := range r.Rows {
		if i == 5 {
			break
		}
		words += fmt.Sprintf("; %s %.3f and %.3f over %s", row.Name, row.MRR, row.Hits10, count(row.Triples))
	}
	return words + "."
}

// rowHeight is the least height of a relation's row.
const rowHeight = 24

func (r *Relations) height(int) int { return rowHeight*(len(r.Rows)+1) + 150 }

func (r *Relations) check() error {
	if len(r.Rows) == 0 {
		return fmt.Errorf("%w: no relation of %s was measured", ErrNothing, r.Model)
	}
	return nil
}

func (r *Relations) draw(p *page) {
	below := r.Source + "; heads and tails together, filtered"
	if r.More > 0 {
		below += fmt.Sprintf("; %s with fewer triples not shown", Count(r.More, "relation"))
	}
	p.head("Relations of "+r.Model, below, []key{p.boxKey("MRR", 0), p.boxKey("Hits@10", 1), p.boxKey("test triples", 2)})
	rows := append([]Relation{r.All}, r.Rows...)
	rows[0].Name = "all relations"
	width := p.rest.Max.X - p.rest.Min.X
	names := axis{low: float64(len(rows)), high: 0, bare: true}
	for i, row := range rows {
		names.ticks = append(names.ticks, tick{float64(i) + 0.5, p.fit(p.small(), row.Name, width*0.32)})
	}
	left, right := p.rest, p.rest
	left.Max.X = p.rest.Min.X + width*0.74
	right.Min.X = left.Max.X + 4
	most := 1
	for _, row := range r.Rows {
		most = max(most, row.Triples)
	}
	x := within("MRR, Hits@10 (0 to 1)", 0, 1, 5)
	f := p.frame(left, x, names)
	room := p.width(p.small(), count(max(most, r.All.Triples))) + 8 // for the numbers behind the bars
	bars := p.frame(right, axis{label: "test triples", high: 1}, axis{low: names.low})
	bars.area.Min.Y, bars.area.Max.Y = f.area.Min.Y, f.area.Max.Y
	length := max(10, bars.area.Max.X+10-room-bars.area.Min.X)
	for i, row := range rows {
		at := float64(i)
		p.box(f.at(0, at+0.16), f.at(row.MRR, at+0.48), p.series[0])
		p.box(f.at(0, at+0.52), f.at(row.Hits10, at+0.84), p.series[1])
		low, high := bars.at(0, at+0.34), bars.at(0, at+0.66)
		end := low.X
		if i > 0 { // the row of all would make every other one short
			end += length * vg.Length(row.Triples) / vg.Length(most)
			p.box(low, vg.Point{X: end, Y: high.Y}, p.series[2])
		}
		p.say(p.small(), end+4, (low.Y+high.Y)/2-smallSize*0.34, 0, count(row.Triples))
	}
}
