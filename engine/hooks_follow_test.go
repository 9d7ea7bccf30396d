package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

const testSecret = "a secret of some length"

// receiver is a webhook's other end: it answers with the next of codes, then 200, and keeps what was accepted.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	codes    []int
	accepted []hookChange
	calls    int
}

func newReceiver(t *testing.T, codes ...int) *receiver {
	r := &receiver{codes: codes}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		text, err := io.ReadAll(q.Body)
		if err == nil {
			err = hook.VerifySignature(q.Header.Get(hook.SignatureHeader), text, []byte(testSecret), time.Now(), time.Minute)
		}
		var body hookBody
		if err := errors.Join(err, json.Unmarshal(text, &body)); err != nil {
			t.Errorf("a delivery: %v", err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls++
		if len(r.codes) > 0 {
			code := r.codes[0]
			r.codes = r.codes[1:]
			if code != http.StatusOK {
				w.Header().Set("Location", "http://192.0.2.1/")
				w.WriteHeader(code)
				return
			}
		}
		r.accepted = append(r.accepted, body.Changes...)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() ([]hookChange, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.accepted), r.calls
}

func TestWebhooks(t *testing.T) {
	old := hookBackoff
	hookBackoff = hook.Backoff{First: time.Millisecond, Most: 4 * time.Millisecond}
	defer func() { hookBackoff = old }()
	dir := t.TempDir()
	db := openDir(t, dir)
	ctx := context.Background()
	r := newReceiver(t, 200, 503, 500, 200, 302, 503, 503, 503)
	addHook(t, db, hook.Definition{Name: "tell", Action: "webhook", Attempts: 3, Params: map[string]string{"url": r.URL, "secret": testSecret}})
	about, err := os.Stat(db.secretPath("tell", "secret"))
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v %v", about, err)
	}
	settle := func(n int) {
		t.Helper()
		if _, err := db.Update(ctx, fmt.Sprintf("INSERT DATA { :n%d :p %d }", n, n), UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		for f := db.hooks.followers["tell"]; f.at().version < db.Version(); {
			if err := f.waitFor(ctx, db.Version()); err != nil {
				t.Fatal(err)
			}
		}
	}
	settle(0) // 200
	settle(1) // 503, 500, 200
	settle(2) // 302: permanent
	settle(3) // 503 three times: given up
	settle(4) // 200
	got, calls := r.got()
	if len(got) != 3 || calls != 9 || got[1].Object != `"1"^^<http://www.w3.org/2001/XMLSchema#integer>` {
		t.Errorf("%d calls, accepted %+v", calls, got)
	}
	letters, err := db.DeadLetters("tell")
	if err != nil || len(letters) != 2 || !strings.Contains(letters[0].Problem, "redirects are not followed") || letters[1].Attempts != 3 {
		t.Fatalf("letters: %+v %v", letters, err)
	}
	if err := db.RetryDeadLetter(ctx, "tell", letters[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := db.DropDeadLetter(ctx, "tell", letters[1].ID); err != nil {
		t.Fatal(err)
	}
	if letters, err := db.DeadLetters("tell"); err != nil || len(letters) != 0 {
		t.Errorf("letters: %+v %v", letters, err)
	}
	if got, _ = r.got(); len(got) != 4 || got[3].Subject != "<"+db.Base()+"n2>" {
		t.Errorf("accepted %+v", got)
	}
	_, counts, err := db.HookLog("tell")
	if err != nil || counts.Done != 4 || counts.Failed != 6 || counts.Dead != 2 {
		t.Errorf("counts %+v %v", counts, err)
	}
	for _, value := range []any{counts, mustHook(t, db, "tell")} {
		if text, _ := json.Marshal(value); strings.Contains(string(text), testSecret) {
			t.Errorf("the secret is shown: %s", text)
		}
	}
	if err := db.RemoveHook(ctx, "tell"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(db.secretPath("tell", "secret")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the secret outlives its hook: %v", err)
	}
}

func mustHook(t *testing.T, db *DB, name string) HookInfo {
	t.Helper()
	info, err := db.Hook(name)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestPausedHooksLoseNothing adds a hook where all is allowed and opens the database where it is not.
func TestPausedHooksLoseNothing(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir, Options{AllowWebhooks: true})
	if err != nil {
		t.Fatal(err)
	}
	addHook(t, db, hook.Definition{Name: "far", Action: "webhook", Params: map[string]string{"url": "http://192.0.2.1/", "secret": testSecret}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	here := openDir(t, dir)
	before := mustHook(t, here, "far").Position
	mustUpdate(t, here, "INSERT DATA { :a :b :c }")
	info := mustHook(t, here, "far")
	if info.State != HookPaused || info.Position > before+1 || !strings.Contains(info.Problem, "--allow-webhooks") {
		t.Errorf("%+v", info)
	}
}

// seenVerifier notes what a hook sees, before and after commits.
type seenVerifier struct {
	mu   sync.Mutex
	seen map[string]int
	fail atomic.Int64 // every so many calls fail; 0: none
	n    int64
}

func (s *seenVerifier) Verify(_ context.Context, changes []hook.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if every := s.fail.Load(); every > 0 && s.n%every == 0 {
		return errors.New("not now")
	}
	for _, c := range changes {
		s.seen[fmt.Sprint(c.Op, c.Version, string(rdf.AppendQuad(nil, c.Quad)))]++
	}
	return nil
}

// TestHooksSeeExactlyTheChanges commits at random, closes and reopens at random, and compares what an after-hook saw with
// the log: every change that matches, each once, and no other.
func TestHooksSeeExactlyTheChanges(t *testing.T) {
	old := hookBackoff
	hookBackoff = hook.Backoff{First: time.Microsecond, Most: time.Millisecond}
	defer func() { hookBackoff = old }()
	random := rand.New(rand.NewPCG(7, 7))
	dir, seen := t.TempDir(), &seenVerifier{seen: map[string]int{}}
	seen.fail.Store(5)
	open := func() *DB {
		db, err := Open(dir, Options{Verifier: seen})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	addHook(t, db, hook.Definition{Name: "all", When: hook.After, On: hook.Both, Action: "verify", Condition: `has_other(h, r, t) || change.op == "delete"`})
	want := map[string]int{}
	state := map[rdf.Quad]bool{}
	for range 60 {
		var add, remove []rdf.Quad
		for range 1 + random.IntN(6) {
			q := rdf.Quad{S: rdf.NewIRI(fmt.Sprint("urn:s", random.IntN(3))), P: rdf.NewIRI("urn:p"), O: rdf.NewIRI(fmt.Sprint("urn:o", random.IntN(4)))}
			if random.IntN(3) == 0 {
				remove = append(remove, q)
			} else {
				add = append(add, q)
			}
		}
		r, err := db.Apply(context.Background(), add, remove, "test")
		if err != nil {
			t.Fatal(err)
		}
		expectSeen(state, add, remove, r.Version, want)
		if random.IntN(8) == 0 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open()
		}
	}
	for f := db.hooks.followers["all"]; f.at().version < db.Version(); {
		if err := f.waitFor(context.Background(), db.Version()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if len(want) < 50 || !maps.Equal(seen.seen, want) {
		t.Errorf("saw %d, want %d: %v\n%v", len(seen.seen), len(want), slices.Sorted(maps.Keys(seen.seen)), slices.Sorted(maps.Keys(want)))
	}
}

// expectSeen applies a commit to a plain state and notes the changes that the hook of the test above is about.
func expectSeen(state map[rdf.Quad]bool, add, remove []rdf.Quad, v store.Version, want map[string]int) {
	before := maps.Clone(state)
	for _, q := range remove {
		delete(state, q)
	}
	for _, q := range add {
		state[q] = true
	}
	for q := range before {
		if !state[q] {
			want[fmt.Sprint(hook.Delete, v, string(rdf.AppendQuad(nil, q)))]++
		}
	}
	for q := range state {
		others := 0
		for other := range state {
			if other.S == q.S && other != q {
				others++
			}
		}
		if !before[q] && others > 0 {
			want[fmt.Sprint(hook.Insert, v, string(rdf.AppendQuad(nil, q)))]++
		}
	}
}

// TestPastEqualsReplay compares the graph of the past with one that commits are replayed into.
func TestPastEqualsReplay(t *testing.T) {
	db := openDir(t, "")
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var add, remove []rdf.Quad
		for range 5 {
			q := rdf.Quad{S: rdf.NewIRI(fmt.Sprint("urn:", random.IntN(4))), P: rdf.NewIRI(fmt.Sprint("urn:p", random.IntN(2))), O: rdf.NewIRI(fmt.Sprint("urn:", random.IntN(4)))}
			if random.IntN(2) == 0 {
				add = append(add, q)
			} else {
				remove = append(remove, q)
			}
		}
		if _, err := db.Apply(context.Background(), add, remove, ""); err != nil {
			t.Fatal(err)
		}
	}
	v, err := db.store.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	commits, err := db.hooks.commits.read(context.Background(), db.store, 0, v.Version(), undoChanges)
	if err != nil || len(commits) < 30 {
		t.Fatal(len(commits), err)
	}
	p, state := newPast(v, commits), map[store.Triple]bool{}
	for _, c := range commits {
		p.at = c.Version
		for _, x := range c.Changes {
			if x.Removed {
				delete(state, x.Triple)
			} else {
				state[x.Triple] = true
			}
		}
		some := commits[0].Changes[0].Triple
		for _, pattern := range []store.Pattern{{}, {S: some.S}, {S: some.S, P: some.P}, {P: some.P, O: some.O}, store.Pattern(some)} {
			var want, got []store.Triple
			for triple := range state {
				if (pattern.S == 0 || pattern.S == triple.S) && (pattern.P == 0 || pattern.P == triple.P) && (pattern.O == 0 || pattern.O == triple.O) {
					want = append(want, triple)
				}
			}
			if err := p.Match(0, pattern, func(triple store.Triple) bool { got = append(got, triple); return true }); err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(want, compareTriples)
			slices.SortFunc(got, compareTriples)
			if !slices.Equal(got, want) {
				t.Fatalf("version %d, %v: %v, want %v", c.Version, pattern, got, want)
			}
			if n, _ := p.Count(0, pattern); n != int64(len(want)) {
				t.Fatalf("version %d, %v: count %d, want %d", c.Version, pattern, n, len(want))
			}
		}
	}
}

// TestBulkImportsWaitForHooks imports while a hook is paused, and again with the kept changes lost.
func TestBulkImportsWaitForHooks(t *testing.T) {
	for _, lose := range []bool{false, true} {
		dir, seen := t.TempDir(), &seenVerifier{seen: map[string]int{}}
		db, err := Open(dir, Options{Verifier: seen})
		if err != nil {
			t.Fatal(err)
		}
		addHook(t, db, hook.Definition{Name: "look", When: hook.After, Action: "verify", Relations: []string{"likes"}})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err = Open(dir, Options{}); err != nil {
			t.Fatal(err)
		}
		var big strings.Builder
		for i := range 60_000 {
			fmt.Fprintf(&big, "n%d\t%s\tm%d\n", i, []string{"likes", "knows", "knows"}[i%3], i)
		}
		report := importText(t, db, big.String(), "tsv")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		kept := db.spoolPath(report.Version)
		if _, err := os.Stat(kept); err != nil {
			t.Fatal(err)
		}
		if lose {
			if err := os.Truncate(kept, 1000); err != nil {
				t.Fatal(err)
			}
		}
		if db, err = Open(dir, Options{Verifier: seen}); err != nil {
			t.Fatal(err)
		}
		if err := db.WaitHooks(context.Background()); err != nil {
			t.Fatal(err)
		}
		letters, err := db.DeadLetters("look")
		switch {
		case err != nil:
			t.Fatal(err)
		case !lose && (len(seen.seen) != 20_000 || len(letters) != 0):
			t.Errorf("saw %d, %+v", len(seen.seen), letters)
		case lose && (len(letters) != 1 || !strings.Contains(letters[0].Problem, "not kept, or are damaged")):
			t.Errorf("letters %+v", letters)
		case lose:
			if err := db.RetryDeadLetter(context.Background(), "look", letters[0].ID); !errors.Is(err, ErrBadInput) {
				t.Errorf("retrying what is lost: %v", err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err = Open(dir, Options{Verifier: seen}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.saveHooks(context.Background()), db.dropDoneSpools(), db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the kept changes outlive their use: %v", err)
		}
	}
}

// TestSupersedeMovesTheFactInTheModel moves a person to another country: the graph holds the new one alone, and the model
// finds it likelier than the old one, which it had learnt.
func TestSupersedeMovesTheFactInTheModel(t *testing.T) {
	db := modelled(t, t.TempDir())
	addHook(t, db, ready(t, "supersede"))
	addHook(t, db, hook.Definition{Name: "wait", Action: "maintain", On: hook.Both})
	old := ask(t, db, "SELECT ?c { :person0 :citizen_of ?c }")
	fresh := "country1"
	if len(old) != 1 || old[0] == fresh {
		fresh = "country2"
	}
	prob := func(country string) float64 {
		t.Helper()
		p, err := db.Eval(context.Background(), `prob("person0", "citizen_of", c)`, map[string]any{"c": country})
		if err != nil {
			t.Fatal(err)
		}
		return p.(float64)
	}
	before := prob(old[0]) - prob(fresh)
	mustUpdate(t, db, "INSERT DATA { :person0 :citizen_of :"+fresh+" }")
	if now := ask(t, db, "SELECT ?c { :person0 :citizen_of ?c }"); len(now) != 1 || now[0] != fresh {
		t.Errorf("the graph states %v, want %s", now, fresh)
	}
	if after := prob(old[0]) - prob(fresh); before <= 0 || after >= 0 {
		t.Errorf("the old country leads by %.3f, before by %.3f", after, before)
	}
	if c := mustHook(t, db, "wait").Counts; c.Done != 2 || c.Failed != 0 {
		t.Errorf("the hook that waits: %+v", c)
	}
}
