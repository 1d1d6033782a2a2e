// Package reporttest holds sessions built by hand, as analyze would make them, and what
// every format is tested by: goldens and hostile texts.
package reporttest

import (
	"net/netip"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Sessions built by hand, as analyze would make them.

// Start is when the sessions begin.
const Start = 1709287335 * flow.Second // 2024-03-01 10:02:15 UTC

// At is a moment, in milliseconds from Start.
func At(ms int) record.Stamp {
	return record.Stamp{Time: Start + flow.Time(ms)*flow.Millisecond, Digits: 6}
}

// MarkAt is a packet at a moment.
func MarkAt(ms int, packet uint64) flow.Mark {
	return flow.Mark{Time: At(ms).Time, Ord: packet, Pos: flow.At(0, packet)}
}

// Ptr is a value that is known.
func Ptr[T any](v T) *T { return &v }

// Endpoint reads an endpoint.
func Endpoint(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// Line is a line of the client.
func Line(ms int, packet uint64, text string) *record.Line {
	return &record.Line{Mark: MarkAt(ms, packet), Text: text}
}

// Reply is a reply of the server.
func Reply(ms int, packet uint64, code int, text string) *record.Reply {
	return &record.Reply{Time: At(ms), Pos: flow.At(0, packet), Code: code, Text: text}
}

// Whole is what a capture without gaps covers.
var Whole = record.Coverage{FromStart: true, ToEnd: true, ClientSide: true, ServerSide: true}

// ActiveSession downloads a listing and a file, both by PORT.
func ActiveSession() *record.Session {
	client, server := Endpoint("192.0.2.10:51234"), Endpoint("192.0.2.21:21")
	control := flow.Conn{Src: client, Dst: server, OpenerKnown: true, Start: MarkAt(0, 1), Last: MarkAt(1000, 106),
		SYN: MarkAt(0, 1), SYNACK: MarkAt(1, 2), SYNs: 1, State: flow.Established, Digits: 6}
	s := &record.Session{
		ID: 1, Start: At(0), End: At(1000), Client: client, Server: server,
		User: Ptr("anonymous"), Anonymous: true, Password: Ptr("me@example.org"), Login: record.LoginOK, TLS: record.TLSNone,
		Banner: Ptr("220 welcome"), Mode: record.Active, Initiator: record.Server, Closing: record.ClosingQuit, Commands: 8,
		Capture: Whole, Origin: record.Origin{First: MarkAt(0, 1)},
		Notes: record.Notes{Control: control, Heard: record.Heard{Quit: MarkAt(990, 104), LoginEnd: MarkAt(50, 12),
			Logins: []record.Login{{Mark: MarkAt(40, 10), User: "anonymous", OK: true, Code: 230}}}},
	}
	s.Verdict = &record.Verdict{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Certain, Text: "All went well: 2 transfers done."}
	s.Transfers = []record.Transfer{ActiveTransfer(1, "LIST", "", 18, 43591, 266), ActiveTransfer(2, "RETR", "photo.bin", 36, 43677, 60000)}
	return s
}

// ActiveTransfer is a download by PORT.
func ActiveTransfer(n int, command, argument string, packet uint64, port uint16, bytes uint64) record.Transfer {
	src, dst := Endpoint("192.0.2.21:20"), netip.AddrPortFrom(netip.MustParseAddr("192.0.2.10"), port)
	ms := int(packet) * 10
	conn := &flow.Conn{Src: src, Dst: dst, OpenerKnown: true, SYN: MarkAt(ms+70, packet+7), Start: MarkAt(ms+70, packet+7),
		Last: MarkAt(ms+200, packet+60), SYNs: 1, State: flow.Established}
	conn.Half[flow.Out] = flow.Half{Bytes: bytes, FirstData: MarkAt(ms+110, packet+11)}
	ask := "PORT 192,0,2,10," + prose.Number(uint64(port/256)) + "," + prose.Number(uint64(port%256))
	t := record.Transfer{
		N: n, Command: &command, Direction: Ptr(record.Download), Representation: Ptr("I"), Method: "PORT",
		Mode: record.Active, Announced: &dst, ExpectedInitiator: Ptr(record.Server), Initiator: record.Server,
		Evidence: record.EvidenceSYN, Bytes: &bytes, MissingBytes: Ptr(uint64(0)), Outcome: record.OK,
		Connection: &record.Connection{Src: src, Dst: dst, Start: At(ms + 70), End: At(ms + 200),
			State: "established", Attempts: 1, Closing: "fin"},
		Preliminary: Reply(ms+100, packet+10, 150, "Opening BINARY mode data connection"),
		Reply:       Reply(ms+210, packet+61, 226, "Transfer complete"),
		Frames: record.Frames{Negotiation: flow.At(0, packet), Command: flow.At(0, packet+4), SYN: flow.At(0, packet+7),
			FirstData: flow.At(0, packet+11), Reply: flow.At(0, packet+61)},
		Notes: record.TransferNotes{Asked: Line(ms, packet, ask), Answer: Reply(ms+20, packet+2, 200, "PORT command successful"),
			Ran: Line(ms+40, packet+4, command+" "+argument), Conn: conn, Tried: []flow.Conn{*conn}},
	}
	if argument != "" {
		t.Argument, t.Path = &argument, Ptr("/"+argument)
	}
	return t
}

// BlockedSession meets a private address that a NAT did not translate.
func BlockedSession() *record.Session {
	client, server, private := Endpoint("203.0.113.10:49640"), Endpoint("203.0.113.1:21"), Endpoint("192.168.50.2:50001")
	conn := flow.Conn{Src: Endpoint("203.0.113.10:40608"), Dst: private, OpenerKnown: true, Start: MarkAt(160, 16), SYN: MarkAt(160, 16),
		LastSYN: MarkAt(7000, 31), Last: MarkAt(7000, 31), SYNs: 3, State: flow.Unanswered}
	verdict := &record.Verdict{Cause: record.CauseAddressUntranslated, At: record.AtNAT, Certainty: record.Likely, Transfer: 1, Frames: []flow.Pos{flow.At(0, 15), flow.At(0, 16)},
		Text: "The server announced 192.168.50.2 (packet 15), which the client at 203.0.113.10 cannot reach; 3 SYNs in 7 s got no answer (packets 16–31).",
		Next: []string{"announce the public address (vsftpd pasv_address) and forward the passive ports", "or let the client use EPSV, which names no address"}}
	return &record.Session{
		ID: 3, Verdict: verdict, Start: At(0), End: At(7200), Client: client, Server: server, User: Ptr("labuser"), Password: Ptr("secret"),
		Login: record.LoginOK, TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Closing: "cut", Commands: 4,
		Capture: Whole, Origin: record.Origin{First: MarkAt(0, 1)},
		Transfers: []record.Transfer{{
			N: 1, Verdict: verdict, Method: "PASV", Mode: record.Passive, Announced: &private, ExpectedInitiator: Ptr(record.Client),
			Initiator: record.Client, Evidence: record.EvidenceSYN, Outcome: record.NoConnection,
			Connection: &record.Connection{Src: conn.Src, Dst: conn.Dst, Start: At(160), End: At(7000), State: "unanswered", Attempts: 3, Closing: "cut"},
			Frames:     record.Frames{Negotiation: flow.At(0, 14), SYN: flow.At(0, 16)},
			Reply:      nil,
			Notes: record.TransferNotes{Asked: Line(140, 14, "PASV"), Conn: &conn, Tried: []flow.Conn{conn},
				Answer: Reply(150, 15, 227, "Entering Passive Mode (192,168,50,2,195,81).")},
		}},
		Findings: []record.Finding{{ID: "data-unanswered", Severity: "high", Transfer: 1, Frames: []flow.Pos{flow.At(0, 16), flow.At(0, 22), flow.At(0, 31)},
			Message: "the client tried 3 times in 7 s to reach 192.168.50.2:50001 and got no answer (packets 16, 22, 31)",
			Advice:  "announce the public address (vsftpd pasv_address, ProFTPD MasqueradeAddress, pure-ftpd -P), or use EPSV"}},
		Notes: record.Notes{Control: flow.Conn{Src: client, Dst: server, OpenerKnown: true, SYN: MarkAt(0, 1), SYNACK: MarkAt(1, 2),
			Start: MarkAt(0, 1), Last: MarkAt(7200, 34), State: flow.Established}},
	}
}

// Ipv6Session uploads over EPSV with addresses that fill a line.
func Ipv6Session() *record.Session {
	client, server := Endpoint("[2001:db8:1234:5678:9abc:def0:1234:5678]:51234"), Endpoint("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:21]:21")
	data := netip.AddrPortFrom(server.Addr(), 50123)
	src := netip.AddrPortFrom(client.Addr(), 51240)
	return &record.Session{
		ID: 2, Start: At(3000), End: At(4000), Client: client, Server: server, User: Ptr("бухгалтерия-отдел-продаж"), Login: record.LoginOK,
		TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Closing: "fin", Commands: 5, Capture: Whole, Origin: record.Origin{First: MarkAt(3000, 200)},
		Transfers: []record.Transfer{{
			N: 1, Command: Ptr("STOR"), Argument: Ptr("отчёт за первый квартал окончательный (исправленный) 最終版.xlsx"), Direction: Ptr(record.Upload),
			Method: "EPSV", Mode: record.Passive, Announced: &data, ExpectedInitiator: Ptr(record.Client), Initiator: record.Client,
			Evidence: record.EvidenceSYN, Bytes: Ptr(uint64(1234567)), MissingBytes: Ptr(uint64(0)), Outcome: record.OK,
			Connection: &record.Connection{Src: src, Dst: data, Start: At(3100), End: At(3900), State: "established", Attempts: 1, Closing: "fin"},
			Reply:      Reply(3950, 260, 226, "ok"),
			Frames:     record.Frames{Negotiation: flow.At(0, 210), Command: flow.At(0, 216), SYN: flow.At(0, 213), FirstData: flow.At(0, 219), Reply: flow.At(0, 260)},
			Notes: record.TransferNotes{Asked: Line(3090, 210, "EPSV"), Answer: Reply(3095, 211, 229, "Entering Extended Passive Mode (|||50123|)"),
				Ran: Line(3120, 216, "STOR x")},
		}},
	}
}

// SummaryOf sums up sessions.
func SummaryOf(sessions ...*record.Session) *record.Summary {
	first, last := At(0), At(7200)
	s := &record.Summary{Files: []string{"a.pcap"}, Packets: 34, Bytes: 4096, First: &first, Last: &last, Sessions: len(sessions), Findings: map[string]int{}}
	for _, x := range sessions {
		for i := range x.Transfers {
			switch x.Transfers[i].Mode {
			case record.Active:
				s.Transfers.Active++
			case record.Passive:
				s.Transfers.Passive++
			}
		}
		for _, f := range x.Findings {
			s.Findings[f.Severity]++
		}
	}
	return s
}

// PassiveTransfer is a PASV transfer to an endpoint of the server.
func PassiveTransfer(n int, dst, state string) record.Transfer {
	to := Endpoint(dst)
	t := record.Transfer{N: n, Method: "PASV", Mode: record.Passive, Announced: &to, ExpectedInitiator: Ptr(record.Client),
		Initiator: record.Client, Evidence: record.EvidenceSYN, Outcome: record.OK,
		Connection: &record.Connection{Src: Endpoint("192.0.2.10:40000"), Dst: to, State: state, Attempts: 1},
		Frames:     record.Frames{Negotiation: flow.At(0, uint64(10*n)), SYN: flow.At(0, uint64(10*n+2))}}
	if state != record.Established {
		t.Outcome = record.NoConnection
	}
	return t
}

// PassiveSession is a session of a client that holds these transfers.
func PassiveSession(id int, client string, transfers ...record.Transfer) *record.Session {
	for i := range transfers {
		transfers[i].Connection.Src = netip.AddrPortFrom(Endpoint(client).Addr(), 40000)
	}
	return &record.Session{ID: id, Start: At(0), End: At(1000), Client: Endpoint(client), Server: Endpoint("192.0.2.21:21"), Login: record.LoginOK,
		TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Capture: Whole, Origin: record.Origin{First: MarkAt(0, uint64(id))}, Transfers: transfers}
}

// InVLANs is a network of one path each list of tags.
func InVLANs(paths ...[]uint64) *record.Network {
	n := &record.Network{}
	for _, ids := range paths {
		p := record.NetworkPath{Name: "untagged"}
		var names []string
		for _, id := range ids {
			p.Steps = append(p.Steps, record.NetworkStep{Kind: "vlan", ID: &id})
			names = append(names, "VLAN "+prose.Number(id))
		}
		if len(names) > 0 {
			p.Name = strings.Join(names, ", ")
		}
		n.Paths = append(n.Paths, p)
	}
	return n
}
