package reassembly

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// listener writes down what a stream gives it.
type listener struct {
	said    []string
	dir     flow.Direction // of the last one, if it is text
	text    bool
	enough  string // it refuses more after this
	refused bool
}

func (l *listener) Data(dir flow.Direction, b []byte, _ flow.Mark) bool {
	if l.refused || len(b) == 0 {
		panic("data after refusal, or none")
	}
	if n := len(l.said); l.text && l.dir == dir {
		l.said[n-1] += string(b)
	} else {
		l.said = append(l.said, string("><"[dir])+string(b))
	}
	l.dir, l.text = dir, true
	l.refused = l.enough != "" && strings.HasSuffix(l.said[len(l.said)-1], l.enough)
	return !l.refused
}

func (l *listener) Gap(dir flow.Direction, n uint64, _ flow.Mark) {
	if l.refused || n == 0 {
		panic("gap after refusal, or of nothing")
	}
	l.said, l.text = append(l.said, fmt.Sprintf("%c<%d>", "><"[dir], n)), false
}

// bed feeds a stream by words:
//
//	>100=abc     segment of that direction with its first number; >100/300=abc acknowledges 300; =abc-7: 7 more were cut off
//	begin>100    its SYN was seen;    end>110   its FIN
//	ack>110      the other side acknowledged this
//	+3s          so long later, in which Settle is called
//	swap         the ends change places
//	flush>110    the connection is over, 110 follows the highest number of that direction (of the other one: nothing)
type bed struct {
	*Stream
	heard listener
	now   flow.Time
	ord   uint64
	acked [2]Acked
}

func newBed(g *Group) *bed {
	b := &bed{now: 1000 * flow.Second}
	b.Stream = New(&b.heard, g)
	return b
}

func (b *bed) play(t *testing.T, script string) {
	for word := range strings.FieldsSeq(script) {
		b.word(t, word)
		require.Equal(t, b.recount(), b.Held(), word)
	}
}

func (b *bed) word(t *testing.T, word string) {
	if word[0] == '+' {
		n, err := strconv.Atoi(strings.TrimSuffix(word[1:], "s"))
		require.NoError(t, err)
		b.now += flow.Time(n) * flow.Second
		b.Settle(b.now, Moment{Last: b.now, Shake: 1000 * flow.Second}, b.acked)
		return
	}
	if word == "swap" {
		b.Swap()
		return
	}
	at := strings.IndexAny(word, "><")
	dir := flow.Direction(strings.IndexByte("><", word[at]))
	head, text, _ := strings.Cut(word[at+1:], "=")
	seq, ack, hasAck := strings.Cut(head, "/")
	switch word[:at] {
	case "begin":
		b.Begins(dir, num(t, seq))
	case "end":
		b.Ends(dir, num(t, seq))
	case "ack":
		b.acked[dir] = Acked{num(t, seq), true}
	case "flush":
		b.Flush(Moment{Last: b.now, Shake: 1000 * flow.Second})
		if !b.Over() {
			ends := [2]Tail{{Next: b.dir[0].next}, {Next: b.dir[1].next}}
			ends[dir].Next = num(t, seq)
			b.Finish(ends, flow.Mark{Time: b.now})
			b.End()
		}
	default:
		text, cut, _ := strings.Cut(text, "-")
		s := flow.Segment{Seq: num(t, seq), Flags: flow.PSH, Payload: []byte(text), Length: uint32(len(text))}
		if cut != "" {
			s.Length += num(t, cut)
		}
		if hasAck {
			s.Ack, s.Flags = num(t, ack), flow.ACK
		}
		b.ord++
		s.Mark = flow.Mark{Time: b.now, Ord: b.ord, Pos: flow.At(0, b.ord)}
		if !b.Over() {
			b.Take(dir, &s, Moment{Last: b.now, Shake: 1000 * flow.Second, Acks: hasAck})
		}
	}
}

func num(t *testing.T, s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	require.NoError(t, err)
	return uint32(n)
}

// recount is what the queues hold.
func (st *Stream) recount() (sum int) {
	for i := range st.dir {
		for _, b := range st.dir[i].held.blocks {
			for _, p := range b {
				sum += len(p.data) + overhead
			}
		}
	}
	return sum
}

