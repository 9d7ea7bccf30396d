package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/inklingdb/inkling/store/rdf"
)

// maxTermKey is the longest encoded term that is its own key; longer ones are found by hash.
const maxTermKey = 256

// maxTermBytes bounds a term, so that a block of them, with what it adds to each, fits maxValueBytes.
const maxTermBytes = maxValueBytes/termsPerBlock - 64

// dictionary finds numbers of terms and terms of numbers. Entries are never changed, so it is shared by all
// versions: a lexicon says which numbers a version knows.
type dictionary struct {
	kv     kv
	cache  *cache
	pages  atomic.Pointer[[]*page] // slots of the term blocks; grown by the writer
	runs   atomic.Pointer[[]*termRun]
	full   atomic.Uint32 // terms with a lower number are in full blocks
	recent recentTerms
}

type page [256]slot

func newDictionary(k kv, c *cache) *dictionary {
	d := &dictionary{kv: k, cache: c}
	d.pages.Store(&[]*page{})
	d.runs.Store(&[]*termRun{})
	return d
}

// grow makes slots for all blocks before the one that holds number next.
func (d *dictionary) grow(next uint32) {
	pages := *d.pages.Load()
	for len(pages)*len(page{})*termsPerBlock < int(next)+termsPerBlock {
		pages = append(slices.Clone(pages), new(page))
	}
	d.pages.Store(&pages)
}

func blockOf(number uint32) uint32 { return (number - 1) / termsPerBlock }

// slot returns the place of a term block in the cache.
func (d *dictionary) slot(block uint32) *slot {
	pages := *d.pages.Load()
	return &pages[block/uint32(len(page{}))][block%uint32(len(page{}))]
}

// terms returns the decoded terms of a full block.
func (d *dictionary) terms(block uint32) ([]rdf.Term, error) {
	s := d.slot(block)
	if c := s.get(); c != nil {
		return c.terms, nil
	}
	value, err := getCopy(d.kv, termsKey(block))
	if err != nil {
		return nil, err
	}
	packed, err := unseal(value)
	if err != nil {
		return nil, fmt.Errorf("store: term block %d: %w", block, err)
	}
	terms, err := decodeTerms(packed)
	if err != nil {
		return nil, fmt.Errorf("store: term block %d: %w", block, err)
	}
	if len(terms) != termsPerBlock {
		return nil, fmt.Errorf("store: term block %d has %d terms: %w", block, len(terms), ErrCorrupt)
	}
	d.keep(block, terms)
	return terms, nil
}

// keep puts a block's terms in the cache.
func (d *dictionary) keep(block uint32, terms []rdf.Term) {
	const structBytes = 64
	size := int64(64)
	for _, t := range terms {
		size += int64(len(t.Value)+len(t.Lang)) + structBytes
	}
	d.cache.fill(d.slot(block), &cached{terms: terms, sizeBytes: size})
}

// termKey returns the key under which a term's number is kept, and whether it is by hash.
func termKey(k Kind, t rdf.Term) (key []byte, hashed bool) {
	key = appendTerm([]byte{prefixTerm, byte(k)}, k, t)
	if len(key) <= maxTermKey {
		return key, false
	}
	return hashKey(key), true
}

// hashKey returns the key of a term that is too long for one: 128 bits of its hash.
func hashKey(long []byte) []byte {
	sum := sha256.Sum256(long[1:])
	return append([]byte{prefixHashed}, sum[:16]...)
}

// lookup returns the number of a term if it is below next; 0 when there is none. Numbers from next on are
// of later versions, or of an import that may yet fail.
func (d *dictionary) lookup(t rdf.Term, next uint32) (uint32, error) {
	if n := d.recent.get(t); n != 0 {
		if n >= next {
			n = 0
		}
		return n, nil
	}
	n, err := d.find(t, next)
	if n != 0 && err == nil {
		d.recent.put(t, n)
	}
	return n, err
}

