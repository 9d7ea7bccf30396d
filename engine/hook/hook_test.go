package hook

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/udf/cel"
)

func TestReadyMadeHooksCompile(t *testing.T) {
	env, err := cel.NewEnv(cel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	names := func(name string) []string { return []string{name} }
	for _, r := range Ready {
		if h, err := Compile(env, names, r.Definition); err != nil || h.CostLimit != DefaultCostLimit || h.TimeLimit != DefaultTimeLimit {
			t.Errorf("%s: %+v %v", r.Definition.Name, h, err)
		}
		if r.Doc == "" {
			t.Errorf("%s says nothing", r.Definition.Name)
		}
	}
	if _, err := ReadyByName("nosuch"); !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), "supersede") {
		t.Error(err)
	}
}

// TestOperations compiles conditions that look at the operation: they decide unless the definition does.
func TestOperations(t *testing.T) {
	env, err := cel.NewEnv(cel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ on, condition, want string }{
		{"", `h == t`, "insert"},
		{"", `change.op == "delete" && h == t`, "delete"},
		{"", `change.op == "delete" || h == t`, "both"},
		{"", `[change].exists(c, c.op == "delete")`, "both"},
		{"insert", `change.op == "delete" || h == t`, "insert"},
		{"both", `change.op in ["insert"]`, "insert"},
		{"insert", `change.op == "delete"`, "never run"},
		{"delete", `change.op != "delete" && "insert" == change.op`, "never run"},
	} {
		d := Definition{Name: "x", Action: "reject", On: test.on, Condition: test.condition}
		h, err := Compile(env, func(name string) []string { return []string{name} }, d)
		got := "neither"
		switch {
		case err != nil:
			got = err.Error()
		case h.insert && h.delete:
			got = Both
		case h.insert:
			got = Insert
		case h.delete:
			got = Delete
		}
		if !strings.Contains(got, test.want) || err != nil && !errors.Is(err, ErrDefinition) {
			t.Errorf("on %q, %s: %s, want %s", test.on, test.condition, got, test.want)
		}
	}
}

func TestSources(t *testing.T) {
	for source, want := range map[string]struct {
		name  string
		depth int
	}{Source("a-b_1", 3): {"a-b_1", 3}, "hook:x": {"x", 1}, "hook:x/zero": {"x", 1}, "update": {"", 0}, "import:hook:x/1": {"", 0}, "hook-add:x": {"", 0}} {
		if name, depth := ParseSource(source); name != want.name || depth != want.depth {
			t.Errorf("%s: %s %d", source, name, depth)
		}
	}
}

func TestSignatures(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	body, secret := []byte(`{"a":1}`), []byte("0123456789abcdef")
	header := Sign(body, secret, now)
	// From: printf '1800000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
	if want := "t=1800000000,v1=d3e17924cac4a72ca2ee9e5700df170fdb5733eaf69ecd909fb0c18a962b03a5"; header != want {
		t.Errorf("%s, want %s", header, want)
	}
	if err := VerifySignature(header, body, secret, now.Add(50*time.Second), time.Minute); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"another body": VerifySignature(header, []byte(`{"a":2}`), secret, now, time.Minute),
		"another key":  VerifySignature(header, body, []byte("0123456789abcdeX"), now, time.Minute),
		"too old":      VerifySignature(header, body, secret, now.Add(2*time.Minute), time.Minute),
		"too new":      VerifySignature(header, body, secret, now.Add(-2*time.Minute), time.Minute),
		"another time": VerifySignature(strings.Replace(header, "t=18", "t=19", 1), body, secret, now, time.Minute),
		"no header":    VerifySignature("", body, secret, now, time.Minute),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerifySignature(f *testing.F) {
	f.Add("t=1,v1=00", []byte("x"))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		if err := VerifySignature(header, body, []byte("0123456789abcdef"), time.Unix(1, 0), time.Hour); err == nil {
			if header != Sign(body, []byte("0123456789abcdef"), time.Unix(1, 0)) && !strings.HasPrefix(header, "t=") {
				t.Errorf("%q holds", header)
			}
		}
	})
}

