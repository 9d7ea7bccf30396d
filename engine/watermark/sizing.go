package watermark

import (
	"errors"
	"fmt"
	"math"
)

// ErrTooSmall is returned for a table or a set of triples that cannot hold a mark which is both found and harmless.
var ErrTooSmall = errors.New("too small to mark")

// TooSmallError is an ErrTooSmall with its reason.
type TooSmallError struct{ Reason string } // without a prefix, to stand in a longer message

// Error names the package and says ErrTooSmall and the reason.
func (e *TooSmallError) Error() string {
	return fmt.Sprintf("watermark: %v: %s", ErrTooSmall, e.Reason)
}

// Unwrap returns ErrTooSmall.
func (e *TooSmallError) Unwrap() error { return ErrTooSmall }

func tooSmall(format string, args ...any) error {
	return &TooSmallError{fmt.Sprintf(format, args...)}
}

// Sizing says how strong a mark is to be: by the mean cosine of a row with itself before, or by the z that each table
// channel is expected to reach. Both zero means DefaultCosine.
type Sizing struct {
	Cosine float64 `json:"cosine,omitempty"`
	Z      float64 `json:"z,omitempty"`
}

const (
	// DefaultCosine is what Sizing asks for when not told.
	DefaultCosine = 0.999
	// LeastNumbers is how many numbers, rows times dimension, a table needs to be marked: with fewer z = 20 costs a cosine below
	// 0.99. A part of a marked table is tested with far fewer: see Suspect.Attainable.
	LeastNumbers = 20_000
	// leastZ is the expected z below which a mark is not worth its noise: exp(−z²/2) is 1e-14 at 8.
	leastZ = 8
	// leastCosine bounds what a mark may cost.
	leastCosine = 0.98
)

// Check returns an error unless the sizing makes sense.
func (s Sizing) Check() error {
	switch {
	case s.Cosine != 0 && s.Z != 0:
		return errors.New("state the cosine or z, not both")
	case s.Cosine != 0 && !(s.Cosine >= leastCosine && s.Cosine < 1):
		return fmt.Errorf("cosine %g: it must be from %g to just below 1; 0.999 is usual", s.Cosine, leastCosine)
	case s.Z != 0 && !(s.Z >= leastZ && s.Z <= 1000):
		return fmt.Errorf("z %g: it must be from %d to 1000; 20 is usual", s.Z, leastZ)
	}
	return nil
}

// Strength returns the strengths that fit a table, and the mean cosine and the z by channel to expect. A table that is
// too small is ErrTooSmall with the reason.
func (s Sizing) Strength(t Table, scale Scale) (Strengths, Forecast, error) {
	if err := s.Check(); err != nil {
		return Strengths{}, Forecast{}, fmt.Errorf("watermark: %w", err)
	}
	if s.Cosine == 0 && s.Z == 0 {
		s.Cosine = DefaultCosine
	}
	f := t.figures(scale)
	if f.n*f.d < LeastNumbers {
		return Strengths{}, Forecast{}, tooSmall("%.0f rows of %.0f varying numbers are %.0f, and %d are needed: mark more rows, or train with a larger dimension", f.n, f.d, f.n*f.d, LeastNumbers)
	}
	var out Strengths
	if s.Z != 0 {
		out = f.byZ(s.Z)
	} else {
		out = f.byCosine(s.Cosine)
	}
	forecast := f.forecast(out)
	if forecast.Cosine < leastCosine {
		return Strengths{}, forecast, tooSmall("z = %g would leave a cosine of %.4f only: ask for less, or mark more rows", s.Z, forecast.Cosine)
	}
	if best := max(forecast.T1, forecast.T2); best < leastZ {
		return Strengths{}, forecast, tooSmall("at cosine %g the mark reaches z = %.1f, and %d are needed: allow a lower cosine, or mark more rows", s.Cosine, best, leastZ)
	}
	return out, forecast, nil
}

// Forecast is what to expect of a mark.
type Forecast struct {
	Cosine float64 `json:"cosine"` // mean over rows, of a row with itself before
	T1     float64 `json:"z_t1"`
	T2     float64 `json:"z_t2"`
	Q3     float64 `json:"z_q3"`
}

// figures are what sizing needs of a table.
type figures struct {
	n, d    float64 // rows and varying dimensions
	named   float64 // rows with an identity
	perStep float64 // 1 − cosine for strengths of square sum 1
}

func (t Table) figures(scale Scale) figures {
	f := figures{n: float64(t.Rows.Rows), d: float64(scale.Varying())}
	width := 0.0
	for _, sd := range scale.Deviation {
		width += float64(sd) * float64(sd)
	}
	sum, rows := 0.0, 0
	for i := range t.Rows.Rows {
		if t.name(i) != "" {
			f.named++
		}
		square := 0.0
		for _, x := range t.Rows.Row(i) {
			square += float64(x) * float64(x)
		}
		if square > 0 {
			sum += 1 / square
			rows++
		}
	}
	// 1 − cos = |offset|²/(2|x|²) for an offset across the row; of one in d dimensions 1/d lies along it.
	f.perStep = width * sum / float64(max(1, rows)) / 2 * (1 - 1/max(2, f.d))
	return f
}

// offDirections is the share of a sign vector of T2 that is left when it is projected off the directions.
func (f figures) offDirections() float64 { return max(0, 1-directions/f.d) }

// turnLimit is the largest square of Q3's strength: beyond it the direction shows among the principal components.
func (f figures) turnLimit() float64 {
	if f.named < 2*f.d {
		return 0 // the whitened table would be all rotation
	}
	return 0.3 / math.Sqrt(f.named*f.d)
}

// byCosine shares 1 − cosine among the channels: a third for Q3 up to its limit, the rest to T1 and T2 alike.
func (f figures) byCosine(cosine float64) Strengths {
	square := (1 - cosine) / f.perStep
	q3 := min(square/3, f.turnLimit())
	rest := square - q3
	switch {
	case f.named == 0:
		return Strengths{T2: math.Sqrt(rest / f.offDirections())}
	case f.d < leastParityDim:
		return Strengths{T1: math.Sqrt(rest), Q3: math.Sqrt(q3)}
	}
	return Strengths{T1: math.Sqrt(rest / 2), T2: math.Sqrt(rest / 2 / f.offDirections()), Q3: math.Sqrt(q3)}
}

// byZ solves the forecast for the strengths.
func (f figures) byZ(z float64) Strengths {
	var s Strengths
	if f.named > 0 {
		s.T1 = z / math.Sqrt(f.named*f.d)
		s.Q3 = math.Sqrt(min(z/(f.named*math.Sqrt(f.d/2)), f.turnLimit()))
	}
	if left := f.d - directions - z*z/parities; f.d >= leastParityDim && left > 0 {
		s.T2 = z / math.Sqrt(f.n*left)
	}
	return s
}

// forecast returns what strengths lead to.
func (f figures) forecast(s Strengths) Forecast {
	return Forecast{
		Cosine: 1 - f.perStep*(s.T1*s.T1+s.T2*s.T2*f.offDirections()+s.Q3*s.Q3),
		T1:     s.T1 * math.Sqrt(f.named*f.d),
		// V_j holds the mark beside the noise of the rows.
		T2: s.T2 * math.Sqrt(f.n*max(0, f.d-directions)/(1+s.T2*s.T2*f.n/parities)),
		Q3: s.Q3 * s.Q3 * f.named * math.Sqrt(f.d/2),
	}
}
