package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store/rdf"
)

// TestSupersedeKeepsWhatAnImportBrings imports in bulk two tails for one head, and a tail that came after the fact that
// a late hook is about: none is newer than the other or an older one, so all stay.
func TestSupersedeKeepsWhatAnImportBrings(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	ctx := context.Background()
	mustUpdate(t, db, "INSERT DATA { :p1 :lives_in :old }")
	addHook(t, db, hook.Definition{Name: "move", Action: "edit", Relations: []string{"lives_in"}})
	// A hook of another name holds nothing up; this one is stopped, as one that lags would be.
	db.stopHook("move")
	mustUpdate(t, db, "INSERT DATA { :p2 :lives_in :first }")
	var big strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&big, "n%d\tknows\tm%d\n", i, i)
	}
	big.WriteString("p0\tlives_in\tx\np0\tlives_in\ty\np1\tlives_in\tnew\np2\tlives_in\tsecond\n")
	if report := importText(t, db, big.String(), "tsv"); report.Added < 50_000 {
		t.Fatal(report)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDir(t, dir)
	if err := db.WaitHooks(ctx); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string][]string{
		"SELECT ?c { :p0 :lives_in ?c }": {"x", "y"},
		"SELECT ?c { :p1 :lives_in ?c }": {"new"},
		"SELECT ?c { :p2 :lives_in ?c }": {"second"},
	} {
		got := ask(t, db, q)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", q, got, want)
		}
	}
}

// TestSupersedeKeepsWhatCameLater lets a hook lag by more than it can undo: a tail that came later is no older one.
func TestSupersedeKeepsWhatCameLater(t *testing.T) {
	old := undoChanges
	undoChanges = 2
	t.Cleanup(func() { undoChanges = old }) // after the database is closed
	dir := t.TempDir()
	db := openDir(t, dir)
	mustUpdate(t, db, "INSERT DATA { :p :lives_in :a }")
	addHook(t, db, hook.Definition{Name: "move", Action: "edit", Relations: []string{"lives_in"}})
	db.stopHook("move") // as one that lags
	mustUpdate(t, db, "INSERT DATA { :p :lives_in :b }")
	for i := range 5 {
		mustUpdate(t, db, fmt.Sprintf("INSERT DATA { :x :y %d }", i))
	}
	mustUpdate(t, db, "INSERT DATA { :p :lives_in :c }")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDir(t, dir)
	if err := db.WaitHooks(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, db, "SELECT ?c { :p :lives_in ?c }"); !slices.Equal(got, []string{"c"}) {
		t.Errorf("%v, want c", got)
	}
}

// TestWhatIsFoundBeforeTimeIsUpCounts commits a change that is refused, and beyond it one whose condition takes too long.
func TestWhatIsFoundBeforeTimeIsUpCounts(t *testing.T) {
	db := openDir(t, "")
	loop := "[0,1,2,3,4,5,6,7,8,9].all(x%d, %s)"
	deep := "true"
	for i := range 9 {
		deep = fmt.Sprintf(loop, i, deep)
	}
	addHook(t, db, hook.Definition{Name: "no-self", Action: "reject", OnError: hook.Ignore, CostLimit: 1 << 60, TimeLimit: time.Second,
		Condition: `h == t || h == "slow" && ` + deep})
	quads := []rdf.Quad{{S: rdf.NewIRI(db.Base() + "bad"), P: rdf.NewIRI("urn:p"), O: rdf.NewIRI(db.Base() + "bad")}}
	for i := range hook.BatchChanges {
		quads = append(quads, rdf.Quad{S: rdf.NewIRI(fmt.Sprint("urn:", i)), P: rdf.NewIRI("urn:p"), O: rdf.NewString(fmt.Sprint(i))})
	}
	quads = append(quads, rdf.Quad{S: rdf.NewIRI(db.Base() + "slow"), P: rdf.NewIRI("urn:p"), O: rdf.NewString("1")})
	var rejected *RejectedError
	if _, err := db.Apply(context.Background(), quads, nil, ""); !errors.As(err, &rejected) || !strings.Contains(rejected.Change, "bad") {
		t.Errorf("a refused change before one that took too long: %v", err)
	}
}

