package extract

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// bed is a live extraction, with what a session's end brings.
type bed struct {
	*Live
	t    *testing.T
	dir  string
	told []string
}

func newBed(t *testing.T, limits Limits) *bed {
	b := &bed{t: t, dir: t.TempDir()}
	folder, err := OpenFolder(b.dir, false)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, folder.Close())
		left, err := filepath.Glob(b.dir + "/.*")
		require.NoError(t, err)
		require.Empty(t, left)
	})
	opt := LiveOptions{
		Options: Options{Hashes: []string{"sha256"}, Limits: limits},
		Control: func(port uint16) bool { return port == 21 },
		Chosen:  func(s *record.Session) bool { return s.User == nil },
	}
	b.Live = NewLive(opt, folder, func(err error) { b.told = append(b.told, err.Error()) })
	return b
}

var (
	clientEnd = netip.MustParseAddrPort("192.0.2.10:40000")
	serverEnd = netip.MustParseAddrPort("192.0.2.21:50000")
)

func conn(id uint64) *flow.Conn {
	at := flow.Mark{Time: flow.Time(id) * flow.Second, Ord: id, Pos: 1}
	return &flow.Conn{ID: id, Src: clientEnd, Dst: serverEnd, OpenerKnown: true, Start: at, Last: at, SYN: at, State: flow.Established}
}

// ends tells of sessions that each are given a connection for a download, of n bytes.
func (b *bed) ends(c *flow.Conn, n uint64, change func(*record.Session, *record.Transfer), controls ...uint64) []string {
	c.Half[flow.In].FIN = c.Last
	for _, control := range controls {
		x := record.Transfer{
			N: 1, Command: ptr("RETR"), Path: ptr("a.txt"), Direction: ptr(record.Download), Bytes: &n, MissingBytes: new(uint64), Outcome: record.OK,
			Connection: &record.Connection{Src: c.Src, Dst: c.Dst},
			Notes:      record.TransferNotes{Conn: c, From: serverEnd, Tried: []flow.Conn{*c}},
		}
		s := &record.Session{ID: int(control), TLS: record.TLSNone, Origin: record.Origin{First: flow.Mark{Ord: control}}}
		if change != nil {
			change(s, &x)
		}
		s.Transfers = []record.Transfer{x}
		b.Fill(s)
		require.NoError(b.t, b.Records(nothing{}).Session(s))
	}
	manifest, err := os.ReadFile(filepath.Join(b.dir, ManifestName))
	require.NoError(b.t, err)
	var list []string
	entries, err := os.ReadDir(b.dir)
	require.NoError(b.t, err)
	for _, e := range entries {
		if name := e.Name(); name != ManifestName && name[0] != '.' {
			data, err := os.ReadFile(filepath.Join(b.dir, name))
			require.NoError(b.t, err)
			list = append(list, fmt.Sprintf("%s %q", name, data))
		}
	}
	for line := range strings.Lines(string(manifest)) {
		if _, why, found := strings.Cut(line, `"why":`); found {
			list = append(list, strings.Trim(why, "[]}\"\n"))
		}
	}
	require.Empty(b.t, b.open)
	require.Zero(b.t, b.waiting.Load())
	return list
}

type nothing struct{}

func (nothing) Session(*record.Session) error { return nil }
func (nothing) Attempt(*record.Attempt) error { return nil }
func (nothing) Orphan(*record.Orphan) error   { return nil }
func (nothing) Summary(*record.Summary) error { return nil }

