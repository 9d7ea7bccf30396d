package watermark

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func word(text string) func() (string, error) { return func() (string, error) { return text, nil } }

func TestRingFile(t *testing.T) {
	for _, passphrase := range []string{"", "correct horse"} {
		f := File{Path: filepath.Join(t.TempDir(), "a", "keys.json")}
		if passphrase != "" {
			f.Passphrase = word(passphrase)
		}
		if _, err := f.Load(); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("no file: %v", err)
		}
		var made *Key
		err := f.Update(func(r *Ring) error {
			var err error
			if made, err = NewKey("acme"); err != nil {
				return err
			}
			made.Record(Marked{Graph: UUID{1}, IRI: "http://e/g", Time: time.Unix(5, 0).UTC(), Gamma: 128})
			return r.Add(made)
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		k, err := r.Find("acme")
		if err != nil || k.ID != made.ID || *k.master.bytes() != *made.master.bytes() || len(k.Graphs) != 1 || k.Graphs[0].IRI != "http://e/g" {
			t.Errorf("%+v %v", k, err)
		}
		if err := f.Update(func(r *Ring) error { return r.Add(&Key{Name: "acme", ID: "x"}) }); !errors.Is(err, ErrKeyExists) {
			t.Errorf("a second acme: %v", err)
		}
		text, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if passphrase != "" {
			if strings.Contains(string(text), "acme") || strings.Contains(string(text), base64.StdEncoding.EncodeToString(made.master.bytes()[:])) {
				t.Error("a sealed ring shows what it holds")
			}
			for _, p := range []func() (string, error){nil, word(""), word("wrong")} {
				if _, err := (File{f.Path, p}).Load(); !errors.Is(err, ErrPassphrase) {
					t.Errorf("wrong passphrase: %v", err)
				}
			}
		}
		if runtime.GOOS == "windows" {
			continue
		}
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
			if err := os.Chmod(f.Path, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Load(); !errors.Is(err, ErrExposed) || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("mode %o: %v", mode, err)
			}
			if err := f.Update(func(*Ring) error { return nil }); !errors.Is(err, ErrExposed) {
				t.Errorf("mode %o, changing: %v", mode, err)
			}
		}
	}
}

func TestRingRefusesWhatWasTamperedWith(t *testing.T) {
	k := testKey(5)
	k.Record(Marked{Graph: UUID{1}})
	text, err := (&Ring{Keys: []*Key{k}}).encode("")
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	if _, err := ParseRing(text, nil); err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]string{
		"cut":             good[:len(good)/2],
		"another ID":      strings.Replace(good, k.ID, "0123456789abcdef", 1),
		"no secret":       strings.Replace(good, base64.StdEncoding.EncodeToString(k.master.bytes()[:]), "", 1),
		"a later version": strings.Replace(good, `"version": 1`, `"version": 2`, 1),
		"no name":         strings.Replace(good, `"key 5"`, `""`, 1),
		"no UUID":         strings.Replace(good, UUID{1}.String(), "x", 1),
		"empty":           "",
	} {
		if broken == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		_, err := ParseRing([]byte(broken), nil)
		if err == nil {
			t.Errorf("%s: taken", name)
		}
		t.Logf("%s: %v", name, err)
	}
}

func TestFindAndRemove(t *testing.T) {
	r := &Ring{}
	if _, err := r.Find("a"); !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "key new") {
		t.Error(err)
	}
	if err := errors.Join(r.Add(testKey(1)), r.Add(testKey(2))); err != nil {
		t.Fatal(err)
	}
	if k, err := r.Find(testKey(2).ID); err != nil || k.Name != "key 2" {
		t.Error(k, err)
	}
	if _, err := r.Find(""); !errors.Is(err, ErrNoKey) {
		t.Error("one of two was guessed")
	}
	if _, err := r.Remove("key 1"); err != nil || len(r.Keys) != 1 {
		t.Error(err)
	}
	if k, err := r.Find(""); err != nil || k.Name != "key 2" {
		t.Error(k, err)
	}
	if _, err := r.Remove(""); !errors.Is(err, ErrNoKey) {
		t.Error("a key was removed that nobody named")
	}
}

