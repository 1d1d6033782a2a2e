package compare_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/compare"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// only drops the packets of one side that fit, after skipping some.
func only(port uint16, skip, most int, fits func(m *capturetest.Meta) bool) func(int, *capturetest.Meta) bool {
	return func(_ int, m *capturetest.Meta) bool {
		if m.Src.Port() != port && m.Dst.Port() != port || !fits(m) {
			return false
		}
		skip--
		if skip >= 0 || most == 0 {
			return false
		}
		most--
		return true
	}
}

func flags(f uint8) func(*capturetest.Meta) bool {
	return func(m *capturetest.Meta) bool { return m.ICMP == nil && m.Flags&f == f }
}

const tail = "C: NOOP\nS: 200 ok\nwait 2s\nC: QUIT\nS: 221 bye\nclose\n"

// TestCompareLost drops packets between: what was lost, of what, and what became of it.
func TestCompareLost(t *testing.T) {
	unreachable := loggedIn + "C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,195,80)\nrouter 192.0.2.1\ndata d1 192.0.2.10:40001 > 192.0.2.21:50000 unreachable 13\n" + tail
	later := strings.Replace(passiveTransfer, "C: QUIT", "wait 2s\nC: QUIT", 1)
	for _, test := range []struct {
		name, script string
		drop         func(int, *capturetest.Meta) bool
		want         string
	}{
		{"a SYN-ACK that came by, and the far capture lacks", loggedIn + "C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,195,80)\ndata d1 192.0.2.10:40001 > 192.0.2.21:50000 synack\n" + tail,
			only(50000, 0, 9, flags(flow.SYN|flow.ACK)),
			"unknown: The server's SYN-ACK passed, and the capture of the server's side lacks it: it is incomplete. [not-captured 1 1]\n"},
		{"the FIN of the data connection's opener", later, only(50000, 1, 1, flags(flow.FIN)),
			"unknown: 1 packet of RETR a.bin passed, and the capture of the server's side lacks it: it is incomplete. [not-captured 1 1]\n"},
		{"an ICMP error", unreachable, only(50000, 0, 9, func(m *capturetest.Meta) bool { return m.ICMP != nil }),
			"between: The ICMP error (type 3 code 13 from 192.0.2.1) came from between: it arrived here and did not pass there. [icmp-between 1 1]\n"},
		{"one of three SYNs", loggedIn + "C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,195,80)\ndata d1 192.0.2.10:40001 > 192.0.2.21:50000 unanswered 3\n" + tail,
			only(50000, 1, 1, flags(flow.SYN)),
			"repaired: 1 packet of the client's left here and never arrived there; what they carried was sent again. [data-repaired 1 1]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			here := capturetest.MustFrames(t, test.script)
			there := hop.with(func(b *middlebox) { b.drop = test.drop }).far(here)
			require.Equal(t, test.want, verdicts(compared(t, here, there)))
		})
	}
}

