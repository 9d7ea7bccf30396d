package main

import (
	"os"
	"testing"
)

// A bar on a terminal ends even when the work was done before the drawing of it began. The null device is drawn on as a
// terminal is.
func TestABarEndsAtOnce(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if !isTerminal(null) {
		t.Skip("the null device is no character device here")
	}
	a := &app{err: null}
	for i := range 40 {
		b := a.newBar("test")
		if i%2 == 0 {
			b.done("at once")
		} else {
			b.fail()
		}
	}
}
