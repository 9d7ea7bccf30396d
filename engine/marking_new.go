package engine

import (
	"encoding/json"
	"time"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store"
)

// newMarking sizes a mark for a model as it is now, whose terms a view knows. The mark is not served before putMark.
func (db *DB) newMarking(v *store.View, m *served, key *watermark.Key, graph watermark.UUID, sizing watermark.Sizing) (*marking, error) {
	clean := m.clean()
	names, err := canonicalNamesIn(v, clean.Vocabulary.EntityIDs())
	if err != nil {
		return nil, err
	}
	table := watermark.Table{Names: names, Rows: clean.EntityMatrix()}
	scale := table.Scale()
	strengths, forecast, err := sizing.Strength(table, scale)
	if err != nil {
		return nil, err
	}
	return &marking{db: db, key: key.Graph(graph), record: markRecord{
		Graph: graph, IRI: m.graph.Value, KeyID: key.ID, KeyName: key.Name, Time: time.Now().UTC(), Sizing: sizing,
		Strengths: strengths, Forecast: forecast, Mean: bytesOf(scale.Mean), Deviation: bytesOf(scale.Deviation),
	}}, nil
}

// putMark makes a model that queries do not know yet serve its mark, and keeps the marked rows. nil takes a mark away.
func (db *DB) putMark(m *served, k *marking) error {
	m.marking = k
	if k == nil {
		return removeIfThere(db.markedPath(m.name))
	}
	if err := k.start(m); err != nil {
		return err
	}
	return k.save(m)
}

// successorMark returns the mark of a model that takes the place of a marked one, with its record: the same key, graph
// and sizing on the new rows. Both are nil when there was no mark, or when it cannot be renewed: then the log says so, for
// a training must not be lost over it.
func (db *DB) successorMark(v *store.View, m *served) (*marking, []byte, error) {
	old, err := markOf(v, m.name)
	if old == nil || err != nil {
		return nil, nil, err
	}
	var k *marking
	key, err := db.findKey(old.KeyID)
	if err == nil {
		k, err = db.newMarking(v, m, key, old.Graph, old.Sizing)
	}
	if err != nil {
		db.log.Warn("the new model bears no watermark, as the former one did: mark it again", "model", m.name, "key", old.KeyName, "problem", err)
		return nil, nil, nil
	}
	record, err := json.Marshal(k.record)
	return k, record, err
}

// replaceMark serves a model with another mark, or with nil without one. Queries under way finish with the former rows.
// The caller has claimed the model's name and written the metadata.
func (db *DB) replaceMark(m *served, k *marking) error {
	next := &served{name: m.name, graph: m.graph, id: m.id, fixed: m.fixed, keeper: m.keeper}
	if err := db.putMark(next, k); err != nil {
		return err
	}
	db.prepare(next)
	db.models.put(next)
	return nil
}
