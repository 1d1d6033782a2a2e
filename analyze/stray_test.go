package analyze_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// strays are segments that no host takes for one of a living connection; each is made of what
// a side would send next.
var strays = []damage{
	stray("SYN", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Ack = flow.SYN, m.Seq+farOff, 0 }),
	stray("SYN in the window", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Ack = flow.SYN, m.Seq+500, 0 }),
	stray("SYN-ACK", func(m *capturetest.Meta) { m.Flags, m.Seq = flow.SYN|flow.ACK, m.Seq+farOff }),
	stray("SYN-ACK in the window", func(m *capturetest.Meta) { m.Flags, m.Seq = flow.SYN|flow.ACK, m.Seq+12_345 }),
	stray("FIN beyond the window", func(m *capturetest.Meta) { m.Flags, m.Seq = flow.FIN|flow.ACK, m.Seq+farOff }),
	stray("RST beyond the window", func(m *capturetest.Meta) { m.Flags, m.Seq = flow.RST, m.Seq+farOff }),
	stray("data beyond the window", func(m *capturetest.Meta) { m.Seq, m.Payload = m.Seq+farOff, []byte("226 stray\r\n") }),
	stray("data of long ago", func(m *capturetest.Meta) { m.Seq, m.Payload = m.Seq-1_000_000, []byte("QUIT\r\n") }),
	ofBegun(stray("SYN-ACK of before", func(m *capturetest.Meta) { m.Flags, m.Seq = flow.SYN|flow.ACK, m.Seq-3000 })),
	stray("ACK beyond what was sent", func(m *capturetest.Meta) { m.Ack += 1 << 20 }),
	stray("data without ACK", func(m *capturetest.Meta) { m.Flags, m.Ack, m.Payload = flow.PSH, 0, []byte("QUIT\r\n") }),
	stray("keep-alive", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Payload = flow.ACK, m.Seq-1, []byte{0} }),
	{name: "stray data behind FIN", variants: func(n int) int { return n }, do: behindFIN},
}

// farOff is far outside of any window.
const farOff = 1 << 29

// stray is such a segment after each packet of a connection that lives, from either end.
func stray(name string, forge func(*capturetest.Meta)) damage {
	return damage{name: "stray " + name, variants: func(n int) int { return 2 * n }, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		at, from := i/2, i%2
		m := f[at].Meta
		if m == nil || isStray(f, at) || m.ICMP != nil || m.Flags&(flow.SYN|flow.RST|flow.FIN) != 0 || !lives(f[at+1:], f[at].Conn) || f[at].Length > len(f[at].Data) {
			return f, "", 0
		}
		forged := capturetest.Change(f[at:at+1], func(_ *capturetest.Frame, m *capturetest.Meta) bool {
			if from == 1 {
				m.Src, m.Dst, m.Seq, m.Ack, m.Dir = m.Dst, m.Src, m.Ack, m.Seq+uint32(len(m.Payload)), m.Dir^1
			} else {
				m.Seq += uint32(len(m.Payload))
			}
			m.Flags, m.Payload = flow.ACK|flow.PSH, nil
			forge(m)
			return true
		})
		return slices.Concat(f[:at+1], forged, f[at+1:]), fmt.Sprintf("%s behind packet %d, from end %d", name, at+1, from), 1
	}}
}

// behindFIN has the sender of a FIN go on.
func behindFIN(f []capturetest.Frame, at int) ([]capturetest.Frame, string, int) {
	if m := f[at].Meta; m == nil || m.ICMP != nil || m.Flags&(flow.SYN|flow.RST|flow.FIN) != flow.FIN || f[at].Length > len(f[at].Data) {
		return f, "", 0
	}
	forged := capturetest.Change(f[at:at+1], func(_ *capturetest.Frame, m *capturetest.Meta) bool {
		m.Flags, m.Seq, m.Payload = flow.ACK|flow.PSH, m.Seq+uint32(len(m.Payload))+1, []byte("226 stray\r\n")
		return true
	})
	return slices.Concat(f[:at+1], forged, f[at+1:]), fmt.Sprintf("data behind the FIN in packet %d", at+1), 1
}

// ofBegun leaves out connections of which the capture has no SYN: one that payload overtook
// has such a number.
func ofBegun(d damage) damage {
	do := d.do
	d.do = func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		for k := range f[:i/2] {
			if m := f[k].Meta; m != nil && f[k].Conn == f[i/2].Conn && m.Flags&flow.SYN != 0 {
				return do(f, i)
			}
		}
		return f, "", 0
	}
	return d
}

// isStray reports whether a packet itself is far from all that its side sent before.
func isStray(f []capturetest.Frame, at int) bool {
	const far = 1 << 22
	m := f[at].Meta
	for i := at - 1; i >= 0; i-- {
		if b := f[i].Meta; b != nil && b.ICMP == nil && b.Src == m.Src && b.Dst == m.Dst && !isStray(f, i) {
			return m.Seq-b.Seq > far && b.Seq-m.Seq > far
		}
	}
	return false
}

// lives reports whether both ends of a connection still send something.
func lives(frames []capturetest.Frame, conn string) bool {
	var sides [2]bool
	for i := range frames {
		if m := frames[i].Meta; m != nil && frames[i].Conn == conn && m.Flags&(flow.SYN|flow.RST) == 0 {
			sides[m.Dir] = true
		}
	}
	return sides[0] && sides[1]
}

// TestStrays has each of them come behind any packet of a conversation: nothing changes.
// TestAttack does so with every sample.
func TestStrays(t *testing.T) {
	for _, c := range append(varied[:min(4, len(varied)):4], varied[7]) {
		t.Run(c.Name, func(t *testing.T) {
			frames := c.Frames(t)
			want := recordsOf(t, pcapOf(frames))
			tried := 0
			for _, s := range strays {
				for i := range s.variants(len(frames)) {
					odd, what, packets := s.do(frames, i)
					if packets == 0 {
						continue
					}
					tried++
					if d := differences(want, recordsOf(t, pcapOf(odd))); d != "" {
						require.Fail(t, "it changed something", "%s\n%s", what, d)
					}
				}
			}
			require.Greater(t, tried, len(strays))
		})
	}
}
