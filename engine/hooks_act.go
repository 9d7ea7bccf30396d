package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// act runs a hook's action once. What writes to the store saves the position upTo in the same commit, unless it is nil,
// and says so.
func (db *DB) act(ctx context.Context, h *hook.Hook, d *delivery, upTo *position) (saved bool, err error) {
	switch h.Action {
	case "warn":
		return false, nil
	case "tag":
		return true, db.write(ctx, h, d, upTo, func(tx *store.Tx) error { return tag(tx, h, d) })
	case "edit":
		if h.Param("editor", hook.GraphEditor) == hook.GraphEditor {
			return true, db.supersede(ctx, h, d, upTo)
		}
		return false, db.edit(ctx, h, d)
	case "maintain":
		return false, db.waitForModels(ctx, h.Params["model"], d.changes[len(d.changes)-1].Version)
	case "verify":
		if db.opts.Verifier == nil {
			return false, pause{errNoVerifier}
		}
		changes, err := db.changesOf(d)
		if err != nil {
			return false, err
		}
		return false, db.opts.Verifier.Verify(ctx, changes)
	case "webhook":
		return false, db.post(ctx, h, d)
	}
	return false, fmt.Errorf("no action %q: %w", h.Action, hook.ErrPermanent)
}

// write makes a commit that carries the hook as its source, with the position in it. What a before-hook rejects is not
// worth another attempt.
func (db *DB) write(ctx context.Context, h *hook.Hook, d *delivery, upTo *position, fn func(*store.Tx) error) error {
	_, _, err := db.hooked(ctx, func(ctx context.Context) (store.Commit, error) {
		return db.store.Update(ctx, hook.Source(h.Name, d.depth), func(tx *store.Tx) error {
			if upTo != nil {
				if err := tx.SetMeta(metaPosition+h.Name, upTo.text()); err != nil {
					return err
				}
			}
			return fn(tx)
		})
	})
	if errors.Is(err, ErrRejected) {
		return fmt.Errorf("%w: %w", err, hook.ErrPermanent)
	}
	return err
}

// Vocabulary of tags.
const (
	tagGraph     = Namespace + "tags"
	tagPredicate = Namespace + "tag"
	changeSpace  = Namespace + "change/"
)

