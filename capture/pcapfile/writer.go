package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"ftpscope/capture/flow"
)

// SectionInfo is what a pcapng file says of itself. What is empty is left out.
type SectionInfo struct {
	Hardware, OS, Application string
	Comment                   string
}

// Interface is what a pcapng file says of where packets came from. What is empty is left
// out.
type Interface struct {
	Name, Description string
	Filter            string // in tcpdump's language
	Link              uint32 // LINKTYPE_…
	SnapLen           uint32 // 0: no limit
	Digits            uint8  // of the second that its clock gives
	// Later: it is not described before its first packet, whose link type and clock it
	// takes.
	Later bool
}

// Limits of what is written.
const (
	writeChunk  = 256 << 10 // bytes: of one write(2)
	maxOption   = 1<<16 - 1 // bytes: its length has 16 bits
	maxComments = 1 << 20   // bytes, of one packet: its block stays far below maxBlock
	maxSecrets  = 1 << 20   // bytes, of one block
)

// Errors of WritePacket that spoil nothing but the packet.
var (
	errNoInterface       = errors.New("packet of an interface that was not added")
	errLinkType          = errors.New("packet's link type has more than the 16 bits of the format")
	errTooManyInterfaces = errors.New("no room for another interface: a section has at most 65536")
)

// Writer writes pcapng (draft-ietf-opsawg-pcapng): one little-endian section of enhanced
// packet blocks. Blocks are written out whole and many at a time. After an error of the
// io.Writer nothing more is written.
type Writer struct {
	out    io.Writer
	err    error
	buf    []byte // whole blocks
	ifaces []described
	ids    map[description]uint32
}

// described is an interface; one whose packets have several link types or clocks has as
// many descriptions in the file.
type described struct {
	Interface
	last, first     description
	lastID, firstID uint32
	seen            bool // first and last are some
}

// description is what makes packets of one interface need descriptions of their own.
type description struct {
	iface      int
	link       uint32
	resolution byte // if_tsresol
}

// NewWriter begins a section. Nothing is written before Flush, or the first chunk is
// full.
func NewWriter(out io.Writer, info SectionInfo) *Writer {
	w := &Writer{out: out, buf: make([]byte, 0, writeChunk+writeChunk/4), ids: map[description]uint32{}}
	b, start := begin(w.buf, blockSection)
	b = u32(b, byteOrderMagic)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint64(b, 1<<64-1) // section 4.1: "-1 … the size of the section is not specified"
	b = option(b, optComment, "", info.Comment)
	b = option(b, optHardware, "", info.Hardware)
	b = option(b, optOS, "", info.OS)
	b = option(b, optApplication, "", info.Application)
	w.buf = finish(endOptions(b), start)
	return w
}

// AddInterface returns the number by which WritePacket knows the interface: 0 for the
// first, and so on.
func (w *Writer) AddInterface(i Interface) int {
	n := len(w.ifaces)
	w.ifaces = append(w.ifaces, described{Interface: i})
	if !i.Later {
		_, _ = w.describe(description{n, i.Link, min(i.Digits, 9)}) // what cannot be described, no packet can be written for
	}
	return n
}

// WritePacket writes a packet as it is, but that one of more than 262144 bytes is cut to
// that (Wireshark and this package read no larger ones). An error means that it was not
// written; errors of the io.Writer stay.
func (w *Writer) WritePacket(iface int, p *Packet, comments ...string) error {
	if w.err != nil {
		return w.err
	}
	if uint(iface) >= uint(len(w.ifaces)) {
		return errNoInterface
	}
	resolution, ticks := stamp(p.Time, p.Digits)
	id, err := w.describe(description{iface, p.Link, resolution})
	if err != nil {
		return err
	}
	data := p.Data[:min(len(p.Data), MaxPacket)]
	b, start := begin(w.buf, blockEnhanced)
	b = u32(b, id, uint32(ticks>>32), uint32(ticks), uint32(len(data)), max(p.Length, uint32(len(p.Data))))
	b = pad(append(b, data...))
	if len(comments) > 0 || p.FCS > 0 {
		if p.FCS > 0 {
			b = u32(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, optFlags), 4), uint32(p.FCS&15)<<5)
		}
		most := len(b) + maxComments
		for _, c := range comments {
			if len(b)+len(c) <= most {
				b = option(b, optComment, "", c)
			}
		}
		b = endOptions(b)
	}
	w.buf = finish(b, start)
	if len(w.buf) >= writeChunk {
		return w.Flush()
	}
	return nil
}

