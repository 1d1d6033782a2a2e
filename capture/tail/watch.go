package tail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ftpscope/capture/flow"
)

const (
	// listEvery is how often directories are read whose time of change says that nothing
	// has come.
	listEvery = 5 * time.Second
	// fresh is for how long that time is not believed: file systems have clocks that tick
	// slowly.
	fresh = 2 * time.Second
	// idlePart is how many times the time that a list took passes before the next one: of
	// very many files it takes long.
	idlePart = 10
	// maxHeld is how many files are kept open before it is their turn: a ring of files
	// may remove them until then.
	maxHeld = 64
	// overlap is how much earlier than the last packet of a file its successor may begin.
	overlap = flow.Second
)

// Watch finds files that are to be followed: those that are named (Add), those in a
// directory that is named (AddDirectory), and the successors of a file that is named.
//
// A file is first sighted, by its name. It waits until its first packet is there (Peek),
// then until it is its turn (Busy), and is then given away (Take), once. A name that
// leads to another file, or to the same file that was written anew (Forget), is sighted
// again; a file that was only renamed is not.
type Watch struct {
	// Peek looks at the first packet of a file.
	Peek func(path string, file *File) Peeked
	// Take is given a file when it is to be read.
	Take func(*Found)
	// Busy reports whether there is more to read at once of a root's files.
	Busy func(*Root) bool
	// Problem hears of a file that cannot be read; named tells whether it was named
	// itself.
	Problem func(path string, named bool, err error)

	roots   []*Root
	seen    map[string]*sighting // by path
	waiting []*sighting          // those of them that are not read yet
	dirs    map[string]time.Time // when they changed
	listed  time.Time
	cost    time.Duration // of listing them
	started bool
	first   map[Identity][]*sighting // before it started, when many files come at once
	held    int
}

// Peeked is what Peek found out.
type Peeked struct {
	HasPacket bool
	First     flow.Time // its time
	Packed    bool      // compressed: it does not grow
	MayGrow   bool      // without a packet, it may yet become a capture with one
	Err       error
}

// Root is what was named: a directory, or files whose names differ in numbers only.
type Root struct {
	dir    string
	all    bool // of its files, else those of the family
	family string
	until  flow.Time // the last packet that was read of its files
}

// Saw notes the time of the last packet that was read of one of the root's files.
func (r *Root) Saw(t flow.Time) { r.until = max(r.until, t) }

// Found is a file with a first packet.
type Found struct {
	Path  string
	First flow.Time // of its first packet
	Root  *Root

	file  *os.File // kept open until it is read; nil: it is not
	watch *Watch   // that holds it
}

// Open opens the file, to be read from its start.
func (f *Found) Open() (*os.File, error) {
	if file := f.file; file != nil {
		f.file = nil
		f.watch.held--
		_, err := file.Seek(0, 0)
		return file, err
	}
	return os.Open(f.Path)
}

// Release closes a file that was kept open.
func (f *Found) Release() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
		f.watch.held--
	}
}

// Identity is what equal files have in common without asking the system about each pair.
type Identity struct {
	size int64
	mod  int64
}

// IdentityOf is that of a file; the times of FIFOs change, so they have one in common.
func IdentityOf(info fs.FileInfo) Identity {
	if !info.Mode().IsRegular() {
		return Identity{-1, 0}
	}
	return Identity{info.Size(), info.ModTime().UnixNano()}
}

// sighting is a file that was seen.
type sighting struct {
	path  string
	info  fs.FileInfo // when it was seen first
	size  int64       // when it was looked into
	mod   time.Time
	root  *Root
	named bool
	taken bool   // it is read, or will never be
	found *Found // known by its first packet, but not taken
}

// family is a name without its numbers: a capture program's next file has others. The
// first file of tcpdump -C has none.
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

// AddDirectory follows what is in a directory and below it.
func (w *Watch) AddDirectory(dir string) { w.root(Root{dir: filepath.Clean(dir), all: true}) }

// Add follows a file, and those that go on where it ends.
func (w *Watch) Add(path string, info fs.FileInfo) {
	r := w.root(Root{dir: filepath.Dir(path), family: family(filepath.Base(path))})
	w.sight(&sighting{path: filepath.Clean(path), root: r, named: true}, info)
}

// Start takes what is there when all is added.
func (w *Watch) Start() {
	w.Look(false)
	w.started, w.first = true, nil
}

