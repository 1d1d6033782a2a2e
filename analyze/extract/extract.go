// Package extract hashes what data connections carried, and writes it into files. It
// reads the connections that a Plan chose in a first pass over the captures, as tcp gives
// their bytes in order in a second one, and completes the records of their transfers for
// the outputs.
package extract

import (
	"net/netip"
	"sync"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// Options say what is wanted.
type Options struct {
	Hashes   []string // of Hashes
	Listings bool     // files of LIST, NLST and MLSD too
	Limits   Limits
}

// Limits bound the files that are written.
type Limits struct {
	Size  uint64 // bytes of a file: what follows is not written
	Total uint64 // bytes of all
	Files int
}

// DefaultLimits leave room for what people transfer, and stop before a disk of usual size
// is full.
var DefaultLimits = Limits{Size: 4 << 30, Total: 64 << 30, Files: 100_000}

const (
	// maxWanted bounds the transfers of a plan: about 150 MB.
	maxWanted = 1 << 20
	// maxGaps bounds the gaps of a file that are told one by one.
	maxGaps = 1000
	// headSize is how much of the data the media type is told by.
	headSize = 3072
)

// key is one direction of a connection: flow.Conn.ID, which is the same in every pass,
// and the end that sends.
type key struct {
	conn uint64
	from netip.AddrPort
}

// want is what to do with the data of a direction.
type want struct {
	uses   int    // transfers that it is of: two where two servers are joined (FXP)
	offset uint64 // of its first byte in the file
	most   uint64 // bytes of the file, offset included; 0: no file
	tls    bool   // the session speaks TLS: data that look like it are not wanted
	blind  bool   // whether the data are encrypted cannot be told
	why    string // there is no file though one was asked for
}

// Extractor reads what the plan wants. Its methods may be called from several goroutines.
type Extractor struct {
	opt      Options
	wants    map[key]*want
	folder   *Folder // nil: no files
	problem  func(error)
	over     uint64            // transfers that the plan has no room for
	limits   map[string]uint64 // how often each reason for a file that is not whole applied
	live     *Live             // nil: there is a plan
	parts    map[location]part // the last of each file that was extracted
	failures int               // things that could not be written
	spare    uint64            // bytes of the limit on all files that copies of earlier ones may take

	mu   sync.Mutex
	done map[key]*result
}

// New makes an Extractor of a plan; folder is nil when no files are asked for. Problem
// hears of what cannot be written.
func New(p *Plan, folder *Folder, problem func(error)) *Extractor {
	return &Extractor{opt: p.opt, wants: p.wants, folder: folder, problem: problem, over: p.over, spare: p.opt.Limits.Total - p.written, limits: map[string]uint64{}, parts: map[location]part{}, done: map[key]*result{}}
}

// Follow makes the reader of a connection that the plan wants.
func (x *Extractor) Follow(c *flow.Conn) tcp.DataReader {
	out, in := x.side(key{c.ID, c.Src}), x.side(key{c.ID, c.Dst})
	if out == nil && in == nil {
		return nil
	}
	return &stream{x, [2]*side{out, in}}
}

func (x *Extractor) side(k key) *side {
	w := x.wants[k]
	if w == nil || w.blind {
		return nil
	}
	return newSide(x, k, w)
}

// keep ends the reading of a connection's directions.
func (x *Extractor) keep(sides []*side) {
	for _, s := range sides {
		if s != nil {
			res := s.finish()
			x.mu.Lock()
			x.done[s.key] = res
			x.mu.Unlock()
		}
	}
}

// drop forgets what was learned of a direction, and its file if it got no name.
func (x *Extractor) drop(k key) {
	x.mu.Lock()
	r := x.done[k]
	delete(x.done, k)
	x.mu.Unlock()
	if r != nil && r.file != nil && r.name == "" {
		r.file.discard()
	}
}

// result is what there is to say of a direction's data.
type result struct {
	want      *want
	sums      []string // as Options.Hashes; none when bytes are missing
	mime      string
	size      uint64 // bytes given, and missing between them
	missing   uint64
	gaps      []Gap
	conflicts []Gap // bytes that came with two contents
	encrypted bool
	file      *file  // nil: none was written
	uses      int    // sessions that were not told yet
	name      string // of the file
}

// Gap is bytes of a file that are not there: From is the first, To the one after the
// last.
type Gap struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// empty is the result of a connection without payload: nobody was asked to follow it.
func (x *Extractor) empty(k key, w *want) *result {
	s := newSide(x, k, w)
	return s.finish()
}

func keyOf(t *record.Transfer) (key, bool) {
	if t.Notes.Conn == nil {
		return key{}, false
	}
	return key{t.Notes.Conn.ID, t.Notes.From}, true
}

// lookup finds what was learned of a transfer's data.
func (x *Extractor) lookup(t *record.Transfer) (*want, *result) {
	k, ok := keyOf(t)
	if !ok {
		return nil, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	r, w := x.done[k], x.wants[k]
	switch {
	case r != nil:
		w = r.want
	case x.live != nil && carries(t):
		w = &want{blind: blind(t)}
	}
	if w == nil {
		return nil, nil
	}
	if r == nil && !w.blind && t.Bytes != nil && *t.Bytes == 0 && t.Outcome == record.OK {
		if x.live != nil {
			w = x.live.want()
		}
		r = x.empty(k, w)
		x.done[k] = r
	}
	return w, r
}

// Fill completes the transfers of a session by what was learned of their data.
func (x *Extractor) Fill(s *record.Session) {
	for i := range s.Transfers {
		t := &s.Transfers[i]
		_, r := x.lookup(t)
		if r == nil || r.encrypted || r.size == 0 && t.Outcome != record.OK {
			continue
		}
		for i, name := range x.opt.Hashes[:len(r.sums)] {
			switch name {
			case "sha256":
				t.SHA256 = &r.sums[i]
			case "sha1":
				t.SHA1 = &r.sums[i]
			case "md5":
				t.MD5 = &r.sums[i]
			}
		}
		if r.mime != "" {
			t.MIMEType = &r.mime
		}
	}
}
