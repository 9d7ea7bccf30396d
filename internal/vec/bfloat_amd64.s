//go:build linux && !purego

#include "textflag.h"

// Palette 1: eight tiles of 16 rows × 64 bytes.
DATA tileConfig<>+0(SB)/8, $0x0000000000000001
DATA tileConfig<>+8(SB)/8, $0
DATA tileConfig<>+16(SB)/8, $0x0040004000400040
DATA tileConfig<>+24(SB)/8, $0x0040004000400040
DATA tileConfig<>+32(SB)/8, $0
DATA tileConfig<>+40(SB)/8, $0
DATA tileConfig<>+48(SB)/8, $0x1010101010101010
DATA tileConfig<>+56(SB)/8, $0
GLOBL tileConfig<>(SB), RODATA|NOPTR, $64

// func bfloatStrip(depth int, a, b *uint32, c *float32, ldc, panels int, add bool)
// The assembler has no tile instructions: each is written as bytes, with its text beside it.
TEXT ·bfloatStrip(SB), NOSPLIT, $0-49
	MOVQ depth+0(FP), AX
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DI
	MOVQ c+24(FP), DX
	MOVQ ldc+32(FP), R8
	MOVQ panels+40(FP), R9
	SHLQ $2, R8
	MOVQ R8, BX
	SHLQ $4, BX
	LEAQ tileConfig<>(SB), R11
	BYTE $0xc4; BYTE $0xc2; BYTE $0x78; BYTE $0x49; BYTE $0x03                                              // ldtilecfg (r11)
	MOVQ $64, R12

panel:
	LEAQ (DX)(BX*1), CX
	MOVBLZX add+48(FP), R10
	TESTL R10, R10
	JZ   zero
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x04; BYTE $0x02                                  // tileloadd tmm0, (rdx+r8)
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x4c; BYTE $0x02; BYTE $0x40                      // tileloadd tmm1, 64(rdx+r8)
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x14; BYTE $0x01                                  // tileloadd tmm2, (rcx+r8)
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x5c; BYTE $0x01; BYTE $0x40                      // tileloadd tmm3, 64(rcx+r8)
	JMP  begin

zero:
	BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x49; BYTE $0xc0                                              // tilezero tmm0
	BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x49; BYTE $0xc8                                              // tilezero tmm1
	BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x49; BYTE $0xd0                                              // tilezero tmm2
	BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x49; BYTE $0xd8                                              // tilezero tmm3

begin:
	MOVQ SI, R11
	MOVQ AX, R10

deep:
	BYTE $0xc4; BYTE $0x82; BYTE $0x7b; BYTE $0x4b; BYTE $0x24; BYTE $0x23                                  // tileloadd tmm4, (r11+r12)
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x34; BYTE $0x27                                  // tileloadd tmm6, (rdi+r12)
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0xbc; BYTE $0x27; LONG $0x00000400                // tileloadd tmm7, 1024(rdi+r12)
	BYTE $0xc4; BYTE $0xe2; BYTE $0x4a; BYTE $0x5c; BYTE $0xc4                                              // tdpbf16ps tmm0, tmm4, tmm6
	BYTE $0xc4; BYTE $0xe2; BYTE $0x42; BYTE $0x5c; BYTE $0xcc                                              // tdpbf16ps tmm1, tmm4, tmm7
	BYTE $0xc4; BYTE $0x82; BYTE $0x7b; BYTE $0x4b; BYTE $0xac; BYTE $0x23; LONG $0x00000400                // tileloadd tmm5, 1024(r11+r12)
	BYTE $0xc4; BYTE $0xe2; BYTE $0x4a; BYTE $0x5c; BYTE $0xd5                                              // tdpbf16ps tmm2, tmm5, tmm6
	BYTE $0xc4; BYTE $0xe2; BYTE $0x42; BYTE $0x5c; BYTE $0xdd                                              // tdpbf16ps tmm3, tmm5, tmm7
	ADDQ $2048, R11
	ADDQ $2048, DI
	DECQ R10
	JNZ  deep
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7a; BYTE $0x4b; BYTE $0x04; BYTE $0x02                                  // tilestored (rdx+r8), tmm0
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7a; BYTE $0x4b; BYTE $0x4c; BYTE $0x02; BYTE $0x40                      // tilestored 64(rdx+r8), tmm1
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7a; BYTE $0x4b; BYTE $0x14; BYTE $0x01                                  // tilestored (rcx+r8), tmm2
	BYTE $0xc4; BYTE $0xa2; BYTE $0x7a; BYTE $0x4b; BYTE $0x5c; BYTE $0x01; BYTE $0x40                      // tilestored 64(rcx+r8), tmm3
	ADDQ $128, DX
	DECQ R9
	JNZ  panel
	BYTE $0xc4; BYTE $0xe2; BYTE $0x78; BYTE $0x49; BYTE $0xc0                                              // tilerelease
	RET
