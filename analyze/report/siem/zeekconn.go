package siem

import (
	"io"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

var zeekConnColumns = append(zeekID[:len(zeekID):len(zeekID)], []zeekColumn{
	{"proto", "enum"}, {"service", "string"}, {"duration", "interval"}, {"orig_bytes", "count"}, {"resp_bytes", "count"}, {"conn_state", "string"},
	{"local_orig", "bool"}, {"local_resp", "bool"}, {"missed_bytes", "count"}, {"history", "string"}, {"orig_pkts", "count"}, {"orig_ip_bytes", "count"},
	{"resp_pkts", "count"}, {"resp_ip_bytes", "count"}, {"tunnel_parents", "set[string]"}, {"vlan", "int"}, {"inner_vlan", "int"}, // as of policy/protocols/conn/vlan-logging
}...)

func newZeekConn(json bool) func(io.Writer, report.Options) report.Writer {
	return func(w io.Writer, o report.Options) report.Writer {
		return &zeekLog{Lines: jsonl.Lines{W: w}, opt: o, heading: o.OwnHeading(), json: json, path: "conn", columns: zeekConnColumns, session: zeekConnections, orphan: zeekOrphan}
	}
}

// zeekConnections writes a row for the control connection and for each data connection.
func zeekConnections(z *zeekLog, s *record.Session) {
	control := s.Notes.Control
	control.Src, control.Dst = s.Client, s.Server
	if s.Notes.Control.Src == s.Server { // the side that spoke first was the server: its halves go with it
		control.Half[flow.Out], control.Half[flow.In] = control.Half[flow.In], control.Half[flow.Out]
	}
	service := "ftp"
	if s.TLS == record.TLSExplicit || s.TLS == record.TLSImplicit {
		service = "ftp,ssl"
	}
	z.conn(&control, zeekConn{service, s.Start.Time, s.Network})
	for _, c := range triedConnections(s) {
		z.conn(c, zeekConn{zeekData, c.Start.Time, s.Network})
	}
}

const zeekData = "ftp-data"

// zeekConn is what a row says besides its connection.
type zeekConn struct {
	service string
	start   flow.Time
	network *record.Network
}

func (z *zeekLog) conn(c *flow.Conn, more zeekConn) {
	z.id(more.start, zeekUID(c.Src, c.Dst, more.start, more.network), c.Src, c.Dst)
	z.word("tcp")
	z.word(more.service)
	out, in := &c.Half[flow.Out], &c.Half[flow.In]
	lasted := between(c.Start, zeekEnd(c))
	z.seconds(lasted, lasted > 0)
	z.count(out.Bytes, lasted > 0)
	z.count(in.Bytes, lasted > 0)
	z.word(zeekState(c))
	z.unset(2) // what is local, only the site knows
	z.count(out.Missing+in.Missing, true)
	z.word(zeekHistory(c))
	z.count(out.Packets, true)
	z.unset(1) // bytes of IP are not counted
	z.count(in.Packets, true)
	z.unset(2)
	z.vlans(more.network)
	z.endRow()
}

// zeekOrphan writes a data connection of which no more is known than its record.
func zeekOrphan(z *zeekLog, o *record.Orphan) {
	c := &o.Connection
	z.id(c.Start.Time, zeekUID(c.Src, c.Dst, c.Start.Time, c.Network), c.Src, c.Dst)
	z.word("tcp")
	z.word(zeekData)
	lasted := c.End.Time - c.Start.Time
	z.seconds(lasted, lasted > 0)
	z.unset(len(zeekConnColumns) - z.at - 2)
	z.vlans(c.Network)
	z.endRow()
}

// vlans writes the outer and the inner VLAN.
func (z *zeekLog) vlans(n *record.Network) {
	ids := diagnosis.VLANs(n)
	for i := range 2 {
		if i < len(ids) {
			z.count(ids[i], true)
		} else {
			z.unset(1)
		}
	}
}

// zeekEnd is where a connection's duration ends: Zeek leaves out what follows the end of
// both directions.
func zeekEnd(c *flow.Conn) flow.Mark {
	out, in := &c.Half[flow.Out], &c.Half[flow.In]
	switch {
	case c.State == flow.Unanswered || c.State == flow.Unreachable:
		if c.LastSYN.Seen() {
			return c.LastSYN
		}
	case c.Closing == flow.Finned && out.FIN.Seen() && in.FIN.Seen():
		if out.FIN.Time > in.FIN.Time {
			return out.FIN
		}
		return in.FIN
	case c.Closing == flow.ResetBy && (out.RST.Seen() || in.RST.Seen()):
		return firstSeen(out.RST, in.RST)
	}
	return c.Last
}

// firstSeen is the earlier of two marks, of which one may not have been seen.
func firstSeen(a, b flow.Mark) flow.Mark {
	if !a.Seen() || b.Seen() && b.Time < a.Time {
		return b
	}
	return a
}

// zeekState is the summary that Zeek gives of a connection; OTH where its beginning was
// not seen.
func zeekState(c *flow.Conn) string {
	out, in := &c.Half[flow.Out], &c.Half[flow.In]
	switch c.State {
	case flow.Unanswered, flow.Unreachable:
		return "S0"
	case flow.Refused:
		return "REJ"
	}
	switch {
	case c.Closing == flow.Finned && out.FIN.Seen() && in.FIN.Seen():
		return "SF"
	case !c.SYN.Seen() || !c.SYNACK.Seen():
		return "OTH"
	case c.Closing == flow.ResetBy && in.RST.Seen() && firstSeen(out.RST, in.RST) == in.RST:
		return "RSTR"
	case c.Closing == flow.ResetBy && out.RST.Seen():
		return "RSTO"
	case out.FIN.Seen():
		return "S2"
	case in.FIN.Seen():
		return "S3"
	}
	return "S1"
}

// zeekHistory is the order of flags where the record knows it whole: of connections that
// never came to be.
func zeekHistory(c *flow.Conn) string {
	switch {
	case !c.SYN.Seen():
		return ""
	case c.State == flow.Unanswered, c.State == flow.Unreachable:
		return "S"
	case c.State == flow.Refused:
		return "Sr"
	}
	return ""
}