// tag writes about changes into a graph: a reified statement each, or the triple itself.
func tag(tx *store.Tx, h *hook.Hook, d *delivery) error {
	g, err := tx.Intern(rdf.NewIRI(h.Param("graph", tagGraph)))
	if err != nil {
		return err
	}
	for _, m := range d.changes {
		x := m.change()
		if h.Param("style", hook.Reify) == hook.Member {
			if x.Removed {
				err = tx.Remove(g, x.Triple)
			} else {
				err = tx.Add(g, x.Triple)
			}
		} else {
			err = reify(tx, h, g, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reify states a change as an rdf:Statement. Its name is the change's place in the log, so that a second time adds
// nothing.
func reify(tx *store.Tx, h *hook.Hook, g store.TermID, m matched) error {
	x := m.change()
	subject, err := tx.Intern(rdf.NewIRI(fmt.Sprintf("%s%d/%d", changeSpace, m.Version, m.Index)))
	if err != nil {
		return err
	}
	add := func(predicate string, object store.TermID) error {
		p, err := tx.Intern(rdf.NewIRI(predicate))
		if err != nil {
			return err
		}
		return tx.Add(g, store.Triple{S: subject, P: p, O: object})
	}
	terms := []struct {
		predicate string
		term      rdf.Term
	}{
		{rdf.RDFType, rdf.NewIRI(rdf.RDF + "Statement")},
		{h.Param("predicate", tagPredicate), rdf.NewString(h.Param("value", h.Name))},
		{Namespace + "op", rdf.NewString(opOf(x))},
		{Namespace + "version", rdf.NewTyped(fmt.Sprint(m.Version), rdf.XSDInteger)},
	}
	for _, t := range terms {
		id, err := tx.Intern(t.term)
		if err != nil {
			return err
		}
		if err := add(t.predicate, id); err != nil {
			return err
		}
	}
	if x.Graph != 0 {
		if err := add(Namespace+"graph", x.Graph); err != nil {
			return err
		}
	}
	return errors.Join(add(rdf.RDF+"subject", x.Triple.S), add(rdf.RDF+"predicate", x.Triple.P), add(rdf.RDF+"object", x.Triple.O))
}

// supersede removes the tails that the head and relation of each inserted triple had before it: what came in the same
// commit, came later or came back stays, and so does all when the new triple itself is gone. Maintained models unlearn
// what is removed, as they do any removal.
func (db *DB) supersede(ctx context.Context, h *hook.Hook, d *delivery, upTo *position) error {
	touched, err := db.touchedSince(ctx, d)
	if err != nil {
		return err
	}
	return db.write(ctx, h, d, upTo, func(tx *store.Tx) error {
		v := tx.View()
		for _, m := range d.changes {
			x := m.change()
			stated, err := v.Has(x.Graph, x.Triple)
			if err != nil {
				return err
			}
			if !stated {
				continue
			}
			for _, old := range m.Older {
				t := store.Triple{S: x.Triple.S, P: x.Triple.P, O: store.TermID(old)}
				if touched[located{x.Graph, t}] {
					continue
				}
				if err := tx.Remove(x.Graph, t); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// touchedSince returns those of a delivery's older tails that commits changed since they were read.
func (db *DB) touchedSince(ctx context.Context, d *delivery) (map[located]bool, error) {
	older := map[located]bool{}
	for _, m := range d.changes {
		x := m.change()
		for _, tail := range m.Older {
			x.Triple.O = store.TermID(tail)
			older[located{x.Graph, x.Triple}] = true
		}
	}
	touched := map[located]bool{}
	if len(older) == 0 {
		return touched, nil
	}
	err := db.store.Changes(ctx, d.seen, func(c store.Commit) error {
		for _, x := range c.Changes {
			if key := (located{x.Graph, x.Triple}); older[key] {
				touched[key] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("engine: reading the log: %w", err)
	}
	return touched, nil
}

// edit calls a registered editor.
func (db *DB) edit(ctx context.Context, h *hook.Hook, d *delivery) error {
	name := h.Params["editor"]
	editor := db.opts.Editors[name]
	if editor == nil {
		return pause{fmt.Errorf("no editor %q is registered in this program", name)}
	}
	changes, err := db.changesOf(d)
	if err != nil {
		return err
	}
	return editor.Edit(ctx, changes)
}

// changesOf returns a delivery's changes by terms.
func (db *DB) changesOf(d *delivery) ([]hook.Change, error) {
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	out := make([]hook.Change, len(d.changes))
	for i, m := range d.changes {
		x := m.change()
		q, err := quadOf(v, x)
		if err != nil {
			return nil, err
		}
		out[i] = hook.Change{Op: opOf(x), Quad: q, Version: uint64(m.Version), Time: m.Time, Source: m.Source}
		for _, id := range m.Older {
			t, err := v.Term(store.TermID(id))
			if err != nil {
				return nil, err
			}
			out[i].Older = append(out[i].Older, t)
		}
	}
	return out, nil
}

// waitForModels returns when the models, or the named one, have re-optimised the rows of a version.
func (db *DB) waitForModels(ctx context.Context, name string, v store.Version) error {
	list := db.models.all()
	if name != "" {
		m, err := db.models.find(name)
		if err != nil {
			return fmt.Errorf("%w: %w", err, hook.ErrPermanent)
		}
		list = []*served{m}
	}
	for _, m := range list {
		if m.keeper == nil {
			continue
		}
		if err := m.keeper.wait(ctx, v); err != nil {
			return fmt.Errorf("waiting for model %s: %w", m.name, err)
		}
		if at := m.embedding().Metadata.DataVersion; at < v && m.keeper.failure.Load() != nil {
			return fmt.Errorf("model %s stopped following at version %d: %w", m.name, at, hook.ErrPermanent)
		}
	}
	return nil
}

// hookBody is what a webhook posts.
type hookBody struct {
	Hook     string       `json:"hook"`
	Delivery string       `json:"delivery"`
	Message  string       `json:"message,omitempty"`
	Changes  []hookChange `json:"changes"`
}

// hookChange is one change of a hookBody, its terms as N-Triples writes them.
type hookChange struct {
	Op        string        `json:"op"`
	Subject   string        `json:"subject"`
	Predicate string        `json:"predicate"`
	Object    string        `json:"object"`
	Graph     string        `json:"graph,omitempty"`
	Version   store.Version `json:"version"`
	Time      time.Time     `json:"time"`
	Source    string        `json:"source,omitempty"`
}

// post sends a delivery to the hook's address.
func (db *DB) post(ctx context.Context, h *hook.Hook, d *delivery) error {
	if url := h.Params["url"]; !db.opts.AllowWebhooks && !hook.Loopback(url) {
		return pause{fmt.Errorf("%s is not on this machine: %w", url, hook.ErrNotAllowed)}
	}
	secret, err := os.ReadFile(db.secretPath(h.Name, "secret"))
	if err != nil {
		return pause{fmt.Errorf("its secret cannot be read; add the hook again with one: %w", err)}
	}
	changes, err := db.changesOf(d)
	if err != nil {
		return err
	}
	body := hookBody{Hook: h.Name, Delivery: h.Name + "/" + d.fingerprint(), Message: h.Message}
	text := func(t rdf.Term) string {
		if t.Kind == rdf.None {
			return ""
		}
		return string(rdf.AppendTerm(nil, t))
	}
	for _, c := range changes {
		body.Changes = append(body.Changes, hookChange{Op: c.Op, Subject: text(c.Quad.S), Predicate: text(c.Quad.P), Object: text(c.Quad.O),
			Graph: text(c.Quad.G), Version: store.Version(c.Version), Time: c.Time, Source: c.Source})
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return db.hooks.webhook.Post(ctx, hook.Delivery{URL: h.Params["url"], Hook: h.Name, ID: body.Delivery, Body: payload, Secret: secret})
}

// secretPath returns the file of a hook's secret.
func (db *DB) secretPath(name, param string) string {
	return filepath.Join(db.hooksPath(), name+"."+param)
}

// keepSecrets writes a hook's secrets to files that only the user can read. A hook that is added again may leave out one
// that is kept already.
func (db *DB) keepSecrets(h *hook.Hook, secrets map[string]string) error {
	for _, param := range hook.ActionByName(h.Action).Secrets() {
		path := db.secretPath(h.Name, param)
		secret := strings.TrimSpace(secrets[param])
		if secret == "" {
			if _, err := os.Stat(path); err == nil {
				continue
			}
		}
		if len(secret) < hook.MinSecretBytes {
			return fmt.Errorf("engine: %w: hook %s: %s needs the parameter %s, of at least %d bytes", ErrBadInput, h.Name, h.Action, param, hook.MinSecretBytes)
		}
		if err := writeSecret(path, secret); err != nil {
			return fmt.Errorf("engine: hook %s: keeping the %s: %w", h.Name, param, err)
		}
	}
	return nil
}

func writeSecret(path, secret string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "secret-*.tmp") // of mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(secret)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// forgetSecrets removes a hook's secrets.
func (db *DB) forgetSecrets(name string) error {
	for _, a := range hook.Actions {
		for _, param := range a.Secrets() {
			if err := os.Remove(db.secretPath(name, param)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("engine: hook %s: forgetting the %s: %w", name, param, err)
			}
		}
	}
	return nil
}
