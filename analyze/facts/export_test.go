package facts

import (
	"bytes"

	"ftpscope/analyze/facts/codec"
)

// Blocks are the contents of a file's blocks.
func Blocks(file []byte) (list [][]byte) {
	r, err := NewReader(bytes.NewReader(file), "test")
	for err == nil {
		var kind frameKind
		if kind, err = r.next(); err == nil && kind == blockFrame {
			list = append(list, bytes.Clone(r.content))
		}
	}
	return list
}

// FileOf is a file of one block.
func FileOf(content []byte) []byte {
	var b bytes.Buffer
	f, c := newFrames(&b), codec.NewWriter()
	head(c, &Head{Files: []string{"a"}})
	f.frame(headFrame, c.Bytes())
	f.frame(blockFrame, content)
	return b.Bytes()
}
