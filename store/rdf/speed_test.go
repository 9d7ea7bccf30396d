package rdf_test

import (
	"bytes"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/store/rdf"
	knakk "github.com/knakk/rdf"
)

// graph returns 100,000 triples of a power-law graph.
func graph(b *testing.B) []rdf.Quad {
	var doc bytes.Buffer
	if err := (generate.PowerLaw{Triples: 100_000, Seed: 1}).NTriples(&doc); err != nil {
		b.Fatal(err)
	}
	quads, err := rdf.ReadAll(&doc, rdf.NTriples, rdf.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return quads
}

// document returns that graph in a format.
func document(b *testing.B, f *rdf.Format) []byte {
	var doc bytes.Buffer
	w, err := rdf.NewWriter(&doc, f, rdf.WriterOptions{Prefixes: map[string]string{"": rdf.DefaultBase, "xsd": rdf.XSD}})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Write(graph(b)); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return doc.Bytes()
}

// cpuSeconds returns the processor time this process has taken: on a shared machine it says more than the clock.
func cpuSeconds() float64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}

// BenchmarkRead reads each format; BenchmarkReadKnakk reads the same with github.com/knakk/rdf.
func BenchmarkRead(b *testing.B) {
	for _, f := range rdf.Formats {
		if !f.Writable() {
			continue
		}
		b.Run(f.Name, func(b *testing.B) {
			doc := document(b, f)
			buf := make([]rdf.Quad, 1000)
			triples := 0
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			start := cpuSeconds()
			for b.Loop() {
				r, err := rdf.NewReader(bytes.NewReader(doc), f, rdf.Options{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					n, err := r.Read(buf)
					triples += n
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(triples)/b.Elapsed().Seconds(), "triples/s")
			b.ReportMetric(float64(triples)/(cpuSeconds()-start), "triples/cpu-s")
		})
	}
}

func BenchmarkReadKnakk(b *testing.B) {
	for _, c := range []struct {
		ours   *rdf.Format
		theirs knakk.Format
	}{{rdf.NTriples, knakk.NTriples}, {rdf.Turtle, knakk.Turtle}} {
		b.Run(c.ours.Name, func(b *testing.B) {
			doc := document(b, c.ours)
			triples := 0
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			start := cpuSeconds()
			for b.Loop() {
				d := knakk.NewTripleDecoder(bytes.NewReader(doc), c.theirs)
				for {
					_, err := d.Decode()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					triples++
				}
			}
			b.ReportMetric(float64(triples)/b.Elapsed().Seconds(), "triples/s")
			b.ReportMetric(float64(triples)/(cpuSeconds()-start), "triples/cpu-s")
		})
	}
}

// BenchmarkWrite writes each format from memory.
func BenchmarkWrite(b *testing.B) {
	quads := graph(b)
	for _, f := range rdf.Formats {
		if !f.Writable() {
			continue
		}
		b.Run(f.Name, func(b *testing.B) {
			for b.Loop() {
				w, err := rdf.NewWriter(io.Discard, f, rdf.WriterOptions{})
				if err != nil {
					b.Fatal(err)
				}
				if err := w.Write(quads); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(quads)*b.N)/b.Elapsed().Seconds(), "triples/s")
		})
	}
}
