package carve

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/cryptopan"
	"ftpscope/capture/flow"
)

var (
	client = netip.MustParseAddrPort("192.0.2.10:51234")
	server = netip.MustParseAddrPort("192.0.2.21:21")
)

// connOf is what a first pass tells of a connection of frames.
func connOf(frames []capturetest.Frame, name string) flow.Conn {
	c := flow.Conn{Nets: flow.PlainNet.Nets()}
	for i, s := range capturetest.Segments(frames) {
		if frames[i].Conn != name {
			continue
		}
		if !c.Start.Seen() {
			c.Src, c.Dst = frames[i].Meta.Src, frames[i].Meta.Dst
			c.Start, c.ID = s.Mark, s.Ord
		}
		c.Last = s.Mark
	}
	return c
}

// transferOf is a transfer over a connection of frames.
func transferOf(frames []capturetest.Frame, n int, name, command string) record.Transfer {
	c := connOf(frames, name)
	return record.Transfer{N: n, Command: &command, Announced: &c.Dst, Notes: record.TransferNotes{Conn: &c, Tried: []flow.Conn{c}}}
}

const twoTransfers = `
S: 220 ready
C: USER bob
S: 331 password
C: PASS secret99
S: 230 in
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
data d1 192.0.2.10:40001 > 192.0.2.21:50000
C: RETR a
d1< 300 fin
d1 half >
S: 226 done
data x9 198.51.100.7:1 > 198.51.100.8:80
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,81)
data d2 192.0.2.10:40002 > 192.0.2.21:50001
C: RETR b
d2< 300 fin
d2 half >
S: 226 done
C: NOOP secret99
S: 500 'PASS secret99': what?
close
`

// planned is a session with two transfers of these frames and findings about it.
func planned(frames []capturetest.Frame) *record.Session {
	s := &record.Session{ID: 3, Client: client, Server: server}
	s.Notes.Control = connOf(frames, capturetest.Control)
	s.Transfers = []record.Transfer{transferOf(frames, 1, "d1", "RETR"), transferOf(frames, 2, "d2", "RETR")}
	s.Findings = []record.Finding{
		{ID: "cleartext-credentials", Frames: []flow.Pos{flow.At(0, 7)}},
		{ID: "data-cut", Transfer: 1, Frames: []flow.Pos{s.Transfers[0].Notes.Conn.Start.Pos}},
		{ID: "data-cut", Transfer: 2, Frames: []flow.Pos{s.Transfers[1].Notes.Conn.Last.Pos}},
	}
	return s
}

func TestPlan(t *testing.T) {
	frames := capturetest.MustFrames(t, twoTransfers)
	for _, test := range []struct {
		name      string
		transfers []int
		conns     int
		unknown   []int
	}{
		{"all of it", nil, 3, nil}, {"one transfer", []int{2}, 2, nil}, {"both by number", []int{2, 1}, 3, nil}, {"one that is not there", []int{1, 7, 3}, 2, []int{7, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p Plan
			require.Equal(t, test.unknown, p.Add(planned(frames), test.transfers))
			require.Equal(t, []int{1, test.conns}, []int{p.Sessions(), p.Conns()})
			require.True(t, p.conns[0].control)
			require.Equal(t, map[netip.Addr]bool{client.Addr(): true, server.Addr(): true}, p.known())
		})
	}
	require.Zero(t, (&Plan{}).Conns())
}

// A connection is carved once, in whatever sessions it has a part; a comment names them
// all.
func TestPlanComments(t *testing.T) {
	frames := capturetest.MustFrames(t, twoTransfers)
	s := planned(frames)
	d1 := s.Transfers[0].Notes.Conn
	for _, test := range []struct {
		name string
		add  func(p *Plan)
		of   uint64 // flow.Conn.ID
		at   flow.Mark
		want string
	}{
		{"the first packet of all tells what the session is known for", nil, s.Notes.Control.ID, s.Notes.Control.Start,
			"session 3 control; finding cleartext-credentials; a.pcap packet 1"},
		{"a packet that shows a finding", nil, s.Notes.Control.ID, flow.Mark{Ord: 7, Pos: flow.At(0, 7)}, "session 3 control; finding cleartext-credentials; a.pcap packet 7"},
		{"any other", nil, s.Notes.Control.ID, flow.Mark{Ord: 8, Pos: flow.At(0, 8)}, "session 3 control; a.pcap packet 8"},
		{"a finding is named once", nil, d1.ID, d1.Start, "session 3 transfer 1 RETR; finding data-cut; a.pcap packet 11"},
		{"of two sessions", func(p *Plan) {
			other := *s
			other.ID, other.Findings = 4, nil
			p.Add(&other, []int{1})
		}, d1.ID, d1.Last, "session 3 transfer 1 RETR, session 4 transfer 1 RETR; a.pcap packet 18"},
		{"without a session", func(p *Plan) { p.AddOrphan(&record.Orphan{Conn: connOf(frames, "x9")}) }, connOf(frames, "x9").ID, connOf(frames, "x9").Start,
			"data connection without a session; a.pcap packet 20"},
		{"an attempt", func(p *Plan) { c := connOf(frames, "x9"); p.AddAttempt(&c) }, connOf(frames, "x9").ID, connOf(frames, "x9").Start,
			"attempt of a control connection; a.pcap packet 20"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p Plan
			p.Add(s, nil)
			if test.add != nil {
				test.add(&p)
			}
			require.Equal(t, test.want, p.comment(p.byID[test.of], "a.pcap", test.at))
		})
	}
}

