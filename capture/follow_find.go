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
	"time"

	"ftpscope/capture/flow"
)

const (
	// listEvery is how often directories are read whose time of change says that nothing has come.
	listEvery = 5 * time.Second
	// fresh is for how long that time is not believed: file systems have clocks that tick slowly.
	fresh = 2 * time.Second
	// idlePart is how many times the time that a list took passes before the next one: of very many files it takes long.
	idlePart = 10
	// maxHeld is how many files are kept open before it is their turn: a ring of files may remove them until then.
	maxHeld = 64
	// overlap is how much earlier than the last packet of a file its successor may begin.
	overlap = flow.Second
)

// watch finds files that are to be followed.
type watch struct {
	c       *Capture
	f       *follower
	stdin   io.Reader
	peeks   pool
	roots   []*root
	seen    map[string]*sighting // by path
	waiting []*sighting          // those of them that are not read yet
	dirs    map[string]time.Time // when they changed
	listed  time.Time
	cost    time.Duration // of listing them
	started bool
	first   map[identity][]*sighting // before it started, when many files come at once
	held    int
}

// root is what was named: a directory, or files whose names differ in numbers only.
type root struct {
	dir    string
	all    bool // of its files, else those of the family
	family string
	until  flow.Time // the last packet that was read of its files
}

// sighting is a file that was seen.
type sighting struct {
	path  string
	info  fs.FileInfo // when it was seen first
	size  int64       // when it was looked into
	mod   time.Time
	root  *root
	named bool
	taken bool   // it is read, or will never be
	entry *entry // known by its first packet, but not taken
}

// family is a name without its numbers: a capture program's next file has others. The first file of tcpdump -C has none.
func family(name string) string {
	var b strings.Builder
	digit := false
	for i := range len(name) {
		is := name[i] >= '0' && name[i] <= '9'
		if !is {
			b.WriteByte(name[i])
		} else if !digit {
			b.WriteByte('#')
		}
		digit = is
	}
	return strings.TrimSuffix(b.String(), "#")
}

func (w *watch) start(args []string) {
	if w.stdin == nil {
		w.stdin = os.Stdin
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == "-":
			w.pipe(stdinName, io.NopCloser(w.stdin))
		case err != nil:
			w.c.problem(plain(arg, err))
		case info.IsDir():
			w.root(root{dir: filepath.Clean(arg), all: true})
		case info.Mode().IsRegular():
			r := w.root(root{dir: filepath.Dir(arg), family: family(filepath.Base(arg))})
			w.sight(&sighting{path: filepath.Clean(arg), root: r, named: true}, info)
		default:
			if file, err := os.Open(arg); err != nil {
				w.c.problem(plain(arg, err))
			} else {
				w.pipe(arg, file)
			}
		}
	}
	w.look(false)
	w.started, w.first = true, nil
}

func (w *watch) root(like root) *root {
	for _, r := range w.roots {
		if *r == like {
			return r
		}
	}
	w.roots = append(w.roots, &like)
	return &like
}

// closed reports whether no file can come any more.
func (w *watch) closed() bool { return len(w.roots) == 0 && len(w.waiting) == 0 }

// look finds files that have come, and takes those whose first packet is there; the last look is a thorough one.
func (w *watch) look(last bool) {
	if last || w.stale() {
		w.list()
	}
	for _, s := range w.waiting {
		if s.entry == nil && !s.taken {
			w.peek(s)
		}
	}
	w.choose()
}

// choose takes the files whose turn it is.
func (w *watch) choose() {
	var ready []*sighting
	for _, s := range w.waiting {
		if s.entry != nil {
			ready = append(ready, s)
		}
	}
	slices.SortStableFunc(ready, func(a, b *sighting) int {
		return cmp.Or(cmp.Compare(a.entry.first, b.entry.first), cmp.Compare(a.path, b.path))
	})
	for _, s := range ready {
		w.take(s)
	}
	w.waiting = slices.DeleteFunc(w.waiting, func(s *sighting) bool { return s.taken })
}

// stale reports whether files may have come since the last list.
func (w *watch) stale() bool {
	switch since := time.Since(w.listed); {
	case since < idlePart*w.cost:
		return false
	case since > listEvery:
		return len(w.roots) > 0
	}
	for dir, changed := range w.dirs {
		info, err := os.Stat(dir)
		if err == nil && !info.ModTime().Equal(changed) || time.Since(changed) < fresh {
			return true
		}
	}
	return false
}

// list reads the directories.
func (w *watch) list() {
	w.listed, w.dirs = time.Now(), map[string]time.Time{}
	there := map[string]bool{}
	for _, r := range w.roots {
		w.listRoot(r, there)
	}
	for path := range w.seen {
		if !there[path] {
			delete(w.seen, path)
		}
	}
	w.waiting = slices.DeleteFunc(w.waiting, func(s *sighting) bool { return s.entry == nil && w.seen[s.path] != s })
	w.cost = time.Since(w.listed)
}

