package kgmark

import (
	"errors"
	"fmt"

	"github.com/inklingdb/inkling/internal/vec"
)

// Method is a way to mark a table. Those of the source change latents between inversion and sampling; the classical ones
// change the table itself.
type Method struct {
	Name, Title string
	scheme      scheme
}

// Methods lists what can be compared: the source's method and variants, its baselines, and the control.
var Methods = []Method{
	{"kgmark", "KGMark", spectrum{community: true, vertex: true, learnt: true}},
	{"without-lawmm", "W/O LAWMM", spectrum{community: true, vertex: true}},
	{"community-only", "Only CL", spectrum{community: true, learnt: true}},
	{"vertex-only", "Only VL", spectrum{vertex: true, learnt: true}},
	{"tree-ring", "TreeRing", treeRing{}},
	{"gaussian-shading", "GaussianShading", shading{}},
	{"dwt-dct", "DwtDct", dwtDct{}},
	{"dct-qim", "DctQim", dctQim{}},
	{"none", "W/O Watermark", control{}},
}

// ErrUnknownMethod is returned for a name that is none of Methods.
var ErrUnknownMethod = errors.New("unknown watermark method")

// MethodByName returns the method of a name.
func MethodByName(name string) (Method, error) {
	for _, m := range Methods {
		if m.Name == name {
			return m, nil
		}
	}
	return Method{}, fmt.Errorf("kgmark: %w: %q", ErrUnknownMethod, name)
}

// scheme is how a method marks one community and what it leaves to see.
type scheme interface {
	// latent reports whether it works on latents at the last time, or else on the standardised table.
	latent() bool
	// embed changes rows x, which are the part's own copy, and returns what the detector needs.
	embed(o Options, p *part, x vec.Matrix, key []byte) Carrier
	// observe returns what rows x, as many as the carrier has, show of each layer.
	observe(o Options, c Carrier, x vec.Matrix) []observation
}

// Carrier is what the detector needs of one community's mark besides the key.
type Carrier struct {
	Size      int     // entities
	Community Mask    // of the community's latents
	Vertex    Mask    // of each of the vertices' latents
	Vertices  []int   // places of the entities marked one by one
	Step      float64 // of DctQim
}

// Record is what marking leaves for the detector, which needs the pipeline and the key as well.
type Record struct {
	Method   string
	Carriers []Carrier // one for each of the pipeline's communities
}

// control marks nothing: rows go through the networks and come back.
type control struct{}

func (control) latent() bool { return true }
func (control) embed(_ Options, _ *part, x vec.Matrix, _ []byte) Carrier {
	return Carrier{Size: x.Rows}
}
func (control) observe(Options, Carrier, vec.Matrix) []observation { return nil }
