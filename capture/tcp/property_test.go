package tcp_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// conversations are what the properties are tested on.
var conversations = map[string]string{
	"passive": `
		S: 220 ready
		C: USER bob
		S: 331 password?
		C: PASS secret
		S: 230 hello
		C: PASV
		S: 227 Entering Passive Mode (192,0,2,21,195,80)
		data d1 192.0.2.10:40000 > 192.0.2.21:50000
		C: RETR a.txt
		S: 150 here it comes
		d1< 30000 fin
		d1 close <
		S: 226 done
		C: QUIT
		S: 221 bye
		close S`,
	"active, wrap, upload": `
		isn C 4294967290
		isn S 4294967200
		isn d1> 4294967290
		isn d1< 4294960000
		S: 220 ready
		C: PORT 192,0,2,10,156,64
		S: 200 ok
		C: STOR a.txt
		S: 150 go on
		data d1 192.0.2.21:20 > 192.0.2.10:40000
		d1< 25000
		d1 fin <
		S: 226 done
		close`,
	"refused, unanswered, reset": `
		S: 220 ready
		data d1 192.0.2.10:40000 > 192.0.2.21:50000 refused
		data d2 192.0.2.10:40001 > 192.0.2.21:50001 unanswered 3
		data d3 192.0.2.10:40002 > 192.0.2.21:50002 unreachable 13
		data d4 192.0.2.10:40003 > 192.0.2.21:50003
		d4< 9000
		d4 rst >
		C: QUIT
		S: 221 bye
		half S
		C: late
		half C`,
	"two controls, IPv6": `
		control c2 [2001:db8::1]:40000 > [2001:db8::2]:2121
		S: 220 ready
		c2S: 220 me too
		C: FEAT
		c2C: SYST
		S! 211-Features\r\n UTF8\r\n211 End\r\n
		c2S: 215 UNIX
		c2C: EPSV
		data d1 [2001:db8::1]:40001 > [2001:db8::2]:40002
		c2S: 229 (|||40002|)
		d1> 5000 fin
		d1 fin <
		c2 close
		close`,
}

// facts are what a network's and a capture's accidents must not change: of each
// connection who, how, how much, what.
func facts(t testing.TB, frames []capturetest.Frame) []string {
	r := newRecorder(t)
	r.run(capturetest.Segments(frames))
	var all []string
	for _, e := range r.closed {
		c := &e.conn
		f := fmt.Sprintf("%s>%s %t %s %s %d-%d %d-%d", c.Src, c.Dst, c.OpenerKnown, c.State, c.Closing,
			c.Half[0].Bytes, c.Half[0].Missing, c.Half[1].Bytes, c.Half[1].Missing)
		if e.talk != nil {
			f += fmt.Sprintf(" %q %q", e.talk.text[0], e.talk.text[1])
		}
		all = append(all, f)
		checkCausality(t, frames, e)
	}
	slices.Sort(all)
	return all
}

// checkCausality demands that what a segment acknowledged was given before it: a reader's
// chunks, in order, must be how far each side had come when the other spoke.
func checkCausality(t testing.TB, frames []capturetest.Frame, e ended) {
	if e.talk == nil || e.conn.Half[0].Bytes+e.conn.Half[1].Bytes > 1000 { // a data connection
		return
	}
	var start [2]uint32
	var acks [2]map[uint32]uint32 // by direction: a byte's number to the acknowledgment sent with it
	for dir := range acks {
		acks[dir] = map[uint32]uint32{}
	}
	for i := range frames {
		m := frames[i].Meta
		if m == nil || m.ICMP != nil {
			continue
		}
		dir := flow.Out
		switch {
		case m.Src == e.conn.Src && m.Dst == e.conn.Dst:
		case m.Dst == e.conn.Src && m.Src == e.conn.Dst:
			dir = flow.In
		default:
			continue
		}
		if m.Flags&flow.SYN != 0 {
			start[dir] = m.Seq + 1
		}
		for n := range m.Payload {
			seq := m.Seq + uint32(n)
			if old, seen := acks[dir][seq]; !seen || int32(m.Ack-old) < 0 { // of copies the least demanding
				acks[dir][seq] = m.Ack
			}
		}
	}
	var given [2]uint32
	for _, c := range e.talk.chunks {
		for i := range uint32(len(c.data)) {
			ack, ok := acks[c.dir][start[c.dir]+given[c.dir]+i]
			if ok && start[1-c.dir] != 0 {
				ahead := int32(ack - start[1-c.dir] - given[1-c.dir])
				require.LessOrEqual(t, ahead, int32(1), "%s was given before what it acknowledges: %s\n%s", c, e, lazy(frames)) // 1: a FIN
			}
		}
		given[c.dir] += uint32(len(c.data)) + uint32(c.gap)
	}
}

