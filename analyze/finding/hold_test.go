package finding

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// waits is a session whose findings FXP might change: its endpoint was not used.
func waits(from, to flow.Time) *record.Session { return sess(lasting(from, to), with(passive())) }

func TestStreamHolds(t *testing.T) {
	emitted := 0
	st := NewStream(Options{}, func(*record.Session) { emitted++ })
	st.Add(waits(0, 10))
	st.Add(waits(309, 309))
	require.Zero(t, emitted, "five minutes after its end are not over")
	st.Add(sess(lasting(311, 312)))
	require.Equal(t, 1, emitted)
	st.Tick(700 * flow.Second)
	require.Equal(t, 3, emitted)
	for range maxHeld + 5 {
		st.Add(waits(800, 801))
	}
	require.Len(t, st.held, maxHeld)
	require.Equal(t, 3+5, emitted)
	st.Flush()
	require.Equal(t, 3+maxHeld+5, emitted)
}

// Few sessions may hold much: connections by the thousand, texts as long as lines and
// replies can be.
func TestStreamHoldsSoManyBytes(t *testing.T) {
	emitted := 0
	st := NewStream(Options{}, func(*record.Session) { emitted++ })
	for range 100 {
		s := waits(1, 2)
		s.Notes.Size = 1 << 20
		st.Add(s)
		require.LessOrEqual(t, st.bytes, maxHeldBytes)
	}
	require.Positive(t, emitted)
	require.Positive(t, st.bytes)
	st.Flush()
	require.Equal(t, 100, emitted)
	require.Zero(t, st.bytes)
}

func TestStreamLetsGo(t *testing.T) {
	unheard := func(c *flow.Conn) { c.SYNs, c.LastSYN, c.Last = 1, c.SYN, c.SYN }
	endsSoon := func(s *record.Session) { s.Capture.ToEnd, s.End.Time = false, at(15).Time }
	cut := func(c *flow.Conn) {
		c.Closing, c.Half = flow.Cut, [2]flow.Half{}
	}
	silent := func(s *record.Session) { s.Notes.Control.Last, s.End.Time = at(20), at(28).Time }
	noReply := func(t *record.Transfer) { t.Reply, t.Outcome = nil, record.Incomplete }
	for _, test := range []struct {
		name string
		s    *record.Session
		goes bool
	}{
		{"nothing happened", sess(), true},
		{"a login", sess(logins("+bob")), true},
		{"four failures", sess(logins("-bob", "-bob", "-bob", "-bob")), true},
		{"a brute force that may go on", sess(logins("-bob", "-bob", "-bob", "-bob", "-bob")), false},
		{"passive, used", sess(with(passive(worked(5)))), true},
		{"active, used", sess(with(active(worked(5)))), true},
		{"active, never tried", sess(with(active())), true},
		{"passive, never tried: FXP may explain it", sess(with(passive())), false},
		{"PORT of another host", sess(with(active(announces(another, 40001), worked(5)))), false},
		{"PASV of another address", sess(with(passive(announces(another, 40001), worked(5)))), false},
		{"no answer to three SYNs", sess(with(passive(met(flow.Unanswered), failed))), true},
		{"no answer to a SYN, but a reply", sess(with(passive(met(flow.Unanswered, unheard), failed))), true},
		{"no answer to a SYN yet", sess(endsSoon, with(passive(met(flow.Unanswered, unheard)))), false},
		{"silent for no one knows how long", sess(with(passive(met(flow.Established, cut), replied(30, 426, "cut")))), false},
		{"the control connection may be silent", sess(silent, with(passive(worked(5), noReply))), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			left := false
			st := NewStream(Options{}, func(*record.Session) { left = true })
			st.Add(test.s)
			require.Equal(t, test.goes, left)
		})
	}
	t.Run("behind one that waits", func(t *testing.T) {
		emitted := 0
		st := NewStream(Options{}, func(*record.Session) { emitted++ })
		st.Add(waits(0, 10))
		for range 9 {
			st.Add(sess(lasting(1, 2), logins("+bob"), with(passive(worked(5)))))
		}
		require.Zero(t, emitted)
		st.Add(sess(lasting(400, 401)))
		require.Equal(t, 11, emitted)
	})
	t.Run("a brute force that went on", func(t *testing.T) {
		emitted := 0
		st := NewStream(Options{}, func(*record.Session) { emitted++ })
		for _, s := range guesses(20, 2, "-bob") {
			st.Add(s)
		}
		require.Equal(t, 19, emitted)
	})
}

// crowd makes sessions of few hosts that get in each other's way: they guess passwords,
// take part in FXP, are captured twice, fail in ways that the rest of the capture decides
// on.
type crowd struct {
	*rand.Rand
	files int
}

func (r crowd) chance(percent int) bool { return r.IntN(100) < percent }

func pick[T any](r crowd, list ...T) T { return list[r.IntN(len(list))] }

func (r crowd) sessions(n int) []*record.Session {
	var list []*record.Session
	now := flow.Time(0)
	pace := pick(r, 10*flow.Millisecond, flow.Second, 40*flow.Second)
	if n > maxHeld {
		pace = flow.Millisecond
	}
	for range n {
		now += flow.Time(r.Int64N(int64(pace)))
		if n < maxHeld && r.chance(1) {
			now += 400 * flow.Second
		}
		s := r.session(now)
		list = append(list, s)
		if r.files > 1 && r.chance(30) {
			for range pick(r, 1, 1, 2) {
				list = append(list, r.twin(s))
			}
		}
	}
	for i, s := range list {
		s.ID = i + 1
	}
	return list
}

