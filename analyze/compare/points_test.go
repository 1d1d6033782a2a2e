package compare_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/compare"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// middlebox is what lies between the two points: it makes the far side's frames of those of the client's side.
type middlebox struct {
	hops    uint8
	delay   flow.Time // each way
	offset  flow.Time // of the far clock
	ppm     float64
	nat     map[string]string   // addresses here → there
	alg     func(string) string // of what is said, from here to there
	numbers uint32              // added to the sequence numbers of both ways
	drop    func(place int, m *capturetest.Meta) bool
}

var clientSide = netip.MustParseAddr("192.0.2.10")

// far is what the far side captures. Lines that the ALG makes longer or shorter move the numbers of what follows.
func (b middlebox) far(frames []capturetest.Frame) []capturetest.Frame {
	moved := map[string]*[2]uint32{}
	place := -1
	out := capturetest.Change(frames, func(f *capturetest.Frame, m *capturetest.Meta) bool {
		place++
		toServer := m.Src.Addr() == clientSide
		at := f.Time + b.offset + flow.Time(float64(f.Time-frames[0].Time)*b.ppm/1e6)
		if toServer {
			f.Time, m.TTL = at+b.delay, m.TTL-b.hops
		} else {
			f.Time, m.TTL = at-b.delay, m.TTL+b.hops
		}
		n := moved[f.Conn]
		if n == nil {
			n = &[2]uint32{}
			moved[f.Conn] = n
		}
		m.Seq, m.Ack = m.Seq+n[m.Dir]+b.numbers, m.Ack+n[1-m.Dir]+b.numbers
		if b.alg != nil && len(m.Payload) > 0 {
			text := b.alg(string(m.Payload))
			n[m.Dir] += uint32(len(text) - len(m.Payload))
			m.Payload = []byte(text)
		}
		if b.drop != nil && b.drop(place, m) {
			return false
		}
		m.Src, m.Dst = b.translate(m.Src), b.translate(m.Dst)
		return true
	})
	return capturetest.Interleave(out)
}

func (b middlebox) translate(a netip.AddrPort) netip.AddrPort {
	if to, ok := b.nat[a.Addr().String()]; ok {
		return netip.AddrPortFrom(netip.MustParseAddr(to), a.Port())
	}
	return a
}

// point is a capture of frames.
func point(t testing.TB, name string, frames []capturetest.Frame) analyze.Point {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&file, frames, capturetest.PcapOptions{Nanos: true, Link: 1}))
	return pointOf(name, file.Bytes())
}

func pointOf(name string, data []byte) analyze.Point {
	return analyze.Point{Name: name, Open: func() (analyze.Source, error) {
		return capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(data)})
	}}
}

// compared compares what both sides captured.
func compared(t testing.TB, here, there []capturetest.Frame) *compare.Result {
	t.Helper()
	r, err := analyze.Compare(point(t, "here", here), point(t, "there", there), analyze.Options{})
	require.NoError(t, err)
	seen := 0
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		require.Equal(t, i+1, c.ID)
		require.NotEmpty(t, c.Message)
		require.True(t, c.Here != nil || c.There != nil)
		seen += r.Verdicts[c.Verdict]
		for _, d := range c.Differences {
			require.NotEmpty(t, d.Message, d.Kind)
		}
	}
	require.GreaterOrEqual(t, seen, len(r.Comparisons))
	return r
}