// find is lookup past the recent terms.
func (d *dictionary) find(t rdf.Term, next uint32) (uint32, error) {
	k := dictionaryKind(t)
	key, hashed := termKey(k, t)
	value, err := getCopy(d.kv, key)
	if err != nil {
		return 0, err
	}
	if len(value)%4 != 0 || !hashed && len(value) > 4 {
		return 0, fmt.Errorf("store: number of term %q: %w", t.Value, ErrCorrupt)
	}
	for ; len(value) > 0; value = value[4:] {
		n := binary.BigEndian.Uint32(value)
		if n >= next {
			continue
		}
		if hashed {
			have, err := d.stored(n)
			if err != nil {
				return 0, err
			}
			if have != t {
				continue
			}
		}
		return n, nil
	}
	if len(*d.runs.Load()) == 0 {
		return 0, nil
	}
	return d.inRuns(t, hashTerm(k, appendTerm(nil, k, t)), next)
}

// stored reads a term from disk, from its block or, while that is not full, from its single key.
func (d *dictionary) stored(number uint32) (rdf.Term, error) {
	if number < d.full.Load() {
		terms, err := d.terms(blockOf(number))
		if err != nil {
			return rdf.Term{}, err
		}
		return terms[(number-1)%termsPerBlock], nil
	}
	single, err := getCopy(d.kv, singleKey(number))
	if err != nil {
		return rdf.Term{}, err
	}
	if single == nil {
		terms, err := d.terms(blockOf(number))
		if err != nil {
			return rdf.Term{}, err
		}
		return terms[(number-1)%termsPerBlock], nil
	}
	return decodeSingle(number, single)
}

func decodeSingle(number uint32, value []byte) (rdf.Term, error) {
	packed, err := unseal(value)
	if err != nil {
		return rdf.Term{}, fmt.Errorf("store: term %d: %w", number, err)
	}
	terms, err := decodeTerms(packed)
	if err != nil || len(terms) != 1 {
		return rdf.Term{}, fmt.Errorf("store: term %d: %w", number, ErrCorrupt)
	}
	return terms[0], nil
}

// lexicon is what one version knows of the dictionary. It is immutable.
type lexicon struct {
	dictionary *dictionary
	next       uint32     // the first number without a term
	tail       []rdf.Term // terms of the block that is not full yet
	tailFirst  uint32     // number of tail[0]; one more than a multiple of termsPerBlock
}

// openLexicon reads the tail.
func openLexicon(d *dictionary, next uint32) (lexicon, error) {
	l := lexicon{dictionary: d, next: next, tailFirst: blockOf(next)*termsPerBlock + 1}
	d.grow(next)
	d.full.Store(l.tailFirst)
	for n := l.tailFirst; n < next; n++ {
		value, err := getCopy(d.kv, singleKey(n))
		if err != nil {
			return l, err
		}
		t, err := decodeSingle(n, value)
		if err != nil {
			return l, err
		}
		l.tail = append(l.tail, t)
	}
	return l, nil
}

// term returns the term of a number.
func (l *lexicon) term(number uint32) (rdf.Term, error) {
	if number == 0 || number >= l.next {
		return rdf.Term{}, fmt.Errorf("store: number %d of %d: %w", number, l.next-1, ErrUnknownTerm)
	}
	if number >= l.tailFirst {
		return l.tail[number-l.tailFirst], nil
	}
	terms, err := l.dictionary.terms(blockOf(number))
	if err != nil {
		return rdf.Term{}, err
	}
	return terms[(number-1)%termsPerBlock], nil
}

// number returns a term's number, 0 when this version does not know it.
func (l *lexicon) number(t rdf.Term) (uint32, error) {
	return l.dictionary.lookup(t, l.next)
}

// recentTerms remembers numbers of terms looked up lately: two maps, the older dropped when the newer is full.
// Long terms are not kept, so that the bound on their number bounds their bytes.
type recentTerms struct {
	mu         sync.RWMutex
	newer, old map[rdf.Term]uint32
}

const recentTermsLimit = 1 << 17

func (r *recentTerms) get(t rdf.Term) uint32 {
	r.mu.RLock()
	n, found := r.newer[t]
	if found {
		r.mu.RUnlock()
		return n
	}
	n = r.old[t]
	r.mu.RUnlock()
	if n != 0 {
		r.put(t, n)
	}
	return n
}

func (r *recentTerms) put(t rdf.Term, number uint32) {
	if len(t.Value)+len(t.Datatype) > maxTermKey {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.newer) >= recentTermsLimit {
		r.old, r.newer = r.newer, nil
	}
	if r.newer == nil {
		r.newer = make(map[rdf.Term]uint32)
	}
	r.newer[t] = number
}
