package renumber

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// later has each packet a hundred later in the file than on the link; below ten there are none.
type later struct{}

func (later) InFile(p flow.Pos) flow.Pos {
	if p.Packet() < 10 {
		return p.Apart()
	}
	return flow.Kept(p.Point(), p.Packet()+100)
}

func (later) OnLink(p flow.Pos) flow.Pos {
	if !p.InFile() {
		return p.Rejoined()
	}
	return flow.OnLink(p.Point(), p.Packet()-100)
}

func at(n uint64) flow.Pos { return flow.OnLink(0, n) }

// whole is a session with places at all depths; what two of its parts share stays shared.
func whole() *record.Session {
	conn := &flow.Conn{SYN: flow.Mark{Pos: at(20)}, SYNPos: &flow.SYNs{at(20), at(21)}, Told: flow.Told{Facts: &record.TLSInfo{ClientHello: flow.Mark{Pos: at(25)}}}}
	reply := &record.Reply{Code: 226, Pos: at(30)}
	return &record.Session{
		Origin: record.Origin{First: flow.Mark{Pos: at(5)}},
		Said:   record.Said{Dialogue: []record.Exchange{{Pos: at(11), Replies: []record.Reply{{Pos: at(12)}}}}, Operations: []record.Operation{{Pos: at(13)}}},
		Transfers: []record.Transfer{{Reply: reply, Frames: record.Frames{Command: at(14), SYN: at(20), Reply: at(30)},
			Notes: record.TransferNotes{Answer: reply, Conn: conn, Tried: []flow.Conn{*conn}, Ran: &record.Line{Mark: flow.Mark{Time: 7, Pos: at(14)}}}}},
	}
}

func TestCopy(t *testing.T) {
	s := whole()
	got := Copy(s, later{})
	require.Equal(t, whole(), s, "the original stays as it is")
	require.Equal(t, at(5).Apart(), got.First.Pos)
	in := func(n uint64) flow.Pos { return flow.Kept(0, n+100) }
	require.Equal(t, in(11), got.Dialogue[0].Pos)
	require.Equal(t, in(12), got.Dialogue[0].Replies[0].Pos)
	require.Equal(t, in(13), got.Operations[0].Pos)
	x := &got.Transfers[0]
	require.Equal(t, record.Frames{Command: in(14), SYN: in(20), Reply: in(30)}, x.Frames)
	require.Equal(t, flow.Mark{Time: 7, Pos: in(14)}, x.Notes.Ran.Mark)
	require.Equal(t, in(20), x.Notes.Conn.SYN.Pos)
	require.Equal(t, &flow.SYNs{in(20), in(21)}, x.Notes.Conn.SYNPos)
	require.Equal(t, in(25), x.Notes.Conn.Facts.(*record.TLSInfo).ClientHello.Pos)
	require.Equal(t, in(20), x.Notes.Tried[0].SYN.Pos)
	require.Same(t, x.Reply, x.Notes.Answer)
	require.Equal(t, in(30), x.Reply.Pos)
}

func TestLink(t *testing.T) {
	s := Copy(whole(), later{})
	s.Verdict = &record.Verdict{Frames: []flow.Pos{at(5).Apart(), flow.Kept(0, 114)}}
	s.Findings = []record.Finding{{Frames: []flow.Pos{flow.Kept(0, 130)}}}
	Link(s, later{})
	require.Equal(t, []flow.Pos{at(5), at(14)}, s.Verdict.Link)
	require.Equal(t, []flow.Pos{at(30)}, s.Findings[0].Link)
	require.Equal(t, &record.Frames{Negotiation: 0, Command: at(14), SYN: at(20), Reply: at(30)}, s.Transfers[0].Frames.Link)
	require.Equal(t, at(12), s.Dialogue[0].Replies[0].Link)
	require.Equal(t, at(13), s.Operations[0].Link)
}
