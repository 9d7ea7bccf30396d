//go:build !purego

#include "textflag.h"

// The next round key is made of the last, in X0, and written to DI (FIPS 197, section 5.2; Intel's white paper on AES-NI).
#define EXPAND(rcon) \
	AESKEYGENASSIST $rcon, X0, X1; \
	PSHUFD $0xff, X1, X1; \
	MOVOU X0, X2; \
	PSLLO $4, X2; \
	PXOR X2, X0; \
	PSLLO $4, X2; \
	PXOR X2, X0; \
	PSLLO $4, X2; \
	PXOR X2, X0; \
	PXOR X1, X0; \
	ADDQ $16, DI; \
	MOVOU X0, (DI)

// func expandKey(key *[16]byte, schedule *[176]byte)
TEXT ·expandKey(SB), NOSPLIT, $0-16
	MOVQ key+0(FP), SI
	MOVQ schedule+8(FP), DI
	MOVOU (SI), X0
	MOVOU X0, (DI)
	EXPAND(0x01)
	EXPAND(0x02)
	EXPAND(0x04)
	EXPAND(0x08)
	EXPAND(0x10)
	EXPAND(0x20)
	EXPAND(0x40)
	EXPAND(0x80)
	EXPAND(0x1b)
	EXPAND(0x36)
	RET

#define ALL(op) \
	op X8, X0; \
	op X8, X1; \
	op X8, X2; \
	op X8, X3; \
	op X8, X4; \
	op X8, X5; \
	op X8, X6; \
	op X8, X7

#define ROUND(at) \
	MOVOU at(SI), X8; \
	ALL(AESENC)

#define ROUND1(at) \
	MOVOU at(SI), X8; \
	AESENC X8, X0

// func encryptBlocks(schedule *[176]byte, blocks *Triple, n int)
// Eight blocks side by side hide that a round takes longer than its turn.
TEXT ·encryptBlocks(SB), NOSPLIT, $0-24
	MOVQ schedule+0(FP), SI
	MOVQ blocks+8(FP), DI
	MOVQ n+16(FP), CX

eight:
	CMPQ CX, $8
	JLT single
	MOVOU 0(DI), X0
	MOVOU 16(DI), X1
	MOVOU 32(DI), X2
	MOVOU 48(DI), X3
	MOVOU 64(DI), X4
	MOVOU 80(DI), X5
	MOVOU 96(DI), X6
	MOVOU 112(DI), X7
	MOVOU 0(SI), X8
	ALL(PXOR)
	ROUND(16)
	ROUND(32)
	ROUND(48)
	ROUND(64)
	ROUND(80)
	ROUND(96)
	ROUND(112)
	ROUND(128)
	ROUND(144)
	MOVOU 160(SI), X8
	ALL(AESENCLAST)
	MOVOU X0, 0(DI)
	MOVOU X1, 16(DI)
	MOVOU X2, 32(DI)
	MOVOU X3, 48(DI)
	MOVOU X4, 64(DI)
	MOVOU X5, 80(DI)
	MOVOU X6, 96(DI)
	MOVOU X7, 112(DI)
	ADDQ $128, DI
	SUBQ $8, CX
	JMP eight

single:
	TESTQ CX, CX
	JLE done
	MOVOU 0(DI), X0
	MOVOU 0(SI), X8
	PXOR X8, X0
	ROUND1(16)
	ROUND1(32)
	ROUND1(48)
	ROUND1(64)
	ROUND1(80)
	ROUND1(96)
	ROUND1(112)
	ROUND1(128)
	ROUND1(144)
	MOVOU 160(SI), X8
	AESENCLAST X8, X0
	MOVOU X0, 0(DI)
	ADDQ $16, DI
	DECQ CX
	JMP single

done:
	RET
