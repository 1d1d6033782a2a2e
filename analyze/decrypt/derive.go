package decrypt

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/binary"
)

// prf is TLS's pseudorandom function (RFC 5246 section 5), before TLS 1.2 that of MD5 and
// SHA-1 (RFC 2246 section 5).
func prf(version uint16, hash crypto.Hash, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	if version >= tls12 {
		return expand(hash, secret, seed, n)
	}
	half := (len(secret) + 1) / 2
	a, b := expand(crypto.MD5, secret[:half], seed, n), expand(crypto.SHA1, secret[len(secret)-half:], seed, n)
	subtle.XORBytes(a, a, b)
	return a
}

// expand is P_hash.
func expand(hash crypto.Hash, secret, seed []byte, n int) []byte {
	m := hmac.New(hash.New, secret)
	var out []byte
	for a := seed; len(out) < n; {
		m.Reset()
		m.Write(a)
		a = m.Sum(nil)
		m.Reset()
		m.Write(a)
		m.Write(seed)
		out = m.Sum(out)
	}
	return out[:n]
}

// expandLabel is HKDF-Expand-Label without a context (RFC 8446 section 7.1).
func expandLabel(hash crypto.Hash, secret []byte, label string, n int) []byte {
	const prefix = "tls13 "
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(info, byte(len(prefix)+len(label)))
	info = append(append(info, prefix+label...), 0)
	out, err := hkdf.Expand(hash.New, secret, string(info), n)
	if err != nil {
		panic(err) // no suite wants as much as HKDF cannot give
	}
	return out
}

// keysOf13 are the key and the IV of a traffic secret (RFC 8446 section 7.3).
func keysOf13(s *suite, secret []byte) *keys {
	const ivSize = 12
	k := &keys{suite: s, version: tls13, iv: expandLabel(s.prf, secret, "iv", ivSize), secret: secret}
	var err error
	if k.aead, err = s.aead(expandLabel(s.prf, secret, "key", s.key)); err != nil {
		return nil
	}
	return k
}

// updated are the keys after a KeyUpdate (RFC 8446 section 7.2).
func (k *keys) updated() *keys {
	return keysOf13(k.suite, expandLabel(k.suite.prf, k.secret, "traffic upd", k.suite.prf.Size()))
}

// session is what both sides' keys are derived from before TLS 1.3 (RFC 5246 section 6.3).
type session struct {
	version        uint16
	suite          *suite
	master         []byte
	client, server [32]byte // randoms
	encryptThenMAC bool
}

// keys are those that the client, or the server, sends with.
func (x *session) keys(sender int) *keys {
	s := x.suite
	mac, iv := 0, 0
	switch {
	case s.kind == chacha:
		iv = 12
	case s.isAEAD():
		iv = 4 // RFC 5288 section 3, RFC 6655 section 3: the rest of the nonce is in the record
	default:
		mac = s.mac.Size()
		if x.version <= tls10 {
			iv = s.blockSize()
		}
	}
	seed := append(append([]byte(nil), x.server[:]...), x.client[:]...)
	block := prf(x.version, s.prf, x.master, "key expansion", seed, 2*(mac+s.key+iv))
	take := func(n int) []byte {
		mine := block[sender*n : sender*n+n]
		block = block[2*n:]
		return mine
	}
	k := &keys{suite: s, version: x.version, encryptThenMAC: x.encryptThenMAC}
	macKey, key := take(mac), take(s.key)
	k.iv = append([]byte(nil), take(iv)...)
	var err error
	if s.isAEAD() {
		k.aead, err = s.aead(key)
	} else if k.block, err = s.block(key); err == nil {
		k.mac = hmac.New(s.mac.New, macKey)
	}
	if err != nil {
		return nil
	}
	return k
}