func (r crowd) session(now flow.Time) *record.Session {
	hosts := []netip.Addr{client.Addr(), another, inside}
	s := sess()
	s.Client = netip.AddrPortFrom(pick(r, hosts...), uint16(5000+r.IntN(3)))
	s.Server = netip.AddrPortFrom(pick(r, server.Addr(), server.Addr(), netip.MustParseAddr("192.0.2.22")), 21)
	s.Notes.Control.Src, s.Notes.Control.Dst = s.Client, s.Server
	if r.chance(20) {
		s.Notes.Control.Closing, s.Notes.Control.Last = flow.Cut, at(20)
	}
	for range pick(r, 0, 1, 1, 1, 3, 7) {
		logins(pick(r, "+bob", "-bob", "-bob", "-eve", "+anonymous"))(s)
	}
	for range pick(r, 0, 1, 1, 2, 4) {
		with(r.transfer(s))(s)
	}
	s.Capture.ToEnd = r.chance(80)
	if r.chance(10) {
		s.Capture.FromStart = false
	}
	ttls(64, 63)(s)
	s.First.Pos = flow.At(0, 3)
	r.shift(s, now)
	s.End.Time = now + flow.Time(r.Int64N(int64(pick(r, flow.Second, 100*flow.Second))))
	return s
}

func (r crowd) transfer(s *record.Session) record.Transfer {
	change := func(t *record.Transfer) {
		if r.chance(30) {
			t.Announced = ptr(netip.AddrPortFrom(pick(r, s.Client.Addr(), s.Server.Addr(), server.Addr(), another), uint16(40000+r.IntN(6))))
		} else {
			own := s.Client
			if t.Mode == record.Passive {
				own = s.Server
			}
			t.Announced = ptr(netip.AddrPortFrom(own.Addr(), uint16(40000+r.IntN(6))))
		}
		if r.chance(10) {
			t.Notes.Asked = nil
		}
	}
	from := func(c *flow.Conn) {
		c.Src = netip.AddrPortFrom(pick(r, s.Client.Addr(), s.Server.Addr(), another), uint16(50000+r.IntN(3)))
		if r.chance(40) {
			c.SYNs = 1
		}
		if r.chance(30) {
			c.Closing, c.Half = flow.Cut, [2]flow.Half{}
		}
	}
	met := met(pick(r, flow.Established, flow.Established, flow.Refused, flow.Unanswered, flow.Unknown), from)
	end := replied(30, pick(r, 226, 425, 426, 550), "so")
	none := func(*record.Transfer) {}
	happy := func(t *record.Transfer) { worked(5)(t); from(t.Notes.Conn) }
	changes := [][]func(*record.Transfer){{happy}, {worked(7)}, {met, end}, {met}, {none}, {end}}[r.IntN(6)]
	changes = append([]func(*record.Transfer){change}, changes...)
	if r.chance(50) {
		return passive(changes...)
	}
	return active(changes...)
}

// shift moves a session to a time.
func (r crowd) shift(s *record.Session, now flow.Time) {
	d := now - s.Start.Time
	s.Start.Time, s.End.Time, s.First.Time = now, s.End.Time+d, s.First.Time+d
	s.Notes.Control.Last.Time += d
	for i := range s.Notes.Logins {
		s.Notes.Logins[i].Mark.Time += d
	}
	for i := range s.Transfers {
		n := &s.Transfers[i].Notes
		for _, line := range []**record.Line{&n.Asked, &n.Ran} {
			if *line != nil {
				moved := **line
				moved.Mark.Time += d
				*line = &moved
			}
		}
		if n.Conn != nil {
			moved := *n.Conn
			moved.Last.Time += d
			moved.SYN.Time += d
			n.Conn, n.Tried = &moved, []flow.Conn{moved}
		}
	}
}

// twin is a session as captured elsewhere, more or less.
func (r crowd) twin(s *record.Session) *record.Session {
	x := *s
	x.Transfers, x.Notes.Logins = slices.Clone(s.Transfers), slices.Clone(s.Notes.Logins)
	x.Client = netip.AddrPortFrom(pick(r, another, client.Addr()), s.Client.Port())
	x.Notes.Control.Src = x.Client
	ttls(63, 64)(&x)
	x.First.Pos = flow.At(pick(r, 1, 1, 0), 3)
	r.shift(&x, s.Start.Time+flow.Time(r.Int64N(int64(3*flow.Second))))
	return &x
}

// TestStreamLetsGoWhatIsCertain compares sessions that leave as soon as they can with
// those that wait as long as they may.
func TestStreamLetsGoWhatIsCertain(t *testing.T) {
	early, told := 0, map[string]int{}
	for seed := range uint64(150) {
		r := crowd{rand.New(rand.NewPCG(seed, 1)), int(1 + seed%2)}
		n := pick(r, 5, 60, 300)
		if seed < 2 {
			n = maxHeld + 500
		}
		list := r.sessions(n)
		judged := func(patient bool) (lines []string, dropped map[string]int) {
			st := NewStream(Options{Files: r.files}, func(s *record.Session) {
				for _, f := range s.Findings {
					told[f.ID]++
				}
				lines = append(lines, fmt.Sprintf("%d %+v", s.ID, s.Findings))
			})
			st.patient = patient
			for _, s := range list {
				x := *s
				st.Add(&x)
				if !patient && len(lines) > 0 && st.left > 0 {
					early++
				}
			}
			st.Flush()
			return lines, st.Dropped()
		}
		want, dropped := judged(true)
		got, less := judged(false)
		require.Equal(t, want, got, "seed %d", seed)
		require.Equal(t, dropped, less)
	}
	require.NotZero(t, early)
	for _, id := range []string{"brute-force", "cleartext-credentials", "fxp-transfer", "bounce-attempt", "nat-mismatch", "third-party-data-connection", "data-never-tried", "data-unanswered", "data-cut", "control-lost-during-transfer"} {
		require.NotZero(t, told[id], id)
	}
}
