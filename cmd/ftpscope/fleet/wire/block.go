package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// Kind is what a frame holds.
type Kind byte

// A record that is larger than a block goes on in the next ones.
const (
	Head  Kind = 1 + iota // of the block: the first frame
	Whole                 // a record
	Begin                 // the first part of one
	More                  // a part in the middle
	End                   // the last one
)

// Begins reports whether a record begins with the frame: those are counted.
func (k Kind) Begins() bool { return k == Whole || k == Begin }

// BlockSize is when a block is full, PartSize what of a large record one takes.
const (
	BlockSize = 256 << 10
	PartSize  = 224 << 10
	// MaxBlock is what a block may have at most; a hub takes it in one message (nats-server
	// takes 1 MB unless told otherwise).
	MaxBlock = 512 << 10
)

// Top is the head of a block.
type Top struct {
	Format  int    // of records: the number of FormatNow
	Version string // of ftpscope
	Store   string // which store it is from: numbers are its own
	Number  uint64 // of the block, from 1
	Run     uint64 // the number of the first block of the same run of the sensor: sessions count anew with each
	First   uint64 // how many records began before this block: what is missing between two blocks can be counted
}

// FormatNow changes when older readers would misunderstand records.
const FormatNow = 1

// headSize is the length of a frame, its checksum (CRC-32C) and its kind.
const headSize = 4 + 4 + 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendFrame appends a frame.
func AppendFrame(b []byte, kind Kind, payload []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.BigEndian.AppendUint32(b, sum(kind, payload))
	b = append(b, byte(kind))
	return append(b, payload...)
}

func sum(kind Kind, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte{byte(kind)}, castagnoli), castagnoli, payload)
}

// AppendTop appends the head's frame.
func AppendTop(b []byte, top Top) []byte {
	return AppendFrame(b, Head, must(encoding.Marshal(top)))
}

// ErrTorn says that a block ends within a frame, or that the frame is not what was
// written: of a file, that the machine went down while it was.
var ErrTorn = errors.New("the block is torn")

// NextFrame takes a frame off; payload is part of b.
func NextFrame(b []byte) (kind Kind, payload, rest []byte, err error) {
	if len(b) < headSize {
		return 0, nil, nil, ErrTorn
	}
	n := uint64(binary.BigEndian.Uint32(b))
	if n > uint64(len(b)-headSize) {
		return 0, nil, nil, ErrTorn
	}
	kind, payload, rest = Kind(b[8]), b[headSize:headSize+n], b[headSize+n:]
	if binary.BigEndian.Uint32(b[4:]) != sum(kind, payload) {
		return 0, nil, nil, ErrTorn
	}
	return kind, payload, rest, nil
}

// ReadTop takes the head off a block.
func ReadTop(b []byte) (top Top, rest []byte, err error) {
	kind, payload, rest, err := NextFrame(b)
	if err != nil {
		return top, nil, err
	}
	if kind != Head {
		return top, nil, errors.New("the block has no head")
	}
	if err := decoding.Unmarshal(payload, &top); err != nil {
		return top, nil, fmt.Errorf("the block's head: %w", err)
	}
	return top, rest, nil
}

var (
	packer   = must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)))
	unpacker = must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxBlock)))
)

// Pack makes a message of a block.
func Pack(block []byte) []byte { return packer.EncodeAll(block, nil) }

// Unpack makes a block of a message.
func Unpack(message []byte) ([]byte, error) {
	b, err := unpacker.DecodeAll(message, nil)
	if err != nil {
		return nil, fmt.Errorf("the block cannot be unpacked: %w", err)
	}
	return b, nil
}

// Reader puts the records of a store's blocks together again.
type Reader struct {
	part   []byte
	within bool // a record that goes on
	lost   uint64
}

// Resume is a Reader that goes on with a record of which it has a part.
func Resume(part []byte) *Reader { return &Reader{part: part, within: len(part) > 0} }

// Part is what there is of a record that goes on in the next block; nil: none does.
func (r *Reader) Part() []byte { return r.part }

// Drop gives up the record that has not ended: what follows of it is missing.
func (r *Reader) Drop() {
	if r.within {
		r.lost++
	}
	r.part, r.within = nil, false
}

// Lost is how many records began and never ended, since it was last asked for.
func (r *Reader) Lost() uint64 {
	n := r.lost
	r.lost = 0
	return n
}

// Add reads the frames behind a block's head and hands on the records that end in it. It
// returns how many began. A record that is none is told to bad, and the others go on.
func (r *Reader) Add(frames []byte, each func(Record) error, bad func(error)) (begun uint64, err error) {
	for len(frames) > 0 {
		var kind Kind
		var payload []byte
		if kind, payload, frames, err = NextFrame(frames); err != nil {
			return begun, err
		}
		if kind.Begins() {
			r.Drop()
			begun++
		}
		whole := r.take(kind, payload)
		if whole == nil {
			continue
		}
		rec, err := Decode(whole)
		if err != nil {
			r.lost++
			bad(err)
			continue
		}
		if err := each(rec); err != nil {
			return begun, err
		}
	}
	return begun, nil
}

// take returns the bytes of a record that is whole now; nil: none is.
func (r *Reader) take(kind Kind, payload []byte) (whole []byte) {
	switch kind {
	case Whole:
		return payload
	case Begin:
		r.part, r.within = append([]byte(nil), payload...), true
	case More, End:
		if !r.within {
			return nil
		}
		if len(r.part)+len(payload) > MaxRecord {
			r.Drop()
			return nil
		}
		if r.part = append(r.part, payload...); kind == End {
			whole, r.part, r.within = r.part, nil, false
		}
	}
	return whole
}
