// Package hookcrash kills a process that writes to a database with hooks, at random moments, and verifies that no hook
// missed a commit: what the tag action writes is there once for each matching commit, and what the webhook posts came at
// least once. The program that calls Run must begin with `if hookcrash.Child() { return }`: Run starts the program's own
// binary as the victim.
package hookcrash

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store/rdf"
)

// Options of a run; zero values work except for Dir.
type Options struct {
	Dir    string // of the database, which must not be there yet
	Rounds int    // kills; default 10
	Seed   uint64 // of the moments
	Log    io.Writer
}

// Report counts what happened. LostTags, TwiceTagged, WrongTags and LostPosts must be 0.
type Report struct {
	Rounds       int
	Acknowledged int // matching commits that the victims acknowledged
	Found        int // matching commits in the graph, those not acknowledged in time included
	LostTags     int // of them without a tag
	TwiceTagged  int // with more than one
	WrongTags    int // commits tagged that do not match
	LostPosts    int // commits whose webhook never came
	Repeated     int // webhooks that came again after a crash
	Missing      int // acknowledged commits that are not in the graph
}

func (r Report) String() string {
	return fmt.Sprintf("%d kills: %d matching commits acknowledged, %d found (%d missing); tags: %d lost, %d twice, %d wrong; webhooks: %d lost, %d repeated",
		r.Rounds, r.Acknowledged, r.Found, r.Missing, r.LostTags, r.TwiceTagged, r.WrongTags, r.LostPosts, r.Repeated)
}

// Bad reports whether anything was lost or done wrongly.
func (r Report) Bad() bool {
	return r.LostTags+r.TwiceTagged+r.WrongTags+r.LostPosts+r.Missing > 0
}

const (
	variable = "INKLING_HOOKCRASH"
	space    = "urn:inkling:hookcrash:"
	secret   = "hookcrash needs no secret"
	writers  = 4
)