func TestStream(t *testing.T) {
	const begin = "begin>100 begin<300 "
	for _, test := range []struct {
		name    string
		answers bool
		script  string
		want    string
	}{
		{"in order", false, begin + ">100=abc >103=def", ">abcdef"},
		{"out of order", false, begin + ">103=def >106=ghi >100=abc", ">abcdefghi"},
		{"the first copy counts", false, begin + ">103=def >100=abcXXXg", ">abcdefg"},
		{"before the beginning", false, begin + ">99=Zabc >103=d", ">abcd"},
		{"the beginning comes late", false, ">103=def >100=abc begin>100 >106=g", ">abcdefg"},
		{"the beginning never comes", false, ">100=abc >103=def +3s", ">abcdef"},
		{"a gap that nobody acknowledged", false, begin + ">103=def +9s >100=abc", ">abcdef"},
		{"a gap that nobody acknowledged, too late", false, begin + ">103=def +11s >100=abc", "><3> >def"},
		{"a gap that was acknowledged", false, begin + "ack>106 >103=def +1s >100=abc", ">abcdef"},
		{"a gap that was acknowledged, too late", false, begin + "ack>106 >103=def +3s >100=abc", "><3> >def"},
		{"cut short", false, begin + ">100=ab-3 >105=c", ">ab ><3> >c"},
		{"cut short, out of order", false, begin + ">105=c >100=ab-3", ">ab ><3> >c"},
		{"nothing waits for the other side", false, begin + ">100/309=abc <300/103=xyz", ">abc <xyz"},
		{"an answer waits for the question", true, begin + "<300/103=yes >100/300=who", ">who <yes"},
		{"an answer to a FIN", true, begin + "<300/104=bye end>103 >100/300=who", ">who <bye"},
		{"an answer to nothing", true, begin + "<300/103=yes +3s", "><3> <yes"},
		{"a retransmission says more than the original", true, begin + ">103/306=de >100/303=abc <300/100=xyz <303/103=uvw", "<xyz >abc <uvw >de"},
		{"answers that contradict each other", true, begin + ">100/303=ab <300/102=yes +3s", ">ab <yes"},
		{"the ends change places", false, begin + ">100=a swap <101=b >300=x", ">ab <x"},
		{"over, with a gap", false, begin + ">103=def flush>106", "><3> >def"},
		{"over, the end is missing", false, begin + ">100=abc flush>110", ">abc ><7>"},
		{"over before it is settled", false, ">100=abc <300=x flush>103", ">abc <x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := NewGroup(1000, 10_000, test.answers)
			b := newBed(g)
			b.play(t, test.script)
			require.Equal(t, test.want, strings.Join(b.heard.said, " "))
			b.End()
			require.Zero(t, g.Held())
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	for name, script := range map[string]string{
		"at once":             "begin>100 begin<300 >100=no >102=x",
		"out of what is held": "begin>100 begin<300 >102=x >104=y <301=z >100=no",
		"at the end":          ">103=x >100=no <301=z flush>104",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGroup(1000, 10_000, true)
			b := newBed(g)
			b.heard.enough = "no"
			b.play(t, script)
			require.Equal(t, []string{">no"}, b.heard.said)
			require.True(t, b.Over())
			require.Zero(t, g.Held())
		})
	}
}

// TestBudgets: what waits behind a gap is given when a direction, or all streams, hold
// too much.
func TestBudgets(t *testing.T) {
	const room = 3 * (overhead + 1)
	g := NewGroup(room, 2*room, false)
	one := newBed(g)
	one.play(t, "begin>100 begin<300 >102=b >104=d >106=f +0s")
	require.Empty(t, one.heard.said, "there is room")
	one.play(t, ">108=h +0s")
	require.Equal(t, []string{"><2>", ">b"}, one.heard.said, "the direction has none")
	beds := []*bed{newBed(g), newBed(g), newBed(g)}
	for _, b := range beds {
		b.play(t, "begin>100 begin<300 >102=b >104=d +0s")
	}
	require.LessOrEqual(t, g.Held(), 2*room)
	for _, b := range beds {
		b.End()
	}
	one.End()
	require.Zero(t, g.Held())
}

// TestAccidents cuts texts into segments anywhere, repeats and disorders them: the reader
// hears what was said.
func TestAccidents(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		b := newBed(NewGroup(1<<20, 1<<20, seed%2 == 0))
		var want [2]string
		var start [2]uint32
		var list []string
		for dir := range want {
			start[dir] = rnd.Uint32() - 100
			for i := range 40 + rnd.IntN(80) {
				want[dir] += string(rune('a' + i%26))
			}
			for at := 0; at < len(want[dir]); {
				n := min(1+rnd.IntN(9), len(want[dir])-at)
				from := max(0, at-rnd.IntN(4)) // repeats what was before
				list = append(list, fmt.Sprintf("%c%d=%s", "><"[dir], start[dir]+uint32(from), want[dir][from:at+n]))
				at += n
			}
		}
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		early := rnd.IntN(2) == 0
		begin := fmt.Sprintf("begin>%d begin<%d ", start[0], start[1])
		if early {
			b.play(t, begin)
		}
		b.play(t, strings.Join(list, " "))
		if !early {
			b.play(t, begin+"+1s")
		}
		var got [2]string
		for _, s := range b.heard.said {
			got[strings.IndexByte("><", s[0])] += s[1:]
		}
		require.Equal(t, want, got, "seed %d", seed)
		require.Zero(t, b.Held())
	}
}