// accidents change packets, not what was said.
var accidents = map[string]func(f []capturetest.Frame, seed uint64) []capturetest.Frame{
	"split": func(f []capturetest.Frame, seed uint64) []capturetest.Frame {
		return capturetest.SplitRandomly(f, 1+int(seed%2000), seed)
	},
	"split into bytes": func(f []capturetest.Frame, _ uint64) []capturetest.Frame {
		return slices.Concat(capturetest.Split(capturetest.Only(f, capturetest.Control), 1), without(f, capturetest.Control))
	},
	"merge": func(f []capturetest.Frame, seed uint64) []capturetest.Frame {
		return capturetest.Merge(f, 1+int(seed*997%64000))
	},
	"duplicate": func(f []capturetest.Frame, seed uint64) []capturetest.Frame {
		rnd := rand.New(rand.NewPCG(seed, 1))
		return capturetest.Duplicate(f, rnd.IntN(len(f)), rnd.IntN(len(f)), rnd.IntN(len(f)))
	},
	"duplicate all": func(f []capturetest.Frame, _ uint64) []capturetest.Frame { return capturetest.Duplicate(f) },
	"retransmit":    capturetest.Retransmit,
	"shift": func(f []capturetest.Frame, seed uint64) []capturetest.Frame {
		return capturetest.Shift(f, flow.Time(seed)*flow.Second)
	},
}

func without(frames []capturetest.Frame, conn string) []capturetest.Frame {
	return slices.DeleteFunc(slices.Clone(frames), func(f capturetest.Frame) bool { return f.Conn == conn })
}

func rounds(n int) int {
	if testing.Short() {
		return n/10 + 1
	}
	return n
}

func TestAccidentsChangeNothing(t *testing.T) {
	for name, script := range conversations {
		frames := capturetest.MustFrames(t, script)
		want := facts(t, frames)
		said := fmt.Sprintf("%q %q", capturetest.Stream(frames, capturetest.Control, flow.Out), capturetest.Stream(frames, capturetest.Control, flow.In))
		require.Contains(t, strings.Join(want, "\n"), said)
		for accident, do := range accidents {
			t.Run(name+"/"+accident, func(t *testing.T) {
				for seed := range uint64(rounds(20)) {
					got := do(frames, seed)
					require.Equal(t, want, facts(t, got), "seed %d\n%s", seed, lazy(got))
				}
			})
		}
	}
}

// lazy dumps frames only when a test failed.
type lazy []capturetest.Frame

func (l lazy) String() string { return capturetest.Dump(l[:min(len(l), 100)]) }

// TestReordering adds disorder to the other accidents. A reset that comes before all else
// of its connection opens none, and one connection's packets are kept from overtaking
// those of the last one with the same ends.
func TestReordering(t *testing.T) {
	names := []string{"split", "merge", "duplicate", "duplicate all", "retransmit", "shift"}
	for name, script := range conversations {
		t.Run(name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, script)
			want := facts(t, frames)
			for seed := range uint64(rounds(150)) {
				window := []int{2, 4, 8, 64}[seed%4]
				got := hastened(capturetest.Reorder(accidents[names[seed/4%6]](frames, seed), window, seed))
				if resetFirst(got) {
					continue
				}
				require.Equal(t, want, facts(t, got), "seed %d, window %d\n%s", seed, window, lazy(got))
			}
		})
	}
}