// No way of printing or encoding a key shows its secret.
func TestSecretsDoNotShow(t *testing.T) {
	k := testKey(77)
	for i := range k.master.bytes() {
		k.master.bytes()[i] = byte(0xA0 + i)
	}
	g := k.Graph(UUID{1})
	holder := struct {
		Key  Key
		G    GraphKey
		ring *Ring
	}{*k, *g, &Ring{Keys: []*Key{k}}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k, "graph", g, "holder", holder)
	text, _ := json.Marshal(holder)
	seen := log.String() + string(text)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{k, *k, g, *g, holder, &holder, holder.ring, []any{k, g, k.master}, map[string]any{"k": *k}} {
			seen += fmt.Sprintf(verb, value)
		}
	}
	for _, s := range []secret{k.master, g.secrets[T1], g.secrets[Triples]} {
		raw := s.bytes()[:]
		for form, shown := range map[string]string{
			"hex": hex.EncodeToString(raw[:6]), "HEX": strings.ToUpper(hex.EncodeToString(raw[:6])),
			"base64": base64.StdEncoding.EncodeToString(raw[:6]), "bytes": strings.Trim(fmt.Sprint(raw[:6]), "[]"),
			"Go": strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", raw[:6]), "[]byte{"), "}"),
		} {
			if strings.Contains(seen, shown) {
				t.Errorf("%s shows", form)
			}
		}
	}
}

func TestCommitment(t *testing.T) {
	k := testKey(9)
	c := k.Graph(UUID{4}).Commit(time.Date(2026, 11, 25, 20, 41, 44, 9, time.UTC))
	back, err := ParseCommitment(c.String())
	if err != nil || back != c || !k.Verify(back) {
		t.Errorf("%+v %v\n%s", back, err, c)
	}
	if testKey(10).Verify(back) {
		t.Error("another key verifies")
	}
	back.Graph = UUID{5}
	if k.Verify(back) {
		t.Error("another graph verifies")
	}
	for _, text := range []string{"", "inkling", strings.Replace(c.String(), "sha256 ", "sha256 zz", 1), strings.Replace(c.String(), "time 2", "time x", 1)} {
		if _, err := ParseCommitment(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// Derivations are part of the format: a copy marked by this version must be found by all later ones.
func TestDerivationsStay(t *testing.T) {
	k := testKey(1)
	g := k.Graph(UUID{1, 2, 3})
	words := make([]uint64, 1)
	newSource(g.secrets[T1]).signs(ofName, "http://example.org/e/1", words)
	tags := facts(1)
	newTagCipher(g.secrets[Triples]).tag(tags)
	got := fmt.Sprintf("%s %x %016x %016x", k.ID, g.secrets[Q3].bytes()[:4], words[0], tags[0].a)
	if want := "6f546bbd67338a9d 3060eb32 e2059229f9152bb7 ca1c8373c9ab86f9"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzRing(f *testing.F) {
	k := testKey(1)
	k.Record(Marked{Graph: UUID{1}})
	text, err := (&Ring{Keys: []*Key{k}}).encode("")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	sealed := []byte(`{"version":1,"sealed":{"kdf":"pbkdf2-hmac-sha256","iterations":1,"salt":"AAAAAAAAAAA=","nonce":"AAAAAAAAAAAAAAAA","text":"AAAA"}}`)
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Contains(string(text), "iterations") && !strings.Contains(string(text), `"iterations":1,`) {
			return // it would take its time
		}
		r, err := ParseRing(text, word("x"))
		if err != nil {
			return
		}
		again, err := r.encode("")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseRing(again, nil); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

func FuzzCommitment(f *testing.F) {
	f.Add(testKey(1).Graph(UUID{1}).Commit(time.Unix(0, 0)).String())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCommitment(text)
		if err != nil {
			return
		}
		if back, err := ParseCommitment(c.String()); err != nil || back.Hash != c.Hash {
			t.Errorf("%q: %v", text, err)
		}
	})
}
