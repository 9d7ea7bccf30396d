package watermark

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// UUID names a graph in key derivations, whatever it is called.
type UUID [16]byte

// NewUUID returns a random one (RFC 9562, version 4).
func NewUUID() UUID {
	var u UUID
	rand.Read(u[:])
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

// String returns the usual form of 36 characters.
func (u UUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// ParseUUID reads the form that String returns, in either case.
func ParseUUID(text string) (UUID, error) {
	var u UUID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return u, fmt.Errorf("watermark: %.40q is no UUID such as 1b4e28ba-2fa1-4d3b-a0f5-ef19b5a7633b", text)
	}
	if _, err := hex.Decode(u[:], []byte(text[:8]+text[9:13]+text[14:18]+text[19:23]+text[24:])); err != nil {
		return u, fmt.Errorf("watermark: UUID %q: %w", text, err)
	}
	return u, nil
}

// MarshalText returns the usual form.
func (u UUID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads the usual form.
func (u *UUID) UnmarshalText(text []byte) error {
	var err error
	*u, err = ParseUUID(string(text))
	return err
}

// secret is 32 bytes behind a function: whatever prints or encodes a value that holds one shows an address at most. A
// pointer would not do: %s shows what it points to.
type secret struct{ bytes func() *[32]byte }

func newSecret(b []byte) secret {
	hidden := new([32]byte)
	copy(hidden[:], b)
	return secret{func() *[32]byte { return hidden }}
}

// Key is an owner's master key. Its secret never shows in any printing of it.
type Key struct {
	ID      string // public: 16 hexadecimal digits that follow from the secret
	Name    string
	Created time.Time
	Graphs  []Marked // what it marked, oldest first
	master  secret
}

// NewKey draws a key from the system's random numbers.
func NewKey(name string) (*Key, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	k := &Key{Name: name, Created: time.Now().UTC().Truncate(time.Second)}
	var random [32]byte
	rand.Read(random[:])
	k.master = newSecret(random[:])
	k.ID = k.id()
	return k, nil
}

// id derives the public name from the secret.
func (k *Key) id() string {
	sum := sha256.Sum256(derive(k.master, nil, "wm/v1/id"))
	return hex.EncodeToString(sum[:8])
}

// derive returns 32 bytes by HKDF-SHA256 (RFC 5869).
func derive(master secret, salt []byte, info string) []byte {
	out, err := hkdf.Key(sha256.New, master.bytes()[:], salt, info, 32)
	if err != nil {
		panic(err) // of a length that is too large: it is 32
	}
	return out
}

// String names the key, without its secret.
func (k *Key) String() string { return fmt.Sprintf("%s (%s)", k.Name, k.ID) }

// GoString names the key, without its secret.
func (k *Key) GoString() string { return "watermark.Key " + k.String() }

// GraphKey is a key's secrets for one graph: one by channel. It tells nothing of the key or of its other graphs.
type GraphKey struct {
	UUID    UUID
	secrets [channels]secret
	scale   *Scale // of the table that was marked; nil where it is not known
	rows    int    // of that table
}

// Graph derives the secrets for a graph: HKDF(master, UUID, "wm/v1/" + channel).
func (k *Key) Graph(u UUID) *GraphKey {
	g := &GraphKey{UUID: u}
	for c, name := range channelNames[:channels] {
		g.secrets[c] = newSecret(derive(k.master, u[:], "wm/v1/"+name))
	}
	return g
}

// Of returns the secrets with what is known of the table that they marked: its scale and its rows. It sharpens T2 on small
// parts, whose own scale would give other parities. It is no secret, and independent of the key, so bounds hold with it.
func (k *GraphKey) Of(scale *Scale, rows int) *GraphKey {
	c := *k
	c.scale, c.rows = scale, rows
	return &c
}

// Commitment binds an owner to a key and a graph before release, without showing the key: published or time-stamped, it
// proves later that the key was not made to fit a copy.
type Commitment struct {
	Graph UUID
	Time  time.Time
	Hash  [32]byte // SHA-256 of the graph's secrets and its UUID
}

// Commit returns the commitment to a graph's secrets.
func (g *GraphKey) Commit(at time.Time) Commitment {
	h := sha256.New()
	for c := range g.secrets {
		h.Write(g.secrets[c].bytes()[:])
	}
	h.Write(g.UUID[:])
	return Commitment{Graph: g.UUID, Time: at.UTC().Truncate(time.Second), Hash: [32]byte(h.Sum(nil))}
}

// commitmentHead is the first line of a printed commitment.
const commitmentHead = "inkling watermark commitment 1"

// String returns the commitment as text of four lines, to be published.
func (c Commitment) String() string {
	return fmt.Sprintf("%s\ngraph %s\ntime %s\nsha256 %x\n", commitmentHead, c.Graph, c.Time.Format(time.RFC3339), c.Hash)
}

// ParseCommitment reads what String returns.
func ParseCommitment(text string) (Commitment, error) {
	var c Commitment
	var graph, at, hash string
	if _, err := fmt.Sscanf(text, commitmentHead+"\ngraph %s\ntime %s\nsha256 %s\n", &graph, &at, &hash); err != nil {
		return c, fmt.Errorf("watermark: not a commitment, which has the lines %q, graph, time and sha256: %w", commitmentHead, err)
	}
	var err error
	if c.Graph, err = ParseUUID(graph); err != nil {
		return c, err
	}
	if c.Time, err = time.Parse(time.RFC3339, at); err != nil {
		return c, fmt.Errorf("watermark: commitment: %w", err)
	}
	if n, err := hex.DecodeString(hash); err != nil || len(n) != len(c.Hash) {
		return c, fmt.Errorf("watermark: commitment: sha256 %.80q is not 64 hexadecimal digits", hash)
	} else {
		copy(c.Hash[:], n)
	}
	return c, nil
}

// Verify reports whether the key is the one that the commitment was made with.
func (k *Key) Verify(c Commitment) bool { return k.Graph(c.Graph).Commit(c.Time).Hash == c.Hash }
