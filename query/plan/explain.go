package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/inklingdb/inkling/query/sparql"
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
		fmt.Fprintf(&b, "%-64s est %s", strings.Repeat("  ", depth)+label(n, names), count(n.About().Rows))
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
		for _, in := range Inputs(n) {
			walk(in, depth+1)
		}
		for _, body := range existsBodies(n) {
			fmt.Fprintf(&b, "%sexists\n", strings.Repeat("  ", depth+1))
			walk(body, depth+2)
		}
	}
	walk(root, 0)
	return b.String()
}

// existsBodies returns the plans of the EXISTS patterns in a node's expressions.
func existsBodies(n Node) (out []Node) {
	var list []Expression
	switch n := n.(type) {
	case *Filter:
		list = n.Conditions
	case *LeftJoin:
		list = n.Conditions
	case *Optional:
		list = n.Conditions
	case *Extend:
		for _, b := range n.Bindings {
			list = append(list, b.Expr)
		}
	}
	for _, x := range list {
		visit(x.Expr, func(e sparql.Expr) {
			if exists, ok := e.(*sparql.Exists); ok {
				out = append(out, x.Exists[exists].Body)
			}
		})
	}
	return out
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
		text := fmt.Sprintf(", k %d", g.Predict.K)
		if g.Predict.Stated {
			text = " or stated" + text
		}
		return text + g.Predict.modelLabel()
	case Doubtful:
		return g.Predict.modelLabel()
	}
	return ""
}

func (pr *Prediction) modelLabel() string {
	if pr.Model == "" {
		return ""
	}
	return ", model " + pr.Model
}

// asksLabel says which questions a plausible pattern asks where more than one end is open.
func (n *Scan) asksLabel() string {
	open := func(pos Position) bool {
		return pos.ID == 0 && (n.Input == nil || !n.Input.About().Certain.Has(pos.Slot))
	}
	ends, relation := 0, open(n.P)
	for _, pos := range []Position{n.S, n.O} {
		if open(pos) {
			ends++
		}
	}
	switch {
	case relation && ends == 2:
		return fmt.Sprintf(", for up to %d subjects and relations", MostQuestions)
	case ends == 2:
		return fmt.Sprintf(", for up to %d subjects", MostQuestions)
	case relation && ends == 1:
		return ", for each relation of the known end"
	case relation:
		return ", for each relation"
	}
	return ""
}

// label describes an operator in a line; names are the slots' variables.
func label(n Node, names []string) string {
	switch n := n.(type) {
	case *Values:
		return fmt.Sprintf("values %s (%d rows)", slotNames(n.Slots, names), len(n.Data))
	case *Scan:
		verb := "scan "
		if n.Graph.Kind == Plausible {
			verb = "predict "
		} else if n.Graph.Kind == Doubtful {
			verb = "doubt "
		}
		s := verb + n.S.label(names) + " " + n.P.label(names) + " " + n.O.label(names) + n.Graph.label()
		if n.Graph.Kind == Plausible {
			s += n.asksLabel()
		}
		if n.Once {
			s += ", first match"
		}
		if n.Empty {
			s += " (a term is not in the graph)"
		}
		return s
	case *PathScan:
		return "path " + n.S.label(names) + " … " + n.O.label(names) + n.Graph.label()
	case *HashJoin:
		return "hash join on " + slotNames(n.On, names)
	case *LeftJoin:
		return "optional, hashed on " + slotNames(n.On, names)
	case *Optional:
		return "optional, per row"
	case *Minus:
		return "minus on " + slotNames(n.Shared, names)
	case *Union:
		return fmt.Sprintf("union of %d", len(n.Branches))
	case *GraphEach:
		return "each graph ?" + names[n.Slot]
	case *Filter:
		return fmt.Sprintf("filter (%d conditions)", len(n.Conditions))
	}
	return modifierLabel(n, names)
}

func modifierLabel(n Node, names []string) string {
	switch n := n.(type) {
	case *Extend:
		return "bind " + bindingNames(n.Bindings, names)
	case *Group:
		return "group by " + bindingNames(n.Keys, names)
	case *Sort:
		if n.Limit >= 0 {
			return fmt.Sprintf("top %d by %d keys", n.Limit, len(n.Keys))
		}
		return fmt.Sprintf("sort by %d keys", len(n.Keys))
	case *Project:
		return "project " + slotNames(n.Slots, names)
	case *Distinct:
		return "distinct"
	case *Slice:
		if n.Limit < 0 {
			return fmt.Sprintf("skip %d", n.Offset)
		}
		return fmt.Sprintf("limit %d, skip %d", n.Limit, n.Offset)
	case *Unit:
		return "one row"
	}
	return "rows from above"
}

func bindingNames(list []Binding, names []string) string {
	slots := make([]int, len(list))
	for i, b := range list {
		slots[i] = b.Slot
	}
	return slotNames(slots, names)
}
