package extract

import (
	"fmt"
	"io"
	"os"
	"time"
)

// What a folder does besides when no plan saw to the limits, and to the place of the data in their file.

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

// spend takes n bytes from what may be written of all files, as far as there are.
func (f *Folder) spend(w *file, n int) int {
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
	w.spent += uint64(n)
	return n
}

// shift moves the data of a file to their place in it: what is before stays empty.
func (f *Folder) shift(name string, place uint64, at time.Time) error {
	from, err := f.root.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	temp := fmt.Sprintf(".ftpscope-%d-shift.part", os.Getpid())
	to, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer f.root.Remove(temp)
	if _, err = io.Copy(io.NewOffsetWriter(to, int64(place)), from); err != nil {
		to.Close()
		return err
	}
	if err = to.Close(); err != nil {
		return err
	}
	if err = f.root.Rename(temp, name); err != nil {
		return err
	}
	return f.root.Chtimes(name, at, at)
}