// verdicts writes the result one comparison a line, each with the kinds of its differences but addresses.
func verdicts(r *compare.Result) string {
	var b strings.Builder
	for _, c := range r.Comparisons {
		fmt.Fprintf(&b, "%s: %s", c.Verdict, c.Message)
		for _, d := range c.Differences {
			if d.Kind != compare.Addresses {
				fmt.Fprintf(&b, " [%s %d %d]", d.Kind, d.Transfer, max(d.Packets, 1))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const (
	loggedIn = `
ttl S 60
S: 220 ready
C: USER bob
S: 331 Password?
C: PASS secret
S: 230 welcome
`
	passiveTransfer = loggedIn + `
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000
C: RETR a.bin
S: 150 here it comes
d1< 20000 fin
d1 half >
S: 226 done
C: QUIT
S: 221 bye
close
`
	activeTransfer = loggedIn + `
C: PORT 192,0,2,10,195,80
S: 200 fine
C: RETR a.bin
S: 150 here it comes
data d1 192.0.2.21:20 > 192.0.2.10:50000
d1> 20000 fin
d1 half <
S: 226 done
C: QUIT
S: 221 bye
close
`
)

var hop = middlebox{hops: 1, delay: 100 * flow.Microsecond}

// with is the middlebox with something more.
func (b middlebox) with(change func(*middlebox)) middlebox {
	change(&b)
	return b
}

func TestCompare(t *testing.T) {
	natted := map[string]string{"192.0.2.10": "203.0.113.1"}
	for _, test := range []struct {
		name, script string
		between      middlebox
		want         string
	}{
		{"a router", passiveTransfer, hop, "same: The same on both sides.\n"},
		{"NAT", passiveTransfer, hop.with(func(b *middlebox) { b.nat = natted }), "same: The same on both sides except for addresses or ports (NAT).\n"},
		{"NAT, a clock that is ahead", passiveTransfer, hop.with(func(b *middlebox) { b.nat, b.offset = natted, 3600*flow.Second }),
			"same: The same on both sides except for addresses or ports (NAT).\n"},
		{"a clock that is behind", activeTransfer, hop.with(func(b *middlebox) { b.offset = -86400 * flow.Second }), "same: The same on both sides.\n"},
		{"an ALG that makes PORT longer", activeTransfer, hop.with(func(b *middlebox) {
			b.nat, b.alg = natted, func(s string) string { return strings.Replace(s, "192,0,2,10", "203,0,113,1", 1) }
		}), "rewritten: The ALG changed “PORT 192,0,2,10,195,80” to “PORT 203,0,113,1,195,80”. [text-rewritten 0 1]\n"},
		{"an ALG that makes 227 shorter", passiveTransfer, hop.with(func(b *middlebox) {
			b.alg = func(s string) string { return strings.Replace(s, "192,0,2,21", "10,0,0,2", 1) }
		}), "rewritten: The ALG changed “227 Entering Passive Mode (10,0,0,2,195,80)” to “227 Entering Passive Mode (192,0,2,21,195,80)”. [text-rewritten 0 1]\n"},
		{"a firewall that hides the greeting", passiveTransfer, hop.with(func(b *middlebox) {
			b.alg = func(s string) string { return strings.Replace(s, "220 ready", "220 *****", 1) }
		}), "rewritten: Something on the way changed “220 *****” to “220 ready”. [text-rewritten 0 1]\n"},
		{"random sequence numbers", passiveTransfer, hop.with(func(b *middlebox) { b.numbers = 0x12345678 }),
			"same: The same on both sides except for TCP sequence numbers. [sequence-rewritten 0 1] [sequence-rewritten 0 1] [sequence-rewritten 1 1] [sequence-rewritten 1 1]\n"},
		{"the SYN of PASV lost", loggedIn + `
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000 unanswered 3
C: QUIT
S: 221 bye
close
data d2 192.0.2.10:40002 > 192.0.2.21:80 refused
`, hop.with(func(b *middlebox) { b.drop = func(_ int, m *capturetest.Meta) bool { return m.Dst.Port() == 50000 } }),
			"lost: The client's 3 SYNs to port 50000 of 192.0.2.21 left here and never arrived there. [syn-lost 1 3]\n"},
		{"the SYN of PASV lost, and random numbers", loggedIn + `
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000 unanswered 3
C: QUIT
S: 221 bye
close
data d2 192.0.2.10:40002 > 192.0.2.21:80 refused
`, hop.with(func(b *middlebox) {
			b.numbers, b.drop = 77, func(_ int, m *capturetest.Meta) bool { return m.Dst.Port() == 50000 }
		}), "lost: The client's 3 SYNs to port 50000 of 192.0.2.21 left here and never arrived there (unless as another connection: sequence " +
			"numbers are changed on the way). [sequence-rewritten 0 1] [sequence-rewritten 0 1] [syn-lost 1 3]\n"},
		{"the SYN-ACK of the control connection is all that comes back", loggedIn, hop, "same: The same on both sides.\n"},
		{"data lost and not sent again", passiveTransfer, hop.with(func(b *middlebox) {
			b.drop = func(_ int, m *capturetest.Meta) bool { return m.Dst.Port() == 21 && string(m.Payload) == "QUIT\r\n" }
		}), "unknown: 1 packet (6 bytes) of the control connection passed, and the capture of the server's side lacks it: it is incomplete. [not-captured 0 1]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			here := capturetest.MustFrames(t, test.script)
			there := test.between.far(here)
			r := compared(t, here, there)
			require.Equal(t, test.want, verdicts(r))
			require.False(t, r.Swapped)
			swapped := compared(t, there, here)
			require.True(t, swapped.Swapped)
			require.Equal(t, test.want, verdicts(swapped))
			if test.between.drop == nil {
				require.InDelta(t, float64(test.between.offset), float64(r.Clock.Offset), 1000)
				require.Equal(t, 2*test.between.delay, r.Clock.RoundTrip)
			}
		})
	}
}

// Without hops the times alone tell which side is nearer to the client.
func TestCompareOrderByTime(t *testing.T) {
	here := capturetest.MustFrames(t, passiveTransfer)
	there := middlebox{delay: flow.Millisecond / 5, offset: -5 * flow.Second}.far(here)
	require.False(t, compared(t, here, there).Swapped)
	require.True(t, compared(t, there, here).Swapped)
}

// A reset that one side got and the other did not send; what is lost because of it.
func TestCompareBetween(t *testing.T) {
	here := capturetest.MustFrames(t, loggedIn+`
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000
ttl d1< 63
d1 rst <
S: 426 gone
C: QUIT
S: 221 bye
close
`)
	there := hop.with(func(b *middlebox) {
		b.drop = func(_ int, m *capturetest.Meta) bool { return m.Flags&flow.RST != 0 }
	}).far(here)
	require.Equal(t, "between: The RST came from between: it arrived here in the server's name and was never sent there "+
		"(its TTL is 63, that of the server's packets 64). [rst-between 1 1]\n", verdicts(compared(t, here, there)))
}

// A firewall resets the server in the client's name; what the client sends later, a reset with the same number, it drops.
func TestCompareResetThenReset(t *testing.T) {
	script := loggedIn + `
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000
%s
C: NOOP
S: 200 fine
wait 3s
%s
C: QUIT
S: 221 bye
close
`
	here := capturetest.MustFrames(t, fmt.Sprintf(script, "wait 1ms", "d1 rst >"))
	there := hop.far(capturetest.MustFrames(t, fmt.Sprintf(script, "d1 rst >", "wait 1ms")))
	require.Equal(t, "between: The RST came from between: it arrived there in the client's name and was never sent here. [rst-between 1 1] [rst-lost 1 1]\n",
		verdicts(compared(t, here, there)))
}

// What one side's capture does not cover is unknown, wherever it begins or ends: never lost, never from between.
func TestCompareCutAnywhere(t *testing.T) {
	for name, script := range map[string]string{"passive": passiveTransfer, "active": activeTransfer} {
		here := capturetest.MustFrames(t, "step 50ms\n"+script)
		there := hop.with(func(b *middlebox) {
			b.delay, b.offset, b.nat = 20*flow.Millisecond, 42*flow.Second, map[string]string{"192.0.2.10": "203.0.113.1"}
			b.alg = func(s string) string { return strings.Replace(s, "192,0,2,10", "203,0,113,1", 1) }
		}).far(here)
		for cut := range here {
			for what, sides := range map[string][2][]capturetest.Frame{
				"here begins": {here[cut:], there}, "here ends": {here[:cut+1], there},
				"there begins": {here, there[cut:]}, "there ends": {here, there[:cut+1]},
			} {
				for _, c := range compared(t, sides[0], sides[1]).Comparisons {
					require.NotContains(t, []string{compare.Lost, compare.Between}, c.Verdict, "%s: %s at %d: %s", name, what, cut, c.Message)
				}
			}
		}
	}
}

// A capture that begins in the middle of a long transfer: what both have of it is the same, the rest is unknown.
func TestCompareLate(t *testing.T) {
	here := capturetest.MustFrames(t, strings.Replace(passiveTransfer, "d1< 20000 fin", "d1< 20000\nwait 90s\nd1< 20000 fin", 1))
	there := hop.far(here)
	late := there[len(there)-30:]
	r := compared(t, here, late)
	require.Len(t, r.Comparisons, 1, verdicts(r))
	c := &r.Comparisons[0]
	require.Equal(t, compare.Uncertain, c.Verdict)
	require.Len(t, c.Transfers, 1)
	for _, d := range c.Differences {
		require.Equal(t, compare.NotCovered, d.Kind, d.Message)
	}
}

// A packet that one capture missed although it came by, as the acknowledgements tell, was not lost between, and its copy on
// the other side did not come from between.
func TestCompareMissedPackets(t *testing.T) {
	for name, script := range map[string]string{"passive": passiveTransfer, "active": activeTransfer} {
		here := capturetest.MustFrames(t, strings.Replace(script, "20000", "6000", 1))
		there := hop.far(here)
		for i := range here {
			for what, sides := range map[string][2][]capturetest.Frame{
				"here": {capturetest.Drop(here, i), there}, "there": {here, capturetest.Drop(there, i)},
			} {
				for _, c := range compared(t, sides[0], sides[1]).Comparisons {
					require.Contains(t, []string{compare.Same, compare.Uncertain}, c.Verdict, "%s: %d %s: %s", name, i, what, c.Message)
				}
			}
		}
	}
}

// Packets that come out of order are no loss, nor are those that are doubled; a copy that one side only has was lost.
func TestCompareDisorder(t *testing.T) {
	here := capturetest.MustFrames(t, passiveTransfer)
	there := hop.far(here)
	for seed := range uint64(20) {
		for _, sides := range [][2][]capturetest.Frame{
			{here, capturetest.Reorder(there, 3, seed)}, {capturetest.Reorder(here, 3, seed), there},
			{capturetest.Duplicate(here, int(seed)), capturetest.Duplicate(there, int(seed))},
		} {
			r := compared(t, sides[0], sides[1])
			require.Equal(t, compare.Same, r.Comparisons[0].Verdict, verdicts(r))
		}
		r := compared(t, here, capturetest.Duplicate(there, int(seed), int(seed)+7))
		require.Contains(t, []string{compare.Same, compare.Repaired}, r.Comparisons[0].Verdict, verdicts(r))
	}
}

// Segments of other sizes are the same bytes.
func TestCompareResegmented(t *testing.T) {
	here := capturetest.MustFrames(t, passiveTransfer)
	there := hop.far(here)
	for name, sides := range map[string][2][]capturetest.Frame{
		"joined there": {here, capturetest.Merge(there, 60000)}, "joined here": {capturetest.Merge(here, 60000), there},
		"cut there": {here, capturetest.Split(there, 7)}, "cut here": {capturetest.Split(here, 300), there},
	} {
		require.Equal(t, "same: The same on both sides.\n", verdicts(compared(t, sides[0], sides[1])), name)
	}
}

// A capture that was filtered to the control port shows no data connection: that is not a loss.
func TestCompareFiltered(t *testing.T) {
	here := capturetest.MustFrames(t, passiveTransfer)
	there := capturetest.Only(hop.far(here), capturetest.Control)
	r := compared(t, here, there)
	require.Equal(t, "unknown", r.Comparisons[0].Verdict, verdicts(r))
	here = capturetest.MustFrames(t, strings.Replace(passiveTransfer, "50000\n", "50000 unanswered 2\n", 1)[:strings.Index(passiveTransfer, "C: RETR")+len(" unanswered 2")]+"C: NOOP\nS: 200 ok\nclose\n")
	r = compared(t, here, capturetest.Only(hop.far(here), capturetest.Control))
	require.Equal(t, "unknown", r.Comparisons[0].Verdict, verdicts(r))
	require.Contains(t, r.Comparisons[0].Message, "filter")
	scan := capturetest.MustFrames(t, "data d8 198.51.100.7:1024 > 192.0.2.21:21 refused\nd8 rst >\n")
	r = compared(t, here, capturetest.Interleave(capturetest.Only(hop.far(here), capturetest.Control), hop.far(scan)))
	require.Equal(t, 1, r.Verdicts[compare.Uncertain], verdicts(r), "what is on the control port passes such a filter, too")
}

// Clocks drift apart: the estimate follows.
func TestCompareDrift(t *testing.T) {
	var script strings.Builder
	script.WriteString(loggedIn)
	for range 40 {
		script.WriteString("C: NOOP\nS: 200 ok\nwait 15s\n")
	}
	script.WriteString("C: QUIT\nS: 221 bye\nclose\n")
	here := capturetest.MustFrames(t, script.String())
	for _, ppm := range []float64{0, 40, -120} {
		there := hop.with(func(b *middlebox) { b.ppm, b.offset = ppm, 7*flow.Second }).far(here)
		r := compared(t, here, there)
		require.Equal(t, "same: The same on both sides.\n", verdicts(r))
		require.InDelta(t, ppm, r.Clock.PPM, 0.5)
		require.InDelta(t, float64(7*flow.Second), float64(r.Clock.Offset), float64(20*flow.Microsecond))
	}
}

// Sessions that repeat each other word by word are told apart by numbers, and, where a firewall changes those, by time.
func TestCompareSeveral(t *testing.T) {
	session := func(client string, n int) string {
		return fmt.Sprintf("client %s:%d\nseed %s%d\n", "192.0.2.10", 51000+n, client, n) + loggedIn + "C: QUIT\nS: 221 bye\nclose\n"
	}
	var lists [][]capturetest.Frame
	for n := range 12 {
		lists = append(lists, capturetest.Shift(capturetest.MustFrames(t, session("a", n)), flow.Time(n)*20*flow.Second))
	}
	here := capturetest.Interleave(lists...)
	for _, numbers := range []uint32{0, 99} {
		b := hop.with(func(b *middlebox) { b.offset, b.numbers = -600*flow.Second, numbers })
		there := b.far(capturetest.Interleave(append(lists[:3:3], lists[4:]...)...))
		r := compared(t, here, there)
		require.Len(t, r.Comparisons, 12, verdicts(r))
		require.Equal(t, 11, r.Verdicts[compare.Same], verdicts(r))
		require.Equal(t, 1, r.Verdicts[compare.OneSided], verdicts(r))
		require.Nil(t, r.Comparisons[0].There)
		require.Equal(t, 51003, int(r.Comparisons[0].Here.Client.Port()))
	}
}

// Control connections that never came to be, and captures of which one knows nothing of the other.
func TestCompareAttempts(t *testing.T) {
	session := capturetest.MustFrames(t, strings.Replace(passiveTransfer, "C: QUIT", "wait 3s\nC: QUIT", 1))
	knock := capturetest.Shift(capturetest.MustFrames(t, "data d9 192.0.2.10:42000 > 192.0.2.21:21 unanswered 2\n"), 20*flow.Millisecond)
	here := capturetest.Interleave(session, knock)
	there := hop.far(session)
	r := compared(t, here, there)
	require.Equal(t, "lost: The client's 2 SYNs to port 21 of 192.0.2.21 left here and never arrived there. [syn-lost 0 2]\nsame: The same on both sides.\n", verdicts(r))
	short := capturetest.MustFrames(t, passiveTransfer)
	r = compared(t, capturetest.Interleave(short, knock), hop.far(short))
	require.Contains(t, verdicts(r), "lost: The client's SYN to port 21 of 192.0.2.21 left here and never arrived there. [syn-lost 0 1] [not-covered 0 1]\n",
		"the second SYN lies after the other capture's end")
	r = compared(t, session, nil)
	require.Equal(t, "unknown: Seen here only: the server's side holds no packet at all.\n", verdicts(r))
	require.Empty(t, compared(t, nil, nil).Comparisons)
}

// Of a large transfer only so many segments are compared, and that is said; the rest is neither lost nor unknown.
func TestCompareLimit(t *testing.T) {
	here := capturetest.MustFrames(t, "mss 60\nstep 10us\n"+strings.Replace(passiveTransfer, "20000 fin", "2400000 fin", 1))
	there := hop.with(func(b *middlebox) { b.drop = func(place int, _ *capturetest.Meta) bool { return place == 90000 } }).far(here)
	require.Equal(t, "same: The same on both sides. [not-compared 1 1]\n", verdicts(compared(t, here, there)))
}

// A SPAN port that sends each packet from two VLANs doubles nothing, and a side's tags are its own affair.
func TestCompareCopies(t *testing.T) {
	here := capturetest.MustFrames(t, passiveTransfer)
	there := hop.far(here)
	tagged := func(out, in uint16) []capturetest.Frame {
		return capturetest.VLANs([]uint16{out}, []uint16{in}).Wrap(there)
	}
	twice := capturetest.Interleave(tagged(10, 10), tagged(20, 20))
	require.Equal(t, "same: The same on both sides.\n", verdicts(compared(t, here, twice)))
	require.Equal(t, "same: The same on both sides.\n", verdicts(compared(t, here, tagged(10, 20))))
}

// What the capturing machine lost itself, as pcapng says, is not lost between: as long as it lost as many.
func TestCompareDropped(t *testing.T) {
	here := capturetest.MustFrames(t, loggedIn+`
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000 unanswered 3
C: QUIT
S: 221 bye
close
data d2 192.0.2.10:40002 > 192.0.2.21:80 refused
`)
	there := hop.with(func(b *middlebox) { b.drop = func(_ int, m *capturetest.Meta) bool { return m.Dst.Port() == 50000 } }).far(here)
	for drops, verdict := range map[uint64]string{0: compare.Lost, 2: compare.Lost, 3: compare.Uncertain, 1000: compare.Uncertain} {
		var file bytes.Buffer
		require.NoError(t, capturetest.WritePcapng(&file, there, capturetest.NgOptions{Resolutions: []byte{9}, Drops: []uint64{drops}}))
		r, err := analyze.Compare(point(t, "here", here), pointOf("there", file.Bytes()), analyze.Options{})
		require.NoError(t, err)
		require.Equal(t, verdict, r.Comparisons[0].Verdict, "%d dropped: %s", drops, r.Comparisons[0].Message)
	}
}

// FuzzCompare gives any bytes as the two sides: whatever is said, each way round, it is the same with several workers.
func FuzzCompare(f *testing.F) {
	pair := func(script string, b middlebox) {
		here := capturetest.MustFrames(f, script)
		var files [2]bytes.Buffer
		for i, frames := range [][]capturetest.Frame{here, b.far(here)} {
			require.NoError(f, capturetest.WritePcap(&files[i], frames, capturetest.PcapOptions{}))
		}
		f.Add(files[0].Bytes(), files[1].Bytes())
	}
	pair(strings.Replace(passiveTransfer, "20000", "200", 1), hop)
	pair(strings.Replace(activeTransfer, "20000", "200", 1), hop.with(func(b *middlebox) {
		b.offset, b.alg = 9*flow.Second, func(s string) string { return strings.Replace(s, "192,0,2,10", "203,0,113,1", 1) }
		b.drop = func(place int, _ *capturetest.Meta) bool { return place%5 == 4 }
	}))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, sides := range [][2][]byte{{a, b}, {b, a}} {
			r, err := analyze.Compare(pointOf("here", sides[0]), pointOf("there", sides[1]), analyze.Options{})
			require.NoError(t, err)
			again, err := analyze.Compare(pointOf("here", sides[0]), pointOf("there", sides[1]), analyze.Options{Workers: 3})
			require.NoError(t, err)
			require.Equal(t, verdicts(r), verdicts(again))
		}
	})
}
