package extract

import (
	"bytes"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// A live capture is read once: that a connection carries the data of a transfer shows
// when a session claims it, which is before its first payload as a rule, but later where
// packets were reordered or workers are behind each other. Until then its payload waits
// in memory.
const (
	// maxWaiting bounds what waits of one connection: what a fast one carries while
	// workers are at their batches.
	maxWaiting = 8 << 20
	// maxWaitingAll bounds it over all connections.
	maxWaitingAll = 128 << 20
	// claimTime is how long after its beginning a connection may be claimed: session's
	// early and its grace, and more.
	claimTime = 15 * flow.Second
)

// Live is an Extractor without a plan.
type Live struct {
	*Extractor
	control func(port uint16) bool
	chosen  func(*record.Session) bool
	waiting atomic.Int64 // bytes

	mu     sync.Mutex
	claims map[uint64][]uint64 // by connection: the control connections of its sessions
	open   map[uint64]*liveStream
	closed map[uint64]*liveStream // not claimed yet
	ended  []ended                // of closed, in the order of their end
}

type ended struct {
	conn uint64
	at   flow.Time
}

// LiveOptions are what a live extraction knows of its analysis.
type LiveOptions struct {
	Options
	Control func(port uint16) bool     // FTP is expected on this port
	Chosen  func(*record.Session) bool // the session's files are wanted
}

// NewLive makes an Extractor of what passes.
func NewLive(opt LiveOptions, folder *Folder, problem func(error)) *Live {
	l := &Live{
		Extractor: New(&Plan{opt: opt.Options}, folder, problem), control: opt.Control, chosen: opt.Chosen,
		claims: map[uint64][]uint64{}, open: map[uint64]*liveStream{}, closed: map[uint64]*liveStream{},
	}
	l.live = l
	if folder != nil {
		folder.limit(opt.Limits)
	}
	return l
}

// Claimed hears that a session has a use for a connection.
func (l *Live) Claimed(c *flow.Conn, control uint64) {
	l.mu.Lock()
	if len(l.claims) >= maxWanted {
		l.over++
		l.mu.Unlock()
		return
	}
	if list := l.claims[c.ID]; !slices.Contains(list, control) {
		l.claims[c.ID] = append(list, control)
	}
	if s := l.open[c.ID]; s != nil {
		s.claimed.Store(true)
	}
	s := l.closed[c.ID]
	delete(l.closed, c.ID)
	l.mu.Unlock()
	if s != nil {
		s.replay()
		l.keep(s.sides[:])
	}
}

// Unclaimed hears that a session has no use for a connection any more.
func (l *Live) Unclaimed(c *flow.Conn, control uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := slices.DeleteFunc(l.claims[c.ID], func(id uint64) bool { return id == control }); len(left) > 0 {
		l.claims[c.ID] = left
	} else {
		delete(l.claims, c.ID)
	}
}

// Follow makes the reader of a connection that is claimed, or may be.
func (l *Live) Follow(c *flow.Conn) tcp.DataReader {
	if l.control(c.Dst.Port()) || !c.OpenerKnown && l.control(c.Src.Port()) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &liveStream{of: l, conn: c.ID, ends: [2]netip.AddrPort{c.Src, c.Dst}, begin: c.Start.Time}
	if len(l.claims[c.ID]) > 0 {
		s.claimed.Store(true)
	} else if c.OpenerKnown && c.Dst.Port() < flow.FirstUnprivileged || l.waiting.Load() > maxWaitingAll {
		return nil
	}
	l.open[c.ID] = s
	return s
}

// Closed takes a connection that is over.
func (s *liveStream) Closed(c *flow.Conn) flow.Told {
	l := s.of
	l.mu.Lock()
	delete(l.open, s.conn)
	claimed := s.claimed.Load()
	if !claimed {
		l.closed[s.conn] = s
		l.ended = append(l.ended, ended{s.conn, c.Last.Time})
	}
	l.expire(c.Last.Time)
	l.mu.Unlock()
	if claimed {
		s.replay()
		l.keep(s.sides[:])
	}
	return flow.Told{}
}

// expire lets go of connections that nobody claimed in time.
func (l *Live) expire(now flow.Time) {
	n := 0
	for n < len(l.ended) && now-l.ended[n].at > claimTime {
		if s := l.closed[l.ended[n].conn]; s != nil {
			s.forget()
			delete(l.closed, s.conn)
		}
		n++
	}
	l.ended = l.ended[n:] // what is left moves only when there is no more room behind it
}

// release lets go of what a session had, files without a name among it.
func (l *Live) release(s *record.Session) {
	for i := range s.Transfers {
		t := &s.Transfers[i]
		for j := range t.Notes.Tried {
			c := &t.Notes.Tried[j]
			l.mu.Lock()
			left := slices.DeleteFunc(l.claims[c.ID], func(control uint64) bool { return control == s.First.Ord })
			if len(left) > 0 {
				l.claims[c.ID] = left
			} else {
				delete(l.claims, c.ID)
			}
			l.mu.Unlock()
			if len(left) == 0 {
				l.drop(key{c.ID, c.Src})
				l.drop(key{c.ID, c.Dst})
			}
		}
	}
}

// liveStream reads a connection: what comes before it is claimed waits.
type liveStream struct {
	of      *Live
	conn    uint64
	ends    [2]netip.AddrPort
	begin   flow.Time
	claimed atomic.Bool
	pieces  []piece
	size    int
	sides   [2]*side
}

// piece is bytes of a direction, or a gap.
type piece struct {
	dir  flow.Direction
	data []byte
	gap  uint64
}

// overhead is what a piece costs besides its bytes.
const overhead = 64

// Data takes the next bytes of a direction; false: nobody claimed the connection in time.
func (s *liveStream) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	if s.claimed.Load() {
		s.replay()
		s.side(dir).data(b)
		return true
	}
	if s.size+len(b) > maxWaiting || at.Time-s.begin > claimTime || s.of.waiting.Load() > maxWaitingAll {
		s.of.mu.Lock()
		delete(s.of.open, s.conn)
		s.of.mu.Unlock()
		if s.claimed.Load() { // in this moment
			s.replay()
			s.side(dir).data(b)
			return true
		}
		s.forget()
		return false
	}
	s.wait(piece{dir: dir, data: bytes.Clone(b)})
	return true
}

