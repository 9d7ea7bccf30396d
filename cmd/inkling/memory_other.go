//go:build !unix

package main

// peakMemory returns 0: unknown here.
func peakMemory() int64 { return 0 }

// processorTime returns 0: unknown here.
func processorTime() float64 { return 0 }
