package compare

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// halfOf is a half of segments: "S" is a SYN, "F" a FIN, "R" a reset, else payload. Each takes
// its sequence number where the one before ended.
func halfOf(isn uint32, parts ...string) *Half {
	h := &Half{}
	seq := isn
	for i, p := range parts {
		s := Seg{Seq: seq, Time: flow.Time(i) * ms, Pos: flow.At(0, uint64(i+1))}
		switch p {
		case "S":
			s.Flags, seq = flow.SYN, seq+1
		case "F":
			s.Flags, seq = flow.FIN, seq+1
		case "R":
			s.Flags = flow.RST
		default:
			s.Length = uint32(len(p))
			s.Hash, seq = hashOf([]byte(p), s.Length), seq+s.Length
		}
		h.Segs = append(h.Segs, s)
		h.Packets++
	}
	return h
}

func TestAlign(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b *Half
		want mapping
	}{
		{"by the SYNs", halfOf(100, "S", "x"), halfOf(7000, "S", "other"), mapping{true, 100, []shift{{0, 6900}}}},
		{"over the end of numbers", halfOf(0xffffff00, "S"), halfOf(0x10, "S"), mapping{true, 0xffffff00, []shift{{0, 0x110}}}},
		{"by what is the same", halfOf(100, "USER bob\r\n", "QUIT\r\n"), halfOf(505, "x\r\n", "USER bob\r\n", "QUIT\r\n"), mapping{true, 100, []shift{{0, 408}}}},
		{"one SYN does not help", halfOf(100, "S", "USER bob\r\n"), halfOf(300, "USER bob\r\n"), mapping{true, 100, []shift{{0, 199}}}},
		{"nothing in common", halfOf(100, "abc"), halfOf(300, "def"), mapping{false, 100, []shift{{0, 0}}}},
		{"nothing here", &Half{}, halfOf(300, "def"), mapping{false, 300, []shift{{0, 0}}}},
		{"nothing anywhere", &Half{}, &Half{}, mapping{false, 0, []shift{{0, 0}}}},
		{"what is said twice tells nothing", halfOf(100, "NOOP\r\n", "NOOP\r\n"), halfOf(200, "NOOP\r\n"), mapping{false, 100, []shift{{0, 0}}}},
		{"the most votes win", halfOf(0, "one", "two", "three"), halfOf(1000, "three", "one", "two"), mapping{true, 0, []shift{{0, 1005}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, rewrites := align(test.a, test.b)
			require.Equal(t, test.want, m)
			require.Empty(t, rewrites)
		})
	}
}

// The numbers of a side are found again on the other, before and after each rewritten line.
func TestMappingWithRewrites(t *testing.T) {
	here := []string{"USER bob\r\n", "PORT 10,0,0,2,4,1\r\n", "RETR a\r\n", "PORT 10,0,0,2,4,2\r\n", "QUIT\r\n"}
	there := []string{"USER bob\r\n", "PORT 203,0,113,1,4,1\r\n", "RETR a\r\n", "PORT 1,1,1,1,4,2\r\n", "QUIT\r\n"}
	a, b := halfOf(99, append([]string{"S"}, here...)...), halfOf(499, append([]string{"S"}, there...)...)
	a.Text, b.Text = text(100, here...), text(500, there...)
	m, rewrites := align(a, b)
	require.Equal(t, []Rewrite{
		{110, 510, "PORT 10,0,0,2,4,1", "PORT 203,0,113,1,4,1"}, {137, 540, "PORT 10,0,0,2,4,2", "PORT 1,1,1,1,4,2"},
	}, rewrites)
	for i := range a.Segs {
		if i != 4 { // a line that is another begins where the shift is
			require.Equal(t, a.Segs[i].Seq, m.toA(b.Segs[i].Seq), "segment %d", i)
		}
	}
	require.Equal(t, flow.At(0, 3), a.at(110), "the packet that holds the first byte of the line")
	require.Equal(t, flow.At(0, 3), a.at(128))
	require.Zero(t, a.at(99), "a SYN holds none")
	require.Zero(t, a.at(5000))
}