// WriteSecrets writes a TLS key log as decryption secrets blocks, for the packets after
// it.
func (w *Writer) WriteSecrets(log []byte) {
	for len(log) > 0 {
		n := len(log)
		if n > maxSecrets {
			n = bytes.LastIndexByte(log[:maxSecrets], '\n') + 1
			if n == 0 {
				return // it is no key log
			}
		}
		b, start := begin(w.buf, blockSecrets)
		w.buf = finish(pad(append(u32(b, keyLog, uint32(n)), log[:n]...)), start)
		log = log[n:]
	}
}

// WriteStats writes what an interface received and dropped until then, since the section
// began.
func (w *Writer) WriteStats(iface int, at flow.Time, received, dropped uint64) error {
	if w.err != nil {
		return w.err
	}
	if uint(iface) >= uint(len(w.ifaces)) {
		return errNoInterface
	}
	f := &w.ifaces[iface]
	if !f.seen {
		return nil // there is nothing in the file that they could be about
	}
	ticks := ticksOf(at, f.first.resolution)
	b, start := begin(w.buf, blockStats)
	b = u32(b, f.firstID, uint32(ticks>>32), uint32(ticks))
	b = counted(b, optIfReceived, received)
	b = counted(b, optIfDropped, dropped) // the kernel's drops too, as dumpcap: Wireshark shows this one
	w.buf = finish(endOptions(b), start)
	return nil
}

// Flush writes out what is buffered.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	n, err := w.out.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	w.buf = w.buf[:copy(w.buf, w.buf[n:])]
	w.err = err
	return err
}

// describe returns the number of a description in the file, which it writes first if it
// is new.
func (w *Writer) describe(d description) (uint32, error) {
	f := &w.ifaces[d.iface]
	if f.seen && f.last == d {
		return f.lastID, nil
	}
	id, known := w.ids[d]
	if !known {
		switch {
		case d.link > 0xffff:
			return 0, errLinkType
		case len(w.ids) >= maxInterfaces:
			return 0, errTooManyInterfaces
		}
		id = uint32(len(w.ids))
		w.ids[d] = id
		b, start := begin(w.buf, blockInterface)
		b = binary.LittleEndian.AppendUint16(b, uint16(d.link))
		b = binary.LittleEndian.AppendUint16(b, 0)
		b = u32(b, f.SnapLen)
		b = option(b, optIfName, "", f.Name)
		b = option(b, optIfDescription, "", f.Description)
		if f.Filter != "" {
			b = option(b, optIfFilter, "\x00", f.Filter) // section 4.2: code 0, "filter string"
		}
		b = pad(append(b, optTsResol, 0, 1, 0, d.resolution))
		w.buf = finish(endOptions(b), start)
	}
	if !f.seen {
		f.first, f.firstID, f.seen = d, id, true
	}
	f.last, f.lastID = d, id
	return id, nil
}

// begin appends the start of a block; finish, where that was, ends it.
func begin(b []byte, kind uint32) ([]byte, int) { return u32(b, kind, 0), len(b) }

func finish(b []byte, start int) []byte {
	size := uint32(len(b) - start + 4)
	binary.LittleEndian.PutUint32(b[start+4:], size)
	return u32(b, size)
}

func u32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// pad fills up to a multiple of 4: the buffer holds whole blocks, so that its length
// tells.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// option appends a text, if there is any: UTF-8, cut where it is too long. prefix is put
// before it.
func option(b []byte, code uint16, prefix, text string) []byte {
	if text == "" {
		return b
	}
	text = strings.ToValidUTF8(text, "\ufffd")
	if most := maxOption - len(prefix); len(text) > most {
		for !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(prefix)+len(text)))
	return pad(append(append(b, prefix...), text...))
}

func counted(b []byte, code uint16, n uint64) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, 8)
	return binary.LittleEndian.AppendUint64(b, n)
}

func endOptions(b []byte) []byte { return u32(b, optEnd) }
