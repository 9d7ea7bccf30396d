//go:build !purego

package vec

func dotGatherGrad(s gradient) {
	if active == variantGo {
		dotGatherGradGo(s)
		return
	}
	gatherGrad(innerProduct, s)
}

func distanceGatherGrad(m Metric, s gradient) {
	if active == variantGo {
		distanceGatherGradGo(m, s)
		return
	}
	gatherGrad(m, s)
}

// gatherGrad gives the kernels, which always write dx, a place for it.
func gatherGrad(m Metric, s gradient) {
	if s.dx != nil {
		gradByX(m, s)
		return
	}
	if s.dtable == nil {
		return
	}
	var ignored [ignoredColumns]float32 // on the stack
	if len(s.x) <= ignoredColumns {
		s.dx = ignored[:len(s.x)]
	} else {
		s.dx = make([]float32, len(s.x))
	}
	gradByX(m, s)
}

func gradByX(m Metric, s gradient) {
	switch {
	case len(s.rows) == 0 || len(s.x) == 0:
	case active == variantAVX512 && s.dtable == nil:
		gradXAVX512(m, s)
	case active == variantAVX512:
		gradAVX512(m, s)
	case s.dtable == nil:
		gradXAVX2(m, s)
	default:
		gradAVX2(m, s)
	}
}

func gradAVX512(m Metric, s gradient) {
	switch m {
	case innerProduct:
		dotGradAVX512(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	case L1:
		l1GradAVX512(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	case SquaredL2:
		squaredL2GradAVX512(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	case Moduli:
		moduliGradAVX512(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	}
}

func gradXAVX512(m Metric, s gradient) {
	switch m {
	case innerProduct:
		dotGradXAVX512(s.g, s.table, s.rows, s.x, s.dx)
	case L1:
		l1GradXAVX512(s.g, s.table, s.rows, s.x, s.dx)
	case SquaredL2:
		squaredL2GradXAVX512(s.g, s.table, s.rows, s.x, s.dx)
	case Moduli:
		moduliGradXAVX512(s.g, s.table, s.rows, s.x, s.dx)
	}
}

func gradAVX2(m Metric, s gradient) {
	switch m {
	case innerProduct:
		dotGradAVX2(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	case L1:
		l1GradAVX2(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	case SquaredL2:
		squaredL2GradAVX2(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	case Moduli:
		moduliGradAVX2(s.g, s.table, s.rows, s.x, s.dx, &s.dtable[0])
	}
}

func gradXAVX2(m Metric, s gradient) {
	switch m {
	case innerProduct:
		dotGradXAVX2(s.g, s.table, s.rows, s.x, s.dx)
	case L1:
		l1GradXAVX2(s.g, s.table, s.rows, s.x, s.dx)
	case SquaredL2:
		squaredL2GradXAVX2(s.g, s.table, s.rows, s.x, s.dx)
	case Moduli:
		moduliGradXAVX2(s.g, s.table, s.rows, s.x, s.dx)
	}
}