// listRoot lists as package capture lists directories that are not followed: below them too, without what is hidden.
func (w *watch) listRoot(r *root, there map[string]bool) {
	top := r.dir + string(filepath.Separator) // also behind a link
	filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // gone, or not for us
		case d.IsDir():
			if path != top && (strings.HasPrefix(d.Name(), ".") || !r.all) {
				return filepath.SkipDir
			}
			if info, err := d.Info(); err == nil {
				w.dirs[path] = info.ModTime()
			}
			return nil
		case r.all && strings.HasPrefix(d.Name(), ".") || !r.all && family(d.Name()) != r.family:
			return nil
		}
		there[path] = true
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			w.sight(&sighting{path: path, root: r}, info)
		}
		return nil
	})
}

// sight notes a file, unless it is known, by this name or, renamed, by another.
func (w *watch) sight(s *sighting, info fs.FileInfo) {
	if known := w.seen[s.path]; known != nil && os.SameFile(known.info, info) {
		return
	}
	if known := w.same(info); known != nil {
		s.taken = known.taken || known.entry != nil || sameFile(known.path, info)
	}
	s.info = info
	w.seen[s.path] = s
	if !s.taken {
		w.waiting = append(w.waiting, s)
	}
	if !w.started {
		id := identity{info.Size(), info.ModTime().UnixNano()}
		w.first[id] = append(w.first[id], s)
	}
}

// same finds a file by another name.
func (w *watch) same(info fs.FileInfo) *sighting {
	if !w.started {
		for _, known := range w.first[identity{info.Size(), info.ModTime().UnixNano()}] {
			if os.SameFile(known.info, info) {
				return known
			}
		}
		return nil
	}
	for _, known := range w.seen {
		if os.SameFile(known.info, info) {
			return known
		}
	}
	return nil
}

// forget lets a file be found anew.
func (w *watch) forget(path string) {
	delete(w.seen, path)
	w.listed = time.Time{} // now
}

// peek looks whether a file's first packet is there.
func (w *watch) peek(s *sighting) {
	file, err := os.Open(s.path)
	if err != nil {
		s.taken = !errors.Is(err, fs.ErrNotExist)
		if s.taken && (s.named || namedCapture(s.path)) {
			w.c.problem(plain(s.path, err))
		}
		return
	}
	info, err := file.Stat()
	if err != nil || info.Size() == s.size && info.ModTime().Equal(s.mod) {
		file.Close()
		return
	}
	s.size, s.mod = info.Size(), info.ModTime()
	in := input{name: s.path, file: io.NopCloser(newTail(file, s.path)), pool: &w.peeks, read: new(atomic.Int64), dropped: new(atomic.Uint64)}
	src, bad := newSource(in)
	packed := false
	if bad == nil {
		src.batch = make([]Packet, 1)
		var ok bool
		if ok, bad = src.refill(1); ok {
			s.entry = &entry{name: s.path, first: src.time(), root: s.root, ring: w}
		}
		packed = src.packer != nil
		src.close()
	}
	switch {
	case packed && w.started: // what tcpdump -z made of a file that was read
		s.entry, s.taken = nil, true
	case s.entry != nil && w.held < maxHeld:
		s.entry.held = file
		w.held++
		return
	case s.entry == nil && !w.mayGrow(bad):
		s.taken = true
		if s.named || namedCapture(s.path) {
			w.c.problem(bad)
		}
	}
	file.Close()
}

// mayGrow reports whether a file without a packet may yet become a capture with one.
func (w *watch) mayGrow(bad *FileError) bool {
	if bad == nil {
		return true
	}
	var none notCapture
	switch {
	case errors.Is(bad.Err, errEmpty), bad.Packed == "" && errors.As(bad.Err, new(endsInside)):
		return true
	case errors.As(bad.Err, &none):
		info, err := os.Stat(bad.File)
		return err == nil && info.Size() < magicSize
	}
	return false
}

// take takes a file whose first packet is known: what was named, all that is in a directory that was named, and what is
// the successor of a file that was named. That begins where the files before it end; one that begins earlier is older, or
// of another capture.
func (w *watch) take(s *sighting) {
	r := s.root
	switch {
	case s.named || r.all:
	case r.until == 0 || w.c.busy(r):
		return
	case s.entry.first < r.until-overlap:
		s.entry.release()
		s.entry, s.taken = nil, true
		return
	}
	w.f.newest = max(w.f.newest, s.entry.first)
	w.c.insert(s.entry)
	s.entry, s.taken = nil, true
}

// pipe takes what can be read only once. It waits for the first packet, and for no other.
func (w *watch) pipe(name string, file io.ReadCloser) {
	c := w.c
	s, bad := newSource(input{name: name, file: file, pool: &c.large, read: &c.read, dropped: &c.dropped, described: &c.interfaces})
	if bad != nil {
		c.problem(bad)
		return
	}
	s.batch = make([]Packet, batchSize)
	ok, bad := s.refill(1)
	if bad != nil {
		c.cut(name)
		c.problem(bad)
	}
	if !ok {
		s.close()
		return
	}
	if s.buf.err == nil {
		s.trickle = newTrickle(s.buf.src)
		s.buf.src = s.trickle
	}
	c.insert(&entry{name: name, first: s.time(), started: s})
}

func (w *watch) close() {
	for _, s := range w.waiting {
		if s.entry != nil {
			s.entry.release()
		}
	}
}
