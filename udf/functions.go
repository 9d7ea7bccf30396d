package udf

// Functions lists every function that Inkling has, in the order of the manual.
var Functions = []Function{
	score,
	prob,
	rank,
	predictTail,
	predictHead,
	predictRelation,
	isFact,
	isStated,
	similar,
	degree,
	neighbours,
	relationPattern,
	functionality,
	inverseFunctionality,
	isFunctional,
	conflicts,
	hasOther,
	explain,
}

// ByName returns the function of a name; false when there is none.
func ByName(name string) (*Function, bool) {
	for i := range Functions {
		if Functions[i].Name == name {
			return &Functions[i], true
		}
	}
	return nil, false
}

// Parameters that functions share.
var (
	headRelationTail = []Param{{"h", Entity}, {"r", Relation}, {"t", Entity}}
	leastOptions     = []Param{{"least", Share}, {"model", ModelName}}
	modelOnly        = []Param{{"model", ModelName}}
	rankingOptions   = []Param{{"k", Count}, {"stated", Flag}, {"model", ModelName}}
)