// TestBulkImportsWaitForASecret loses a webhook's secret before a bulk import: the hook pauses, and goes on when the
// secret is back. What it fails for is not the import's file.
func TestBulkImportsWaitForASecret(t *testing.T) {
	db, r := openDir(t, ""), newReceiver(t)
	addHook(t, db, hook.Definition{Name: "tell", Action: "webhook", Relations: []string{"likes"}, Params: map[string]string{"url": r.URL, "secret": testSecret}})
	if err := db.forgetSecrets("tell"); err != nil {
		t.Fatal(err)
	}
	var big strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&big, "n%d\tknows\tm%d\n", i, i)
	}
	for i := range 2 * deliveryChanges { // so many that one is sent while the file is read
		fmt.Fprintf(&big, "a\tlikes\tm%d\n", i)
	}
	importText(t, db, big.String(), "tsv")
	f := db.hooks.followers["tell"]
	if err := f.waitFor(context.Background(), db.Version()); err != nil {
		t.Fatal(err)
	}
	if info := mustHook(t, db, "tell"); info.State != HookPaused || info.DeadLetters != 0 || !strings.Contains(info.Problem, "secret") {
		t.Errorf("without the secret: %+v", info)
	}
	if err := writeSecret(db.secretPath("tell", "secret"), testSecret); err != nil {
		t.Fatal(err)
	}
	f.resume <- struct{}{}
	for f.at().version < db.Version() {
		if err := f.waitFor(context.Background(), db.Version()); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := r.got(); len(got) != 2*deliveryChanges {
		t.Errorf("delivered %d", len(got))
	}
}

// TestDeliveriesAreNamedByTheirChanges compares two deliveries that begin with the same change.
func TestDeliveriesAreNamedByTheirChanges(t *testing.T) {
	one := delivery{changes: []matched{{Version: 17, Index: 3}}}
	two := delivery{changes: append(slices.Clone(one.changes), matched{Version: 18})}
	if one.fingerprint() == two.fingerprint() || one.fingerprint() != (&delivery{changes: one.changes}).fingerprint() {
		t.Errorf("%s and %s", one.fingerprint(), two.fingerprint())
	}
}

// TestReplacedHooksLeaveNothingBehind makes a before-hook of an after-hook, and drops a dead letter twice.
func TestReplacedHooksLeaveNothingBehind(t *testing.T) {
	seen := &seenVerifier{seen: map[string]int{}}
	seen.fail.Store(1)
	db, err := Open("", Options{Verifier: seen})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	d := hook.Definition{Name: "look", When: hook.After, Action: "verify", Attempts: 1}
	addHook(t, db, d)
	mustUpdate(t, db, "INSERT DATA { :a :b :c }")
	letters, err := db.DeadLetters("look")
	if err != nil || len(letters) != 1 {
		t.Fatalf("%+v %v", letters, err)
	}
	for range 2 {
		if err := db.dropDeadLetter(ctx, "look", letters[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if info := mustHook(t, db, "look"); info.DeadLetters != 0 {
		t.Errorf("%d dead letters", info.DeadLetters)
	}
	d.When = hook.Before
	addHook(t, db, d)
	v, err := db.store.View()
	if err != nil {
		t.Fatal(err)
	}
	if at := v.Meta(metaPosition + "look"); at != nil {
		t.Errorf("a before-hook holds imports back to %s", at)
	}
	v.Close()
	log := &hookLog{}
	log.add(HookRun{Outcome: OutcomeDone, Changes: 1})
	db.hooks.mu.Lock()
	db.hooks.logs["gone"] = log // as of a hook that is removed while logs are saved
	db.hooks.mu.Unlock()
	if err := db.saveHooks(ctx); err != nil {
		t.Fatal(err)
	}
	if v, err = db.store.View(); err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if text := v.Meta(metaHookLog + "gone"); text != nil {
		t.Errorf("the log of a hook that is gone: %s", text)
	}
}

// deafVerifier answers when it is let, whatever its context says.
type deafVerifier struct{ let chan struct{} }

func (d deafVerifier) Verify(context.Context, []hook.Change) error {
	<-d.let
	return nil
}

// TestVerifierThatDoesNotAnswerHoldsUpNoCommit has a verifier that ignores its context look at a commit before it is made.
func TestVerifierThatDoesNotAnswerHoldsUpNoCommit(t *testing.T) {
	deaf := deafVerifier{make(chan struct{})}
	db, err := Open("", Options{Verifier: deaf})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer close(deaf.let)
	addHook(t, db, hook.Definition{Name: "look", When: hook.Before, Action: "verify", TimeLimit: 10 * time.Millisecond})
	_, err = db.Update(context.Background(), "INSERT DATA { :a :b :c }", UpdateOptions{})
	if !errors.Is(err, hook.ErrTimeLimit) || !strings.Contains(err.Error(), "gave no answer") {
		t.Errorf("the commit ended with %v", err)
	}
	_, err = db.Update(context.Background(), "INSERT DATA { :a :b :d }", UpdateOptions{})
	if err == nil || !strings.Contains(err.Error(), "still has not answered") {
		t.Errorf("the next one with %v", err)
	}
}
