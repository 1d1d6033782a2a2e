package capture

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
	"ftpscope/capture/tail"
	"ftpscope/capture/zipfile"
)

// stdinName is what Files and errors call standard input.
const stdinName = "stdin"

var (
	errNoCaptures = errors.New("no capture files in this directory")
	errTwice      = errors.New("named twice; it is read once")
)

// entry is one file of the capture.
type entry struct {
	name    string
	size    int64     // 0: unknown
	empty   bool      // it holds no packet
	first   flow.Time // of its first packet
	started *source   // of a file that can be read only once
	spool   *spool    // what was copied of such a file, to be read again; nil: the file itself is read

	zipped   *zipfile.File // of a file in a zip archive; nil: it is in none
	followed *tail.Found   // of a file that is followed; nil: it is not
}

// release closes what was kept open of a file.
func (e *entry) release() {
	if e.followed != nil {
		e.followed.Release()
	}
}

func (e *entry) open() (io.ReadCloser, error) {
	switch {
	case e.spool != nil:
		return e.spool.open(), nil
	case e.followed != nil:
		return e.followed.Open()
	case e.zipped != nil:
		return e.zipped.Open()
	}
	return os.Open(e.name)
}

// finder turns arguments into entries.
type finder struct {
	c     *Capture
	stdin io.Reader
	spool func(name string) // nil: what can be read only once is read once
	ended <-chan struct{}   // nil: it is read to its end
	peeks buffer.Pool
	seen  map[tail.Identity][]*seen
	found []*entry
	told  int // problems
}

type seen struct {
	name   string
	info   fs.FileInfo
	listed bool // it is a capture
}

func (f *finder) problem(e *FileError) {
	f.told++
	f.c.problem(e)
}

// find returns the files that args name, ordered by the time of their first packet.
func (f *finder) find(args []string) []*entry {
	f.peeks.Size = buffer.Small
	f.seen = map[tail.Identity][]*seen{}
	for _, arg := range args {
		f.arg(arg)
	}
	slices.SortStableFunc(f.found, func(a, b *entry) int {
		switch {
		case a.empty != b.empty:
			if a.empty {
				return 1
			}
			return -1
		case a.first != b.first:
			return cmp.Compare(a.first, b.first)
		}
		return cmp.Compare(a.name, b.name)
	})
	return f.found
}

func (f *finder) arg(arg string) {
	if arg == "-" {
		if slices.ContainsFunc(f.found, func(e *entry) bool { return e.name == stdinName }) {
			f.problem(&FileError{File: stdinName, Offset: -1, Err: errTwice, Warning: true})
			return
		}
		f.once(stdinName, io.NopCloser(f.stdin))
		return
	}
	info, err := os.Stat(arg)
	switch {
	case err != nil:
		f.problem(plain(arg, err))
	case info.IsDir():
		f.directory(arg)
	case info.Mode().IsRegular():
		f.regular(arg, info, false)
	default: // a FIFO or a device gives its bytes once
		f.device(arg, info)
	}
}

func (f *finder) device(name string, info fs.FileInfo) {
	first, again := f.before(name, info)
	if again {
		f.again(name, first)
		return
	}
	file, err := os.Open(name)
	if err != nil {
		f.problem(plain(name, err))
		return
	}
	first.listed = f.once(name, file)
}

// directory takes the captures in a directory and below it, in the order of their names.
// Hidden files and directories are left out, links to directories are not followed, and
// what is no capture is passed over unless its name says that it should be one.
func (f *finder) directory(dir string) {
	found, told := len(f.found), f.told
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			f.problem(plain(path, err))
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			f.regular(path, info, !namedCapture(path))
		}
		return nil
	})
	if len(f.found) == found && f.told == told {
		f.problem(plain(dir, errNoCaptures))
	}
}

// namedCapture reports whether a file's name says that it is a capture: a.pcap,
// a.pcapng.gz, a.pcap12, a.cap.
func namedCapture(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.Contains(name, ".pcap") || strings.HasSuffix(name, ".etl") || strings.HasSuffix(name, ".erf") || strings.Contains(name, ".cap") || strings.Contains(name, ".snoop")
}

// regular looks at a file's first packet and closes the file again: of a thousand files
// few are open at once. With quiet, nothing is said of a file that is no capture.
func (f *finder) regular(name string, info fs.FileInfo, quiet bool) {
	file, err := os.Open(name)
	if err != nil {
		f.problem(plain(name, err))
		return
	}
	first, again := f.before(name, info)
	if again {
		file.Close()
		f.again(name, first)
		return
	}
	if isZip(file) {
		file.Close()
		first.listed = f.zipped(name, quiet)
		return
	}
	first.listed = f.look(&entry{name: name, size: info.Size()}, file, quiet)
}

// look lists a file that can be read again, by its first packet, and closes it; false if
// it is no capture.
func (f *finder) look(e *entry, file io.ReadCloser, quiet bool) bool {
	var dropped atomic.Uint64
	s, bad := newSource(input{name: e.name, file: file, pool: &f.peeks, read: new(atomic.Int64), Shared: pcapfile.Shared{Dropped: &dropped}})
	if bad != nil {
		if !quiet {
			f.problem(bad)
		}
		return false
	}
	defer s.close()
	s.batch = make([]Packet, 1)
	if e.empty = !f.first(e, s); e.empty {
		f.c.dropped.Add(dropped.Load()) // the file is not read again
	}
	return true
}

// once takes a file that cannot be read twice, and waits for its first packet; false if
// it is no capture.
func (f *finder) once(name string, file io.ReadCloser) bool {
	if f.ended != nil {
		file = endable(file, f.ended)
	}
	var digest *digester
	if f.c.digesters != nil {
		digest = newDigester(file)
		file = digest
	}
	read := f.piped
	if f.spool != nil {
		read = f.spooled
	}
	if !read(name, file) {
		return false
	}
	if digest != nil {
		digest.drain = true
		f.c.digesters[name] = digest
	}
	return true
}

// piped takes a file that is read as its bytes come.
func (f *finder) piped(name string, file io.ReadCloser) bool {
	s, bad := newSource(input{name: name, file: file, pool: &f.c.large, read: &f.c.read, Shared: f.c.shared()})
	if bad != nil {
		f.problem(bad)
		return false
	}
	s.batch = make([]Packet, batchSize)
	e := &entry{name: name, started: s}
	if e.empty = !f.first(e, s); e.empty {
		s.close()
		e.started = nil
	}
	return true
}

// first lists a capture and learns the time of its first packet; false when it has none.
func (f *finder) first(e *entry, s *source) bool {
	f.found = append(f.found, e)
	ok, bad := s.refill(1)
	if bad != nil {
		f.problem(bad)
		f.c.cut(e.name)
	}
	if ok {
		e.first = s.time()
		return true
	}
	for _, note := range s.odd() {
		f.problem(note)
	}
	return false
}

// before finds a file that was looked at before, by whatever name, or notes that it is
// looked at now.
func (f *finder) before(name string, info fs.FileInfo) (*seen, bool) {
	id := tail.IdentityOf(info)
	for _, o := range f.seen[id] {
		if os.SameFile(o.info, info) {
			return o, true
		}
	}
	s := &seen{name: name, info: info}
	f.seen[id] = append(f.seen[id], s)
	return s, false
}

// again warns of a capture that was named before.
func (f *finder) again(name string, first *seen) {
	if !first.listed {
		return // what is wrong with it was said
	}
	err := errTwice
	if first.name != name {
		err = errors.New("the same file as " + first.name + "; it is read once")
	}
	f.problem(&FileError{File: name, Offset: -1, Err: err, Warning: true})
}