func TestAddresses(t *testing.T) {
	cases := []struct {
		address       string
		local, remote bool // whether it may be dialled without and with permission
	}{
		{"127.0.0.1:80", true, true}, {"[::1]:80", true, true}, {"[::ffff:127.0.0.1]:80", true, true},
		{"93.184.216.34:80", false, true}, {"10.1.2.3:80", false, true},
		{"169.254.169.254:80", false, false}, {"[fe80::1]:80", false, false}, {"0.0.0.0:80", false, false}, {"[::]:80", false, false},
		{"224.0.0.1:80", false, false}, {"[::ffff:169.254.169.254]:80", false, false},
		{"[64:ff9b::a9fe:a9fe]:80", false, false}, {"[64:ff9b::7f00:1]:80", false, false}, {"[64:ff9b::c000:201]:80", false, true}, {"[2002:a9fe:a9fe::1]:80", false, false},
		{"[fd00:ec2::254]:80", false, false}, {"nonsense", false, false},
	}
	for _, c := range cases {
		if got := checkAddress(c.address, false) == nil; got != c.local {
			t.Errorf("%s without permission: %v", c.address, got)
		}
		if got := checkAddress(c.address, true) == nil; got != c.remote {
			t.Errorf("%s with permission: %v", c.address, got)
		}
	}
	for url, want := range map[string]bool{"http://localhost:1/": true, "http://a.localhost/": true, "https://[::1]/": true,
		"http://127.9.9.9/": true, "http://127.0.0.1.example.org/": false, "http://localhost.example.org/": false, "http://0.0.0.0/": false} {
		if Loopback(url) != want {
			t.Errorf("%s: %v", url, !want)
		}
	}
	for _, bad := range []string{"ftp://localhost/", "localhost", "http://u:p@localhost/", "http:///x", "://"} {
		if CheckURL(bad) == nil {
			t.Errorf("%s passes", bad)
		}
	}
}

// A webhook whose receiver redirects elsewhere does not follow, and one that hangs ends with its context.
func TestWebhookStaysWhereItIsSent(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-hang
			return
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	defer close(hang)
	w := NewWebhook(false)
	defer w.Close()
	d := Delivery{URL: server.URL, Hook: "x", ID: "x/1-0", Body: []byte("{}"), Secret: []byte("0123456789abcdef")}
	if err := w.Post(context.Background(), d); !errors.Is(err, ErrPermanent) || reached {
		t.Errorf("a redirect: %v, followed %v", err, reached)
	}
	d.URL = server.URL + "/hang"
	ctx, cancel := context.WithTimeoutCause(context.Background(), 30*time.Millisecond, ErrTimeLimit)
	defer cancel()
	if err := w.Post(ctx, d); !errors.Is(err, ErrTimeLimit) || errors.Is(err, ErrPermanent) {
		t.Errorf("a receiver that hangs: %v", err)
	}
	d.URL = "http://192.0.2.1/"
	if err := w.Post(context.Background(), d); !errors.Is(err, ErrNotAllowed) || !errors.Is(err, ErrPermanent) {
		t.Errorf("another machine: %v", err)
	}
}

func TestBackoff(t *testing.T) {
	b := Backoff{First: time.Second, Most: 10 * time.Second}
	for n, full := range []time.Duration{1, 2, 4, 8, 10, 10} {
		for range 20 {
			if w := b.Wait(n); w < full*time.Second/2 || w > full*time.Second {
				t.Errorf("attempt %d waits %v", n, w)
			}
		}
	}
	if w := b.Wait(1000); w > 10*time.Second || w < 5*time.Second {
		t.Errorf("attempt 1000 waits %v", w)
	}
}
