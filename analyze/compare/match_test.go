package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// sent makes items of text: "S", "F", "R" or "from-to" for payload, each "@" its time in ms.
func sent(t *testing.T, text string) (list []item) {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		what, at, _ := strings.Cut(word, "@")
		it := item{seg: &Seg{}}
		_, err := fmt.Sscan(at, (*int64)(&it.seg.Time))
		require.NoError(t, err, word)
		it.seg.Time *= ms
		switch what {
		case "S":
			it.kind, it.seg.Flags = synSent, flow.SYN
		case "F":
			it.kind, it.seg.Flags, it.off, it.end = finSent, flow.FIN, 100, 100
		case "R":
			it.kind, it.seg.Flags, it.off, it.end = rstSent, flow.RST, 100, 100
		default:
			_, err := fmt.Sscanf(what, "%d-%d", &it.off, &it.end)
			require.NoError(t, err, word)
		}
		list = append(list, it)
	}
	return list
}

// inWords are items with what is lost of them, and pairs by their times.
func (m *matched) inWords() string {
	var words []string
	for _, p := range m.pairs {
		sure := ""
		if p.sure {
			sure = "!"
		}
		words = append(words, fmt.Sprintf("%d=%d%s", p.a.Time/ms, p.b.Time/ms, sure))
	}
	slices.Sort(words)
	for name, list := range map[string][]*item{"up": m.up, "down": m.down} {
		for _, it := range list {
			words = append(words, fmt.Sprintf("%s:%d(%d)", name, it.seg.Time/ms, it.lost))
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return strings.Compare(a[:1], b[:1]) })
	return strings.Join(words, " ")
}

func TestMatch(t *testing.T) {
	clock := func(at flow.Time) flow.Time { return at - 1000*ms } // b is a second ahead
	for _, test := range []struct {
		name, a, b, want string
		way              Way
		clockless        bool
	}{
		{name: "nothing", want: ""},
		{name: "one of each", a: "S@0 0-10@1 F@2", b: "S@1005 0-10@1006 F@1007", want: "0=1005! 1=1006! 2=1007!"},
		{name: "lost", a: "S@0 0-10@1 10-20@2", b: "S@1005 10-20@1007", want: "0=1005! 2=1007! up:1(10)"},
		{name: "made up", a: "S@0", b: "S@1005 0-10@1006", want: "0=1005! down:1006(10)"},
		{name: "to the client the far side sends", way: ToClient, a: "S@10 0-10@20", b: "S@1005 0-10@1015 10-20@1016", want: "10=1005! 20=1015! up:1016(10)"},
		{name: "as many copies: in order", a: "0-10@1 0-10@300", b: "0-10@1006 0-10@1305", want: "1=1006 300=1305"},
		{name: "the first copy was lost", a: "0-10@1 0-10@300", b: "0-10@1305", want: "300=1305 up:1(10)"},
		{name: "the second copy was lost", a: "0-10@1 0-10@300", b: "0-10@1006", want: "1=1006 up:300(10)"},
		{name: "without clocks the first is it", a: "0-10@1 0-10@300", b: "0-10@1305", want: "1=1305 up:300(10)", clockless: true},
		{name: "more copies there", a: "0-10@300", b: "0-10@1006 0-10@1305", want: "300=1305 down:1006(10)"},
		{name: "segments joined", a: "0-10@1 10-20@2 20-30@3", b: "0-30@1006", want: ""},
		{name: "segments cut", a: "0-30@1", b: "0-10@1006 10-25@1007 25-30@1008", want: ""},
		{name: "cut, and a piece lost", a: "0-30@1", b: "0-10@1006 20-30@1008", want: "up:1(10)"},
		{name: "joined, one of them sent twice", a: "0-10@1 10-20@2 0-10@300", b: "0-20@1006", want: "up:300(10)"},
		{name: "a reset that came before it was sent is another", a: "R@3000", b: "R@1100", want: "down:1100(1) up:3000(1)"},
		{name: "clocks may be a little wrong", a: "R@400", b: "R@1100", want: "400=1100!"},
		{name: "a reset that came much later is another", a: "R@0", b: "R@7000", want: "down:7000(1) up:0(1)"},
		{name: "the same to the client", way: ToClient, a: "R@3000", b: "R@1100", want: "3000=1100!"},
		{name: "of two resets the one that can be it", a: "R@3000", b: "R@1100 R@4005", want: "3000=4005 down:1100(1)"},
		{name: "a FIN is like a reset", a: "F@3000", b: "F@1100", want: "down:1100(1) up:3000(1)"},
		{name: "SYNs are alike", a: "S@0 S@1000 S@3000", b: "S@2005", want: "1000=2005 up:0(1) up:3000(1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			toA := clock
			if test.clockless {
				toA = nil
			}
			m := match(sent(t, test.a), sent(t, test.b), test.way, toA)
			require.Equal(t, test.want, m.inWords())
		})
	}
}

