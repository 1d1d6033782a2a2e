package filter

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/decode"
)

// FuzzParse: an expression compiles or has an error that shows its place, and what
// compiled can be asked.
func FuzzParse(f *testing.F) {
	for _, expr := range append(append(listed(expressions), listed(named)...), generated(9, 50)...) {
		f.Add(expr)
	}
	f.Add("tcp[13] & 2 != 0")
	f.Add("host 10.0.0.1/8 mask 1.2")
	f.Add("vlan ((((5)) or \\")
	frames := made(3, decode.LinkEthernet, 8)
	f.Fuzz(func(t *testing.T, expr string) {
		filter, err := Parse(expr)
		if err != nil {
			var e *Error
			require.True(t, errors.As(err, &e))
			require.NotEmpty(t, e.Reason)
			require.True(t, 0 <= e.Pos && e.Pos <= len(expr))
			text, mark := e.Excerpt()
			require.LessOrEqual(t, utf8.RuneCountInString(mark), utf8.RuneCountInString(text)+1)
			return
		}
		opposite, err := Parse("not (" + expr + ")")
		for _, p := range frames {
			is := filter.Match(p.Data, uint32(p.Length), decode.LinkEthernet)
			if err == nil {
				require.False(t, is && opposite.Match(p.Data, uint32(p.Length), decode.LinkEthernet))
			}
		}
	})
}

// FuzzMatch: no packet of any link type makes a filter panic, and not turns every answer
// around but that of a cut packet.
func FuzzMatch(f *testing.F) {
	type pair struct {
		expr    string
		is, not *Filter
	}
	var filters []pair
	for _, expr := range append(listed(expressions), generated(4, 100)...) {
		is, err := Parse(expr)
		require.NoError(f, err)
		not, err := Parse("not (" + expr + ")")
		require.NoError(f, err)
		filters = append(filters, pair{expr, is, not})
	}
	links := []uint32{decode.LinkEthernet, decode.LinkSLL, decode.LinkSLL2, decode.LinkNull, decode.LinkLoop, decode.LinkRaw, decode.LinkIPv4, decode.LinkIPv6, decode.LinkRaw12, decode.LinkRaw14}
	for i, link := range links[:8] {
		for _, p := range made(2, link, 20) {
			f.Add(p.Data, uint32(0), uint8(i))
		}
	}
	const enough = 4096 // nothing looks further: tags, headers, ports
	f.Fuzz(func(t *testing.T, data []byte, uncaptured uint32, which uint8) {
		link, length := links[int(which)%len(links)], uint32(len(data))+uncaptured%(1<<20)
		whole := append(append([]byte{}, data...), make([]byte, enough)...)
		for _, p := range filters {
			is, not := p.is.Match(data, length, link), p.not.Match(data, length, link)
			require.False(t, is && not, p.expr)
			require.NotEqual(t, p.is.Match(whole, length, link), p.not.Match(whole, length, link), p.expr)
			if is || not { // what was captured decided, so more of it changes nothing
				require.Equal(t, is, p.is.Match(whole, length, link), p.expr)
			}
		}
	})
}
