package decrypt

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"slices"

	"ftpscope/analyze/tlsrec"
)

// Versions of TLS (RFC 8446 section 4.2.1).
const (
	ssl30 = 0x0300
	tls10 = 0x0301
	tls12 = 0x0303
	tls13 = 0x0304
)

// keys open the records that one side sends, and count them.
type keys struct {
	suite          *suite
	version        uint16
	seq            uint64 // of the next record
	iv             []byte // TLS 1.0: the last block of the record before
	secret         []byte // TLS 1.3: what they were derived from
	aead           cipher.AEAD
	block          cipher.Block // of CBC
	mac            hash.Hash
	encryptThenMAC bool
}

// maxPlain is what a record may hold (RFC 8446 section 5.4: 2^14, and the inner type).
const maxPlain = 1<<14 + 1

// explicitNonce is what a record of TLS 1.2 has of its nonce.
const explicitNonce = 8

// open decrypts a record into dst, whose content it overwrites; false: it is not one of
// these keys and of this number. The record stays as it is.
func (k *keys) open(seq uint64, header, sealed, dst []byte) (kind byte, plain []byte, ok bool) {
	switch {
	case k.version == tls13:
		return k.open13(seq, header, sealed, dst)
	case k.aead != nil:
		return k.openAEAD(seq, header, sealed, dst)
	case k.encryptThenMAC:
		return k.openMACLast(seq, header, sealed, dst)
	}
	return k.openMACFirst(seq, header, sealed, dst)
}

// nonce is the IV with the record's number (RFC 8446 section 5.3, RFC 7905 section 2).
func (k *keys) nonce(seq uint64) (n [12]byte) {
	binary.BigEndian.PutUint64(n[4:], seq)
	subtle.XORBytes(n[:], n[:], k.iv)
	return n
}

// open13 is RFC 8446 section 5.2: the content, its type, zeros.
func (k *keys) open13(seq uint64, header, sealed, dst []byte) (byte, []byte, bool) {
	nonce := k.nonce(seq)
	plain, err := k.aead.Open(dst[:0], nonce[:], sealed, header)
	if err != nil || len(plain) > maxPlain {
		return 0, nil, false
	}
	end := len(plain)
	for end > 0 && plain[end-1] == 0 {
		end--
	}
	if end == 0 {
		return 0, nil, false
	}
	return plain[end-1], plain[:end-1], true
}

// additional is what a record's MAC covers besides its content, which has n bytes (RFC
// 5246 section 6.2.3.1).
func additional(seq uint64, header []byte, n int) (a [13]byte) {
	binary.BigEndian.PutUint64(a[:], seq)
	copy(a[8:], header[:3])
	binary.BigEndian.PutUint16(a[11:], uint16(n))
	return a
}

// openAEAD is RFC 5246 section 6.2.3.3.
func (k *keys) openAEAD(seq uint64, header, sealed, dst []byte) (byte, []byte, bool) {
	nonce := k.nonce(seq)
	if k.suite.kind != chacha {
		if len(sealed) < explicitNonce {
			return 0, nil, false
		}
		copy(nonce[copy(nonce[:], k.iv):], sealed[:explicitNonce])
		sealed = sealed[explicitNonce:]
	}
	n := len(sealed) - k.aead.Overhead()
	if n < 0 {
		return 0, nil, false
	}
	extra := additional(seq, header, n)
	plain, err := k.aead.Open(dst[:0], nonce[:], sealed, extra[:])
	return header[0], plain, err == nil
}

// decrypt is what of a record CBC encrypts, without its IV; false: it is no whole number
// of blocks. crypto/cipher's decrypter goes from block to block; blocks that do not wait for
// each other take two thirds of its time.
func (k *keys) decrypt(b, dst []byte) ([]byte, bool) {
	size := k.block.BlockSize()
	iv := k.iv
	if k.version > tls10 {
		if len(b) < size {
			return nil, false
		}
		iv, b = b[:size], b[size:]
	}
	if len(b) == 0 || len(b)%size != 0 || len(iv) != size {
		return nil, false
	}
	dst = slices.Grow(dst[:0], len(b))[:len(b)]
	for at := 0; at < len(b); at += size {
		k.block.Decrypt(dst[at:], b[at:])
	}
	subtle.XORBytes(dst, dst, iv)
	subtle.XORBytes(dst[size:], dst[size:], b[:len(b)-size])
	return dst, true
}

// unpad takes the padding off: its length, so many times (RFC 5246 section 6.2.3.2).
func unpad(b []byte) ([]byte, bool) {
	n := int(b[len(b)-1]) + 1
	if n > len(b) {
		return nil, false
	}
	for _, c := range b[len(b)-n:] {
		if int(c) != n-1 {
			return nil, false
		}
	}
	return b[:len(b)-n], true
}

// openMACFirst is CBC as RFC 5246 section 6.2.3.2 has it: the MAC is encrypted too.
func (k *keys) openMACFirst(seq uint64, header, sealed, dst []byte) (byte, []byte, bool) {
	b, ok := k.decrypt(sealed, dst)
	if ok {
		b, ok = unpad(b)
	}
	n := len(b) - k.mac.Size()
	if !ok || n < 0 || !k.authentic(additional(seq, header, n), b[:n], b[n:]) {
		return 0, nil, false
	}
	return header[0], b[:n], true
}

// openMACLast is encrypt-then-MAC (RFC 7366 section 3).
func (k *keys) openMACLast(seq uint64, header, sealed, dst []byte) (byte, []byte, bool) {
	n := len(sealed) - k.mac.Size()
	if n < 0 || !k.authentic(additional(seq, header, n), sealed[:n], sealed[n:]) {
		return 0, nil, false
	}
	b, ok := k.decrypt(sealed[:n], dst)
	if ok {
		b, ok = unpad(b)
	}
	return header[0], b, ok
}

func (k *keys) authentic(extra [13]byte, content, mac []byte) bool {
	k.mac.Reset()
	k.mac.Write(extra[:])
	k.mac.Write(content)
	var sum [64]byte
	return subtle.ConstantTimeCompare(k.mac.Sum(sum[:0]), mac) == 1
}

// passed counts a record, whether it could be opened or not.
func (k *keys) passed(sealed []byte) {
	k.seq++
	if k.block == nil || k.version > tls10 {
		return
	}
	if end := len(sealed); k.encryptThenMAC {
		sealed = sealed[:max(0, end-k.mac.Size())]
	}
	if size := k.block.BlockSize(); len(sealed) >= size {
		k.iv = append(k.iv[:0], sealed[len(sealed)-size:]...)
	}
}

// plainSize is how many bytes a record of n bytes has of content, where its length tells.
func (k *keys) plainSize(n int) (int, bool) {
	over, ok := tlsrec.Overhead(k.version, k.suite.name)
	if !ok {
		return 0, false
	}
	return max(0, n-over), true
}
