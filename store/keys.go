package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The first byte of a key says what it holds; FORMAT.md describes every value. Letters are never reused.
const (
	prefixHead   = 'A' // A → head
	prefixIntent = 'N' // N what → a write of many parts is under way
	prefixTerm   = 'T' // T term → number
	prefixHashed = 'H' // H hash → numbers of long terms
	prefixRun    = 'R' // R run hash → hashes and numbers of 128 terms
	prefixSingle = 'J' // J number → term, until its block is full
	prefixTerms  = 'I' // I block → 64 terms
	prefixBlock  = 'B' // B generation order graph first → 128 triples
	prefixGraph  = 'G' // G generation graph → triples in the base
	prefixLog    = 'L' // L version chunk → part of a commit
	prefixMeta   = 'X' // X name → the engine's value
)

const formatVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal appends a value's checksum.
func seal(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)) }

// unseal checks and removes a value's checksum.
func unseal(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("value of %d bytes: %w", len(b), ErrCorrupt)
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, fmt.Errorf("checksum mismatch: %w", ErrCorrupt)
	}
	return body, nil
}

func singleKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixSingle}, number)
}

func termsKey(block uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixTerms}, block)
}

func logKey(v Version, chunk uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64([]byte{prefixLog}, uint64(v)), chunk)
}

// What an intent is for. While its key exists, parts that no head refers to may lie about.
const (
	intentCommit = "commit"
	intentFold   = "fold"
	intentImport = "import"
)

func intentKey(what string) []byte { return append([]byte{prefixIntent}, what...) }

func metaKey(name string) []byte { return append([]byte{prefixMeta}, name...) }

func generationKey(prefix byte, generation uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefix}, generation)
}

func graphKey(generation uint32, graph TermID) []byte {
	return binary.BigEndian.AppendUint64(generationKey(prefixGraph, generation), uint64(graph))
}

const blockKeyLength = 1 + 4 + 1 + 4*8

func blockKey(generation uint32, o Order, graph TermID, first tuple) []byte {
	b := make([]byte, 0, blockKeyLength)
	b = append(b, prefixBlock)
	b = binary.BigEndian.AppendUint32(b, generation)
	b = append(b, byte(o))
	b = binary.BigEndian.AppendUint64(b, uint64(graph))
	for _, id := range first {
		b = binary.BigEndian.AppendUint64(b, uint64(id))
	}
	return b
}

// parseBlockKey is the inverse of blockKey.
func parseBlockKey(key []byte) (o Order, graph TermID, first tuple, err error) {
	if len(key) != blockKeyLength || key[5] < byte(SPO) || key[5] > byte(OSP) {
		return 0, 0, first, fmt.Errorf("block key %x: %w", key, ErrCorrupt)
	}
	graph = TermID(binary.BigEndian.Uint64(key[6:]))
	for i := range first {
		first[i] = TermID(binary.BigEndian.Uint64(key[14+8*i:]))
	}
	return Order(key[5]), graph, first, nil
}

// head is the one value that says which state is published.
type head struct {
	version     Version // last commit
	next        uint32  // next dictionary number to give out
	generation  uint32  // number of the published base
	baseVersion Version // commit up to which the base holds everything
	runsFrom    uint32  // first term run
	runsTo      uint32  // last term run; 0 when there is none
}

func (h head) encode() []byte {
	b := []byte{formatVersion}
	b = binary.BigEndian.AppendUint64(b, uint64(h.version))
	b = binary.BigEndian.AppendUint32(b, h.next)
	b = binary.BigEndian.AppendUint32(b, h.generation)
	b = binary.BigEndian.AppendUint64(b, uint64(h.baseVersion))
	b = binary.BigEndian.AppendUint32(b, h.runsFrom)
	b = binary.BigEndian.AppendUint32(b, h.runsTo)
	return seal(b)
}

func decodeHead(value []byte) (head, error) {
	b, err := unseal(value)
	if err != nil {
		return head{}, fmt.Errorf("store: head: %w", err)
	}
	if len(b) != 33 || b[0] != formatVersion {
		return head{}, fmt.Errorf("store: head of format %d, this program reads %d: %w", b[0], formatVersion, ErrFormat)
	}
	return head{
		version:     Version(binary.BigEndian.Uint64(b[1:])),
		next:        binary.BigEndian.Uint32(b[9:]),
		generation:  binary.BigEndian.Uint32(b[13:]),
		baseVersion: Version(binary.BigEndian.Uint64(b[17:])),
		runsFrom:    binary.BigEndian.Uint32(b[25:]),
		runsTo:      binary.BigEndian.Uint32(b[29:]),
	}, nil
}
