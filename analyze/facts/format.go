// Package facts keeps in files what the shards of an analysis learn, so that many processes,
// on many machines, can read a set of captures and one can join what they found. Join
// replays their logs into the steps from match on: the records are those of one analysis
// of the whole set.
//
// A file is, in this order, with all numbers of fixed size in little endian:
//
//	magic     "ftpfacts"
//	format    2 bytes: Format
//	frames    a head, blocks, an end
//	footer    8 bytes: where the end begins; magic
//
// A frame is its kind (1 byte), the size of its content as it is and as it is stored (4
// bytes each), CRC-32C of the stored bytes (4 bytes), and these: the content, compressed
// by zstd. Blocks hold events in the order of the log; each block can be read alone. The
// end has the totals, and an index of the blocks.
package facts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"

	"ftpscope/analyze"
	"ftpscope/analyze/facts/codec"
)

// Format is the version of the files that this program writes, and reads.
const Format = 1

const magic = "ftpfacts"

// Limits of a frame.
const (
	// blockSize is how much a block holds before the next begins.
	blockSize = 256 << 10
	// maxFrame bounds a frame's content: the longest transcript is a shard's budget for
	// conversations.
	maxFrame   = 64 << 20
	headerSize = 1 + 3*4
)

// frameKind is what a frame holds.
type frameKind uint8

const (
	headFrame  frameKind = 'H'
	blockFrame frameKind = 'B'
	endFrame   frameKind = 'E'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Head says what a file is about. What two pieces of a set must share is all but Piece.
type Head struct {
	Program  string // its version
	Point    string // names the set: where it was captured, or what it consists of
	Settings string // the flags that change what is found, as the user gave them
	Piece    Piece

	Files         []string // what the set consists of
	Ports         []uint16
	MergeNetworks bool
	Dialogue      bool // every command and reply is there
	Curves        bool // and how data came, for pictures
	ShowPasswords bool // texts have passwords as the wire had them
	NoSecrets     bool // passwords were left out
}

// Piece is a part of a set: the packets of one place in their order. The zero Piece is the
// whole set.
type Piece struct{ Index, Of int } // from 1

// String names it as the command line does: "3/8".
func (p Piece) String() string {
	if p.Of == 0 {
		p = Piece{1, 1}
	}
	return fmt.Sprintf("%d/%d", p.Index, p.Of)
}

func head(c *codec.Coder, p *Head) {
	c.String(&p.Program)
	c.String(&p.Point)
	c.String(&p.Settings)
	codec.Number(c, &p.Piece.Index)
	codec.Number(c, &p.Piece.Of)
	codec.List(c, &p.Files, codec.Text)
	codec.List(c, &p.Ports, codec.Number)
	for _, b := range []*bool{&p.MergeNetworks, &p.Dialogue, &p.Curves, &p.ShowPasswords, &p.NoSecrets} {
		c.Bool(b)
	}
}

// end is the last frame.
type end struct {
	totals analyze.Totals
	counts Counts
	blocks []place
}

// place is a block's in the index.
type place struct {
	offset uint64 // in the file
	events uint64 // before it
}

// Counts are what a file amounts to.
type Counts struct {
	Packets uint64
	Events  uint64
	Left    uint64 // events that no session can have a use for, and that were left out
	Bytes   uint64 // of the file
}

func ending(c *codec.Coder, p *end) {
	codec.Totals(c, &p.totals)
	for _, n := range []*uint64{&p.counts.Packets, &p.counts.Events, &p.counts.Left} {
		codec.Number(c, n)
	}
	codec.List(c, &p.blocks, func(c *codec.Coder, p *place) {
		codec.Number(c, &p.offset)
		codec.Number(c, &p.events)
	})
}

// frames writes frames.
type frames struct {
	w      io.Writer
	packer *zstd.Encoder
	offset uint64
	packed []byte
	err    error // the first
}

func newFrames(w io.Writer) *frames {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // our own options are wrong
	}
	f := &frames{w: w, packer: packer}
	f.write(binary.LittleEndian.AppendUint16([]byte(magic), Format))
	return f
}

func (f *frames) write(b []byte) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
		f.offset += uint64(len(b))
	}
}

// errLarge: nothing that the analysis keeps is so large.
var errLarge = errors.New("an event is too large for a facts file")

func (f *frames) frame(kind frameKind, content []byte) {
	if len(content) > maxFrame {
		if f.err == nil {
			f.err = errLarge
		}
		return
	}
	b := append(f.packed[:0], make([]byte, headerSize)...)
	b = f.packer.EncodeAll(content, b)
	stored := b[headerSize:]
	b[0] = byte(kind)
	binary.LittleEndian.PutUint32(b[1:], uint32(len(content)))
	binary.LittleEndian.PutUint32(b[5:], uint32(len(stored)))
	binary.LittleEndian.PutUint32(b[9:], crc32.Checksum(stored, castagnoli))
	f.write(b)
	f.packed = b
}

// footer ends the file.
func (f *frames) footer(end uint64) {
	f.write(append(binary.LittleEndian.AppendUint64(nil, end), magic...))
}
