package sparql

// Walk calls visit for root and every node below it, parents first; it does not descend where visit returns false.
// Below a query or pattern it visits the syntax, below an operator the algebra: the body of EXISTS is then its Op.
func Walk(root Node, visit func(Node) bool) {
	_, algebra := root.(Op)
	w := walker{visit: visit, algebra: algebra}
	w.walk(root)
}

type walker struct {
	visit   func(Node) bool
	algebra bool
}

func (w walker) walk(n Node) {
	if !w.visit(n) {
		return
	}
	switch n := n.(type) {
	case *Query:
		w.query(n)
	case *Update:
		walkAll(w, n.Operations)
	case *Modify:
		walkAll(w, n.Delete)
		walkAll(w, n.Insert)
		w.walk(n.Where)
	case QuadPattern:
		w.walk(n.TriplePattern)
	case TriplePattern:
		if n.Path != nil {
			w.walk(n.Path)
		}
	case Pattern:
		w.pattern(n)
	case Path:
		w.path(n)
	case Expr:
		w.expr(n)
	case Op:
		w.op(n)
	}
}

func walkAll[N Node](w walker, nodes []N) {
	for _, n := range nodes {
		w.walk(n)
	}
}

func (w walker) query(q *Query) {
	for _, i := range q.Items {
		if i.Expr != nil {
			w.walk(i.Expr)
		}
	}
	walkAll(w, q.Template)
	if q.Where != nil {
		w.walk(q.Where)
	}
	for _, k := range q.GroupBy {
		w.walk(k.Expr)
	}
	walkAll(w, q.Having)
	for _, k := range q.OrderBy {
		w.walk(k.Expr)
	}
	if q.Values != nil {
		w.walk(q.Values)
	}
}

func (w walker) pattern(p Pattern) {
	switch p := p.(type) {
	case *GroupPattern:
		walkAll(w, p.Elements)
	case *TriplesPattern:
		walkAll(w, p.Triples)
	case *OptionalPattern:
		w.walk(p.Group)
	case *UnionPattern:
		walkAll(w, p.Alternatives)
	case *MinusPattern:
		w.walk(p.Group)
	case *GraphPattern:
		w.walk(p.Group)
	case *ServicePattern:
		w.walk(p.Group)
	case *FilterPattern:
		w.walk(p.Expr)
	case *BindPattern:
		w.walk(p.Expr)
	case *SubSelect:
		w.walk(p.Query)
	}
}

func (w walker) path(p Path) {
	switch p := p.(type) {
	case *PathInverse:
		w.walk(p.Path)
	case *PathSequence:
		walkAll(w, p.Paths)
	case *PathAlternative:
		walkAll(w, p.Paths)
	case *PathRepeat:
		w.walk(p.Path)
	}
}

func (w walker) expr(e Expr) {
	switch e := e.(type) {
	case *Unary:
		w.walk(e.X)
	case *Binary:
		w.walk(e.L)
		w.walk(e.R)
	case *In:
		w.walk(e.X)
		walkAll(w, e.List)
	case *BuiltIn:
		walkAll(w, e.Args)
	case *Call:
		walkAll(w, e.Args)
	case *Aggregate:
		if e.Arg != nil {
			w.walk(e.Arg)
		}
	case *Exists:
		if w.algebra && e.Op != nil {
			w.walk(e.Op)
			return
		}
		w.walk(e.Group)
	}
}

func (w walker) op(o Op) {
	switch o := o.(type) {
	case *BGP:
		walkAll(w, o.Triples)
	case *PathMatch:
		w.walk(o.Path)
	case *Join:
		w.walk(o.L)
		w.walk(o.R)
	case *LeftJoin:
		w.walk(o.L)
		w.walk(o.R)
		walkAll(w, o.Conditions)
	case *Filter:
		w.walk(o.Input)
		walkAll(w, o.Conditions)
	case *Union:
		walkAll(w, o.Inputs)
	case *Minus:
		w.walk(o.L)
		w.walk(o.R)
	case *Graph:
		w.walk(o.Input)
	case *Extend:
		w.walk(o.Input)
		w.walk(o.Expr)
	case *Group:
		w.walk(o.Input)
		for _, k := range o.Keys {
			w.walk(k.Expr)
		}
		for _, a := range o.Aggregates {
			w.walk(a.Aggregate)
		}
	case *OrderBy:
		w.walk(o.Input)
		for _, k := range o.Keys {
			w.walk(k.Expr)
		}
	case *Project:
		w.walk(o.Input)
	case *Distinct:
		w.walk(o.Input)
	case *Reduced:
		w.walk(o.Input)
	case *Slice:
		w.walk(o.Input)
	case *Service:
		w.walk(o.Input)
	}
}