// A flood of copies is paired in order, without a look for the nearest of each.
func TestMatchFlood(t *testing.T) {
	flood := func(n int) (list []item) {
		for i := range n {
			list = append(list, item{kind: rstSent, seg: &Seg{Time: flow.Time(i), Flags: flow.RST}})
		}
		return list
	}
	m := match(flood(5000), flood(5001), ToServer, func(at flow.Time) flow.Time { return at })
	require.Len(t, m.pairs, 5000)
	require.Empty(t, m.up)
	require.Len(t, m.down, 1)
}

func TestItems(t *testing.T) {
	m := &mapping{known: true, zero: 99, shifts: []shift{{}}}
	same := func(n uint32) uint32 { return n }
	seg := func(flags uint8, seq, length uint32) Seg { return Seg{Flags: flags, Seq: seq, Length: length} }
	for _, test := range []struct {
		name string
		seg  Seg
		want []key
	}{
		{"a SYN", seg(flow.SYN, 99, 0), []key{{kind: synSent}}},
		{"a SYN with data", seg(flow.SYN, 99, 5), []key{{kind: synSent}, {payload, 1, 6}}},
		{"data", seg(flow.ACK, 100, 5), []key{{payload, 1, 6}}},
		{"data and FIN", seg(flow.FIN, 100, 5), []key{{payload, 1, 6}, {finSent, 6, 6}}},
		{"FIN alone", seg(flow.FIN, 105, 0), []key{{finSent, 6, 6}}},
		{"a reset", seg(flow.RST|flow.ACK, 105, 0), []key{{rstSent, 6, 6}}},
		{"a reset that acknowledges nothing", seg(flow.RST, 0, 0), []key{{kind: rstSent}}},
		{"a reset with a text", seg(flow.RST, 105, 9), []key{{rstSent, 6, 6}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := items(&Half{Segs: []Seg{test.seg}}, m, same)
			var got []key
			for i := range list {
				got = append(got, list[i].key())
			}
			require.Equal(t, test.want, got)
		})
	}
}

// What comes after the limit of either side is not compared.
func TestKept(t *testing.T) {
	cut := func(at flow.Time) *Conn { return &Conn{CutAt: at} }
	const list = "0-10@1 10-20@2 20-30@3 F@4"
	for _, test := range []struct {
		name       string
		a, b       *Conn
		toA        func(flow.Time) flow.Time
		left, rest int
	}{
		{"here", cut(3 * ms), cut(0), func(t flow.Time) flow.Time { return t }, 2, 2},
		{"there, by its clock", cut(0), cut(1003 * ms), func(t flow.Time) flow.Time { return t - 1000*ms }, 2, 2},
		{"there, no clock is known", cut(0), cut(2 * ms), nil, 1, 1},
		{"on both the first", cut(4 * ms), cut(2 * ms), func(t flow.Time) flow.Time { return t }, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := newConnPair(test.a, test.b, -1)
			x, y := j.kept(sent(t, list), sent(t, list), test.toA)
			require.Equal(t, []int{test.left, test.rest}, []int{len(x), len(y)})
		})
	}
}

func TestCoverage(t *testing.T) {
	c := coverage(sent(t, "30-40@1 0-10@2 10-20@3 5-15@4 F@5"))
	require.Equal(t, []span{{0, 20}, {30, 40}}, c.spans)
	for text, want := range map[string]bool{
		"0-20@0": true, "5-9@0": true, "0-21@0": false, "20-30@0": false, "30-40@0": true, "39-41@0": false, "F@0": true, "S@0": false, "R@0": false, "50-50@0": false,
	} {
		require.Equal(t, want, c.holds(&sent(t, text)[0]), text)
	}
}

func TestRepeats(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "0-10@1 10-20@2": 0, "0-10@1 0-10@2": 1, "0-10@1 10-20@2 0-20@3": 1, "0-10@1 5-15@2": 0, "0-10@1 F@2 F@3 5-10@4": 1,
	} {
		require.Equal(t, want, repeats(sent(t, text)), text)
	}
}
