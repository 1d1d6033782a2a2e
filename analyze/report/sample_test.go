package report

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Sessions built by hand, as analyze would make them.

const start = 1709287335 * flow.Second // 2024-03-01 10:02:15 UTC

func at(ms int) record.Stamp {
	return record.Stamp{Time: start + flow.Time(ms)*flow.Millisecond, Digits: 6}
}

func markAt(ms int, packet uint64) flow.Mark {
	return flow.Mark{Time: at(ms).Time, Ord: packet, Pos: flow.At(0, packet)}
}

func ptr[T any](v T) *T { return &v }

func ep(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func line(ms int, packet uint64, text string) *record.Line {
	return &record.Line{Mark: markAt(ms, packet), Text: text}
}

func reply(ms int, packet uint64, code int, text string) *record.Reply {
	return &record.Reply{Time: at(ms), Pos: flow.At(0, packet), Code: code, Text: text}
}

var whole = record.Coverage{FromStart: true, ToEnd: true, ClientSide: true, ServerSide: true}

// activeSession downloads a listing and a file, both by PORT.
func activeSession() *record.Session {
	client, server := ep("192.0.2.10:51234"), ep("192.0.2.21:21")
	control := flow.Conn{Src: client, Dst: server, OpenerKnown: true, Start: markAt(0, 1), Last: markAt(1000, 106),
		SYN: markAt(0, 1), SYNACK: markAt(1, 2), SYNs: 1, State: flow.Established, Digits: 6}
	s := &record.Session{
		ID: 1, Start: at(0), End: at(1000), Client: client, Server: server,
		User: ptr("anonymous"), Anonymous: true, Password: ptr("me@example.org"), Login: record.LoginOK, TLS: record.TLSNone,
		Banner: ptr("220 welcome"), Mode: record.Active, Initiator: record.Server, Closing: record.ClosingQuit, Commands: 8,
		Capture: whole, First: markAt(0, 1),
		Notes: record.Notes{Control: control, Heard: record.Heard{Quit: markAt(990, 104), LoginEnd: markAt(50, 12),
			Logins: []record.Login{{Mark: markAt(40, 10), User: "anonymous", OK: true, Code: 230}}}},
	}
	s.Transfers = []record.Transfer{activeTransfer(1, "LIST", "", 18, 43591, 266), activeTransfer(2, "RETR", "photo.bin", 36, 43677, 60000)}
	return s
}

func activeTransfer(n int, command, argument string, packet uint64, port uint16, bytes uint64) record.Transfer {
	src, dst := ep("192.0.2.21:20"), netip.AddrPortFrom(netip.MustParseAddr("192.0.2.10"), port)
	ms := int(packet) * 10
	conn := &flow.Conn{Src: src, Dst: dst, OpenerKnown: true, SYN: markAt(ms+70, packet+7), Start: markAt(ms+70, packet+7),
		Last: markAt(ms+200, packet+60), SYNs: 1, State: flow.Established}
	conn.Half[flow.Out] = flow.Half{Bytes: bytes, FirstData: markAt(ms+110, packet+11)}
	ask := "PORT 192,0,2,10," + prose.Number(uint64(port/256)) + "," + prose.Number(uint64(port%256))
	t := record.Transfer{
		N: n, Command: &command, Direction: ptr(record.Download), Representation: ptr("I"), Method: "PORT",
		Mode: record.Active, Announced: &dst, ExpectedInitiator: ptr(record.Server), Initiator: record.Server,
		Evidence: record.EvidenceSYN, Bytes: &bytes, MissingBytes: ptr(uint64(0)), Outcome: record.OK,
		Connection: &record.Connection{Src: src, Dst: dst, Start: at(ms + 70), End: at(ms + 200),
			State: "established", Attempts: 1, Closing: "fin"},
		Preliminary: reply(ms+100, packet+10, 150, "Opening BINARY mode data connection"),
		Reply:       reply(ms+210, packet+61, 226, "Transfer complete"),
		Frames: record.Frames{Negotiation: flow.At(0, packet), Command: flow.At(0, packet+4), SYN: flow.At(0, packet+7),
			FirstData: flow.At(0, packet+11), Reply: flow.At(0, packet+61)},
		Notes: record.TransferNotes{Asked: line(ms, packet, ask), Answer: reply(ms+20, packet+2, 200, "PORT command successful"),
			Ran: line(ms+40, packet+4, command+" "+argument), Conn: conn, Tried: []flow.Conn{*conn}},
	}
	if argument != "" {
		t.Argument, t.Path = &argument, ptr("/"+argument)
	}
	return t
}

// blockedSession meets a private address that a NAT did not translate.
func blockedSession() *record.Session {
	client, server, private := ep("203.0.113.10:49640"), ep("203.0.113.1:21"), ep("192.168.50.2:50001")
	conn := flow.Conn{Src: ep("203.0.113.10:40608"), Dst: private, OpenerKnown: true, Start: markAt(160, 16), SYN: markAt(160, 16),
		LastSYN: markAt(7000, 31), Last: markAt(7000, 31), SYNs: 3, State: flow.Unanswered}
	return &record.Session{
		ID: 3, Start: at(0), End: at(7200), Client: client, Server: server, User: ptr("labuser"), Password: ptr("secret"),
		Login: record.LoginOK, TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Closing: "cut", Commands: 4,
		Capture: whole, First: markAt(0, 1),
		Transfers: []record.Transfer{{
			N: 1, Method: "PASV", Mode: record.Passive, Announced: &private, ExpectedInitiator: ptr(record.Client),
			Initiator: record.Client, Evidence: record.EvidenceSYN, Outcome: record.NoConnection,
			Connection: &record.Connection{Src: conn.Src, Dst: conn.Dst, Start: at(160), End: at(7000), State: "unanswered", Attempts: 3, Closing: "cut"},
			Frames:     record.Frames{Negotiation: flow.At(0, 14), SYN: flow.At(0, 16)},
			Reply:      nil,
			Notes: record.TransferNotes{Asked: line(140, 14, "PASV"), Conn: &conn, Tried: []flow.Conn{conn},
				Answer: reply(150, 15, 227, "Entering Passive Mode (192,168,50,2,195,81).")},
		}},
		Findings: []record.Finding{{ID: "data-unanswered", Severity: "high", Transfer: 1, Frames: []flow.Pos{flow.At(0, 16), flow.At(0, 22), flow.At(0, 31)},
			Message: "the client tried 3 times in 7 s to reach 192.168.50.2:50001 and got no answer (packets 16, 22, 31)",
			Advice:  "announce the public address (vsftpd pasv_address, ProFTPD MasqueradeAddress, pure-ftpd -P), or use EPSV"}},
		Notes: record.Notes{Control: flow.Conn{Src: client, Dst: server, OpenerKnown: true, SYN: markAt(0, 1), SYNACK: markAt(1, 2),
			Start: markAt(0, 1), Last: markAt(7200, 34), State: flow.Established}},
	}
}

// ipv6Session uploads over EPSV with addresses that fill a line.
func ipv6Session() *record.Session {
	client, server := ep("[2001:db8:1234:5678:9abc:def0:1234:5678]:51234"), ep("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:21]:21")
	data := netip.AddrPortFrom(server.Addr(), 50123)
	src := netip.AddrPortFrom(client.Addr(), 51240)
	return &record.Session{
		ID: 2, Start: at(3000), End: at(4000), Client: client, Server: server, User: ptr("бухгалтерия-отдел-продаж"), Login: record.LoginOK,
		TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Closing: "fin", Commands: 5, Capture: whole, First: markAt(3000, 200),
		Transfers: []record.Transfer{{
			N: 1, Command: ptr("STOR"), Argument: ptr("отчёт за первый квартал окончательный (исправленный) 最終版.xlsx"), Direction: ptr(record.Upload),
			Method: "EPSV", Mode: record.Passive, Announced: &data, ExpectedInitiator: ptr(record.Client), Initiator: record.Client,
			Evidence: record.EvidenceSYN, Bytes: ptr(uint64(1234567)), MissingBytes: ptr(uint64(0)), Outcome: record.OK,
			Connection: &record.Connection{Src: src, Dst: data, Start: at(3100), End: at(3900), State: "established", Attempts: 1, Closing: "fin"},
			Reply:      reply(3950, 260, 226, "ok"),
			Frames:     record.Frames{Negotiation: flow.At(0, 210), Command: flow.At(0, 216), SYN: flow.At(0, 213), FirstData: flow.At(0, 219), Reply: flow.At(0, 260)},
			Notes: record.TransferNotes{Asked: line(3090, 210, "EPSV"), Answer: reply(3095, 211, 229, "Entering Extended Passive Mode (|||50123|)"),
				Ran: line(3120, 216, "STOR x")},
		}},
	}
}

func summaryOf(sessions ...*record.Session) *record.Summary {
	first, last := at(0), at(7200)
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