// Child reports whether this process is a victim that Run started; it then returns only when writing failed.
func Child() bool {
	dir := os.Getenv(variable)
	if dir == "" {
		return false
	}
	if err := write(dir, os.Getenv(variable+"_ROUND")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// write commits until it is killed; every other commit matches the hooks.
func write(dir, round string) error {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return err
	}
	failed := make(chan error, writers)
	for w := range writers {
		go func() {
			for n := 0; ; n++ {
				relation := "matches"
				if n%2 == 1 {
					relation = "other"
				}
				subject := fmt.Sprintf("%s%s/%d/%d", space, round, w, n)
				quad := rdf.Quad{S: rdf.NewIRI(subject), P: rdf.NewIRI(space + relation), O: rdf.NewString("x")}
				if _, err := db.Apply(context.Background(), []rdf.Quad{quad}, nil, "hookcrash"); err != nil {
					failed <- err
					return
				}
				// One write call per line: a kill leaves whole lines, except perhaps the last.
				if _, err := os.Stdout.WriteString(relation + " " + subject + "\n"); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// posts counts the webhooks by subject.
type posts struct {
	mu    sync.Mutex
	count map[string]int
}

// ServeHTTP takes a webhook.
func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	var body struct {
		Changes []struct {
			Subject string `json:"subject"`
		} `json:"changes"`
	}
	if err == nil {
		err = errors.Join(json.Unmarshal(text, &body),
			hook.VerifySignature(r.Header.Get(hook.SignatureHeader), text, []byte(secret), time.Now(), time.Minute))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range body.Changes {
		p.count[strings.Trim(c.Subject, "<>")]++
	}
}

// Run kills writing processes and looks at what their hooks did.
func Run(ctx context.Context, o Options) (r Report, err error) {
	if o.Rounds == 0 {
		o.Rounds = 10
	}
	received := &posts{count: map[string]int{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r, err
	}
	web := &http.Server{Handler: received, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	defer func() {
		err = errors.Join(err, web.Close())
		<-served
	}()
	if err := prepare(ctx, o.Dir, "http://"+listener.Addr().String()+"/"); err != nil {
		return r, err
	}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	acknowledged := map[string]bool{}
	for round := range o.Rounds {
		if err := victim(ctx, o.Dir, round, time.Duration(random.IntN(400))*time.Millisecond, acknowledged); err != nil {
			return r, err
		}
		r.Rounds++
		if o.Log != nil {
			fmt.Fprintf(o.Log, "kill %d: %d matching commits acknowledged so far\n", r.Rounds, len(acknowledged))
		}
	}
	r.Acknowledged = len(acknowledged)
	return r, verify(ctx, o.Dir, acknowledged, received, &r)
}

// prepare makes the database with its two hooks.
func prepare(ctx context.Context, dir, url string) error {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return err
	}
	condition := fmt.Sprintf("r == %q && change.op == 'insert'", space+"matches")
	_, err = db.AddHook(ctx, hook.Definition{Name: "mark", Action: "tag", Condition: condition})
	if err == nil {
		_, err = db.AddHook(ctx, hook.Definition{Name: "tell", Action: "webhook", Condition: condition,
			Params: map[string]string{"url": url, "secret": secret}})
	}
	return errors.Join(err, db.Close())
}

// victim starts a writer and kills it some time after its first commit.
func victim(ctx context.Context, dir string, round int, life time.Duration, acknowledged map[string]bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), variable+"="+dir, fmt.Sprintf("%s_ROUND=%d", variable, round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	seen := 0
	for lines.Scan() {
		if relation, subject, ok := strings.Cut(lines.Text(), " "); ok && relation == "matches" {
			acknowledged[subject] = true
		}
		if seen++; seen == 1 {
			time.AfterFunc(life, func() { _ = child.Process.Kill() }) // it may have ended by itself, which Wait tells
		}
	}
	err = child.Wait()
	if seen == 0 {
		return fmt.Errorf("hookcrash: the victim of round %d committed nothing: %w", round, err)
	}
	return ctx.Err()
}

// verify opens what is left, lets the hooks catch up and compares.
func verify(ctx context.Context, dir string, acknowledged map[string]bool, received *posts, r *Report) (err error) {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.WaitHooks(ctx); err != nil {
		return err
	}
	hooks, err := db.Hooks()
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if h.State != engine.HookActive || h.DeadLetters > 0 {
			return fmt.Errorf("hookcrash: hook %s is %s with %d dead letters: %s", h.Name, h.State, h.DeadLetters, h.Problem)
		}
	}
	found, err := column(ctx, db, "SELECT ?s { ?s <"+space+"matches> ?o }")
	if err != nil {
		return err
	}
	others, err := column(ctx, db, "SELECT ?s { ?s <"+space+"other> ?o }")
	if err != nil {
		return err
	}
	tags, err := column(ctx, db, "SELECT ?s { GRAPH ink:tags { ?x a rdf:Statement ; rdf:subject ?s } }")
	if err != nil {
		return err
	}
	r.Found = len(found)
	received.mu.Lock()
	defer received.mu.Unlock()
	for s := range found {
		switch n := tags[s]; {
		case n == 0:
			r.LostTags++
		case n > 1:
			r.TwiceTagged++
		}
		switch n := received.count[s]; {
		case n == 0:
			r.LostPosts++
		case n > 1:
			r.Repeated++
		}
	}
	for s := range others {
		if tags[s] > 0 {
			r.WrongTags++
		}
	}
	for s := range acknowledged {
		if found[s] == 0 {
			r.Missing++
		}
	}
	return nil
}

// column counts the values of a query's only variable.
func column(ctx context.Context, db *engine.DB, query string) (count map[string]int, err error) {
	result, err := db.Query(ctx, query, engine.QueryOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, result.Close()) }()
	count = map[string]int{}
	for row, err := range result.Rows() {
		if err != nil {
			return nil, err
		}
		count[row[0].Value]++
	}
	return count, nil
}
