package tcp_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// followed is a Follower that writes down what it reads.
type followed struct {
	t      testing.TB
	want   func(c *flow.Conn) bool
	refuse func(said string) bool
	open   map[*talk]uint64
	ended  []ended
	silent *silent // reads instead
}

func (f *followed) ReadsAll() bool { return false }

func (f *followed) Follow(c *flow.Conn) tcp.DataReader {
	if f.want != nil && !f.want(c) {
		return nil
	}
	if f.silent != nil {
		return silentData{f.silent}
	}
	k := &dataTalk{talk{src: c.Src.String(), refuse: f.refuse}, f}
	f.open[&k.talk] = c.ID
	return k
}

// dataTalk is the talk of a connection that is followed.
type dataTalk struct {
	talk
	f *followed
}

func (k *dataTalk) Closed(c *flow.Conn) flow.Told {
	f := k.f
	require.Equal(f.t, c.ID, f.open[&k.talk])
	require.False(f.t, k.refused)
	delete(f.open, &k.talk)
	if k.src != c.Src.String() {
		k.swap()
	}
	f.ended = append(f.ended, ended{*c, &k.talk})
	return flow.Told{}
}

// silentData is a DataReader that only counts.
type silentData struct{ *silent }

func (silentData) Closed(*flow.Conn) flow.Told { return flow.Told{} }

// following runs a table with and without a Follower, and holds that the Sink hears the
// same.
func following(t testing.TB, f *followed, class tcp.Class, segments []flow.Segment) {
	t.Helper()
	f.t, f.open = t, map[*talk]uint64{}
	sink := func() *recorder {
		r := newRecorder(t)
		r.classify = func(*flow.Conn, flow.Direction, []byte) tcp.Class { return class }
		return r
	}
	feed := func(r *recorder, f *followed) {
		table := tcp.New(r)
		if f != nil {
			table.Follow(f, nil)
		}
		for i := range segments {
			s := segments[i]
			if table.Segment(&s); i%16 == 0 {
				table.Tick(s.Time)
			}
			require.LessOrEqual(t, table.HeldData(), tcp.MaxHeldDataAll+tcp.MaxHeldData)
		}
		r.finish(table)
		require.Zero(t, table.HeldData())
	}
	alone, beside := sink(), sink()
	feed(alone, nil)
	feed(beside, f)
	require.Equal(t, alone.closed, beside.closed)
	if f.refuse == nil {
		require.Empty(t, f.open)
	}
}

func (f *followed) said() string {
	var all []string
	for _, e := range f.ended {
		for dir, text := range e.talk.text {
			if len(text) > 0 {
				all = append(all, fmt.Sprintf("%d %c %s", e.conn.Src.Port(), arrows[dir], text))
			}
		}
	}
	return strings.Join(all, "\n")
}

func TestFollow(t *testing.T) {
	for _, test := range []row{
		{"in order", handshake + "> A 101/301 =abc\n> A 104/301 =def", "40000 > abcdef"},
		{"reordered at the start", handshake + "> A 104/301 =def\n> A 101/301 =abc", "40000 > abcdef"},
		{"the SYN comes later", "> A 101/301 =abc\n< SA 300/101\n> S 100\n> A 104/301 =def", "40000 > abcdef"},
		{"nothing of the other side", "> S 100\n> A 101/301 =abc\n> A 107/301 =ghi", "40000 > abc<3>ghi"},
		{"what it acknowledges never comes", handshake + "> A 101/901 =abc", "40000 > abc\n40000 < <600>"},
		{"lost at the end", handshake + "> A 101/301 =abc\n< A 301/109", "40000 > abc<5>"},
		{"cut short", handshake + "> A 101/301 =abc-7\n> A 111/301 =d", "40000 > abc<7>d"},
		{"data in the SYN", "> S 100 =abc\n< SA 300/104\n> A 104/301 =def", "40000 > abcdef"},
		{"retransmission after a long time", handshake + "> A 101/301 =abc\n> A 107/301 =ghi\n< A 301/104\nwait 9s\n> A 104/301 =def", "40000 > abcdefghi"},
		{"acknowledged gap", handshake + "> A 101/301 =abc\n> A 107/301 =ghi\n< A 301/110\nwait 3s\n> A 110/301 =j\n> A 104/301 =def", "40000 > abc<3>ghij"},
		{"a segment from far ahead", handshake + "> A 101/301 =abc\n> A 1000101/301 =XXX\nwait 6s\n> A 104/301 =def\nwait 6s\n> A 107/301 =ghi", "40000 > abcdefghi"},
		{"a segment from far ahead that was received", handshake + "> A 101/301 =abc\n> A 1000101/301 =XXX\n< A 301/1000104\nwait 6s", "40000 > abc<999997>XXX"},
		{"both directions", handshake + "> A 101/301 =abc\n< A 301/104 =xyz", "40000 > abc\n40000 < xyz"},
	} {
		for class := range tcp.Control + 1 {
			t.Run(fmt.Sprint(test.name, class), func(t *testing.T) {
				f := &followed{}
				following(t, f, class, segments(test.script))
				require.Equal(t, test.want, f.said())
			})
		}
	}
}

