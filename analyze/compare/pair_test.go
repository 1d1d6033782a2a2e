package compare

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// spoken is a session that begins at a time with these sequence numbers and lines, the client's
// and the server's in turn, and announced these ports.
func spoken(begin flow.Time, isn uint32, client uint16, lines []string, ports ...uint16) *Session {
	s := &Session{Session: &record.Session{Client: netip.AddrPortFrom(clientEnd.Addr(), client), Server: serverEnd}, Control: &Conn{FromClient: true, Start: begin}}
	c := s.Control
	for w := range c.Half {
		list := []string{}
		if isn != 0 {
			list = append(list, "S")
		}
		for i, line := range lines {
			if i%2 == w {
				list = append(list, line)
			}
		}
		c.Half[w] = *halfOf(isn+uint32(w)*1000, list...)
	}
	for _, port := range ports {
		end := netip.AddrPortFrom(serverEnd.Addr(), port)
		s.Transfers = append(s.Transfers, record.Transfer{Announced: &end})
	}
	return s
}

// lines are a session of n commands, which a word tells from others.
func lines(word string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("RETR %s%d\r\n", word, i), fmt.Sprintf("226 %s%d\r\n", word, i))
	}
	return list
}

func TestPairSessions(t *testing.T) {
	a, b, c := lines("a", 8), lines("b", 8), lines("c", 8)
	const s = flow.Second
	for _, test := range []struct {
		name      string
		here      []*Session
		there     []*Session
		byNumbers []int
		both      []int // after the words
	}{
		{"by numbers, whatever the clocks and the order", []*Session{spoken(0, 5000, 1, a), spoken(9*s, 9000, 2, b)},
			[]*Session{spoken(900*s, 9000, 7, b), spoken(7777*s, 5000, 8, a)}, []int{1, 0}, []int{1, 0}},
		{"the SYNs alone", []*Session{spoken(0, 5000, 1, nil)}, []*Session{spoken(0, 5000, 1, nil)}, []int{0}, []int{0}},
		{"no SYN, but numbers", []*Session{spoken(0, 0, 1, a)}, []*Session{spoken(0, 0, 1, a[:4])}, []int{0}, []int{0}},
		{"one line at its number is chance", []*Session{spoken(0, 0, 1, a[:1])}, []*Session{spoken(0, 0, 1, a[:1])}, []int{-1}, []int{0}},
		{"other numbers: by words, time and the client's port", []*Session{spoken(0, 5000, 1, a)}, []*Session{spoken(60*s, 6000, 1, a)}, []int{-1}, []int{0}},
		{"and by an announced port", []*Session{spoken(0, 5000, 1, a, 50001, 50002)}, []*Session{spoken(0, 6000, 2, a, 50002, 50009)}, []int{-1}, []int{0}},
		{"no port in common", []*Session{spoken(0, 5000, 1, a, 50001)}, []*Session{spoken(0, 6000, 2, a, 50002)}, []int{-1}, []int{-1}},
		{"other words", []*Session{spoken(0, 5000, 1, a)}, []*Session{spoken(0, 6000, 1, b)}, []int{-1}, []int{-1}},
		{"most of the words", []*Session{spoken(0, 5000, 1, append(a[:12:12], b[:4]...))}, []*Session{spoken(0, 6000, 1, a)}, []int{-1}, []int{0}},
		{"half of the words", []*Session{spoken(0, 5000, 1, append(a[:8:8], b[:8]...))}, []*Session{spoken(0, 6000, 1, a)}, []int{-1}, []int{-1}},
		{"the same words again and again: by the time that most agree on",
			[]*Session{spoken(0, 5000, 1, a), spoken(100*s, 5500, 1, a), spoken(200*s, 5700, 1, a)},
			[]*Session{spoken(107*s, 6000, 1, a), spoken(207*s, 6500, 1, a)}, []int{-1, -1, -1}, []int{-1, 0, 1}},
		{"a session of numbers says what time it is", []*Session{spoken(0, 5000, 1, b), spoken(50*s, 5500, 1, a), spoken(300*s, 1, 1, c)},
			[]*Session{spoken(1000*s, 5000, 1, b), spoken(1050*s, 6000, 1, a), spoken(2300*s, 3000, 1, c)}, []int{0, -1, -1}, []int{0, 1, -1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPairs(test.here, test.there)
			p.byNumbers()
			require.Equal(t, test.byNumbers, p.to)
			clock := Clock{}
			for i, k := range p.to {
				if k >= 0 {
					clock = Clock{Known: true, Offset: test.there[k].Control.Start - test.here[i].Control.Start}
				}
			}
			p.byWords(test.here, test.there, &clock)
			require.Equal(t, test.both, p.to)
			for i, k := range p.to {
				if k >= 0 {
					require.Equal(t, i, p.from[k])
				}
			}
		})
	}
}

// What more sessions say than can be told apart tells nothing, and costs no look at each pair.
func TestPairAlike(t *testing.T) {
	var here, there []*Session
	for n := range uint32(maxAlike + 1) {
		here = append(here, spoken(0, 0, 1, lines("a", 3)))
		there = append(there, spoken(0, 10_000*n, 1, lines("a", 3)))
	}
	p := newPairs(here, there)
	require.Empty(t, candidates(p.a, p.b, func(m *marksOf) []uint64 { return byWord(here[0].Control) }, func(_, _ int, _ bool) float64 { return 1 }))
	p.byWords(here, there, &Clock{})
	for _, k := range p.to {
		require.Equal(t, -1, k)
	}
}

