package watermark

import (
	"crypto/ed25519"
)

// Public returns the key's public half for signatures: Ed25519 (RFC 8032), whose private half is derived from the secret.
// It tells nothing of the secret, and is one for all graphs.
func (k *Key) Public() ed25519.PublicKey {
	return k.signer().Public().(ed25519.PublicKey)
}

// Sign returns the key's signature of a message.
func (k *Key) Sign(message []byte) []byte { return ed25519.Sign(k.signer(), message) }

func (k *Key) signer() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(k.master, nil, "wm/v1/sign"))
}

// ByPublic returns the key with a public half; nil when the ring has none.
func (r *Ring) ByPublic(p ed25519.PublicKey) *Key {
	for _, k := range r.Keys {
		if k.Public().Equal(p) {
			return k
		}
	}
	return nil
}
