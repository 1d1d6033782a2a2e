package traffic

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// pool is content for packets. The sums up to each word are known beforehand, so that a
// checksum over a kilobyte costs a subtraction.
type pool struct {
	data []byte
	sums []uint64 // of data[:2*i]
	unit int      // content begins at multiples of this
	size int      // where offsets begin anew: the rest of data is the beginning again
}

const (
	poolSize = 1 << 18
	listLine = 64
	mailLine = 78
)

func newPool(data []byte, unit int) *pool {
	p := &pool{unit: unit, size: len(data)}
	p.data = append(data, data[:longest]...)
	p.sums = make([]uint64, len(p.data)/2+1)
	for i := range len(p.data) / 2 {
		p.sums[i+1] = p.sums[i] + uint64(p.data[2*i])<<8 + uint64(p.data[2*i+1])
	}
	return p
}

// newNoise is binary content, like that of compressed files.
func newNoise(seed uint64) *pool {
	data := make([]byte, poolSize)
	key := [32]byte{}
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	rand.NewChaCha8(key).Read(data)
	return newPool(data, 2)
}

// newListing is what LIST answers.
func newListing() *pool {
	var b strings.Builder
	for i := range poolSize / listLine {
		fmt.Fprintf(&b, "-rw-r--r--    1 1000     1000     %8d Jan 01 00:00 f%09d\r\n", i*37%99999989, i)
	}
	return newPool([]byte(b.String()), listLine)
}

// newMail is the body of a message, in base64.
func newMail(seed uint64) *pool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	r := rand.New(rand.NewPCG(seed, 25))
	data := make([]byte, poolSize/mailLine*mailLine)
	for i := range data {
		data[i] = alphabet[r.IntN(len(alphabet))]
	}
	for i := mailLine; i <= len(data); i += mailLine {
		copy(data[i-2:], "\r\n")
	}
	return newPool(data, mailLine)
}

// begin draws where content begins.
func (p *pool) begin(r *rand.Rand) int { return r.IntN(p.size/p.unit) * p.unit }

// sum is that of n bytes from an even offset.
func (p *pool) sum(from, n int) uint64 {
	sum := p.sums[(from+n)/2] - p.sums[from/2]
	if n&1 != 0 {
		sum += uint64(p.data[from+n-1]) << 8
	}
	return sum
}
