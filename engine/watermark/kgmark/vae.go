package kgmark

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/internal/vec"
)

// ErrDiverged is returned when a training's numbers stop being finite.
var ErrDiverged = errors.New("training diverged")

// vae is the variational autoencoder of the authors' code: a layer of attention with ReLU; for the mean and for the
// logarithm of the variance each a layer with ReLU, dropout and a linear map; back a linear map, a layer with ReLU,
// dropout and a layer without. A latent's row belongs to an entity.
type vae struct {
	enter               *rgat
	mean, spread        *rgat
	meanHead, spreadOut *linear
	open                *linear
	up, down            *rgat
}

func newVAE(width, relations int, o Options, random *rand.Rand) *vae {
	identity := !o.Literal.NoSelfLoops
	h := o.Hidden
	m := &vae{
		enter: newRGAT(width, h, relations, true, o, random),
		mean:  newRGAT(h, h, relations, true, o, random), meanHead: newLinear(h, o.Latent, identity, random),
		spread: newRGAT(h, h, relations, true, o, random), spreadOut: newLinear(h, o.Latent, false, random),
		open: newLinear(o.Latent, h, identity, random),
		up:   newRGAT(h, h, relations, true, o, random), down: newRGAT(h, width, relations, false, o, random),
	}
	for i := range m.spreadOut.weight.value {
		m.spreadOut.weight.value[i] *= 0.1
	}
	for i := range m.spreadOut.bias.value {
		m.spreadOut.bias.value[i] = -3 // latents begin with a deviation of 0.22
	}
	return m
}

func (m *vae) params() []*weights {
	var all []*weights
	for _, l := range []*rgat{m.enter, m.mean, m.spread, m.up, m.down} {
		all = append(all, l.params()...)
	}
	for _, l := range []*linear{m.meanHead, m.spreadOut, m.open} {
		all = append(all, l.params()...)
	}
	return all
}

// drops are the factors of dropout of the three hidden matrices: 0 or 2. An empty one drops nothing.
type drops struct{ mean, spread, up vec.Matrix }

func newDrops(rows, hidden int, random *rand.Rand) drops {
	draw := func() vec.Matrix {
		d := newMatrix(rows, hidden)
		for i := range d.Data {
			d.Data[i] = float32(2 * random.IntN(2))
		}
		return d
	}
	return drops{draw(), draw(), draw()}
}

// drop multiplies x by the factors.
func drop(x, factors vec.Matrix) {
	for i, f := range factors.Data {
		x.Data[i] *= f
	}
}

// encode returns the means of the latents: what marking uses, without noise.
func (m *vae) encode(x vec.Matrix, g *links, workers int) vec.Matrix {
	h, _ := m.enter.forward(x, g, workers)
	h, _ = m.mean.forward(h, g, workers)
	return m.meanHead.forward(h, workers)
}

// decode returns the rows of latents.
func (m *vae) decode(z vec.Matrix, g *links, workers int) vec.Matrix {
	h, _ := m.up.forward(m.open.forward(z, workers), g, workers)
	y, _ := m.down.forward(h, g, workers)
	return y
}

