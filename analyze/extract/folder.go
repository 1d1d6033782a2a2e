package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"ftpscope/capture/outfile"
)

// ManifestName is the file that lists what was written.
const ManifestName = "manifest.jsonl"

// ErrUsed is the error of OpenFolder for a directory that has a manifest.
var ErrUsed = errors.New("holds the files of another run (" + ManifestName + ")")

const (
	// bufferMost and bufferLeast bound what of a file waits to be written, bufferAll that
	// of all files.
	bufferMost  = 256 << 10
	bufferLeast = 4 << 10
	bufferAll   = 32 << 20
	// maxOpen bounds the files that stay open between two writes: a process may usually
	// have 1024.
	maxOpen = 128
)

// Folder is the directory that files are written to. Nothing is written outside of it,
// whatever names and links say: every access is relative to the directory as it was
// opened (os.Root), new files are made where nothing was before. A file has a temporary
// name until its session is told, then it gets its own.
type Folder struct {
	root     *os.Root
	private  bool // for the user's eyes only
	manifest *os.File
	listed   int64 // bytes of whole lines in it
	names    names

	mu      sync.Mutex
	temps   map[string]bool
	opened  int     // handles that stay open
	writing int     // files that were begun and not ended
	limits  *Limits // live: what is left of them; nil: the plan saw to it
	files   int     // that have their names
	bytes   uint64  // of those
}

// Written is how many files have been written, whole or in part, and how large they are.
func (f *Folder) Written() (files int, bytes uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files, f.bytes
}

// OpenFolder makes the directory if there is none, and its manifest; a private one is for
// the user's eyes only.
func OpenFolder(path string, private bool) (*Folder, error) {
	path, err := outfile.Mkdir(path, private)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	f := &Folder{root: root, private: private, temps: map[string]bool{}}
	f.manifest, err = f.open(ManifestName, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		root.Close()
		if errors.Is(err, fs.ErrExist) {
			err = ErrUsed
		}
		return nil, err
	}
	f.names.take(ManifestName)
	return f, nil
}

// open opens a file in the directory.
func (f *Folder) open(name string, flag int) (*os.File, error) {
	return f.root.OpenFile(name, flag, outfile.Mode(f.private))
}

// Close removes what never got a name.
func (f *Folder) Close() error {
	f.clean()
	return errors.Join(f.manifest.Close(), f.root.Close())
}

// Abort removes what is not whole: the program ends early. Any goroutine may call it.
func (f *Folder) Abort() {
	f.clean()
	if info, err := f.manifest.Stat(); err == nil && info.Size() == 0 {
		f.root.Remove(ManifestName) // the directory is as it was
	}
}

// clean removes temporary files.
func (f *Folder) clean() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.temps {
		f.root.Remove(name)
	}
	clear(f.temps)
}

// file is one that is being written. Writes to it come from one goroutine at a time.
type file struct {
	folder   *Folder
	temp     string
	handle   *os.File
	made     bool
	buf      []byte
	from     uint64 // place of buf
	why      string // it is cut, if most is not the reason
	most     uint64
	size     uint64 // of what was written, holes included
	cut      bool   // there was more than most
	ended    bool
	reserved uint64 // of the limit on all files
	err      error  // the first
	at       time.Time
}

func (f *Folder) begin(k key, most uint64) *file {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writing++
	return &file{folder: f, temp: fmt.Sprintf(".ftpscope-%d-%d-%d.part", os.Getpid(), k.conn, k.from.Port()), most: most}
}

// room is how much of a file may wait to be written.
func (f *Folder) room() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(bufferLeast, min(bufferMost, bufferAll/max(f.writing, 1)))
}

// write puts bytes at their place.
func (w *file) write(at uint64, b []byte) {
	if at+uint64(len(b)) > w.most {
		w.cut = true
		b = b[:max(at, w.most)-at]
	}
	if len(b) == 0 || w.err != nil || w.why != "" {
		return
	}
	if at != w.from+uint64(len(w.buf)) {
		w.flush()
		w.from = at
	}
	w.buf = append(w.buf, b...)
	if len(w.buf) >= bufferLeast && len(w.buf) >= w.folder.room() {
		w.flush()
	}
}

func (w *file) flush() {
	if len(w.buf) == 0 || w.err != nil {
		return
	}
	b := w.buf[:w.folder.reserve(w, len(w.buf))]
	if w.err = w.open(); w.err == nil {
		_, w.err = w.handle.WriteAt(b, int64(w.from))
	}
	w.from += uint64(len(b))
	w.size = w.from
	w.buf = w.buf[:0]
	w.rest()
}

