// Package pcapfile reads and writes the files that hold packets: pcap, pcapng and snoop.
// Package capture, the next step, makes one ordered stream of many of them.
package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
)

// Packet is one captured packet: a view, valid until the next packets are read.
type Packet struct {
	Data   []byte // what was captured of it
	Length uint32 // bytes on the wire, never less than len(Data)
	Link   uint32 // LINKTYPE_… of its interface
	Digits uint8  // digits of the second that the file's clock gives, 0 to 9
	FCS    uint8  // how many of the Length bytes, at the end, are the link's frame check sequence, as far as the file says
	Iface  uint16 // index in the Interfaces of its file
	flow.Mark
}

// Reader reads the packets of one file.
type Reader interface {
	// Read fills out with packets numbered from ord, one at least. If there is none it
	// says why, by io.EOF at the end, by an *Error elsewhere. What it gave before is no
	// longer valid.
	Read(out []Packet, ord uint64) (int, error)
	// SetFile gives the file its index, which Pos of the packets has from then on.
	SetFile(index int)
	// Notes tells, at the end, what was odd.
	Notes() []error
	// Interfaces are those that the file has described so far.
	Interfaces() *Interfaces

	start(buf *buffer.Buffer) error
}

// Shared is what the readers of several files count together.
type Shared struct {
	Dropped   *atomic.Uint64 // packets that the capturing programs say they lost
	Described *int           // bytes of all files' interfaces; nil: they are not kept
	Secrets   func([]byte)   // takes the TLS key logs that pcapng holds, valid during the call; nil: nobody wants them
}

// MagicSize is how many bytes tell what a file is.
const MagicSize = 4

// ErrMagic says that a file begins as no capture does.
var ErrMagic = errors.New("neither pcap, pcapng nor snoop")

// NewReader returns the reader of a file, and reads the file's header. buf must hold its
// first MagicSize bytes.
func NewReader(buf *buffer.Buffer, shared Shared) (Reader, error) {
	var r Reader
	magic := binary.LittleEndian.Uint32(buf.Unread())
	if p := pcapOf(magic); p != nil {
		r = p
	} else if magic == blockSection {
		r = &pcapng{dropped: shared.Dropped, secrets: shared.Secrets, all: Interfaces{all: shared.Described}}
	} else if magic == snoopMagic {
		r = &snoop{dropped: shared.Dropped}
	} else {
		return nil, ErrMagic
	}
	return r, r.start(buf)
}

// HoldsSecrets reports whether files of the reader's format may hold TLS key logs.
func HoldsSecrets(r Reader) bool {
	_, ok := r.(*pcapng)
	return ok
}

// Error says what could not be read, and where in the file.
type Error struct {
	Offset int64  // of the record or block in question, after decompression; -1: none
	Packet uint64 // its number in the file, from 1; 0: it is no packet
	Before uint64 // packets of the file that were read before it
	Packed string // "gzip", "zstd", … when Offset counts decompressed bytes
	Err    error
}

func (e *Error) Unwrap() error { return e.Err }

// Error is one line: offset N (packet N): what is wrong; what was done with the rest.
func (e *Error) Error() string {
	var s strings.Builder
	if e.Offset >= 0 {
		fmt.Fprintf(&s, "offset %d", e.Offset)
		if e.Packed != "" {
			s.WriteString(" of the decompressed data")
		}
		if e.Packet > 0 {
			fmt.Fprintf(&s, " (packet %d)", e.Packet)
		}
		s.WriteString(": ")
	}
	s.WriteString(e.Err.Error())
	switch {
	case e.Before == 1:
		s.WriteString("; the one packet before it was analyzed")
	case e.Before > 1:
		fmt.Fprintf(&s, "; the %d packets before it were analyzed", e.Before)
	}
	return s.String()
}

// records is what the readers of both formats share: where they stand in a file.
type records struct {
	buf   *buffer.Buffer
	file  flow.Pos // flow.At(index of the file, 0)
	count uint64   // packets read
}

func (r *records) SetFile(index int) { r.file = flow.At(index, 0) }

// Notes is for formats that have something to say of a file besides its packets.
func (r *records) Notes() []error { return nil }

// fail describes the record or block at buf.at; packet tells whether it is one.
func (r *records) fail(packet bool, err error) *Error {
	e := &Error{Offset: r.buf.Offset(), Before: r.count, Err: err}
	if packet {
		e.Packet = r.count + 1
	}
	return e
}

// want is what a reader waits for.
type want struct {
	bytes  int
	what   string
	packet bool
}

// EndsInside is the error of a file that ends where it must not.
type EndsInside struct {
	what string
	have int64
	need int
}

func (e EndsInside) Error() string {
	return fmt.Sprintf("the file ends inside %s: %d of %d bytes are there", e.what, e.have, e.need)
}

// more makes w.bytes unread, or says why it cannot; io.EOF when the file ends where it
// may.
func (r *records) more(w want) error {
	err := r.buf.Fill(w.bytes)
	have := len(r.buf.Unread())
	switch {
	case err == nil:
		return nil
	case err == io.EOF && have == 0:
		return io.EOF
	case err == io.EOF:
		return r.fail(w.packet, EndsInside{w.what, int64(have), w.bytes})
	}
	return r.fail(w.packet && have > 0, err)
}
