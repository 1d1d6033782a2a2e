package extract

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// download is a transfer of n bytes from an offset over a connection.
func download(id, n, from uint64) record.Transfer {
	c := conn(id)
	t := record.Transfer{Command: ptr("RETR"), Path: ptr("a.bin"), Bytes: &n, Outcome: record.OK}
	t.Notes.Conn, t.Notes.From = c, c.Dst
	if from > 0 {
		t.Restart = &from
	}
	return t
}

// Limits strike transfers in the order of the sessions: each file takes what it will
// need.
func TestPlanLimits(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits Limits
		list   []record.Transfer
		want   string // of each transfer the most bytes of its file, its place, and why it is not whole
	}{
		{"room for all", Limits{100, 1000, 9}, []record.Transfer{download(1, 50, 0), download(2, 50, 0)}, "[100 0 ][100 0 ]"},
		{"files", Limits{100, 1000, 1}, []record.Transfer{download(1, 50, 0), download(2, 50, 0)}, "[100 0 ][0 0 " + whyFiles + "]"},
		{"all bytes", Limits{100, 80, 9}, []record.Transfer{download(1, 50, 0), download(2, 50, 0), download(3, 1, 0)}, "[100 0 ][30 0 " + whyTotal + "][0 0 " + whyTotal + "]"},
		{"a large one takes its limit only", Limits{40, 80, 9}, []record.Transfer{download(1, 500, 0), download(2, 40, 0)}, "[40 0 ][40 0 ]"},
		{"what REST leaves out takes nothing", Limits{100, 80, 9}, []record.Transfer{download(1, 50, 40), download(2, 30, 0)}, "[100 40 ][100 0 ]"},
		{"a file's limit counts from its beginning", Limits{100, 1000, 9}, []record.Transfer{download(1, 50, 90)}, "[100 90 ]"},
		{"REST beyond the limit", Limits{100, 1000, 9}, []record.Transfer{download(1, 50, 100), download(2, 1, 0)}, "[0 100 " + whyPlace + "][100 0 ]"},
		{"part of it is left, behind REST", Limits{100, 20, 9}, []record.Transfer{download(1, 50, 10)}, "[30 10 " + whyTotal + "]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := NewPlan(Options{Limits: test.limits}, true)
			require.NoError(t, p.Session(&record.Session{Transfers: test.list}))
			got := ""
			for i := range test.list {
				k, _ := keyOf(&test.list[i])
				w := p.wants[k]
				got += fmt.Sprintf("[%d %d %s]", w.most, w.offset, w.why)
			}
			require.Equal(t, test.want, got)
		})
	}
}

// A connection of two sessions is wanted once; one that carried nothing is not wanted.
func TestPlanWants(t *testing.T) {
	shut, silent, listing, tls := download(2, 0, 0), download(3, 0, 0), download(4, 9, 0), download(5, 9, 0)
	shut.Notes.Conn.State = flow.Refused
	silent.Command = nil
	listing.Command = ptr("LIST")
	tls.Method, tls.Notes.Conn.SYN = record.MethodEncrypted, flow.Mark{}
	p := NewPlan(Options{Limits: DefaultLimits}, true)
	s := &record.Session{TLS: record.TLSExplicit, Transfers: []record.Transfer{download(1, 9, 0), shut, silent, listing, tls, {Method: "PASV"}}}
	require.NoError(t, p.Session(s))
	require.NoError(t, p.Session(s))
	at := func(id uint64) *want { return p.wants[key{id, serverEnd}] }
	require.Equal(t, &want{uses: 2, most: DefaultLimits.Size, tls: true}, at(1))
	require.Nil(t, at(2))
	require.Nil(t, at(3))
	require.Equal(t, &want{uses: 2, tls: true}, at(4), "it is hashed, and no file")
	require.Equal(t, &want{uses: 2, tls: true, blind: true}, at(5))
	require.Equal(t, 1, p.count)
}

func TestIsTLS(t *testing.T) {
	for text, want := range map[string]bool{
		"\x16\x03\x01": true, "\x17\x03\x03abc": true, "\x16\x03\x04": true, "\x16\x03\x05": false, "\x15\x03\x03": false, "\x16\x03": false, "": false, "PK\x03\x04": false,
	} {
		require.Equal(t, want, isTLS([]byte(text)), "%q", text)
	}
}
