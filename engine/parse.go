package engine

import (
	"context"
	"io"

	"github.com/inklingdb/inkling/store/rdf"
)

// parsing reads a document ahead of the import that stores it, in a goroutine of its own.
type parsing struct {
	cancel context.CancelFunc
	full   chan parsedBatch
	empty  chan []rdf.Quad
	done   chan struct{}
}

type parsedBatch struct {
	quads []rdf.Quad
	err   error // io.EOF at the end
}

// aheadBatches is how many batches the parser may be ahead.
const aheadBatches = 4

// parse begins to read; end it with stop.
func parse(ctx context.Context, reader *rdf.Reader) *parsing {
	ctx, cancel := context.WithCancel(ctx)
	p := &parsing{cancel: cancel, full: make(chan parsedBatch, aheadBatches),
		empty: make(chan []rdf.Quad, aheadBatches+2), done: make(chan struct{})}
	for range cap(p.empty) {
		p.empty <- make([]rdf.Quad, importBatch)
	}
	go func() {
		defer close(p.done)
		for {
			var b parsedBatch
			select {
			case buf := <-p.empty:
				n, err := reader.Read(buf)
				b = parsedBatch{buf[:n], err}
			case <-ctx.Done():
				b.err = ctx.Err()
			}
			select {
			case p.full <- b:
			case <-ctx.Done():
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return p
}

// next returns the next statements, or io.EOF. What stood before a syntax error is lost with it: the import fails.
// ctx is that of parse: once it ends, the parser may have returned without a word.
func (p *parsing) next(ctx context.Context) ([]rdf.Quad, error) {
	var b parsedBatch
	var open bool
	select {
	case b, open = <-p.full:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case !open:
		return nil, io.EOF
	case b.err == io.EOF && len(b.quads) > 0:
		close(p.full) // the parser has returned; the end comes with the next call
		return b.quads, nil
	}
	return b.quads, b.err
}

// recycle gives a batch back to the parser.
func (p *parsing) recycle(quads []rdf.Quad) {
	select {
	case p.empty <- quads[:cap(quads)]:
	default:
	}
}

// stop ends the parser and waits for it.
func (p *parsing) stop() {
	p.cancel()
	<-p.done
}