func TestFollowRefused(t *testing.T) {
	f := &followed{refuse: func(said string) bool { return len(said) > 3 }}
	following(t, f, tcp.Counted, segments(handshake+"> A 101/301 =abc\n> A 107/301 =ghi\n> A 104/301 =def\n> A 110/301 =jkl"))
	require.Empty(t, f.ended)
	require.Len(t, f.open, 1)
}

// TestFollowAccidents: whatever happens to packets, data are what was sent, and the Sink
// hears what it hears otherwise.
func TestFollowAccidents(t *testing.T) {
	names := []string{"split", "merge", "duplicate", "duplicate all", "retransmit", "shift"}
	for name, script := range conversations {
		t.Run(name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, script)
			want := map[string]string{}
			for _, f := range frames {
				for dir := range flow.Direction(2) {
					want[f.Conn+string(arrows[dir])] = string(capturetest.Stream(frames, f.Conn, dir))
				}
			}
			conn := map[string]string{}
			for _, f := range frames {
				if f.Meta.Dir == flow.Out {
					conn[f.Meta.Src.String()+f.Meta.Dst.String()] = f.Conn
				}
			}
			for seed := range uint64(rounds(60)) {
				got := hastened(capturetest.Reorder(accidents[names[seed%6]](frames, seed), []int{1, 4, 64}[seed/6%3], seed))
				if resetFirst(got) {
					continue
				}
				f := &followed{}
				following(t, f, tcp.Class(seed%2), capturetest.Segments(got))
				for _, e := range f.ended {
					for dir := range flow.Direction(2) {
						is := conn[e.conn.Src.String()+e.conn.Dst.String()] + string(arrows[dir])
						require.True(t, want[is] == string(e.talk.text[dir]), "seed %d: %s\n%s", seed, is, lazy(got))
					}
				}
			}
		})
	}
}

// TestFollowAnything: whatever comes, the Sink hears what it hears without a Follower.
func TestFollowAnything(t *testing.T) {
	for seed := range uint64(rounds(40)) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		list := make([]flow.Segment, 600)
		for i := range list {
			randomSegment(rnd, &list[i])
			list[i].Mark = flow.Mark{Time: flow.Time(i) * flow.Time(seed) * 10 * flow.Millisecond, Ord: uint64(i + 1), Pos: flow.At(0, uint64(i+1))}
		}
		f := &followed{want: func(c *flow.Conn) bool { return c.ID%3 > 0 }}
		if seed%2 > 0 {
			f.refuse = func(said string) bool { return len(said) > 2000 }
		}
		following(t, f, tcp.Class(seed/2%2), list)
	}
}

// TestFollowBounded: a gap that nothing fills is given up when too much waits behind it.
func TestFollowBounded(t *testing.T) {
	f := &followed{}
	list := segments(handshake + "> A 101/301 =abc")
	for i := range 3 * tcp.MaxHeldData / 60_000 {
		s := list[len(list)-1]
		s.Seq, s.Payload, s.Length, s.Ord = 110+60_000*uint32(i), zeros[:60_000], 60_000, s.Ord+1
		list = append(list, s)
	}
	following(t, f, tcp.Counted, list)
	said := string(f.ended[0].talk.text[0])
	require.Equal(t, "abc<6>", said[:6])
	require.Len(t, said, 6+3*tcp.MaxHeldData/60_000*60_000)
}

// waiter reads a connection, and waits until it is told not to.
type waiter struct {
	talk
	until  flow.Time
	closed *int
}

func (w *waiter) Waits(now flow.Time) bool { return now < w.until }
func (w *waiter) Closed(*flow.Conn) flow.Told {
	*w.closed++
	return flow.Told{}
}

// waiters are those of the first connections.
type waiters struct {
	most, closed int
	until        flow.Time
}

func (w *waiters) ReadsAll() bool { return true }
func (w *waiters) Follow(*flow.Conn) tcp.DataReader {
	if w.most--; w.most < 0 {
		return nil
	}
	return &waiter{until: w.until, closed: &w.closed}
}

// TestWaiter: a connection that is over is not closed while its reader waits for something
// else, whatever ends behind it.
func TestWaiter(t *testing.T) {
	const hold = 10 * flow.Second
	script := ""
	for i := range 200 {
		script += fmt.Sprintf("conn %d 21\n%s> A 101/301 =abc\n> FA 104/301\n< FA 301/105\n> A 105/302\n", 40000+i, handshake)
	}
	r := newRecorder(t)
	r.classify = counted
	list := segments(script)
	table, end := tcp.New(r), list[len(list)-1].Time
	w := &waiters{most: 1, until: end + hold}
	table.Follow(w, nil)
	for i := range list {
		table.Segment(&list[i])
	}
	table.Tick(end + hold/2)
	require.Zero(t, w.closed)
	require.Len(t, r.closed, 199)
	table.Tick(end + hold)
	require.Equal(t, 1, w.closed)
	require.Len(t, r.closed, 200)
}
