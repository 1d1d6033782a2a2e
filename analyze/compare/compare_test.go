package compare

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func text(start uint32, parts ...string) *Text {
	t, b := &Text{}, newBudget()
	seq := start
	t.add(&flow.Segment{Flags: flow.SYN, Seq: start - 1}, b)
	for _, p := range parts {
		if p[0] != '-' { // of a gap only the length counts
			t.add(&flow.Segment{Seq: seq, Length: uint32(len(p)), Payload: []byte(p)}, b)
		}
		seq += uint32(len(p))
	}
	return t
}

func TestWalkTexts(t *testing.T) {
	for _, test := range []struct {
		name     string
		a, b     []string
		rewrites []Rewrite
		shifts   []shift
	}{
		{"the same", []string{"USER bob\r\n", "QUIT\r\n"}, []string{"USER b", "ob\r\nQUIT\r\n"}, nil, nil},
		{"longer", []string{"PORT 1,2\r\n", "QUIT\r\n"}, []string{"PORT 1,22,3\r\n", "QUIT\r\n"},
			[]Rewrite{{100, 500, "PORT 1,2", "PORT 1,22,3"}}, []shift{{110, 403}}},
		{"changed in place", []string{"220 ready\r\n"}, []string{"220 *****\r\n"}, []Rewrite{{100, 500, "220 ready", "220 *****"}}, nil},
		{"a line is taken out", []string{"AUTH TLS\r\n", "USER bob\r\n"}, []string{"USER bob\r\n"}, []Rewrite{{100, 500, "AUTH TLS", ""}}, []shift{{110, 390}}},
		{"a line is put in", []string{"USER bob\r\n"}, []string{"CLNT x\r\n", "USER bob\r\n"}, []Rewrite{{100, 500, "", "CLNT x"}}, []shift{{100, 408}}},
		{"a gap says nothing", []string{"USER bob\r\n", "PORT 1,2\r\n", "QUIT\r\n"}, []string{"USER bob\r\n", "----------", "QUIT\r\n"}, nil, nil},
		{"cut at the end", []string{"USER bob\r\n", "PORT 1,2\r\n"}, []string{"USER bob\r\n", "PO"}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := walkTexts(text(100, test.a...), text(500, test.b...), 400)
			require.Equal(t, test.rewrites, w.rewrites)
			require.Equal(t, test.shifts, w.shifts)
		})
	}
}

// The text is the same in whatever order its segments come, with the SYN or without it.
func TestTextInDisorder(t *testing.T) {
	list := []flow.Segment{
		{Flags: flow.SYN, Seq: 99}, {Seq: 100, Length: 5, Payload: []byte("USER ")}, {Seq: 105, Length: 5, Payload: []byte("bob\r\n")},
		{Seq: 109, Length: 1, Payload: []byte("\n")}, {Seq: 112, Length: 2, Payload: []byte("\r\n")},
	}
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		x, b := &Text{}, newBudget()
		all := b.text
		for _, i := range rnd.Perm(len(list)) {
			if i > 0 || seed%2 == 0 {
				x.add(&list[i], b)
			}
		}
		require.Equal(t, uint32(100), x.start)
		require.Equal(t, "USER bob\r\n\x00\x00\r\n", string(x.bytes))
		require.Equal(t, []span{{10, 12}}, x.gaps)
		require.Equal(t, all-allowance(len(x.bytes)), b.text)
	}
}

func TestMapping(t *testing.T) {
	m := mapping{shifts: []shift{{0, 400}, {110, 403}}}
	for b, a := range map[uint32]uint32{500: 100, 509: 109, 513: 110, 520: 117} {
		require.Equal(t, a, m.toA(b), "%d", b)
	}
}

func TestEstimate(t *testing.T) {
	const ms = flow.Millisecond
	require.False(t, (&Clock{}).Known)
	c := estimate([]sample{{0, 12 * ms, ToServer}, {ms, 10 * ms, ToServer}, {2 * ms, 4 * ms, ToClient}, {3 * ms, 2 * ms, ToClient}})
	require.Equal(t, Clock{Known: true, Offset: 7 * ms, RoundTrip: 6 * ms, HasRound: true, Packets: 4}, c)
	require.Equal(t, 107*ms, c.There(100*ms))
	require.Equal(t, 100*ms, c.Here(107*ms))
	c = estimate([]sample{{0, -5 * ms, ToClient}})
	require.Equal(t, Clock{Known: true, Offset: -5 * ms, Packets: 1}, c)
}

func TestCommonest(t *testing.T) {
	_, ok := commonest(nil)
	require.False(t, ok)
	list := []couple{{diff: 50 * flow.Second}, {diff: 7 * flow.Second}, {diff: 8 * flow.Second}, {diff: -3 * flow.Second}}
	d, ok := commonest(list)
	require.True(t, ok)
	require.Equal(t, 8*flow.Second, d)
}

// Every kind has a verdict, and words that are not those of another.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		require.Contains(t, Verdicts(), k.Verdict)
		require.NotEmpty(t, k.Doc)
		require.False(t, seen[k.Name] || seen[k.Doc], k.Name)
		seen[k.Name], seen[k.Doc] = true, true
		require.Equal(t, k.Verdict, VerdictOf(k.Name))
	}
}
