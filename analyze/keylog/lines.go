package keylog

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
)

// Lines of the NSS key log format (draft-ietf-tls-keylogfile section 2): a label, the
// client's random, the secret, the latter two in hexadecimal digits.
const (
	labelMaster = iota
	labelHandshake
	labelTraffic
)

// labels are those that are of use. Others are known and left: secrets of early data and
// exporters, traffic secrets after a KeyUpdate, which follow from the first.
var labels = map[string]struct {
	kind, sender int
}{
	"CLIENT_RANDOM":                   {labelMaster, Client},
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET": {labelHandshake, Client},
	"SERVER_HANDSHAKE_TRAFFIC_SECRET": {labelHandshake, Server},
	"CLIENT_TRAFFIC_SECRET_0":         {labelTraffic, Client},
	"SERVER_TRAFFIC_SECRET_0":         {labelTraffic, Server},
}

const (
	masterSize = 48 // RFC 5246 section 8.1
	// SHA-256's and SHA-384's, of TLS 1.3's suites.
	shortSecret, longSecret = 32, 48
	// maxLine is more than the longest line has: a label of 31 letters, 64 and 96 digits.
	maxLine = 1024
)

// entry is a line that was understood.
type entry struct {
	label, sender int
	random        Random
	secret        []byte
	buf           [longSecret]byte
}

// parse reads a line; false: it is none. A line that is of no use has no secret.
func (e *entry) parse(line []byte) bool {
	line = bytes.TrimSpace(line)
	if e.secret = nil; len(line) == 0 || line[0] == '#' {
		return true
	}
	label, rest, ok := bytes.Cut(line, []byte(" "))
	random, secret, more := bytes.Cut(rest, []byte(" "))
	if !ok || !more || !isLabel(label) || len(secret)%2 != 0 || !isHex(random) || !isHex(secret) {
		return false
	}
	kind, known := labels[string(label)]
	if !known {
		return true
	}
	n := len(secret) / 2
	if len(random) != 2*len(e.random) || n != masterSize && (kind.kind == labelMaster || n != shortSecret) {
		return false
	}
	_, _ = hex.Decode(e.random[:], random)
	_, _ = hex.Decode(e.buf[:], secret)
	e.label, e.sender, e.secret = kind.kind, kind.sender, e.buf[:n]
	return true
}

func isLabel(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(b) > 0
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return len(b) > 0
}

// Reader reads a key log: it keeps the half line at the end until the rest comes.
type Reader struct {
	store *Store
	since uint64
	entry entry
	half  []byte
	long  bool // the half line is too long to be one: it is passed over
}

// NewReader makes the Reader of a key log whose secrets are known from a packet on.
func (s *Store) NewReader(since uint64) *Reader { return &Reader{store: s, since: since} }

// Write takes the next bytes of the log. It never fails.
func (r *Reader) Write(b []byte) (int, error) {
	all := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		r.line(b[:i])
		b = b[i+1:]
	}
	if len(r.half)+len(b) > maxLine {
		r.half, r.long = r.half[:0], true
	} else if !r.long {
		r.half = append(r.half, b...)
	}
	return all, nil
}

// line takes the end of a line.
func (r *Reader) line(b []byte) {
	if len(r.half) > 0 && !r.long {
		r.half = append(r.half, b[:min(len(b), maxLine)]...)
		b = r.half
	}
	if r.long || len(b) > maxLine || !r.entry.parse(b) {
		r.store.unread()
	} else if r.entry.secret != nil {
		r.store.add(&r.entry, r.since)
	}
	r.half, r.long = r.half[:0], false
}

// End takes the last line, if it has no end.
func (r *Reader) End() {
	if len(r.half) > 0 || r.long {
		r.line(nil)
	}
}

// Block takes a log that is whole, as a capture's Decryption Secrets Block holds it; its
// secrets are known from the packet ord on.
func (s *Store) Block(log []byte, ord uint64) {
	r := s.NewReader(ord)
	_, _ = r.Write(log)
	r.End()
}

// File is a log that may grow.
type File struct {
	name string
	f    *os.File
	read int64
	r    *Reader
	pipe bool // it is read beside all else: it ends when who writes it does
}

// Open opens a log and reads what it has. A pipe that may grow is not waited for.
func (s *Store) Open(name string, grows bool) (*File, error) {
	x := &File{name: name, r: s.NewReader(0)}
	at, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	f, err := openLog(name, grows && at.Mode()&os.ModeNamedPipe != 0)
	if err != nil {
		return nil, err
	}
	if x.f = f; grows && !at.Mode().IsRegular() && !at.IsDir() {
		x.pipe = true
		go func() {
			_, _ = io.Copy(x.r, f)
			x.r.End()
		}()
		return x, nil
	}
	if err := x.Read(); err != nil {
		f.Close()
		return nil, err
	}
	if !grows {
		x.r.End()
	}
	return x, nil
}

// openLog opens a log. A pipe that is opened for writing too does not wait for a program
// that writes to it, and does not end with the first one.
func openLog(name string, pipe bool) (*os.File, error) {
	if pipe {
		if f, err := os.OpenFile(name, os.O_RDWR, 0); err == nil {
			return f, nil
		}
	}
	return os.Open(name)
}

// Read reads what the log has more than before. One that became shorter, or that another
// file took the place of, begins anew.
func (x *File) Read() error {
	if x.pipe {
		return nil
	}
	at, err := x.f.Stat()
	if err == nil && at.Mode().IsRegular() && at.Size() < x.read {
		if _, err := x.f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		x.again()
	}
	if err := x.rest(); err != nil {
		return err
	}
	if now, gone := os.Stat(x.name); err != nil || gone != nil || os.SameFile(at, now) {
		return nil // whoever replaces it may be about to
	}
	f, err := os.Open(x.name)
	if err != nil {
		return err
	}
	x.f.Close()
	x.f = f
	x.again()
	return x.rest()
}

// again begins with the first line.
func (x *File) again() { x.read, x.r.half, x.r.long = 0, nil, false }

func (x *File) rest() error {
	n, err := io.Copy(x.r, x.f)
	x.read += n
	return err
}

// Close closes the file.
func (x *File) Close() error { return x.f.Close() }
