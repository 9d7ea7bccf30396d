package watermark

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Marked is one graph that a key marked: what a copy is tested with, with nothing but the ring at hand.
type Marked struct {
	Graph     UUID      `json:"graph"`
	IRI       string    `json:"iri,omitempty"`   // of the named graph; "" for the default one
	Model     string    `json:"model,omitempty"` // whose table was marked
	Time      time.Time `json:"time"`
	Dim       int       `json:"dim,omitempty"`  // numbers in a row
	Rows      int       `json:"rows,omitempty"` // rows when it was marked
	Channels  []string  `json:"channels,omitempty"`
	Gamma     uint64    `json:"gamma,omitempty"`   // one triple in so many is a carrier
	Digests   []string  `json:"digests,omitempty"` // of copies as they were released, see Table.Digest
	Committed bool      `json:"committed,omitempty"`
	Scale     *Scale    `json:"scale,omitempty"` // of the table when it was marked, for parts of it: see GraphKey.Of
}

// Ring is a set of keys, oldest first.
type Ring struct{ Keys []*Key }

// Errors of a ring.
var (
	ErrNoKey     = errors.New("no such key")
	ErrKeyExists = errors.New("a key of that name exists")
	ErrRing      = errors.New("broken key ring")
)

// Limits of what a ring file may hold, so that a broken one costs no memory.
const (
	maxKeys      = 100_000
	maxMarked    = 100_000
	maxKeyName   = 100
	maxRingBytes = 64 << 20
)

// checkName returns an error for a name that cannot be typed or told from another.
func checkName(name string) error {
	if name == "" || len(name) > maxKeyName || strings.TrimSpace(name) != name ||
		strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return fmt.Errorf("watermark: key name %.120q: it must have 1 to %d bytes, no control characters and no space around it", name, maxKeyName)
	}
	return nil
}

// Find returns the key of a name or an ID. With one key only, "" finds it.
func (r *Ring) Find(name string) (*Key, error) {
	if name == "" && len(r.Keys) == 1 {
		return r.Keys[0], nil
	}
	var names []string
	for _, k := range r.Keys {
		if k.Name == name || k.ID == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("watermark: %w: %q; the key ring is empty: inkling watermark key new NAME", ErrNoKey, name)
	}
	return nil, fmt.Errorf("watermark: %w: %q; the key ring has %s", ErrNoKey, name, strings.Join(names[:min(len(names), 20)], ", "))
}

// Add adds a key whose name and ID are new.
func (r *Ring) Add(k *Key) error {
	for _, other := range r.Keys {
		if other.Name == k.Name || other.ID == k.Name || other.ID == k.ID {
			return fmt.Errorf("watermark: %w: %q", ErrKeyExists, k.Name)
		}
	}
	r.Keys = append(r.Keys, k)
	return nil
}

// Remove takes out the key of a name or an ID. Copies that it marked can no longer be told.
func (r *Ring) Remove(name string) (*Key, error) {
	if name == "" {
		return nil, fmt.Errorf("watermark: %w: name the key to remove", ErrNoKey)
	}
	k, err := r.Find(name)
	if err == nil {
		r.Keys = slices.DeleteFunc(r.Keys, func(other *Key) bool { return other == k })
	}
	return k, err
}

// Record notes what a key marked; a record of the same graph gives its digests to the new one.
func (k *Key) Record(m Marked) {
	for i, old := range k.Graphs {
		if old.Graph == m.Graph {
			m.Digests = append(slices.Clone(old.Digests), m.Digests...)
			slices.Sort(m.Digests)
			m.Digests = slices.Compact(m.Digests)
			m.Committed = m.Committed || old.Committed
			k.Graphs[i] = m
			return
		}
	}
	k.Graphs = append(k.Graphs, m)
}

// The file's forms. Nothing else writes a secret.
type (
	ringFile struct {
		Version int       `json:"version"`
		Keys    []keyFile `json:"keys,omitempty"`
		Sealed  *sealed   `json:"sealed,omitempty"` // a ringFile without it, encrypted; then Keys is empty
	}
	keyFile struct {
		ID      string    `json:"id"`
		Name    string    `json:"name"`
		Created time.Time `json:"created"`
		Secret  []byte    `json:"secret"`
		Graphs  []Marked  `json:"graphs,omitempty"`
	}
)

