package maintain

import (
	"sync"
	"time"

	"github.com/inklingdb/inkling/engine/model"
)

// publication is a published version of the model and what goes with it. Its tables are made when someone first asks
// for them: many commits may pass between two questions, and each copy is as long as the tables.
type publication struct {
	from   *model.Embedding // an earlier published version
	deltas []delta          // what has changed since, in order
	about  model.Metadata
	scale  model.Calibration
	status Status
	next   chan struct{} // closed by the following publication

	once      sync.Once
	mu        sync.Mutex
	embedding *model.Embedding // nil until made
}

// Embedding returns the version's model. It is immutable.
func (p *publication) Embedding() *model.Embedding {
	p.once.Do(func() {
		e := *p.from
		e.Metadata, e.Calibration = p.about, p.scale
		if len(p.deltas) > 0 {
			l := learner{tables: copyTables(&p.from.Tables, p.deltas)}
			for _, d := range p.deltas {
				if err := d.applyTo(&l); err != nil {
					panic(err) // the learner did the same before
				}
			}
			e.Tables = l.tables
		}
		p.mu.Lock()
		p.embedding = &e
		p.mu.Unlock()
	})
	return p.embedding
}

// made returns the version's model if someone has asked for it, nil otherwise.
func (p *publication) made() *model.Embedding {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.embedding
}

// copyTables returns a copy with room for what deltas add.
func copyTables(t *model.Tables, deltas []delta) model.Tables {
	room := 0
	for _, d := range deltas {
		room += len(d.entities)
	}
	w, _ := t.Widths()
	out := *t
	out.Entities = append(make([]float32, 0, len(t.Entities)+room*w), t.Entities...)
	out.Relations = append([]float32(nil), t.Relations...)
	return out
}

// publish makes the learner's state the published one: like's tables, or the latest publication's for nil, with a delta.
func (f *Follower) publish(like *model.Embedding, deltas []delta, took time.Duration) {
	l := f.learner
	p := &publication{from: like, next: make(chan struct{}), scale: l.calibration}
	old := f.published.Load()
	if like == nil {
		p.from, p.deltas = old.from, append(old.deltas[:len(old.deltas):len(old.deltas)], deltas...)
		if e := old.made(); e != nil {
			p.from, p.deltas = e, deltas
		}
	}
	p.about = p.from.Metadata
	p.about.DataVersion = f.version
	p.status = Status{
		Version: f.version, Changes: l.changes, Stale: l.stale, LastApply: took, JournalBytes: f.journal.size,
		Part: int(f.stage.Part), Pending: l.pending,
	}
	if old != nil && len(deltas) == 0 {
		p.status.LastApply = old.status.LastApply
	}
	rows := 0
	for _, d := range p.deltas {
		rows += len(d.rows)
	}
	if rows > l.tables.Vocabulary.Entities()/4+1024 || len(p.deltas) > 4096 {
		p.Embedding() // else what is remembered would outgrow the tables
	}
	f.published.Store(p)
	if old != nil {
		close(old.next)
	}
}
