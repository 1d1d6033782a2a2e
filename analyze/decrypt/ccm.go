package decrypt

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// ccmMode is AES-CCM with the nonces of TLS (RFC 3610, RFC 6655): 12 bytes, so 3 bytes say
// a message's length. It only opens.
type ccmMode struct {
	block cipher.Block
	tag   int
}

const ccmNonce, ccmLength = 12, 15 - 12

var errForged = errors.New("authentication failed")

func (c *ccmMode) NonceSize() int { return ccmNonce }
func (c *ccmMode) Overhead() int  { return c.tag }

// Seal is not needed.
func (c *ccmMode) Seal(_, _, _, _ []byte) []byte { panic("decrypt: CCM only opens") }

// Open decrypts by CTR and checks the CBC-MAC (RFC 3610 sections 2.2 to 2.6).
func (c *ccmMode) Open(dst, nonce, sealed, extra []byte) ([]byte, error) {
	if len(sealed) < c.tag || len(sealed) >= 1<<24 || len(extra) >= 1<<16-1<<8 {
		return nil, errForged
	}
	n := len(sealed) - c.tag
	var counter [16]byte
	counter[0] = ccmLength - 1
	copy(counter[1:], nonce[:ccmNonce])
	ctr := cipher.NewCTR(c.block, counter[:])
	var mask [16]byte
	ctr.XORKeyStream(mask[:], mask[:]) // the first block of the stream is the tag's
	from := len(dst)
	dst = append(dst, sealed[:n]...)
	plain := dst[from:]
	ctr.XORKeyStream(plain, plain)
	sum := c.mac(nonce, plain, extra)
	subtle.XORBytes(sum[:], sum[:], mask[:])
	if subtle.ConstantTimeCompare(sum[:c.tag], sealed[n:]) != 1 {
		clear(plain)
		return nil, errForged
	}
	return dst, nil
}

// mac is the CBC-MAC of a message.
func (c *ccmMode) mac(nonce, plain, extra []byte) (sum [16]byte) {
	sum[0] = byte((c.tag-2)/2<<3 | ccmLength - 1)
	if len(extra) > 0 {
		sum[0] |= 1 << 6
	}
	copy(sum[1:], nonce[:ccmNonce])
	sum[13], sum[14], sum[15] = byte(len(plain)>>16), byte(len(plain)>>8), byte(len(plain))
	c.block.Encrypt(sum[:], sum[:])
	if len(extra) > 0 {
		var first [16]byte
		binary.BigEndian.PutUint16(first[:], uint16(len(extra)))
		n := copy(first[2:], extra)
		c.mix(&sum, first[:])
		c.mix(&sum, extra[n:])
	}
	c.mix(&sum, plain)
	return sum
}

func (c *ccmMode) mix(sum *[16]byte, b []byte) {
	for len(b) > 0 {
		n := min(len(b), len(sum))
		subtle.XORBytes(sum[:n], sum[:n], b[:n])
		c.block.Encrypt(sum[:], sum[:])
		b = b[n:]
	}
}
