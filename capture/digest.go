package capture

import (
	"crypto/sha256"
	"hash"
	"io"
)

// Digest is what was read of a file: its bytes as they are, compressed or not.
type Digest struct {
	Size   int64
	SHA256 [sha256.Size]byte
}

// digester digests what is read of a file that can be read only once.
type digester struct {
	io.ReadCloser
	sum   hash.Hash
	size  int64
	drain bool // it is a capture: what is not read of it, after an error, belongs to its digest, too
	ended bool
}

func newDigester(file io.ReadCloser) *digester { return &digester{ReadCloser: file, sum: sha256.New()} }

func (d *digester) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	d.sum.Write(p[:n])
	d.size += int64(n)
	d.ended = d.ended || err == io.EOF
	return n, err
}

func (d *digester) Close() error {
	if d.drain && !d.ended {
		io.Copy(io.Discard, d)
	}
	return d.ReadCloser.Close()
}

// Digests tells, after the end, of the files that could be read only once (standard input, FIFOs) and were read to their
// end, by name. It needs Options.Digest.
func (c *Capture) Digests() map[string]Digest {
	list := map[string]Digest{}
	for name, d := range c.digesters {
		if d.ended {
			list[name] = Digest{d.size, [sha256.Size]byte(d.sum.Sum(nil))}
		}
	}
	return list
}
