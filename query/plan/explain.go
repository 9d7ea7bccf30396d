package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// Measured is what an operator did when it ran.
type Measured struct {
	Rows  int64
	Calls int64         // times it was started
	Time  time.Duration // its inputs' time included; 0 unless measured
}

// Format prints a plan as a tree, a line an operator: label, estimated rows and, where measured has them, actual rows,
// starts and time.
func Format(root Node, names []string, measured func(Node) (Measured, bool)) string {
	var b strings.Builder
	var walk func(n Node, depth int)
	walk = func(n Node, depth int) {
		switch n.(type) {
		case *Unit, *Seed:
			return
		}
		fmt.Fprintf(&b, "%-64s est %s", strings.Repeat("  ", depth)+n.Label(names), count(n.About().Rows))
		if measured != nil {
			if m, ok := measured(n); ok {
				fmt.Fprintf(&b, "  rows %d", m.Rows)
				if m.Calls > 1 {
					fmt.Fprintf(&b, "  starts %d", m.Calls)
				}
				fmt.Fprintf(&b, "  time %s", m.Time.Round(time.Microsecond))
			} else {
				b.WriteString("  not run")
			}
		}
		b.WriteByte('\n')
		for _, in := range n.Inputs() {
			walk(in, depth+1)
		}
	}
	walk(root, 0)
	return b.String()
}

func count(f float64) string {
	if f >= 1e6 {
		return fmt.Sprintf("%.1e", f)
	}
	return fmt.Sprintf("%.0f", f)
}

func slotNames(slots []int, names []string) string {
	var b strings.Builder
	for i, s := range slots {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("?" + names[s])
	}
	return b.String()
}

func (p Position) label(names []string) string {
	if p.ID == 0 {
		return "?" + names[p.Slot]
	}
	if p.Term.Kind != rdf.IRI {
		return `"` + p.Term.Value + `"`
	}
	if i := strings.LastIndexAny(p.Term.Value, "/#:"); i >= 0 && i < len(p.Term.Value)-1 {
		return ":" + p.Term.Value[i+1:]
	}
	return "<" + p.Term.Value + ">"
}

func (g Graph) label() string {
	switch g.Kind {
	case ConstantGraph:
		return " in a named graph"
	case CurrentGraph:
		return " in the current graph"
	case Plausible:
		return fmt.Sprintf(" plausible, k %d", g.Predict.K)
	}
	return ""
}

// Label describes an operator in a line; names are the slots' variables.
func (n *Unit) Label([]string) string { return "one row" }

// Label describes the rows fed in.
func (n *Seed) Label([]string) string { return "rows from above" }

// Label describes the table.
func (n *Values) Label(names []string) string {
	return fmt.Sprintf("values %s (%d rows)", slotNames(n.Slots, names), len(n.Data))
}

// Label describes the pattern.
func (n *Scan) Label(names []string) string {
	s := "scan " + n.S.label(names) + " " + n.P.label(names) + " " + n.O.label(names) + n.Graph.label()
	if n.Empty {
		s += " (a term is not in the graph)"
	}
	return s
}

// Label describes the path.
func (n *PathScan) Label(names []string) string {
	return "path " + n.S.label(names) + " … " + n.O.label(names) + n.Graph.label()
}

// Label names the key.
func (n *HashJoin) Label(names []string) string { return "hash join on " + slotNames(n.On, names) }

// Label names the key.
func (n *LeftJoin) Label(names []string) string {
	return "optional, hashed on " + slotNames(n.On, names)
}

// Label describes the operator.
func (n *Optional) Label([]string) string { return "optional, per row" }

// Label names the shared variables.
func (n *Minus) Label(names []string) string { return "minus on " + slotNames(n.Shared, names) }

// Label counts the branches.
func (n *Union) Label([]string) string { return fmt.Sprintf("union of %d", len(n.Branches)) }

// Label names the graph variable.
func (n *GraphEach) Label(names []string) string { return "each graph ?" + names[n.Slot] }

// Label counts the conditions.
func (n *Filter) Label([]string) string {
	return fmt.Sprintf("filter (%d conditions)", len(n.Conditions))
}

// Label names the variables bound.
func (n *Extend) Label(names []string) string {
	slots := make([]int, len(n.Bindings))
	for i, b := range n.Bindings {
		slots[i] = b.Slot
	}
	return "bind " + slotNames(slots, names)
}

// Label names the keys.
func (n *Group) Label(names []string) string {
	slots := make([]int, len(n.Keys))
	for i, b := range n.Keys {
		slots[i] = b.Slot
	}
	return "group by " + slotNames(slots, names)
}

// Label tells a full sort from a bounded one.
func (n *Sort) Label([]string) string {
	if n.Limit >= 0 {
		return fmt.Sprintf("top %d by %d keys", n.Limit, len(n.Keys))
	}
	return fmt.Sprintf("sort by %d keys", len(n.Keys))
}

// Label names the columns kept.
func (n *Project) Label(names []string) string { return "project " + slotNames(n.Slots, names) }

// Label describes the operator.
func (n *Distinct) Label([]string) string { return "distinct" }

// Label describes the range.
func (n *Slice) Label([]string) string {
	if n.Limit < 0 {
		return fmt.Sprintf("skip %d", n.Offset)
	}
	return fmt.Sprintf("limit %d, skip %d", n.Limit, n.Offset)
}
