package extract

import (
	"bytes"
	"encoding/json"
)

// list writes a line of the manifest.
func (f *Folder) list(e *Entry) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return err
	}
	_, err := f.manifest.Write(line.Bytes())
	return err
}
