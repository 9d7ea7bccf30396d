//go:build !purego

package watermark

import "golang.org/x/sys/cpu"

// hasAES reports that the processor has instructions for AES. Only tests change it.
var hasAES = cpu.X86.HasAES

// expandKey sets schedule to the eleven round keys of AES-128.
//
//go:noescape
func expandKey(key *[16]byte, schedule *[176]byte)

// encryptBlocks replaces n blocks by their AES-128, as tagCipher.tag does without it.
//
//go:noescape
func encryptBlocks(schedule *[176]byte, blocks *Triple, n int)
