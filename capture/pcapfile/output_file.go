package pcapfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ftpscope/capture/outfile"
)

// maxNames bounds the search for a name that no file has.
const maxNames = 10_000

var (
	errNotEmpty = errors.New("the file exists and is not empty")
	errNames    = fmt.Errorf("the next %d files exist already", maxNames)
)

// disk is an *os.File.
type disk interface {
	Write([]byte) (int, error)
	WriteAt([]byte, int64) (int, error)
	Truncate(int64) error
	Stat() (fs.FileInfo, error)
	Close() error
}

// outputFile writes all that it is given, or nothing.
type outputFile struct {
	disk
	size    int64
	regular bool // else, a pipe: there is no going back
}

// Write is all or nothing. Should even Truncate fail, the next Write overwrites what is
// there of this one.
func (f *outputFile) Write(b []byte) (int, error) {
	if !f.regular {
		n, err := f.disk.Write(b)
		f.size += int64(n)
		return n, err
	}
	if _, err := f.WriteAt(b, f.size); err != nil {
		_ = f.Truncate(f.size)
		return 0, err
	}
	f.size += int64(len(b))
	return len(b), nil
}

// isAt reports whether a path still leads to the file.
func (f *outputFile) isAt(path string) bool {
	own, err := f.Stat()
	if err != nil {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && os.SameFile(own, info)
}

// open begins a file and writes its head; flag is for the file that has no rotation.
func (o *Output) open(flag int) error {
	file, err := o.create(flag)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		err = errNotEmpty
	}
	if err != nil {
		file.Close()
		return err
	}
	f := &outputFile{disk: file, regular: info.Mode().IsRegular()}
	if o.wrap != nil {
		f.disk = o.wrap(file)
	}
	w := NewWriter(f, o.opt.Section)
	for _, i := range o.opt.Interfaces {
		w.AddInterface(i)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		o.discard()
		return err
	}
	for i := range o.counts {
		c := &o.counts[i]
		c.receivedBefore, c.droppedBefore = c.received, c.dropped
	}
	o.file, o.w, o.given, o.held, o.flushed = f, w, 0, 0, o.now
	o.stats.Files++
	return nil
}

// create makes the file. In a rotation it is a new one, with the first number that is
// free: O_EXCL follows no symbolic link either (open(2)).
func (o *Output) create(flag int) (*os.File, error) {
	if !o.rotates() {
		o.name = o.opt.Path
		return outfile.Open(o.name, os.O_WRONLY|os.O_CREATE|flag, o.opt.Private)
	}
	o.makeRoom()
	for range maxNames {
		o.number++
		o.name = rotatedName(o.opt.Path, time.Unix(0, int64(o.now)), o.number)
		f, err := outfile.Open(o.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, o.opt.Private)
		if err == nil {
			o.names = append(o.names, o.name)
		}
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, errNames
}

// rotatedName puts time and number before the path's extension. Names sort as the files
// were made: where times are equal the numbers are not.
func rotatedName(path string, t time.Time, number int) string {
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%s-%06d%s", strings.TrimSuffix(path, ext), t.UTC().Format("20060102T150405Z"), number, ext)
}

// makeRoom removes the oldest files, so that there are no more than Keep with the next.
func (o *Output) makeRoom() {
	for o.opt.Keep > 0 && len(o.names) >= o.opt.Keep {
		if err := os.Remove(o.names[0]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			o.problem(fmt.Errorf("%w; it stays", named(o.names[0], err)))
		}
		o.names = o.names[1:]
	}
}

// discard removes the newest file of a rotation, into which nothing could be written.
func (o *Output) discard() {
	if o.rotates() {
		_ = os.Remove(o.name)
		o.names = o.names[:len(o.names)-1]
	}
}

// end writes the statistics and closes the file. What cannot be flushed is lost.
func (o *Output) end() {
	if o.err == nil {
		for i, c := range o.counts {
			if c.known {
				_ = o.w.WriteStats(i, o.now, since(c.received, c.receivedBefore), since(c.dropped, c.droppedBefore))
			}
		}
		o.flush()
	}
	o.lost(o.held)
	o.held = 0
	if err := o.file.Close(); err != nil && o.err == nil {
		o.fail(err)
	}
	o.file, o.w = nil, nil
}

// since is the count since before; a counter that began anew counts from 0.
func since(count, before uint64) uint64 {
	if count < before {
		return count
	}
	return count - before
}
