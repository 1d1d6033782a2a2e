package extract

import (
	"bytes"
	"encoding/json"
	"io"
)

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