const ringVersion = 1

// encode returns the ring as its file holds it, sealed with a passphrase unless that is "".
func (r *Ring) encode(passphrase string) ([]byte, error) {
	f := ringFile{Version: ringVersion}
	for _, k := range r.Keys {
		f.Keys = append(f.Keys, keyFile{ID: k.ID, Name: k.Name, Created: k.Created, Secret: k.master.bytes()[:], Graphs: k.Graphs})
	}
	if passphrase != "" {
		plain, err := json.Marshal(f)
		if err != nil {
			return nil, err
		}
		s, err := seal(plain, passphrase)
		if err != nil {
			return nil, err
		}
		f = ringFile{Version: ringVersion, Sealed: s}
	}
	text, err := json.MarshalIndent(f, "", "  ")
	return append(text, '\n'), err
}

// ErrPassphrase is returned for a sealed ring when the passphrase is missing or wrong.
var ErrPassphrase = errors.New("passphrase")

// ParseRing reads a ring file's bytes. A sealed one asks for its passphrase; nil means that there is none to ask.
func ParseRing(text []byte, passphrase func() (string, error)) (*Ring, error) {
	f, err := parseRingFile(text)
	if err != nil {
		return nil, err
	}
	if f.Sealed != nil {
		if passphrase == nil {
			return nil, fmt.Errorf("watermark: %w: the key ring is sealed with one: give it (--passphrase-file)", ErrPassphrase)
		}
		word, err := passphrase()
		if err != nil {
			return nil, err
		}
		plain, err := f.Sealed.open(word)
		if err != nil {
			return nil, err
		}
		if f, err = parseRingFile(plain); err != nil {
			return nil, err
		}
		if f.Sealed != nil {
			return nil, fmt.Errorf("watermark: %w: sealed twice", ErrRing)
		}
	}
	r := &Ring{}
	for i, kf := range f.Keys {
		k, err := kf.key()
		if err != nil {
			return nil, fmt.Errorf("watermark: %w: key %d of %d: %w", ErrRing, i+1, len(f.Keys), err)
		}
		if err := r.Add(k); err != nil {
			return nil, fmt.Errorf("watermark: %w: %w", ErrRing, err)
		}
	}
	return r, nil
}

func parseRingFile(text []byte) (ringFile, error) {
	var f ringFile
	if len(text) > maxRingBytes {
		return f, fmt.Errorf("watermark: %w: %d bytes, at most %d make a ring", ErrRing, len(text), maxRingBytes)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("watermark: %w: %s", ErrRing, jsonProblem(err))
	}
	if f.Version != ringVersion {
		return f, fmt.Errorf("watermark: %w: version %d, this program reads version %d", ErrRing, f.Version, ringVersion)
	}
	if len(f.Keys) > maxKeys || f.Sealed != nil && len(f.Keys) > 0 {
		return f, fmt.Errorf("watermark: %w: %d keys, sealed %v", ErrRing, len(f.Keys), f.Sealed != nil)
	}
	return f, nil
}

// jsonProblem says what is wrong without showing what stands in the file.
func jsonProblem(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("byte %d: %s is not what belongs there", kind.Offset, kind.Field)
	}
	return "a value does not fit its place"
}

// key checks what the file says of a key.
func (f keyFile) key() (*Key, error) {
	if len(f.Secret) != 32 {
		return nil, fmt.Errorf("its secret has %d bytes, not 32", len(f.Secret))
	}
	if err := checkName(f.Name); err != nil {
		return nil, err
	}
	k := &Key{Name: f.Name, Created: f.Created, Graphs: f.Graphs, master: newSecret(f.Secret)}
	if k.ID = k.id(); f.ID != k.ID {
		return nil, fmt.Errorf("its ID is %.40q, but its secret makes %s: one of them was changed", f.ID, k.ID)
	}
	if len(f.Graphs) > maxMarked {
		return nil, fmt.Errorf("%d graphs", len(f.Graphs))
	}
	for _, g := range f.Graphs {
		if g.Gamma > maxGamma {
			return nil, fmt.Errorf("graph %s: one carrier in %d triples, at most %d", g.Graph, g.Gamma, maxGamma)
		}
	}
	return k, nil
}
