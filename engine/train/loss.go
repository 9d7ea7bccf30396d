package train

import (
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
)

// Loss names what is minimised.
type Loss string

// The losses. Those over all entities and over sampled shared ones are matrix products; the others draw negatives of
// their own for each triple.
const (
	// AllEntities is the cross-entropy of the softmax over all entities for each triple's tail, and for its head
	// ("1-vs-all"). Lacroix, Usunier, Obozinski 2018. Of a Euclidean distance it takes the square.
	AllEntities Loss = "1vsall"
	// KvsAll is the binary cross-entropy of every entity as an answer to each query, all stated answers being
	// positive at once. Dettmers, Minervini, Stenetorp, Riedel 2018.
	KvsAll Loss = "kvsall"
	// SampledSoftmax is AllEntities over Negatives sampled entities, drawn once a batch: for graphs whose entity
	// table is too large to score for every triple.
	SampledSoftmax Loss = "sampled"
	// Softmax is the cross-entropy of a triple's answer against Negatives entities drawn for it alone.
	Softmax Loss = "softmax"
	// Margin is max(0, Margin − s⁺ + s⁻) for each negative. Bordes et al. 2013.
	Margin Loss = "margin"
	// Logistic is −log σ(s⁺ + Margin) for the triple and −log σ(−s⁻ − Margin) for each negative, in the mean. Trouillon
	// et al. 2016.
	Logistic Loss = "logistic"
	// SelfAdversarial is Logistic with each negative weighted by its softmax at the given temperature among the
	// negatives of its triple. Sun et al. 2019, eq. 5.
	SelfAdversarial Loss = "selfadv"
)

// lossKind says by which of the trainer's objectives a loss is computed.
type lossKind uint8

const (
	dense  lossKind = iota // over all entities
	shared                 // over entities sampled for a batch
	paired                 // over entities sampled for a triple
)

// lossInfo describes one loss. To add one: name it here and, for a paired one, give its derivative in pairloss.go.
type lossInfo struct {
	loss Loss
	kind lossKind
}

var losses = []lossInfo{
	{AllEntities, dense}, {KvsAll, dense}, {SampledSoftmax, shared},
	{Softmax, paired}, {Margin, paired}, {Logistic, paired}, {SelfAdversarial, paired},
}

// LossNames lists the losses there are.
func LossNames() []string {
	var names []string
	for _, l := range losses {
		names = append(names, string(l.loss))
	}
	return names
}

func (l Loss) kind() (lossKind, error) {
	for _, known := range losses {
		if known.loss == l {
			return known.kind, nil
		}
	}
	return 0, fmt.Errorf("train: %w: loss %q (there are %s)", ErrOptions, l, strings.Join(LossNames(), ", "))
}

// checkLoss returns ErrOptions with the reason where a loss makes no sense for a family or with the other settings.
func (o Options) checkLoss(f model.Family) error {
	kind, err := o.Loss.kind()
	if err != nil {
		return err
	}
	_, queries := f.Interaction.(model.Querier)
	_, projects := f.Interaction.(model.Projector)
	byProducts := queries && !projects && (f.Similarity == model.Dot || f.Similarity == model.NegL2)
	refuse := func(why string, args ...any) error {
		return fmt.Errorf("train: %w: %s with loss %s: %s", ErrOptions, f.Title, o.Loss, fmt.Sprintf(why, args...))
	}
	switch {
	case !queries:
		return refuse("it has no query rows, by which all losses are trained")
	case kind != paired && !byProducts:
		return refuse("its score over many entities is no matrix product; use %s, %s, %s or %s", Softmax, Margin, Logistic, SelfAdversarial)
	case o.Loss == KvsAll && f.Similarity != model.Dot:
		return refuse("a distance is never positive, so that no probability of an answer would pass one half; use %s", AllEntities)
	case kind == shared && f.Similarity != model.Dot:
		return refuse("shared negatives need an inner product; use %s or %s", AllEntities, Softmax)
	case o.LabelSmoothing != 0 && kind != dense:
		return refuse("label smoothing spreads over all entities; use %s or %s", AllEntities, KvsAll)
	case o.Loss == KvsAll && o.QueryTargets != allTargets:
		return refuse("all answers of a query are learnt at once; leave the targets of a query unlimited")
	case o.Shared && (kind != paired || !byProducts):
		return refuse("negatives of a batch are shared by %s, %s, %s and %s of an inner product or a Euclidean distance", Softmax, Margin, Logistic, SelfAdversarial)
	case o.Shared && o.Sampling == Hard:
		return refuse("hard negatives are an answer's own; they cannot be shared")
	case o.Dura > 0 && f.Similarity != model.Dot:
		return refuse("the DURA penalty is of bilinear models; use l2")
	case (o.Dropout > 0 || o.EntityDropout > 0) && projects:
		return refuse("its query rows live in the relation's space; dropout is not offered there")
	}
	return nil
}
