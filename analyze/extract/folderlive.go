package extract

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