// hastened takes the waits out: disorder lasts milliseconds.
func hastened(frames []capturetest.Frame) []capturetest.Frame {
	for i := range frames {
		frames[i].Time = frames[0].Time + flow.Time(i)*flow.Millisecond
	}
	return frames
}

func resetFirst(frames []capturetest.Frame) bool {
	seen := map[string]bool{}
	for i := range frames {
		m := frames[i].Meta
		if m.Flags&flow.RST != 0 && !seen[frames[i].Conn] && m.Seq != 0 {
			return true
		}
		seen[frames[i].Conn] = true
	}
	return false
}

// TestOneSided: each side alone tells its own bytes and text, in any order.
func TestOneSided(t *testing.T) {
	const script = `
		S: 220 ready
		C: USER bob
		S: 331 password?
		C: PASS secret
		S: 230 hello
		C: QUIT
		S: 221 bye
		close S`
	frames := capturetest.MustFrames(t, script)
	for dir := range flow.Direction(2) {
		want := capturetest.Stream(frames, capturetest.Control, dir)
		for seed := range uint64(rounds(50)) {
			half := capturetest.Reorder(capturetest.SplitRandomly(capturetest.OneSided(frames, dir), 20, seed), 1+int(seed%64), seed)
			r := newRecorder(t)
			r.run(capturetest.Segments(half))
			require.Len(t, r.closed, 1)
			c := &r.closed[0].conn
			require.Equal(t, "192.0.2.10:51234", c.Src.String())
			require.True(t, c.OpenerKnown)
			require.Equal(t, flow.Established, c.State)
			require.Equal(t, flow.Finned, c.Closing)
			require.Equal(t, uint64(len(want)), c.Half[dir].Bytes)
			require.Equal(t, string(want), string(r.closed[0].talk.text[dir]))
			require.Empty(t, r.closed[0].talk.text[1-dir])
		}
	}
}

// TestLateStart: a capture that begins in the middle of a connection has all that was
// said since, in any order.
func TestLateStart(t *testing.T) {
	const script = `
		open none
		S: 220 ready
		C: USER bob
		S: 331 password?
		C: PASS secret
		S: 230 hello
		close S`
	frames := capturetest.MustFrames(t, script)
	want := facts(t, frames)
	for seed := range uint64(rounds(200)) {
		got := capturetest.Reorder(capturetest.SplitRandomly(frames, 1+int(seed%30), seed), 1+int(seed%64), seed)
		require.Equal(t, want, facts(t, got), "seed %d\n%s", seed, lazy(got))
	}
}

// TestLoss: what is lost is reported as missing, no more and no less, and nothing is
// joined over it.
func TestLoss(t *testing.T) {
	for name, script := range conversations {
		t.Run(name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, script)
			rnd := rand.New(rand.NewPCG(11, 12))
			for range rounds(100) {
				lost := rnd.IntN(len(frames))
				if frames[lost].Meta.Flags&flow.SYN != 0 || frames[lost].Meta.ICMP != nil {
					continue
				}
				r := newRecorder(t)
				r.run(capturetest.Segments(capturetest.Drop(frames, lost)))
				for _, e := range r.closed {
					checkLoss(t, e, frames[lost].Meta)
				}
			}
		})
	}
}

func checkLoss(t *testing.T, e ended, lost *capturetest.Meta) {
	for dir, h := range e.conn.Half {
		want := uint64(0)
		ends := []any{e.conn.Src, e.conn.Dst}
		if ends[dir] == any(lost.Src) && ends[1-dir] == any(lost.Dst) {
			want = uint64(len(lost.Payload))
		}
		require.Contains(t, []uint64{0, want}, h.Missing, "%s lost %+v", e, lost) // 0: lost at the very end
		if e.talk != nil {
			require.Equal(t, h.Bytes, e.talk.total[dir], "%s lost %+v", e, lost)
		}
	}
}
