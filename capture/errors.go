package capture

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftpscope/capture/pcapfile"
)

// FileError says what could not be read, and where.
type FileError struct {
	File    string
	Offset  int64  // of the record or block in question, after decompression; -1: none
	Packet  uint64 // its number in the file, from 1; 0: it is no packet
	Before  uint64 // packets of the file that were read before it
	Packed  string // "gzip", "zstd", … when Offset counts decompressed bytes
	Err     error
	Warning bool // nothing is missing from the result
}

func (e *FileError) Unwrap() error { return e.Err }

// Error is one line: FILE: offset N (packet N): what is wrong; what was done with the
// rest.
func (e *FileError) Error() string {
	where := pcapfile.Error{Offset: e.Offset, Packet: e.Packet, Before: e.Before, Packed: e.Packed, Err: e.Err}
	return cmp.Or(e.File, `""`) + ": " + where.Error()
}

// plain makes a FileError of an error that has no place in the file. The path is not said
// twice.
func plain(name string, err error) *FileError {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &FileError{File: name, Offset: -1, Err: err}
}

// notCapture is the error of a file that is none; the text says what it looks like.
type notCapture string

func (n notCapture) Error() string {
	if n == "" {
		return "not a capture (neither pcap, pcapng nor snoop)"
	}
	return "not a capture (neither pcap, pcapng nor snoop): it looks like " + string(n)
}

// kinds are the starts of files that people take for captures, or pack captures in.
var kinds = []struct{ magic, name string }{
	{"PK\x03\x04", "a zip archive, which is read as a file of its own only: unpack it first"},
	{"\xfd7zXZ\x00", "xz data"},
	{"BZh", "bzip2 data"},
	{"\x04\x22\x4d\x18", "lz4 data"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"\xa1\x2b\x3c\x4d", "a capture in Navtel's variant of pcap, which is not published"},
	{"\x4d\x3c\x2b\xa1", "a capture in Navtel's variant of pcap, which is not published"},
	{"\xa1\xb2\x34\xcd", "a capture in Mesquita's variant of pcap, which is not published"},
	{"\xcd\x34\xb2\xa1", "a capture in Mesquita's variant of pcap, which is not published"},
	{"GMBU", "a Network Monitor capture; convert it first (editcap -F pcapng FILE.cap FILE.pcapng)"},
	{"RTSS", "a Network Monitor capture; convert it first (editcap -F pcapng FILE.cap FILE.pcapng)"},
	{"TRSNIFF data", "a Sniffer capture; convert it first (editcap -F pcap)"},
	{"\x54\x4e\x56\x20", "a PacketLogger or AiroPeek capture; convert it first (editcap -F pcap)"},
	{"\x1f\x8b", "gzip data"},
	{"\x28\xb5\x2f\xfd", "zstd data"},
	{"\x7fELF", "a program"},
	{"MZ", "a program"},
	{"%PDF", "a PDF document"},
	{"\x89PNG", "an image"},
	{"\xff\xd8\xff", "an image"},
	{"GIF8", "an image"},
}

// looksLike says what a file that starts with b may be, "" when nothing is known.
func looksLike(b []byte) string {
	for _, k := range kinds {
		if bytes.HasPrefix(b, []byte(k.magic)) {
			return k.name
		}
	}
	const tarMagic = 257
	switch {
	case isETL(b):
		return "a Windows event trace; convert it first (etl2pcapng FILE.etl FILE.pcapng)"
	case isERF(b):
		return "an ERF capture, by Endace; convert it first (editcap -F pcapng FILE.erf FILE.pcapng)"
	case len(b) > tarMagic+5 && string(b[tarMagic:tarMagic+5]) == "ustar":
		return "a tar archive"
	case len(b) == 0:
		return "nothing at all"
	case isText(b[:min(len(b), 512)]):
		return "text"
	case len(bytes.Trim(b[:min(len(b), 512)], "\x00")) == 0:
		return "zeros"
	}
	return ""
}

// isETL knows Windows' traces by their first buffer: its header of 72 bytes begins with the buffer's size and how much of
// it is used; the first event follows.
func isETL(b []byte) bool {
	const headers = 72 + 32 // of the buffer, and of the first event
	if len(b) < headers {
		return false
	}
	size, saved := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	// the first event's header: version 2, kind 1 or 2 for 32 or 64 bits, and a mark that all have
	return size >= 1024 && size <= 64<<20 && size%512 == 0 && saved <= size && saved >= headers && b[72] == 2 && b[73] == 0 && (b[74] == 1 || b[74] == 2) && b[75] == 0xc0
}

// isERF knows Endace's captures: records without a header of the file, each with a time, a known type and its length.
// Two in a row are no accident.
func isERF(b []byte) bool {
	const header, types = 16, 31
	for range 2 {
		if len(b) < header {
			return false
		}
		kind, length := b[8]&0x7f, int(binary.BigEndian.Uint16(b[10:]))
		if kind == 0 || kind > types || length < header || binary.BigEndian.Uint16(b[14:]) == 0 || length > len(b) {
			return false
		}
		b = b[length:]
	}
	return true
}

// isText reports whether b could be the start of a text; a character cut at its end is no
// matter.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 && (len(b) >= utf8.UTFMax || utf8.FullRune(b)) {
			return false
		}
		if unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\f\x1b", r) {
			return false
		}
		b = b[n:]
	}
	return true
}
