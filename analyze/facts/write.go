package facts

import (
	"context"
	"io"
	"math"

	"ftpscope/analyze"
	"ftpscope/analyze/control"
	"ftpscope/analyze/facts/codec"
	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// Set is the captures of one point.
type Set struct {
	Source   analyze.Source
	Point    string // as in Head
	Settings string
	Program  string
}

// Options say how a set is read; the zero value works.
type Options struct {
	// Analyze is what an analysis would be given. Who keeps packets or follows
	// connections has no part in it.
	Analyze   analyze.Options
	NoSecrets bool // leave passwords out
}

// Write reads a piece of a set, and writes its facts. When ctx is done it ends with its
// error, and what was written is no facts file.
func Write(ctx context.Context, w io.Writer, set Set, piece Piece, opt Options) (Counts, error) {
	a := opt.Analyze
	h := Head{
		Program: set.Program, Point: set.Point, Settings: set.Settings, Piece: piece, Files: set.Source.Files(),
		Ports: a.Ports, MergeNetworks: a.MergeNetworks, Dialogue: a.Dialogue, Curves: a.Curves, ShowPasswords: a.ShowPasswords && !opt.NoSecrets, NoSecrets: opt.NoSecrets,
	}
	a.ShowPasswords = h.ShowPasswords
	l := &writer{frames: newFrames(w), coder: codec.NewWriter()}
	if opt.NoSecrets {
		l.secrets = &secrets{}
	}
	head(l.coder, &h)
	l.frame(headFrame, l.coder.Bytes())
	l.coder.Reset()
	l.recording.Log = l
	totals := analyze.Record(cancelled{set.Source, ctx, l}, a, &l.recording)
	l.flush()
	l.counts.Packets = totals.Packets
	at := l.offset
	ending(l.coder, &end{totals: *totals, counts: l.counts, blocks: l.blocks})
	l.frame(endFrame, l.coder.Bytes())
	l.footer(at)
	l.counts.Bytes = l.offset
	if err := ctx.Err(); err != nil {
		return l.counts, err
	}
	return l.counts, l.err
}

// cancelled is a source that ends when nobody wants more of it.
type cancelled struct {
	analyze.Source
	ctx context.Context
	w   *writer
}

// Next returns no more packets then.
func (c cancelled) Next() ([]capture.Packet, error) {
	if c.ctx.Err() != nil {
		return nil, io.EOF
	}
	return c.Source.Next()
}

// eventKind is what an event is about.
type eventKind uint8

const (
	aNetwork eventKind = 1 + iota
	anOpened
	anUnanswered
	aClosed
	anExpectation
	aHostExpectation
	aTick
)

// writer is the log of a run, on its way into a file.
type writer struct {
	*frames
	coder     *codec.Coder
	recording analyze.Recording
	told      []bool // networks
	blocks    []place
	began     uint64 // events before the block
	counts    Counts
	secrets   *secrets // nil: they stay
}

// event begins one.
func (w *writer) event(kind eventKind) *codec.Coder {
	if len(w.coder.Bytes()) >= blockSize {
		w.flush()
	}
	w.counts.Events++
	codec.Number(w.coder, &kind)
	return w.coder
}

// flush writes a block.
func (w *writer) flush() {
	if b := w.coder.Bytes(); len(b) > 0 {
		w.blocks = append(w.blocks, place{w.offset, w.began})
		w.frame(blockFrame, b)
		w.coder.Reset()
		w.began = w.counts.Events
	}
}

// nets tells of networks by their paths, before an event names them.
func (w *writer) nets(n *flow.Nets) {
	for _, net := range n {
		w.net(net)
	}
}

func (w *writer) net(net flow.Net) {
	if net == flow.PlainNet || net == flow.OtherNet || int(net) < len(w.told) && w.told[net] {
		return
	}
	for int(net) >= len(w.told) {
		w.told = append(w.told, false)
	}
	w.told[net] = true
	path := w.recording.Network(net)
	c := w.event(aNetwork)
	codec.Number(c, &net)
	codec.Path(c, &path)
}

// Opened, Unanswered, Closed, Expect, ExpectHosts and Tick take the log.
func (w *writer) Opened(x *flow.Conn) {
	w.nets(&x.Nets)
	codec.Conn(w.event(anOpened), x)
}

func (w *writer) Unanswered(s *flow.LoneSYN) {
	w.net(s.Net)
	codec.LoneSYN(w.event(anUnanswered), s)
}

func (w *writer) Closed(x *flow.Conn, said *control.Transcript) {
	w.nets(&x.Nets)
	if said != nil {
		w.nets(&said.Notes.Control.Nets)
	}
	c := w.event(aClosed)
	codec.Conn(c, x)
	spoke := said != nil
	if c.Bool(&spoke); spoke {
		if w.secrets != nil {
			said = w.secrets.without(said)
		}
		codec.Transcript(c, said)
	}
}

func (w *writer) Expect(x *control.Expectation) {
	w.nets(&x.Nets)
	codec.Expectation(w.event(anExpectation), x)
}

func (w *writer) ExpectHosts(x control.HostExpectation) {
	w.nets(&x.Nets)
	codec.HostExpectation(w.event(aHostExpectation), &x)
}

func (w *writer) Tick(t analyze.Tick) { codec.Tick(w.event(aTick), &t) }

// maxNetworks is more than the decoder tells apart.
const maxNetworks = math.MaxUint16
