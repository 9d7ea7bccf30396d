package experiment

// Mark is an entry of the published table.
type Mark uint8

// The marks; Unstated where the table has no such row or column.
const (
	Unstated Mark = iota
	Learns
	Fails
)

func (m Mark) String() string { return [...]string{" ", "✓", "✗"}[m] }

// published is the table "pattern × model" of Stanford's CS224W lecture on knowledge graph completion, as retold in
// shared/papers/kg-completion-lecture.txt. It speaks of what an equation can express; RESCAL and CP are not in it.
var published = map[string]map[string]Mark{
	"symmetric":     {"transe": Fails, "transr": Fails, "distmult": Learns, "complex": Learns, "rotate": Learns},
	"antisymmetric": {"transe": Learns, "transr": Learns, "distmult": Fails, "complex": Learns, "rotate": Learns},
	"inverse":       {"transe": Learns, "transr": Learns, "distmult": Fails, "complex": Learns, "rotate": Learns},
	"composition":   {"transe": Learns, "transr": Fails, "distmult": Fails, "complex": Fails, "rotate": Learns},
	"1-to-N":        {"transe": Fails, "transr": Learns, "distmult": Learns, "complex": Learns, "rotate": Learns},
}
