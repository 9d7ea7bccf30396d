//go:build !amd64 || purego

package watermark

var hasAES = false

const noAES = "watermark: instructions for AES where there are none"

func expandKey(*[16]byte, *[176]byte) { panic(noAES) }

func encryptBlocks(*[176]byte, *Triple, int) { panic(noAES) }
