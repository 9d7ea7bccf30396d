//go:build !amd64 || purego

package vec

func distance(m Metric, x, y []float32) float32  { return distanceGo(m, x, y) }
func distances(m Metric, a, x, out []float32)    { distancesGo(m, a, x, out) }
func dotGatherGrad(s gradient)                   { dotGatherGradGo(s) }
func distanceGatherGrad(m Metric, s gradient)    { distanceGatherGradGo(m, s) }
func adam(w, g, m, v []float32, s AdamStep)      { adamGo(w, g, m, v, s) }
func addCubes(a float32, x, grad []float32)      { addCubesGo(a, x, grad) }
func addComplexCubes(a float32, x, g []float32)  { addComplexCubesGo(a, x, g) }
func divideWeights(w, d []float32) (sum float32) { return divideWeightsGo(w, d) }

func dotGather(table []float32, rows []uint32, x, out []float32) { dotGatherGo(table, rows, x, out) }

func distanceGather(m Metric, table []float32, rows []uint32, x, out []float32) {
	distanceGatherGo(m, table, rows, x, out)
}

func expandDistances(dots []float32, q float32, norms, out []float32) {
	expandDistancesGo(dots, q, norms, out)
}

func distanceTile(m Metric, kc int, a operand, b panels, c []float32, t tileOut) {
	distanceTileGo(m, kc, a, b, c, t)
}
