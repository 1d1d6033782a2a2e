package analyze

import (
	"fmt"

	"ftpscope/capture"
	"ftpscope/capture/decode"
)

// linkTypes remembers which unknown link types of which files were reported.
type linkTypes struct {
	told map[link]bool
	last link // of the last undecoded packet: nearly always the same again
}

type link struct {
	file int
	kind uint32
}

// maxLinks bounds the reports: a hostile pcapng may have a link type for every interface.
const maxLinks = 1000

// check reports the link type of a packet that was not decoded, if that is the reason and
// was not said yet.
func (t *linkTypes) check(a *analysis, p *capture.Packet) {
	l := link{p.Pos.File(), p.Link}
	if a.opt.Problem == nil || l == t.last && len(t.told) > 0 {
		return
	}
	text := "unknown link type %d: its packets cannot be read"
	if decode.KnowsLink(p.Link) {
		if f := a.opt.Filter; f == nil || f.Knows(p.Link) {
			return
		}
		text = "link type %d: the filter cannot look into its packets, so none of them matches"
	}
	t.last = l
	if t.told[l] || len(t.told) >= maxLinks {
		return
	}
	if t.told == nil {
		t.told = map[link]bool{}
	}
	t.told[l] = true
	a.opt.Problem(&capture.FileError{
		File: a.source.Files()[l.file], Offset: -1, Packet: p.Pos.Packet(),
		Err: fmt.Errorf(text, p.Link),
	})
}
