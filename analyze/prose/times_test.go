package prose

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// A duration is said in a unit of which it has less than one of the next.
func TestDurations(t *testing.T) {
	for _, x := range []struct {
		d                   flow.Time
		span, fine, lasting string
	}{
		{0, "0 ms", "0 µs", "0 ms"},
		{999_499, "1 ms", "999 µs", "0 ms"},
		{9_999_999, "10 ms", "9,999 µs", "9 ms"},
		{10 * flow.Millisecond, "10 ms", "10 ms", "10 ms"},
		{999_499_999, "999 ms", "999 ms", "999 ms"},
		{999_500_000, "1.0 s", "1.0 s", "999 ms"},
		{flow.Second, "1.0 s", "1.0 s", "1 s"},
		{9_999_999_999, "9.9 s", "9.9 s", "9.9 s"},
		{59_999_999_999, "59.9 s", "59.9 s", "59 s"},
		{60 * flow.Second, "1 min", "1 min", "1 min"},
		{3600*flow.Second - 1, "59 min 59 s", "59 min 59 s", "59 min 59 s"},
		{86400*flow.Second - 1, "23 h 59 min", "23 h 59 min", "23 h 59 min"},
		{90 * 86400 * flow.Second, "90 d", "90 d", "2160 h"},
	} {
		require.Equal(t, []string{x.span, x.fine, x.lasting}, []string{Span(x.d), FineSpan(x.d), Lasting(x.d)}, x.d)
		require.Equal(t, x.span, Span(time.Duration(x.d)))
		require.Equal(t, Span[flow.Time](0), Span(-x.d-1), "time does not go back")
	}
}

// Numbers and plurals of things that end in s and y.
func TestPlurals(t *testing.T) {
	for want, got := range map[string]string{
		"1 process": Many(1, "process"), "2 processes": Many(2, "process"), "0 replies": Many(0, "reply"), "1 reply": Many(uint64(1), "reply"), "18,446,744,073,709,551,615 bytes": Many(^uint64(0), "byte"),
	} {
		require.Equal(t, want, got)
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1_000_000: "1,000,000", 12_345: "12,345"} {
		require.Equal(t, want, Number(n))
	}
	for n, want := range map[uint64]string{99_949: "99.9 kB", 99_950: "100.0 kB", 999_949: "999.9 kB", 999_950_000: "1.0 GB", 1 << 63: "9.2 EB"} {
		require.Equal(t, want, Size(n))
	}
}

// anyText is words of all kinds: plain, wide, combining, escaped, without a blank.
func anyText(r *rand.Rand) string {
	parts := []string{"word", "最終版", "e\u0301\u0301", "/srv/archive/reports/2024.pdf", strings.Repeat("x", 90), "👩‍👩‍👧", "a-b_c.d", "Ж", "…", "I", `\x1b`, "=&?;"}
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(parts[r.IntN(len(parts))])
		b.WriteString([]string{" ", "", "  ", " "}[r.IntN(4)])
	}
	return b.String()
}

// Lines are no wider than they may be, and say the same as the text, in its order.
func TestAnyTextWraps(t *testing.T) {
	squeezed := func(s string) string { return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), "") }
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		text, width := anyText(r), 2+r.IntN(80)
		used := r.IntN(width)
		lines := WrapAfter(used, text, width)
		require.Equal(t, squeezed(text), squeezed(strings.Join(lines, "")))
		for i, line := range lines {
			room := width
			if i == 0 {
				room -= used
			}
			require.LessOrEqual(t, Columns(line), max(room, 2), "%q after %d of %d", text, used, width)
			require.Equal(t, strings.TrimSpace(line), line)
		}
		for _, cut := range []string{Cut(text, width), CutEnd(text, width)} {
			require.LessOrEqual(t, Columns(cut), width, "%q", text)
		}
		if Columns(text) <= width {
			require.Equal(t, []string{text, text}, []string{Cut(text, width), CutEnd(text, width)})
		}
		require.True(t, strings.HasPrefix(text, Prefix(text, width)))
	}
}

func TestUnpainted(t *testing.T) {
	for in, want := range map[string]string{"": "", "plain": "plain", "\x1b[1mbold\x1b[0m, \x1b[38;5;32mblue\x1b[0m": "bold, blue", "\x1b[31m": ""} {
		require.Equal(t, want, Unpainted(in))
	}
}