func (w *file) open() (err error) {
	if w.handle != nil {
		return nil
	}
	f, flags := w.folder, os.O_WRONLY
	f.mu.Lock()
	defer f.mu.Unlock()
	if !w.made {
		flags |= os.O_CREATE | os.O_EXCL
		f.temps[w.temp] = true
	}
	w.handle, err = f.open(w.temp, flags)
	if err != nil {
		w.handle = nil
		return err
	}
	w.made = true
	f.opened++
	return nil
}

// rest closes the file until the next write if too many are open.
func (w *file) rest() {
	w.folder.mu.Lock()
	defer w.folder.mu.Unlock()
	if w.folder.opened > maxOpen {
		w.shut()
	}
}

// shut closes the handle; the folder is locked.
func (w *file) shut() {
	if w.handle == nil {
		return
	}
	if err := w.handle.Close(); w.err == nil {
		w.err = err
	}
	w.handle = nil
	w.folder.opened--
}

// end writes the rest; size is that of the file, of which the end may be missing.
func (w *file) end(size uint64) {
	w.flush()
	if size = min(size, w.most); w.err == nil {
		if w.err = w.open(); w.err == nil && size > w.size && w.why == "" {
			w.err = w.handle.Truncate(int64(size))
			w.size = size
		}
	}
	w.buf, w.ended = nil, true
	w.folder.mu.Lock()
	defer w.folder.mu.Unlock()
	w.folder.writing--
	if w.shut(); w.err != nil { // what could not be written makes room for what can
		w.folder.remove(w.temp)
	}
}

// discard forgets the file.
func (w *file) discard() {
	if !w.ended {
		w.err, w.buf = errors.New("discarded"), nil
		w.end(0)
	}
	w.folder.forget(w)
}

// reserveCopy takes bytes of the limit on all files for a copy.
func (f *Folder) reserveCopy(n uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > f.limits.Total {
		return false
	}
	f.limits.Total -= n
	return true
}

func (f *Folder) forget(w *file) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limits != nil {
		f.limits.Files++
		f.limits.Total += w.reserved
	}
	f.remove(w.temp)
}

// remove removes a temporary file; the folder is locked.
func (f *Folder) remove(temp string) {
	if f.temps[temp] {
		f.root.Remove(temp)
		delete(f.temps, temp)
	}
}

// keep gives the file its name, or one like it that is free, and returns it.
func (f *Folder) keep(w *file, name, ending string) (string, error) {
	for {
		free := f.names.next(name, ending)
		reserved, err := f.open(free, os.O_WRONLY|os.O_CREATE|os.O_EXCL) // nothing was there, and it is ours now
		if errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return "", err
		}
		reserved.Close()
		if err := f.root.Rename(w.temp, free); err != nil {
			f.root.Remove(free)
			return "", err
		}
		info, err := f.root.Stat(free)
		f.mu.Lock()
		delete(f.temps, w.temp)
		if f.files++; err == nil {
			f.bytes += uint64(info.Size())
		}
		f.mu.Unlock()
		return free, f.root.Chtimes(free, w.at, w.at)
	}
}

// list writes a line of the manifest.
func (f *Folder) list(e *Entry) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return err
	}
	n, err := f.manifest.Write(line.Bytes())
	if err == nil {
		f.listed += int64(n)
		return nil
	}
	if n > 0 && f.manifest.Truncate(f.listed) == nil { // no half line
		_, _ = f.manifest.Seek(f.listed, io.SeekStart)
	}
	return err
}

// What a folder does besides when no plan saw to the limits.

// limit sets what may still be written.
func (f *Folder) limit(l Limits) { f.limits = &l }

// admit says how large another file may become, or why there is none.
func (f *Folder) admit() (most uint64, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.limits.Files <= 0:
		return 0, whyFiles
	case f.limits.Total == 0:
		return 0, whyTotal
	}
	f.limits.Files--
	return f.limits.Size, ""
}

// reserve takes n bytes from what may be written of all files, as far as there are.
func (f *Folder) reserve(w *file, n int) int {
	if f.limits == nil {
		return n
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if uint64(n) > f.limits.Total {
		n = int(f.limits.Total)
		w.why, w.cut = whyTotal, true
	}
	f.limits.Total -= uint64(n)
	w.reserved += uint64(n)
	return n
}
