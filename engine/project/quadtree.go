package project

// quadtree holds points in the plane; each cell knows how many it holds and their mean, so that a far cell counts as
// one point (Barnes and Hut 1986). It is rebuilt for each step and keeps its memory.
type quadtree struct {
	cells []cell
}

// cell is a square; its four quarters stand together in the tree, or it is a leaf.
type cell struct {
	mean     Point
	count    float64
	quarters uint32 // index of the first; 0 for a leaf
	side     float64
}

// maxDepth bounds the tree where points coincide or nearly do: a leaf at that depth holds them all.
const maxDepth = 40

// build holds the points, which must be finite.
func (q *quadtree) build(points []Point) {
	low, high := points[0], points[0]
	for _, p := range points {
		low = Point{min(low.X, p.X), min(low.Y, p.Y)}
		high = Point{max(high.X, p.X), max(high.Y, p.Y)}
	}
	side := max(high.X-low.X, high.Y-low.Y)
	q.cells = append(q.cells[:0], cell{side: side})
	for _, p := range points {
		q.insert(p, Point{low.X + side/2, low.Y + side/2})
	}
}

// insert adds a point to the tree whose root is centred at a place.
func (q *quadtree) insert(p, centre Point) {
	at := uint32(0)
	for depth := 0; ; depth++ {
		c := &q.cells[at]
		before, mean := c.count, c.mean
		c.count++
		c.mean.X += (p.X - c.mean.X) / c.count
		c.mean.Y += (p.Y - c.mean.Y) / c.count
		if before == 0 || depth == maxDepth || before > 0 && c.quarters == 0 && mean == p {
			return
		}
		if c.quarters == 0 {
			q.split(at, before, mean, centre)
		}
		step := q.cells[at].side / 4
		quarter := quarterOf(p, centre)
		at = q.cells[at].quarters + quarter
		centre = quarterCentre(centre, step, quarter)
	}
}

// split gives a leaf four quarters, one of which takes its points.
func (q *quadtree) split(at uint32, count float64, mean, centre Point) {
	first := uint32(len(q.cells))
	half := q.cells[at].side / 2
	q.cells[at].quarters = first
	q.cells = append(q.cells, cell{side: half}, cell{side: half}, cell{side: half}, cell{side: half})
	own := &q.cells[first+quarterOf(mean, centre)]
	own.count, own.mean = count, mean
}

func quarterOf(p, centre Point) (quarter uint32) {
	if p.X >= centre.X {
		quarter++
	}
	if p.Y >= centre.Y {
		quarter += 2
	}
	return quarter
}

func quarterCentre(centre Point, step float64, quarter uint32) Point {
	if quarter&1 == 1 {
		centre.X += step
	} else {
		centre.X -= step
	}
	if quarter&2 == 2 {
		centre.Y += step
	} else {
		centre.Y -= step
	}
	return centre
}

// repulsion returns Σ_j w² · (p − y_j) and Σ_j w over the other points, w = 1/(1+|p − y_j|²). Cells that look smaller
// than theta, side over distance, count as one point at their mean. The stack is the caller's to use again.
func (q *quadtree) repulsion(p Point, theta float64, stack []uint32) (force Point, sum float64, _ []uint32) {
	stack = append(stack[:0], 0)
	for len(stack) > 0 {
		c := &q.cells[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		if c.count == 0 {
			continue
		}
		dx, dy := p.X-c.mean.X, p.Y-c.mean.Y
		square := dx*dx + dy*dy
		if c.quarters != 0 && c.side*c.side >= theta*theta*square {
			for k := range uint32(4) {
				stack = append(stack, c.quarters+k)
			}
			continue
		}
		w := 1 / (1 + square)
		sum += c.count * w
		force.X += c.count * w * w * dx
		force.Y += c.count * w * w * dy
	}
	return force, sum - 1, stack // the point itself was met as 1 at distance 0
}
