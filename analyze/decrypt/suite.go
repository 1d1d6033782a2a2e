package decrypt

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"ftpscope/analyze/tlsrec"

	_ "crypto/md5"    // of TLS 1.0's key derivation
	_ "crypto/sha1"   // of CBC suites
	_ "crypto/sha256" // of all others
	_ "crypto/sha512"
)

// suite is what a cipher suite protects records by.
type suite struct {
	name string
	kind kind
	key  int         // bytes
	mac  crypto.Hash // of CBC
	prf  crypto.Hash // that keys are derived with: TLS 1.2 and TLS 1.3
}

// kind is a way to protect records.
type kind uint8

const (
	gcm kind = iota + 1
	ccm
	ccm8
	chacha
	cbc
	cbc3DES
)

// suiteOf reads a suite's parameters in its name (RFC 5246 appendix C): what follows
// WITH_ is the cipher, then the hash. false: it is none that can be opened.
func suiteOf(id uint16) (suite, bool) {
	s := suite{name: tlsrec.SuiteName(id), prf: crypto.SHA256}
	_, words, old := strings.Cut(s.name, "_WITH_")
	if !old {
		words = strings.TrimPrefix(s.name, "TLS_")
	}
	switch {
	case strings.HasPrefix(words, "AES_128_"):
		s.key = 16
	case strings.HasPrefix(words, "AES_256_"):
		s.key = 32
	case strings.HasPrefix(words, "CHACHA20_POLY1305_"):
		s.kind, s.key = chacha, chacha20poly1305.KeySize
	case strings.HasPrefix(words, "3DES_EDE_CBC_"):
		s.kind, s.key = cbc3DES, 24
	default:
		return s, false
	}
	switch {
	case s.kind != 0:
	case strings.Contains(words, "_GCM"):
		s.kind = gcm
	case strings.Contains(words, "_CCM_8"):
		s.kind = ccm8
	case strings.Contains(words, "_CCM"):
		s.kind = ccm
	default:
		s.kind = cbc
	}
	switch {
	case strings.HasSuffix(words, "_SHA384"):
		s.mac, s.prf = crypto.SHA384, crypto.SHA384
	case strings.HasSuffix(words, "_SHA256"):
		s.mac = crypto.SHA256
	default:
		s.mac = crypto.SHA1
	}
	return s, true
}

// isAEAD reports whether the suite's records are of AEAD: then their lengths tell the
// plaintext's.
func (s *suite) isAEAD() bool { return s.kind < cbc }

// aead makes the cipher of a key.
func (s *suite) aead(key []byte) (cipher.AEAD, error) {
	if s.kind == chacha {
		return chacha20poly1305.New(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	switch s.kind {
	case ccm:
		return &ccmMode{block, 16}, nil
	case ccm8:
		return &ccmMode{block, 8}, nil
	}
	return cipher.NewGCM(block)
}

// block makes the cipher of a CBC suite's key.
func (s *suite) block(key []byte) (cipher.Block, error) {
	if s.kind == cbc3DES {
		return des.NewTripleDESCipher(key)
	}
	return aes.NewCipher(key)
}

func (s *suite) blockSize() int {
	if s.kind == cbc3DES {
		return des.BlockSize
	}
	return aes.BlockSize
}
