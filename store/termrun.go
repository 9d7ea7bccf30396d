package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/inklingdb/inkling/store/rdf"
)

// A term run finds the numbers of the terms that one bulk import brought: pairs of a 64-bit hash and a
// number, sorted, in packed blocks under the first hash. A pair takes about 10 bytes, a key for each term
// 21, and the import writes 128 times fewer keys. Whoever looks up verifies the term itself.
type termRun struct {
	number uint32
	firsts []uint64
	slots  []slot
}

// hashedTerm is an entry of a term run.
type hashedTerm struct {
	hash   uint64
	number uint32
}

// hashTerm returns the hash of a term's kind and payload under which runs keep it.
func hashTerm(k Kind, payload []byte) uint64 {
	buffer := make([]byte, 0, 256)
	sum := sha256.Sum256(append(append(buffer, byte(k)), payload...))
	return binary.BigEndian.Uint64(sum[:])
}

func runKey(run uint32, first uint64) []byte {
	return binary.BigEndian.AppendUint64(generationKey(prefixRun, run), first)
}

// appendRunBlock encodes up to blockSize entries: a count, then the growth of the hash and the number of each.
// The first hash is in the key.
func appendRunBlock(out []byte, entries []hashedTerm) []byte {
	out = append(out, byte(len(entries)))
	last := entries[0].hash
	for _, e := range entries {
		out = binary.AppendUvarint(out, e.hash-last)
		out = binary.AppendUvarint(out, uint64(e.number))
		last = e.hash
	}
	return out
}

// decodeRunBlock is the inverse of appendRunBlock; it appends to out.
func decodeRunBlock(data []byte, first uint64, out []hashedTerm) ([]hashedTerm, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("term run block: %w", ErrCorrupt)
	}
	r := logReader{data: data[1:]}
	hash := first
	for range data[0] {
		hash += r.uvarint()
		out = append(out, hashedTerm{hash, uint32(r.uvarint())})
	}
	if r.bad || len(r.data) != 0 {
		return nil, fmt.Errorf("term run block: %w", ErrCorrupt)
	}
	return out, nil
}

// writeTermRun puts sorted entries as a run.
func writeTermRun(number uint32, entries []hashedTerm, put func(op) error) (*termRun, error) {
	run := &termRun{number: number}
	for part := range slices.Chunk(entries, blockSize) {
		first := part[0].hash
		if n := len(run.firsts); n > 0 && run.firsts[n-1] == first {
			return nil, errors.New("store: more than a block of terms with one hash")
		}
		run.firsts = append(run.firsts, first)
		value := seal(appendRunBlock(make([]byte, 0, 10*len(part)+5), part))
		if err := put(op{runKey(number, first), value}); err != nil {
			return nil, err
		}
	}
	run.slots = make([]slot, len(run.firsts))
	return run, nil
}

// openTermRuns reads the first hashes of the runs from..to.
func openTermRuns(k kv, from, to uint32) (runs []*termRun, err error) {
	for number := from; number <= to && to > 0; number++ {
		run := &termRun{number: number}
		err := k.Scan(generationKey(prefixRun, number), true, func(key, _ []byte) error {
			if len(key) != 13 {
				return fmt.Errorf("store: term run key %x: %w", key, ErrCorrupt)
			}
			run.firsts = append(run.firsts, binary.BigEndian.Uint64(key[5:]))
			return nil
		})
		if err != nil {
			return nil, err
		}
		run.slots = make([]slot, len(run.firsts))
		runs = append(runs, run)
	}
	return runs, nil
}

var errNoBlock = errors.New("block is gone")

// runBlock returns an encoded block of a run.
func (d *dictionary) runBlock(run *termRun, index int) ([]byte, error) {
	s := &run.slots[index]
	if c := s.get(); c != nil {
		return c.packed, nil
	}
	value, err := getCopy(d.kv, runKey(run.number, run.firsts[index]))
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, errNoBlock
	}
	packed, err := unseal(value)
	if err != nil {
		return nil, fmt.Errorf("store: term run %d, block %d: %w", run.number, index, err)
	}
	d.cache.fill(s, &cached{packed: packed, sizeBytes: int64(len(packed)) + 64})
	return packed, nil
}

// inRuns returns the number below next of a term that a bulk import brought; 0 when there is none.
func (d *dictionary) inRuns(t rdf.Term, hash uint64, next uint32) (uint32, error) {
	for {
		runs := d.runs.Load()
		n, err := d.searchRuns(*runs, t, hash, next)
		if errors.Is(err, errNoBlock) && d.runs.Load() != runs {
			continue // the runs were merged and deleted meanwhile
		}
		return n, err
	}
}

func (d *dictionary) searchRuns(runs []*termRun, t rdf.Term, hash uint64, next uint32) (uint32, error) {
	var buffer [blockSize]hashedTerm
	for _, run := range runs {
		// Equal hashes may begin in the block before the first one that starts with this hash.
		index := sort.Search(len(run.firsts), func(i int) bool { return run.firsts[i] >= hash })
		for index = max(0, index-1); index < len(run.firsts) && run.firsts[index] <= hash; index++ {
			packed, err := d.runBlock(run, index)
			if err != nil {
				return 0, err
			}
			entries, err := decodeRunBlock(packed, run.firsts[index], buffer[:0])
			if err != nil {
				return 0, fmt.Errorf("store: term run %d, block %d: %w", run.number, index, err)
			}
			at := sort.Search(len(entries), func(i int) bool { return entries[i].hash >= hash })
			for ; at < len(entries) && entries[at].hash == hash; at++ {
				if entries[at].number >= next {
					continue
				}
				have, err := d.stored(entries[at].number)
				if err != nil {
					return 0, err
				}
				if have == t {
					return entries[at].number, nil
				}
			}
		}
	}
	return 0, nil
}

// maxTermRuns is how many runs a lookup may have to look into; one more and an import merges them all.
const maxTermRuns = 4

// addTermRun writes a run for new entries, which it sorts; when there are too many runs, it holds them all.
// The runs to use from now on are returned; dead are the runs they replace.
func (d *dictionary) addTermRun(entries []hashedTerm, put func(op) error) (runs, dead []*termRun, err error) {
	runs = *d.runs.Load()
	number := uint32(1)
	if n := len(runs); n > 0 {
		number = runs[n-1].number + 1
	}
	if len(runs) >= maxTermRuns {
		for _, run := range runs {
			for i, first := range run.firsts {
				packed, err := d.runBlock(run, i)
				if err != nil {
					return nil, nil, err
				}
				if entries, err = decodeRunBlock(packed, first, entries); err != nil {
					return nil, nil, err
				}
			}
		}
		runs, dead = nil, runs
	}
	slices.SortFunc(entries, func(a, b hashedTerm) int { return cmp.Compare(a.hash, b.hash) })
	run, err := writeTermRun(number, entries, put)
	if err != nil {
		return nil, nil, err
	}
	return append(slices.Clone(runs), run), dead, nil
}

// dropTermRuns deletes runs that nobody looks into any more.
func (d *dictionary) dropTermRuns(dead []*termRun) error {
	return d.kv.Load(func(put func(op) error) error {
		for _, run := range dead {
			for _, first := range run.firsts {
				if err := put(op{key: runKey(run.number, first)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
