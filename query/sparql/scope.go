package sparql

// scope collects the variables that a pattern may bind (SPARQL 1.1 §18.2.1), in order of appearance.
type scope struct {
	names []string
	has   map[string]bool
}

func (s *scope) add(names ...string) {
	if s.has == nil {
		s.has = map[string]bool{}
	}
	for _, n := range names {
		if n != "" && !s.has[n] {
			s.has[n] = true
			s.names = append(s.names, n)
		}
	}
}

// pattern adds the variables of p; those of FILTER and MINUS are not in scope outside of them.
func (s *scope) pattern(p Pattern) {
	switch p := p.(type) {
	case *GroupPattern:
		for _, e := range p.Elements {
			s.pattern(e)
		}
	case *TriplesPattern:
		for _, t := range p.Triples {
			s.add(t.S.Var, t.P.Var, t.O.Var)
		}
	case *OptionalPattern:
		s.pattern(p.Group)
	case *UnionPattern:
		for _, g := range p.Alternatives {
			s.pattern(g)
		}
	case *GraphPattern:
		s.add(p.Name.Var)
		s.pattern(p.Group)
	case *ServicePattern:
		s.add(p.Name.Var)
		s.pattern(p.Group)
	case *BindPattern:
		s.add(p.Var)
	case *ValuesPattern:
		s.add(p.Vars...)
	case *SubSelect:
		s.query(p.Query)
	}
}

// query adds the columns of a subselect.
func (s *scope) query(q *Query) {
	if q.Star {
		s.where(q)
		return
	}
	for _, i := range q.Items {
		s.add(i.Var)
	}
}

// where adds the variables of q's pattern and of its trailing VALUES.
func (s *scope) where(q *Query) {
	if q.Where != nil {
		s.pattern(q.Where)
	}
	if q.Values != nil {
		s.add(q.Values.Vars...)
	}
}