// lossGradient adds the gradient of mean squared error + divergence·KL(N(μ, σ²) ‖ N(0, 1)), both a number's mean, at the
// latent μ + σ·noise, and returns the loss and its first term.
func (m *vae) lossGradient(x vec.Matrix, g *links, noise vec.Matrix, d drops, divergence float64, workers int) (loss, squared float64) {
	h, enter := m.enter.forward(x, g, workers)
	hm, mean := m.mean.forward(h, g, workers)
	drop(hm, d.mean)
	mu := m.meanHead.forward(hm, workers)
	hs, spread := m.spread.forward(h, g, workers)
	drop(hs, d.spread)
	logVariance := m.spreadOut.forward(hs, workers)
	z := newMatrix(mu.Rows, mu.Cols)
	for i := range z.Data {
		z.Data[i] = mu.Data[i] + noise.Data[i]*float32(math.Exp(0.5*float64(logVariance.Data[i])))
	}
	opened := m.open.forward(z, workers)
	hu, up := m.up.forward(opened, g, workers)
	drop(hu, d.up)
	y, down := m.down.forward(hu, g, workers)

	dy := newMatrix(y.Rows, y.Cols)
	for i := range y.Data {
		e := float64(y.Data[i]) - float64(x.Data[i])
		squared += e * e
		dy.Data[i] = float32(2 * e / float64(len(y.Data)))
	}
	squared /= float64(len(y.Data))
	dhu := m.down.backward(down, g, dy, workers)
	drop(dhu, d.up)
	dz := m.open.backward(z, m.up.backward(up, g, dhu, workers), workers)
	dlog := newMatrix(z.Rows, z.Cols)
	kl := 0.0
	for i := range z.Data {
		mu, lv := float64(mu.Data[i]), float64(logVariance.Data[i])
		variance := math.Exp(lv)
		kl += 0.5 * (mu*mu + variance - 1 - lv)
		share := divergence / float64(len(z.Data))
		dlog.Data[i] = dz.Data[i]*noise.Data[i]*float32(0.5*math.Sqrt(variance)) + float32(0.5*share*(variance-1))
		dz.Data[i] += float32(share * mu)
	}
	dh := m.backToHidden(m.meanHead, m.mean, mean, hm, dz, d.mean, g, workers)
	other := m.backToHidden(m.spreadOut, m.spread, spread, hs, dlog, d.spread, g, workers)
	vec.Axpy(1, other.Data, dh.Data)
	m.enter.backward(enter, g, dh, workers)
	return squared + divergence*kl/float64(len(z.Data)), squared
}

// backToHidden passes a gradient back through a head and its layer of attention.
func (m *vae) backToHidden(head *linear, layer *rgat, s *rgatState, hidden, dout, factors vec.Matrix, g *links, workers int) vec.Matrix {
	d := head.backward(hidden, dout, workers)
	drop(d, factors)
	return layer.backward(s, g, d, workers)
}

// train fits the autoencoder to blocks of communities and returns the mean squared error of the last epoch.
func (m *vae) train(ctx context.Context, blocks []block, o Options) (squared float64, err error) {
	random := seeded(o.Seed, "vae")
	steps := adam{all: m.params()}
	for epoch := range o.VAEEpochs {
		squared = 0
		rows := 0
		for _, i := range random.Perm(len(blocks)) {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			b := blocks[i]
			noise := newMatrix(b.x.Rows, o.Latent)
			for j := range noise.Data {
				noise.Data[j] = float32(random.NormFloat64())
			}
			var d drops
			if o.Literal.Dropout {
				d = newDrops(b.x.Rows, o.Hidden, random)
			}
			steps.zero()
			_, s := m.lossGradient(b.x, b.links, noise, d, o.Divergence*float64(epoch+1)/float64(o.VAEEpochs), o.Workers)
			if math.IsNaN(s) || math.IsInf(s, 0) {
				return 0, fmt.Errorf("kgmark: autoencoder, epoch %d: %w; take a smaller rate than %g", epoch+1, ErrDiverged, o.VAERate)
			}
			steps.update(o.VAERate * cooled(epoch, o.VAEEpochs))
			squared += s * float64(b.x.Rows)
			rows += b.x.Rows
		}
		squared /= float64(rows)
		o.report("autoencoder", float64(epoch+1)/float64(o.VAEEpochs))
	}
	if !steps.finite() {
		return 0, fmt.Errorf("kgmark: autoencoder: %w; take a smaller rate than %g", ErrDiverged, o.VAERate)
	}
	return squared, nil
}

// cooled returns the factor of the learning rate: constant for a half, then falling evenly to a tenth.
func cooled(epoch, epochs int) float64 {
	return min(1, 1-0.9*(2*float64(epoch)/float64(epochs)-1))
}
