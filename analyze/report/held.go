package report

import (
	"bytes"
	"io"
)

// maxHeld bounds what a page holds back for its first line: some thousand sessions.
const maxHeld = 4 << 20

// Held holds what a page writes until the line is known that is to stand above it. A page
// that grows too long to be held begins without the line.
type Held struct {
	out    io.Writer
	kept   bytes.Buffer
	opened bool
}

// Hold returns a Held that writes to out; one of a live page holds nothing.
func (o Options) Hold(out io.Writer) *Held { return &Held{out: out, opened: o.Live} }

// Write takes a part of the page.
func (h *Held) Write(p []byte) (int, error) {
	if h.opened {
		return h.out.Write(p)
	}
	if h.kept.Len()+len(p) > maxHeld {
		if err := h.release("the answer for the whole capture stands at the end\n\n"); err != nil {
			return 0, err
		}
		return h.out.Write(p)
	}
	return h.kept.Write(p)
}

// Open writes the line and what was held; it reports whether the line stands above.
func (h *Held) Open(line string) (above bool, err error) {
	if h.opened {
		return false, nil
	}
	return true, h.release(line)
}

func (h *Held) release(line string) error {
	h.opened = true
	if _, err := io.WriteString(h.out, line); err != nil {
		return err
	}
	_, err := h.out.Write(h.kept.Bytes())
	h.kept = bytes.Buffer{}
	return err
}