func (w *Watch) root(like Root) *Root {
	for _, r := range w.roots {
		if *r == like {
			return r
		}
	}
	w.roots = append(w.roots, &like)
	return &like
}

// Closed reports whether no file can come any more.
func (w *Watch) Closed() bool { return len(w.roots) == 0 && len(w.waiting) == 0 }

// Look finds files that have come, and takes those whose first packet is there; the last
// look is a thorough one.
func (w *Watch) Look(last bool) {
	if last || w.stale() {
		w.list()
	}
	for _, s := range w.waiting {
		if s.found == nil && !s.taken {
			w.peek(s)
		}
	}
	w.Choose()
}

// Choose takes the files whose turn it is.
func (w *Watch) Choose() {
	var ready []*sighting
	for _, s := range w.waiting {
		if s.found != nil {
			ready = append(ready, s)
		}
	}
	slices.SortStableFunc(ready, func(a, b *sighting) int {
		return cmp.Or(cmp.Compare(a.found.First, b.found.First), cmp.Compare(a.path, b.path))
	})
	for _, s := range ready {
		w.take(s)
	}
	w.waiting = slices.DeleteFunc(w.waiting, func(s *sighting) bool { return s.taken })
}

// stale reports whether files may have come since the last list.
func (w *Watch) stale() bool {
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
func (w *Watch) list() {
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
	w.waiting = slices.DeleteFunc(w.waiting, func(s *sighting) bool { return s.found == nil && w.seen[s.path] != s })
	w.cost = time.Since(w.listed)
}

// listRoot lists as package capture lists directories that are not followed: below them
// too, without what is hidden.
func (w *Watch) listRoot(r *Root, there map[string]bool) {
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
func (w *Watch) sight(s *sighting, info fs.FileInfo) {
	if w.seen == nil {
		w.seen, w.first = map[string]*sighting{}, map[Identity][]*sighting{}
	}
	if known := w.seen[s.path]; known != nil && os.SameFile(known.info, info) {
		return
	}
	if known := w.same(info); known != nil {
		s.taken = known.taken || known.found != nil || sameFile(known.path, info)
	}
	s.info = info
	w.seen[s.path] = s
	if !s.taken {
		w.waiting = append(w.waiting, s)
	}
	if !w.started {
		id := IdentityOf(info)
		w.first[id] = append(w.first[id], s)
	}
}

// same finds a file by another name.
func (w *Watch) same(info fs.FileInfo) *sighting {
	if !w.started {
		for _, known := range w.first[IdentityOf(info)] {
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

// Forget lets a file be found anew.
func (w *Watch) Forget(path string) {
	delete(w.seen, path)
	w.listed = time.Time{} // now
}

// peek looks whether a file's first packet is there.
func (w *Watch) peek(s *sighting) {
	file, err := os.Open(s.path)
	if err != nil {
		if s.taken = !errors.Is(err, fs.ErrNotExist); s.taken {
			w.Problem(s.path, s.named, err)
		}
		return
	}
	info, err := file.Stat()
	if err != nil || info.Size() == s.size && info.ModTime().Equal(s.mod) {
		file.Close()
		return
	}
	s.size, s.mod = info.Size(), info.ModTime()
	p := w.Peek(s.path, NewFile(file, s.path))
	if p.HasPacket {
		s.found = &Found{Path: s.path, First: p.First, Root: s.root, watch: w}
	}
	switch {
	case p.Packed && w.started: // what tcpdump -z made of a file that was read
		s.found, s.taken = nil, true
	case s.found != nil && w.held < maxHeld:
		s.found.file = file
		w.held++
		return
	case s.found == nil && !p.MayGrow:
		s.taken = true
		w.Problem(s.path, s.named, p.Err)
	}
	file.Close()
}

// take takes a file whose first packet is known: what was named, all that is in a
// directory that was named, and what is the successor of a file that was named. That
// begins where the files before it end; one that begins earlier is older, or of another
// capture.
func (w *Watch) take(s *sighting) {
	r := s.root
	switch {
	case s.named || r.all:
	case r.until == 0 || w.Busy(r):
		return
	case s.found.First < r.until-overlap:
		s.found.Release()
		s.found, s.taken = nil, true
		return
	}
	w.Take(s.found)
	s.found, s.taken = nil, true
}

// Close closes the files that wait.
func (w *Watch) Close() {
	for _, s := range w.waiting {
		if s.found != nil {
			s.found.Release()
		}
	}
}
