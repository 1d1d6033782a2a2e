package reassembly

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// comparing is a listener that hears of conflicts.
type comparing struct {
	listener
	told []string
}

func (c *comparing) Compares() bool { return true }
func (c *comparing) Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark) {
	c.told = append(c.told, fmt.Sprintf("%c%d+%d", "><"[dir], from, n))
}

func TestConflicts(t *testing.T) {
	long := strings.Repeat("x", pastData)
	for _, test := range []struct {
		name string
		segs []segment
		want []string
	}{
		{"the same again", []segment{{seq: 100, data: []byte("abcdef")}, {seq: 100, data: []byte("abcdef")}, {seq: 102, data: []byte("cdefgh")}}, nil},
		{"another content", []segment{{seq: 100, data: []byte("abcdef")}, {seq: 102, data: []byte("cXeY")}}, []string{">-3+3"}},
		{"another content and more", []segment{{seq: 100, data: []byte("abcdef")}, {seq: 105, data: []byte("Xgh")}}, []string{">-1+1"}},
		{"across segments", []segment{{seq: 100, data: []byte("abc")}, {seq: 103, data: []byte("def")}, {seq: 101, data: []byte("XXXX")}}, []string{">-5+4"}},
		{"what is held", []segment{{seq: 100, data: []byte("abc")}, {seq: 106, data: []byte("ghi")}, {seq: 105, data: []byte("fgX")}}, []string{">4+1"}},
		{"held twice", []segment{{seq: 100, data: []byte("a")}, {seq: 103, data: []byte("d")}, {seq: 106, data: []byte("g")}, {seq: 102, data: []byte("cDefG")}}, []string{">2+1", ">5+1"}},
		{"a keep-alive", []segment{{seq: 100, data: []byte("abc")}, {seq: 102, data: []byte{0}}}, nil},
		{"a keep-alive before all", []segment{{seq: 99, data: []byte{0}}, {seq: 100, data: []byte("abc")}}, nil},
		{"long ago", []segment{{seq: 100, data: []byte("abc")}, {seq: 103, data: []byte(long + long)}, {seq: 100, data: []byte("XYZ")}}, nil},
		{"behind a gap", []segment{{seq: 100, data: []byte("abc"), cut: 3}, {seq: 106, data: []byte("ghi")}, {seq: 102, data: []byte("cXYZghI")}}, []string{">-1+1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &comparing{}
			st := New(r, NewGroup(1<<20, 1<<20, false))
			st.Begins(flow.Out, 100)
			for i, p := range test.segs {
				s := flow.Segment{Seq: p.seq, Payload: p.data, Length: uint32(len(p.data)) + p.cut, Mark: flow.Mark{Ord: uint64(i), Pos: flow.At(0, uint64(i+1))}}
				st.Take(flow.Out, &s, Moment{})
				require.LessOrEqual(t, len(st.dir[0].past.bytes), 2*pastData)
			}
			require.Equal(t, test.want, r.told)
		})
	}
}
