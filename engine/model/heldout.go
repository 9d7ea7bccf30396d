package model

// HeldOut is what an embedding made of its test triples at the end of training, in the detail that plots show and that
// cannot be measured again later: from then on the embedding follows the graph, which states those triples.
type HeldOut struct {
	Entities   int   // that an answer competed with
	Unknown    int   // test triples with a term that the vocabulary has no row for; in no other figure here
	UpTo       []int // bin i of the ranks holds those above UpTo[i-1] and up to UpTo[i]
	Tails      []int // questions (h, r, ?) by the bin of their answer's filtered rank
	Heads      []int // questions (?, r, t)
	TailMRR    float64
	HeadMRR    float64
	TailHits10 float64
	HeadHits10 float64
	Relations  []HeldOutRelation // by row
}

// HeldOutRelation is the filtered ranking of one relation's test triples, heads and tails together.
type HeldOutRelation struct {
	Relation                            uint32 // row
	Triples                             int
	MRR, Hits1, Hits3, Hits10, MeanRank float64
}