// Every retransmission whose first copy was lost between is counted, each way.
func TestCompareRepaired(t *testing.T) {
	for _, test := range []struct {
		name, script string
		dir          flow.Direction
		want         string
	}{
		{"a download", strings.Replace(passiveTransfer, "C: QUIT", "wait 2s\nC: QUIT", 1), flow.In,
			"of the server's left there and never arrived here; what they carried was sent again."},
		{"an upload", strings.NewReplacer("RETR", "STOR", "d1<", "d1>", "half >", "half <", "C: QUIT", "wait 2s\nC: QUIT").Replace(passiveTransfer), flow.Out,
			"of the client's left here and never arrived there; what they carried was sent again."},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, test.script)
			var again []capturetest.Frame
			seen := map[uint32]int{}
			for i, f := range frames {
				if m := f.Meta; f.Conn == "d1" && m.Dir == test.dir && len(m.Payload) > 0 && i%3 == 0 {
					again = append(again, capturetest.Shift([]capturetest.Frame{f}, 300*flow.Millisecond)...)
					seen[m.Seq] = 2
				}
			}
			twice := len(again)
			require.NotZero(t, twice)
			frames = capturetest.Interleave(frames, again)
			lost := map[uint32]bool{}
			drop := func(_ int, m *capturetest.Meta) bool { // the first copy of each that comes again
				port := m.Src.Port() == 50000 || m.Dst.Port() == 50000
				if !port || m.Dir != test.dir || len(m.Payload) == 0 || seen[m.Seq] < 2 || lost[m.Seq] {
					return false
				}
				lost[m.Seq] = true
				return true
			}
			far := hop.far(frames)
			here, there := frames, far
			if test.dir == flow.Out {
				there = hop.with(func(b *middlebox) { b.drop = drop }).far(frames)
			} else {
				here = capturetest.Change(frames, func(_ *capturetest.Frame, m *capturetest.Meta) bool { return !drop(0, m) })
			}
			r := compared(t, here, there)
			require.Equal(t, compare.Repaired, r.Comparisons[0].Verdict, verdicts(r))
			require.Contains(t, verdicts(r), test.want)
			i := slices.IndexFunc(r.Comparisons[0].Differences, func(d compare.Difference) bool { return d.Kind == compare.Repeated })
			d := r.Comparisons[0].Differences[i]
			require.Equal(t, twice, d.Packets, d.Message)
			require.True(t, d.Certain)
		})
	}
}

// Options that a router changes in SYNs, and hops, are told and are no fault.
func TestCompareOptions(t *testing.T) {
	here := capturetest.MustFrames(t, passiveTransfer)
	clamp := func(m *capturetest.Meta) {
		m.Options = slices.Clone(m.Options)
		for i := range m.Options {
			if m.Options[i].OptionType == 2 { // MSS
				m.Options[i].OptionData = []byte{0x05, 0x64}
			}
		}
	}
	there := capturetest.Change(middlebox{hops: 3, delay: flow.Millisecond}.far(here), func(_ *capturetest.Frame, m *capturetest.Meta) bool {
		if m.Flags&flow.SYN != 0 && m.Dst.Port() == 50000 {
			clamp(m)
		}
		return true
	})
	r := compared(t, here, there)
	require.Equal(t, "same: The same on both sides except for TCP options. [options-rewritten 1 1]\n", verdicts(r))
	c := &r.Comparisons[0]
	require.Equal(t, "of the client's SYN MSS 1460 here is MSS 1380 there", c.Differences[0].Message)
	require.Equal(t, []int{3, 3}, []int{*c.HopsToServer, *c.HopsToClient})
	require.Equal(t, flow.Millisecond*2, *c.Delay.RoundTrip)
	for w := range c.Delay.Way {
		s := c.Delay.Way[w]
		require.Equal(t, []flow.Time{flow.Millisecond, flow.Millisecond, flow.Millisecond}, []flow.Time{s.Least, s.Median, s.Most})
	}
}

// Packets that a device between makes up in an end's name are none of that end's.
func TestCompareMadeUp(t *testing.T) {
	pasv := loggedIn + "C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,195,80)\n"
	for _, test := range []struct{ name, here, there, want string }{
		{"a FIN to the client", pasv + "data d1 192.0.2.10:40001 > 192.0.2.21:50000\nd1 half <\n" + tail, pasv + "data d1 192.0.2.10:40001 > 192.0.2.21:50000\nlost d1 half <\n" + tail,
			"between: The FIN came from between: it arrived here in the server's name and was never sent there. [fin-between 1 1]\n"},
		{"a firewall that answers the SYN", pasv + "data d1 192.0.2.10:40001 > 192.0.2.21:50000\n" + tail, pasv + "data d1 192.0.2.10:40001 > 192.0.2.21:50000 unanswered 1\n" + tail,
			"SYN-ACK"},
	} {
		t.Run(test.name, func(t *testing.T) {
			there := hop.far(capturetest.MustFrames(t, test.there))
			got := verdicts(compared(t, capturetest.MustFrames(t, test.here), there))
			require.Contains(t, got, test.want)
		})
	}
}