// Gap takes what is missing.
func (s *liveStream) Gap(dir flow.Direction, n uint64, _ flow.Mark) {
	if s.claimed.Load() {
		s.replay()
		s.side(dir).gap(n)
		return
	}
	s.wait(piece{dir: dir, gap: n})
}

func (s *liveStream) wait(p piece) {
	s.pieces = append(s.pieces, p)
	s.size += len(p.data) + overhead
	s.of.waiting.Add(int64(len(p.data) + overhead))
}

func (s *liveStream) forget() {
	s.of.waiting.Add(-int64(s.size))
	s.pieces, s.size = nil, 0
}

// replay gives what waited.
func (s *liveStream) replay() {
	if s.size == 0 {
		return
	}
	for _, p := range s.pieces {
		if d := s.side(p.dir); p.gap > 0 {
			d.gap(p.gap)
		} else {
			d.data(p.data)
		}
	}
	s.forget()
}

func (s *liveStream) side(dir flow.Direction) *side {
	if s.sides[dir] == nil {
		s.sides[dir] = newSide(s.of.Extractor, key{s.conn, s.ends[dir]}, s.of.want())
	}
	return s.sides[dir]
}

// want is what is wanted of every transfer's data: what is none is seen when the session
// is over.
func (l *Live) want() *want {
	w := &want{uses: 1, tls: true}
	if l.folder != nil {
		w.most, w.why = l.folder.admit()
	}
	return w
}
