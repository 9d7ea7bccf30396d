package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"inkling": func() { os.Exit(run(os.Args[1:])) }})
}

// TestScripts runs sessions as a user would type them: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "families": families, "awaits": awaits, "posts": posts},
		Setup: func(e *testscript.Env) error { // an address where a script's server may listen
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("ADDRESS", listener.Addr().String())
			return listener.Close()
		},
	})
}

// awaits URL REGEXP waits until the answer to a GET matches.
func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits URL REGEXP")
	}
	wanted := regexp.MustCompile(args[1])
	for {
		if answer, err := http.Get(args[0]); err == nil {
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if wanted.Match(body) {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// posts URL UPDATE runs a SPARQL update on a server.
func posts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: posts URL UPDATE")
	}
	answer, err := http.Post(args[0], "application/sparql-update", strings.NewReader(args[1]))
	ts.Check(err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s", answer.Status)
	}
}

// exits CODE COMMAND… runs a command that must end with that exit code; stdout and stderr can be matched afterwards.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != want {
		ts.Fatalf("%v exited with %d, want %d", args[1:], code, want)
	}
}

// families FILE N writes a generated graph about N people: where they live and what they speak, and who is married to
// whom, stated both ways.
func families(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: families FILE N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	for p := range n {
		c := p * 7919 % 10
		fmt.Fprintf(&b, "person%d\tlives_in\tcity%d_%d\nperson%d\tspeaks\tlanguage%d\nperson%d\tcitizen_of\tcountry%d\n", p, c, p%5, p, c, p, c)
		fmt.Fprintf(&b, "person%d\tmarried_to\tperson%d\n", p, p^1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}
