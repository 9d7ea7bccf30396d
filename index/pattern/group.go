package pattern

// Unpatterned is the group of relations for which no pattern but their cardinality holds.
const Unpatterned = "no pattern"

// GroupNames returns the names of the groups into which figures by relation are summed up: the patterns in the order
// of All, with Unpatterned before the cardinalities.
func GroupNames() []string {
	var list []string
	for _, p := range All {
		if p == OneToOne {
			list = append(list, Unpatterned)
		}
		list = append(list, p.String())
	}
	return list
}

// Groups returns the groups of a relation with these patterns.
func (s Set) Groups() []string {
	list := s.Names()
	if s != 0 && s&^Cardinalities == 0 {
		list = append(list, Unpatterned)
	}
	return list
}