func TestClaims(t *testing.T) {
	data := func(r interface {
		Data(flow.Direction, []byte, flow.Mark) bool
	}, s string) bool {
		return r.Data(flow.In, []byte(s), conn(1).Last)
	}
	for _, test := range []struct {
		name string
		play func(b *bed, c *flow.Conn)
		want string
	}{
		{"before", func(b *bed, c *flow.Conn) {
			b.Claimed(c, 7)
			r := b.Follow(c)
			data(r, "ab")
			data(r, "cd")
			r.Closed(c)
		}, `a.txt "abcd"`},
		{"between", func(b *bed, c *flow.Conn) {
			r := b.Follow(c)
			data(r, "ab")
			b.Claimed(c, 7)
			data(r, "cd")
			r.Closed(c)
		}, `a.txt "abcd"`},
		{"with a gap", func(b *bed, c *flow.Conn) {
			r := b.Follow(c)
			data(r, "ab")
			r.Gap(flow.In, 1, c.Last)
			b.Claimed(c, 7)
			data(r, "d")
			r.Gap(flow.In, 1, c.Last)
			r.Closed(c)
		}, "a.txt.partial \"ab\\x00d\\x00\"; the capture lacks some of the bytes"},
		{"after", func(b *bed, c *flow.Conn) {
			r := b.Follow(c)
			data(r, "abcd")
			r.Closed(c)
			b.Claimed(c, 7)
		}, `a.txt "abcd"`},
		{"never", func(b *bed, c *flow.Conn) {
			r := b.Follow(c)
			data(r, "abcd")
			r.Closed(c)
			late := conn(60)
			b.Claimed(late, 8)
			b.Follow(late).Closed(late)
		}, "too much of the data had passed before their session was known"},
		{"too late", func(b *bed, c *flow.Conn) {
			r := b.Follow(c)
			require.True(b.t, r.Data(flow.In, []byte("ab"), c.Last))
			require.False(b.t, r.Data(flow.In, []byte("cd"), conn(60).Last))
			b.Claimed(c, 7)
		}, "too much of the data had passed before their session was known"},
		{"after too much", func(b *bed, c *flow.Conn) {
			r := b.Follow(c)
			for n := 0; data(r, strings.Repeat("x", 1<<20)); n++ {
				require.Less(b.t, n, maxWaiting>>20)
			}
			b.Claimed(c, 7)
		}, "too much of the data had passed before their session was known"},
		{"no payload", func(b *bed, c *flow.Conn) { b.Claimed(c, 7) }, "too much of the data had passed before their session was known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBed(t, DefaultLimits)
			c := conn(1)
			test.play(b, c)
			require.Equal(t, test.want, strings.Join(b.ends(c, 4, nil, 7), "; "))
			require.Empty(t, b.told)
		})
	}
}

// whole is a connection that was claimed by sessions and carried data.
func (b *bed) whole(id uint64, data string, controls ...uint64) *flow.Conn {
	c := conn(id)
	for _, control := range controls {
		b.Claimed(c, control)
	}
	r := b.Follow(c)
	r.Data(flow.In, []byte(data), c.Last)
	r.Closed(c)
	return c
}

func TestLiveSessions(t *testing.T) {
	b := newBed(t, Limits{Size: 10, Total: 23, Files: 100})
	require.Nil(t, b.Follow(&flow.Conn{ID: 1, Src: clientEnd, Dst: netip.MustParseAddrPort("192.0.2.21:443"), OpenerKnown: true}), "a well-known port")
	require.Nil(t, b.Follow(&flow.Conn{ID: 2, Src: clientEnd, Dst: netip.MustParseAddrPort("192.0.2.21:21"), OpenerKnown: true}))

	require.Equal(t, []string{`a.txt "abcd"`}, b.ends(b.whole(3, "abcd", 7, 8), 4, nil, 7, 8), "FXP: one file")
	got := b.ends(b.whole(4, "abcd", 7), 4, func(_ *record.Session, x *record.Transfer) { x.Restart = ptr(uint64(3)) }, 7)
	require.Contains(t, got, `a-2.txt.partial "\x00\x00\x00abcd"`)
	b.ends(b.whole(5, "abcd", 7), 4, func(_ *record.Session, x *record.Transfer) { x.Command = ptr("LIST") }, 7)
	b.ends(b.whole(6, "abcd", 7), 4, func(s *record.Session, _ *record.Transfer) { s.User = ptr("who was not chosen") }, 7)
	b.ends(b.whole(7, "\x16\x03\x01xyz", 7), 6, nil, 7)
	b.ends(b.whole(8, "abcd", 7), 4, func(_ *record.Session, x *record.Transfer) { x.Restart = ptr(uint64(11)) }, 7)
	got = b.ends(b.whole(9, "0123456789AB", 7), 12, nil, 7)
	require.Contains(t, got, `a-3.txt.partial "0123456789"`)
	got = b.ends(b.whole(10, "0123456", 7), 7, nil, 7)
	require.Contains(t, got, `a-4.txt.partial "01234"`, "of the 23 bytes in all, 18 were used: what was discarded does not count")
	require.Len(t, got, 4+5)
	require.Equal(t, []string{
		"what is before the offset of REST was not transferred with it", "the data are encrypted",
		`REST names an offset beyond the limit on a file","what is before the offset of REST was not transferred with it`,
		"the file is larger than the limit on a file", "the limit on the bytes of all files was reached",
	}, got[4:9])
	require.Empty(t, b.done)
	require.Empty(t, b.claims)
	require.Empty(t, b.told)
}
