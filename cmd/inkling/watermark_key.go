package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/watermark"
)

type watermarkKeys struct {
	New    watermarkKeyNew    `cmd:"" help:"Draw a key."`
	List   watermarkKeyList   `cmd:"" help:"Show the keys and what they marked; no secret."`
	Commit watermarkKeyCommit `cmd:"" help:"Print what binds you to a key and a graph without showing the key: publish it before the graph."`
	Remove watermarkKeyRemove `cmd:"" help:"Forget a key: copies that it marked can no longer be told."`
}

type watermarkKeyNew struct {
	keyRing
	Name string `arg:"" help:"The key's name."`
	Seal bool   `help:"Seal a new key ring with a passphrase: asked for, or in --passphrase-file."`
}

// Run draws a key.
func (c *watermarkKeyNew) Run(a *app) error {
	var made *watermark.Key
	err := c.update(c.Seal, func(r *watermark.Ring) error {
		var err error
		if made, err = watermark.NewKey(c.Name); err != nil {
			return usageError{err}
		}
		return r.Add(made)
	})
	if err != nil {
		return err
	}
	f, err := c.file()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "key %s is in %s: keep a copy of that file; without it no copy of your graphs can be told\n", made, f.Path)
	return nil
}

type watermarkKeyList struct {
	keyRing
	JSON bool `help:"Print as JSON."`
}

// keyInfo is what is shown of a key.
type keyInfo struct {
	ID      string             `json:"id"`
	Public  string             `json:"public_key"` // of its signatures, hexadecimal
	Name    string             `json:"name"`
	Created time.Time          `json:"created"`
	Graphs  []watermark.Marked `json:"graphs"`
}

// Run lists the keys.
func (c *watermarkKeyList) Run(a *app) error {
	r, err := c.ring()
	if err != nil {
		return err
	}
	list := []keyInfo{}
	for _, k := range r.Keys {
		list = append(list, keyInfo{k.ID, fmt.Sprintf("%x", k.Public()), k.Name, k.Created, k.Graphs})
	}
	if c.JSON {
		return printJSON(a.out, list)
	}
	if len(list) == 0 {
		fmt.Fprintln(a.out, "no keys yet: inkling watermark key new NAME")
		return nil
	}
	t := newTable(a.out, "key", "ID", "made", "graph", "model", "marked", "channels")
	for _, k := range list {
		head := []any{k.Name, k.ID, k.Created.Format(time.DateOnly)}
		if len(k.Graphs) == 0 {
			t.AppendRow(append(head, "", "", "", ""))
		}
		for _, g := range k.Graphs {
			channels := strings.Join(g.Channels, " ")
			if channels == "" && g.Committed {
				channels = "(committed only)"
			}
			t.AppendRow(append(head[:3:3], g.Graph.String()+" "+g.IRI, g.Model, g.Time.Format(time.DateTime), channels))
		}
	}
	t.Render()
	return nil
}

type watermarkKeyCommit struct {
	keyRing
	Key    string `arg:"" optional:"" help:"The key's name or ID; it may be left out when there is one only."`
	Graph  string `placeholder:"UUID" help:"The graph; without it a new UUID, to be given to inkling watermark embed --uuid."`
	Verify string `placeholder:"FILE" help:"Check a commitment instead of making one; - is standard input."`
}

// Run makes or checks a commitment.
func (c *watermarkKeyCommit) Run(a *app) error {
	r, err := c.ring()
	if err != nil {
		return err
	}
	key, err := r.Find(c.Key)
	if err != nil {
		return err
	}
	if c.Verify != "" {
		return c.verify(a, key)
	}
	graph := watermark.NewUUID()
	if c.Graph != "" {
		if graph, err = watermark.ParseUUID(c.Graph); err != nil {
			return usageError{err}
		}
	}
	commitment := key.Graph(graph).Commit(time.Now())
	entry := watermark.Marked{Graph: graph, Time: commitment.Time}
	for _, g := range key.Graphs {
		if g.Graph == graph {
			entry = g
		}
	}
	entry.Committed = true
	if err := c.record(key.ID, entry); err != nil {
		return err
	}
	fmt.Fprint(a.out, commitment)
	return nil
}

func (c *watermarkKeyCommit) verify(a *app, key *watermark.Key) error {
	source := "@" + c.Verify
	if c.Verify == "-" {
		source = "-"
	}
	text, err := a.text(source)
	if err != nil {
		return err
	}
	commitment, err := watermark.ParseCommitment(text)
	if err != nil {
		return usageError{err}
	}
	if !key.Verify(commitment) {
		return fmt.Errorf("key %s did not make this commitment", key)
	}
	fmt.Fprintf(a.out, "key %s made this commitment to graph %s, which says it is of %s\n", key, commitment.Graph, commitment.Time.Format(time.RFC3339))
	return nil
}

type watermarkKeyRemove struct {
	keyRing
	Key string `arg:"" help:"The key's name or ID."`
	Yes bool   `help:"Do it: nothing brings the key back."`
}

// Run forgets a key.
func (c *watermarkKeyRemove) Run(a *app) error {
	if !c.Yes {
		return usageError{fmt.Errorf("nothing brings a removed key back, and copies that it marked can no longer be told: say --yes")}
	}
	var gone *watermark.Key
	err := c.update(false, func(r *watermark.Ring) error {
		var err error
		gone, err = r.Remove(c.Key)
		return err
	})
	if err == nil {
		fmt.Fprintf(a.out, "key %s is removed\n", gone)
	}
	return err
}