// Transfers of both sides keep their order; what is on one side only stands where it was.
func TestPairTransfers(t *testing.T) {
	session := func(list ...string) *Session {
		s := &Session{Session: &record.Session{}, Control: nothing}
		for i, name := range list {
			verb := "RETR"
			x := record.Transfer{N: i + 1, Command: &verb, Argument: &name}
			if len(name) > 1 { // "a9": a, nine seconds in
				arg := name[:1]
				x.Argument = &arg
				x.Notes.Ran = &record.Line{Mark: flow.Mark{Time: flow.Time(name[1]-'0') * flow.Second}}
			}
			s.Transfers = append(s.Transfers, x)
		}
		return s
	}
	for _, test := range []struct {
		name        string
		here, there []string
		want        []transferPair
		known       bool
	}{
		{"the same", []string{"a", "b"}, []string{"a", "b"}, []transferPair{{0, 0}, {1, 1}}, false},
		{"one is missing there", []string{"a", "b", "c"}, []string{"a", "c"}, []transferPair{{0, 0}, {1, -1}, {2, 1}}, false},
		{"one is missing here", []string{"a", "c"}, []string{"a", "b", "c"}, []transferPair{{0, 0}, {-1, 1}, {1, 2}}, false},
		{"nothing there", []string{"a"}, nil, []transferPair{{0, -1}}, false},
		{"nothing here", nil, []string{"a"}, []transferPair{{-1, 0}}, false},
		{"the same name again: by time", []string{"a7"}, []string{"a1", "a8"}, []transferPair{{-1, 0}, {0, 1}}, true},
		{"without a clock the first", []string{"a7"}, []string{"a1", "a8"}, []transferPair{{0, 0}, {-1, 1}}, false},
		{"order goes before all", []string{"a", "b"}, []string{"b", "a"}, []transferPair{{-1, 0}, {0, 1}, {1, -1}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := pairSession(session(test.here...), session(test.there...), &run{clock: Clock{Known: test.known}})
			require.Equal(t, test.want, j.transfers)
			for side, n := range []int{len(test.here), len(test.there)} {
				for i := range n {
					x := j.transfers[j.index(side, i)]
					require.Equal(t, i, [2]int{x.a, x.b}[side])
				}
			}
		})
	}
}

func TestPairData(t *testing.T) {
	conn := func(isn uint32, fromClient bool, start, end flow.Time) *Conn {
		c := &Conn{FromClient: fromClient, Start: start * flow.Second, End: end * flow.Second}
		if isn != 0 {
			c.Half[c.opening()].Segs = []Seg{{Flags: flow.SYN, Seq: isn}}
		}
		return c
	}
	session := func(control uint32, list ...*Conn) *Session {
		s := &Session{Session: &record.Session{Transfers: []record.Transfer{{Method: "PASV"}}}, Control: conn(control, true, 0, 100)}
		for _, c := range list {
			s.Data = append(s.Data, Data{Conn: c})
		}
		return s
	}
	for _, test := range []struct {
		name        string
		here, there *Session
		stray       *Conn // there
		want        string
	}{
		{"by number, in whatever order", session(1, conn(5, true, 1, 2), conn(6, true, 3, 4)), session(1, conn(6, true, 3, 4), conn(5, true, 1, 2)), nil, "5=5 6=6"},
		{"opened from the other side it is another", session(1, conn(5, true, 1, 2)), session(1, conn(5, false, 1, 2)), nil, "5=0 0=5"},
		{"numbers are kept on the way, so others are others", session(1, conn(5, true, 1, 2)), session(1, conn(6, true, 1, 2)), nil, "5=0 0=6"},
		{"numbers are changed on the way", session(1, conn(5, true, 1, 2)), session(7, conn(6, true, 1, 2)), nil, "5=6"},
		{"and the times do not fit", session(1, conn(5, true, 1, 2)), session(7, conn(6, true, 9, 10)), nil, "5=0 0=6"},
		{"one lacks its SYN", session(1, conn(5, true, 1, 9)), session(1, conn(0, true, 7, 9)), nil, "5=0!"},
		{"both lack it", session(1, conn(0, true, 1, 9)), session(1, conn(0, true, 2, 9)), nil, "0=0!"},
		{"a stray there", session(1, conn(5, true, 1, 2)), session(1), conn(5, true, 1, 2), "5=5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &run{clock: Clock{Known: true}, stray: [2]map[uint32]*Conn{{}, {}}}
			if test.stray != nil {
				n, _ := test.stray.number()
				r.stray[1][n] = test.stray
			}
			got := ""
			for _, c := range pairSession(test.here, test.there, r).data {
				x, _ := c.whole(0).number()
				y, _ := c.whole(1).number()
				got += fmt.Sprintf(" %d=%d", x, y)
				if c.a != nil && c.b != nil && (x == 0 || y == 0) {
					got += "!"
				}
			}
			require.Equal(t, " "+test.want, got)
		})
	}
}
