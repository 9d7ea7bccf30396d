package watermark

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// sealed is an encrypted ring: AES-256-GCM under a key that PBKDF2-HMAC-SHA256 makes of a passphrase.
type sealed struct {
	KDF        string `json:"kdf"`
	Iterations int    `json:"iterations"`
	Salt       []byte `json:"salt"`
	Nonce      []byte `json:"nonce"`
	Text       []byte `json:"text"`
}

const (
	kdfName = "pbkdf2-hmac-sha256"
	// sealIterations is what OWASP's password storage sheet of 2023 asks of PBKDF2-HMAC-SHA256; 0.1 s here.
	sealIterations = 600_000
	// maxIterations bounds what a broken file can make a reader do.
	maxIterations = 10_000_000
	sealContext   = "inkling watermark ring 1"
)

func seal(plain []byte, passphrase string) (*sealed, error) {
	s := &sealed{KDF: kdfName, Iterations: sealIterations, Salt: make([]byte, 16), Nonce: make([]byte, 12)}
	rand.Read(s.Salt)
	rand.Read(s.Nonce)
	box, err := s.box(passphrase)
	if err != nil {
		return nil, err
	}
	s.Text = box.Seal(nil, s.Nonce, plain, []byte(sealContext))
	return s, nil
}

// box returns the cipher that a passphrase makes.
func (s *sealed) box(passphrase string) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha256.New, passphrase, s.Salt, s.Iterations, 32)
	if err != nil {
		return nil, fmt.Errorf("watermark: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("watermark: %w", err)
	}
	return cipher.NewGCM(block)
}

func (s *sealed) open(passphrase string) ([]byte, error) {
	if s.KDF != kdfName || s.Iterations < 1 || s.Iterations > maxIterations || len(s.Salt) < 8 || len(s.Nonce) != 12 {
		return nil, fmt.Errorf("watermark: %w: sealed with %.40q, %d iterations, %d bytes of salt and %d of nonce, which this program does not read",
			ErrRing, s.KDF, s.Iterations, len(s.Salt), len(s.Nonce))
	}
	box, err := s.box(passphrase)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, s.Nonce, s.Text, []byte(sealContext))
	if err != nil {
		return nil, fmt.Errorf("watermark: %w: it does not open this key ring, or the file was changed", ErrPassphrase)
	}
	return plain, nil
}