// written carves the session of the frames and returns the file and its packets.
func written(t *testing.T, frames []capturetest.Frame, transfers []int, opt Options) (Stats, []byte, []capture.Packet) {
	t.Helper()
	var in, out bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&in, frames, capturetest.PcapOptions{}))
	var p Plan
	p.Add(planned(frames), transfers)
	stats, err := p.Write(func() Source {
		c, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(in.Bytes())})
		require.NoError(t, err)
		return c
	}, &out, opt)
	require.NoError(t, err)
	again, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(out.Bytes())})
	require.NoError(t, err)
	defer again.Close()
	var list []capture.Packet
	for {
		batch, err := again.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		for _, x := range batch {
			x.Data = bytes.Clone(x.Data)
			list = append(list, x)
		}
	}
	require.EqualValues(t, stats.Packets, len(list))
	return stats, out.Bytes(), list
}

// What is carved are the packets of the session, as they were, in their order, and no
// others.
func TestWrite(t *testing.T) {
	frames := capturetest.MustFrames(t, twoTransfers)
	for _, test := range []struct {
		name      string
		transfers []int
		conns     []string
	}{
		{"all", nil, []string{capturetest.Control, "d1", "d2"}}, {"one transfer", []int{2}, []string{capturetest.Control, "d2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stats, file, got := written(t, frames, test.transfers, Options{Name: strings.ToUpper})
			want := capturetest.Only(frames, test.conns...)
			require.Len(t, got, len(want))
			sum := uint64(0)
			for i := range want {
				require.Equal(t, want[i].Data, got[i].Data)
				require.Equal(t, want[i].Time, got[i].Time)
				sum += uint64(len(want[i].Data))
			}
			require.Equal(t, Stats{Packets: uint64(len(want)), Bytes: sum}, stats)
			require.Contains(t, string(file), "session 3 transfer 2 RETR; finding data-cut; STDIN packet")
		})
	}
}

// Passwords are overwritten where the client says them and where the server repeats them;
// all lengths stay, and what is carried besides.
func TestWriteRedacted(t *testing.T) {
	frames := capturetest.MustFrames(t, twoTransfers)
	for name, variant := range map[string][]capturetest.Frame{
		"as it is": frames, "a byte a segment": capturetest.Split(frames, 1), "sent twice": capturetest.Duplicate(frames), "joined": capturetest.Merge(frames, 9000),
	} {
		stats, file, got := written(t, variant, nil, Options{Redact: true})
		require.Empty(t, stats.Left, name)
		require.NotContains(t, string(file), "secret99", name)
		want := capturetest.Only(variant, capturetest.Control, "d1", "d2")
		for i := range want {
			require.Len(t, got[i].Data, len(want[i].Data), name)
		}
		if name == "as it is" {
			require.Contains(t, string(file), "PASS xxxxxxxx\r\n")
			require.Contains(t, string(file), "500 'PASS xxxxxxxx': what?")
			require.Contains(t, string(file), "USER bob\r\n")
		}
	}
}

// Addresses have other names in headers and in what is said; fragments of text that
// changes are left out, and counted.
func TestWriteRenamed(t *testing.T) {
	frames := capturetest.MustFrames(t, twoTransfers)
	opt := Options{Names: cryptopan.New([cryptopan.KeySize]byte([]byte("32-char-str-for-AES-key-and-pad.")))}
	stats, file, got := written(t, frames, nil, opt)
	require.Empty(t, stats.Left)
	require.NotContains(t, string(file), "192,0,2,21")
	for _, p := range got {
		require.False(t, bytes.Contains(p.Data, server.Addr().AsSlice()) || bytes.Contains(p.Data, client.Addr().AsSlice()))
	}
	_, _, got = written(t, capturetest.Snap(frames, 60), nil, opt)
	require.Len(t, got, len(capturetest.Only(frames, capturetest.Control, "d1", "d2")), "headers are enough")
	var cut []capturetest.Frame
	for _, list := range capturetest.Fragment(frames, 40, 0, 1) {
		cut = append(cut, list...)
	}
	stats, file, _ = written(t, cut, nil, opt)
	require.NotContains(t, string(file), "192,0,2,21")
	require.Len(t, stats.Left, 1)
	require.ErrorContains(t, stats.Left[0].Why, "an IP fragment of text that changes")
	require.NotZero(t, stats.Left[0].Packets)
	require.True(t, stats.Left[0].First.Seen())
}
