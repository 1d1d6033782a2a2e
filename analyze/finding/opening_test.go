package finding

import (
	"net/netip"
	"testing"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func failed(s *record.Transfer) { replied(20, 425, "Failed to establish connection.")(s) }

func TestUnanswered(t *testing.T) {
	shut := func(changes ...func(*flow.Conn)) record.Transfer {
		return passive(met(flow.Unanswered, changes...), failed)
	}
	once := func(c *flow.Conn) { c.SYNs, c.LastSYN, c.Last, c.SYNPos = 1, c.SYN, c.SYN, nil }
	noCommand := func(t *record.Transfer) { t.Command, t.Notes.Ran, t.Reply = nil, nil, t.Notes.Answer }
	const tried = "high 1 the client tried 3 times in 2 s to reach 203.0.113.21:50001"
	const replied = `; the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`
	check(t, "data-unanswered", []row{
		{"passive", sess(with(shut())), tried + " and got no answer (packets 14, 15, 16)" + replied},
		{"no command", sess(with(passive(met(flow.Unanswered), noCommand))), tried + " and got no answer (packets 14, 15, 16); no transfer command followed in this capture"},
		{"seen next to the client", sess(ttls(64, 60), with(shut())), tried + " and got no answer (packets 14, 15, 16)" + replied +
			"; the capture was taken next to the client (by the TTLs), so it does not show whether the SYNs arrived or the answers were lost"},
		{"seen next to the server", sess(ttls(60, 128), with(shut())), tried + " and got no answer (packets 14, 15, 16)" + replied +
			"; the capture was taken next to the server (by the TTLs), so the SYNs got that far: its own firewall, or one right in front of it, most likely drops them"},
		{"seen between", sess(ttls(62, 127), with(shut())), tried + " and got no answer (packets 14, 15, 16)" + replied +
			"; the SYNs had passed 2 routers and had 1 ahead of them where the capture was taken (by the TTLs)"},
		{"active", sess(ttls(64, 64), with(active(met(flow.Unanswered), failed))), "high 1 the server tried 3 times in 2 s to reach 198.51.100.10:40001 and got no answer (packets 14, 15, 16)" + replied +
			"; according to the TTLs, no router is between the two, so the firewall of the client, or one right in front of it, most likely drops them"},
		{"private address", sess(ttls(64, 60), with(passive(announces(inside, 50001), met(flow.Unanswered), failed))), "high 1 the client tried 3 times in 2 s to reach 10.0.0.5:50001 and got no answer (packets 14, 15, 16)" + replied +
			"; the server announced the private address 10.0.0.5, but the client reaches it as 203.0.113.21"},
		{"answered", sess(with(passive(worked(10)))), ""},
		{"ended well without an answer in the capture", sess(onlyClient, with(passive(met(flow.Unanswered), func(t *record.Transfer) { t.Outcome = record.OK }))), ""},
		{"the answering side is not captured, repeated", sess(onlyClient, with(passive(met(flow.Unanswered)))), tried +
			" (packets 14, 15, 16); this capture lacks the packets of the server, but the SYN was sent again, so no answer came; no final reply to RETR is in this capture"},
		{"the answering side is not captured, one SYN", sess(onlyClient, with(passive(met(flow.Unanswered, once)))), ""},
		{"the capture ends at the SYN", sess(cutShort, with(passive(met(flow.Unanswered, once)))), ""},
		{"one SYN, then 425", sess(with(shut(once))), "high 1 the client tried once to reach 203.0.113.21:50001 and got no answer (packet 14)" + replied},
		{"more tries than a sentence bears", sess(with(shut(func(c *flow.Conn) {
			c.SYNs, c.LastSYN = 11, markAt(200, 40*flow.Second)
			c.SYNPos = &flow.SYNs{}
			for i := range c.SYNPos {
				c.SYNPos[i] = pos(uint64(14 + 10*i))
			}
		}))), "high 1 the client tried 11 times in 26 s to reach 203.0.113.21:50001 and got no answer (packets 14, 24, 34, 44, 54, 64, 74, …, 200)" + replied},
		{"under TLS", sess(func(s *record.Session) { s.TLS = record.TLSExplicit }, with(passive(met(flow.Unanswered), func(t *record.Transfer) {
			t.Method, t.Command, t.Announced, t.Outcome = record.MethodEncrypted, nil, nil, record.Unknown
		}))), tried + " and got no answer (packets 14, 15, 16); the server's reply is encrypted"},
	})
}

func TestRefused(t *testing.T) {
	const refused = "high 1 the client tried once to reach 203.0.113.21:50001 and was refused with RST (packets 14, 17)" +
		`; the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`
	transfer := passive(met(flow.Refused), failed)
	check(t, "data-refused", []row{
		{"by the host", sess(ttls(60, 64), with(transfer)), refused},
		{"by a firewall on the way", sess(ttls(64, 60), with(transfer)), refused + "; by its TTL the RST did not come from the server: a firewall on the way sent it"},
		{"a newer PASV took its place", sess(with(passive(met(flow.Refused), func(t *record.Transfer) { t.Command, t.Notes.Ran = nil, nil })), with(passive(worked(3), func(t *record.Transfer) {
			t.Notes.Asked, t.Frames.Negotiation = &record.Line{Mark: at(13), Text: "PASV"}, pos(13)
		}))), "high 1 the client tried once to reach 203.0.113.21:50001 and was refused with RST (packets 14, 17); before that, a newer PASV (packet 13) had replaced this one; no transfer command followed in this capture"},
		{"another try worked", sess(with(passive(worked(10), func(t *record.Transfer) { t.Notes.Tried = append(t.Notes.Tried, flow.Conn{State: flow.Refused}) }))), ""},
		{"the start is missing", sess(midStart, with(transfer)), refused},
	})
}

func TestUnreachable(t *testing.T) {
	told := func(from netip.Addr, kind, code uint8) record.Transfer {
		return passive(met(flow.Unreachable, func(c *flow.Conn) {
			c.ICMP = &flow.ICMP{From: flow.HostOf(from), Type: kind, Code: code, V6: from.Is6(), Mark: at(17)}
		}), failed)
	}
	const tried = "high 1 the client tried once to reach 203.0.113.21:50001 and "
	const replied = ` (packets 14, 17); the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`
	check(t, "data-unreachable", []row{
		{"a router's filter", sess(with(told(another, 3, 13))), tried + `got an ICMP error: administratively prohibited (ICMP type 3 code 13 from 192.0.2.66, a router or firewall on the way)` + replied},
		{"the peer itself", sess(with(told(server.Addr(), 3, 3))), tried + `got an ICMP error: port unreachable (ICMP type 3 code 3 from the server itself)` + replied},
		{"the caller's own stack", sess(with(told(client.Addr(), 3, 1))), tried + `got an ICMP error: host unreachable (ICMP type 3 code 1 from the client itself, which is not the destination)` + replied},
		{"ICMPv6", sess(with(told(netip.MustParseAddr("2001:db8::1"), 1, 1))), tried + `got an ICMP error: administratively prohibited (ICMPv6 type 1 code 1 from 2001:db8::1, a router or firewall on the way)` + replied},
		{"a code without a name", sess(with(told(another, 3, 99))), tried + `got an ICMP error (ICMP type 3 code 99 from 192.0.2.66, a router or firewall on the way)` + replied},
		{"the error itself is not kept", sess(with(passive(met(flow.Unreachable), failed))), tried + `got an ICMP error: unreachable (packet 14); the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`},
		{"worked", sess(with(passive(worked(10)))), ""},
		{"one side only", sess(onlyServer, with(told(another, 3, 13))), tried + `got an ICMP error: administratively prohibited (ICMP type 3 code 13 from 192.0.2.66, a router or firewall on the way)` + replied},
	})
}

func TestNeverTried(t *testing.T) {
	const never = `high 1 the client should have opened the data connection to 203.0.113.21:50001 for RETR "a.bin", but this capture holds no SYN of it (packets 10, 12)`
	const replied = `; the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`
	ok := passive(func(t *record.Transfer) { t.Outcome = record.OK; t.Reply = reply(9, 226, "") })
	check(t, "data-never-tried", []row{
		{"passive", sess(with(passive(failed))), never + replied},
		{"seen next to the client", sess(ttls(64, 60), with(passive(failed))), never + replied +
			"; according to the TTLs, no router is between the client and the place of capture, so the client did not try, or a firewall on it or next to it dropped the SYN"},
		{"seen elsewhere", sess(ttls(63, 60), with(passive(failed))), never + replied +
			"; the capture was taken 1 router away from the client (by the TTLs), so a firewall in front of it may have dropped the SYN"},
		{"active", sess(with(active(failed))), `high 1 the server should have opened the data connection to 198.51.100.10:40001 for RETR "a.bin", but this capture holds no SYN of it (packets 10, 12)` + replied},
		{"denied without need of a connection", sess(with(passive(failed, func(t *record.Transfer) { t.Outcome = record.Denied }))), ""},
		{"ended well: the capture holds no data connections", sess(with(ok)), ""},
		{"another ended well so", sess(with(ok), with(passive(failed))), ""},
		{"gaps", sess(gappy, with(passive(failed))), ""},
		{"one side only", sess(onlyServer, with(passive(failed))), ""},
		{"mid-start, nothing negotiated", sess(midStart, with(active(failed, func(t *record.Transfer) { t.Method = record.MethodDefault }))), ""},
	})
}

func TestLate(t *testing.T) {
	lateBy := func(packet uint64) func(*flow.Conn) { return func(c *flow.Conn) { c.SYNACK = at(packet) } }
	check(t, "data-late", []row{
		{"after the 425", sess(with(passive(met(flow.Established, lateBy(23)), failed))),
			`high 1 the data connection to 203.0.113.21:50001 was established 3 s after the server replied 425 "Failed to establish connection." (packet 20); the client sent 1 SYN (packet 14), and the answer is packet 23`},
		{"before it", sess(with(passive(met(flow.Established, lateBy(19)), failed))), ""},
		{"answered when nobody waited any more", sess(with(active(met(flow.Unknown, lateBy(23), func(c *flow.Conn) { c.Half[flow.Out].RST = at(24) }), failed))),
			`high 1 the answer (SYN-ACK) to the data connection's SYN came from 198.51.100.10:40001 3 s after the server replied 425 "Failed to establish connection." (packet 20); the server sent 1 SYN (packet 14), and the answer is packet 23`},
		{"one side only", sess(onlyClient, with(passive(met(flow.Established, lateBy(0)), failed))), ""},
	})
}

func TestCut(t *testing.T) {
	aborted := func(t *record.Transfer) {
		t.Outcome, t.Bytes = record.Aborted, ptr(uint64(500))
		replied(30, 426, "Failure writing network stream.")(t)
	}
	reset := func(c *flow.Conn) {
		c.Half[flow.Out].RST, c.Half[flow.Out].FIN, c.Half[flow.In].FIN, c.Closing = at(25), flow.Mark{}, flow.Mark{}, flow.ResetBy
	}
	silent := func(c *flow.Conn) {
		c.Half[flow.Out].FIN, c.Half[flow.In].FIN, c.Closing = flow.Mark{}, flow.Mark{}, flow.Cut
	}
	const then = `; the server replied 426 "Failure writing network stream." (packet 30) 18 s after RETR`
	check(t, "data-cut", []row{
		{"reset", sess(with(passive(met(flow.Established, reset), aborted))),
			`medium 1 the data connection of RETR "a.bin" was open (packet 14) and was reset from the client's address after 500 bytes (packet 25)` + then},
		{"silent", sess(with(passive(met(flow.Established, silent), aborted))),
			`high 1 the data connection of RETR "a.bin" was open (packet 14) and then fell silent for 1 min 12 s after 500 bytes (packet 28)` + then},
		{"closed early", sess(with(passive(met(flow.Established), aborted))),
			`medium 1 the data connection of RETR "a.bin" was open (packet 14) and was closed by the server after 500 bytes (packet 26)` + then},
		{"425 though it was open", sess(with(passive(met(flow.Established, reset), failed))),
			`medium 1 the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR while the data connection of RETR "a.bin" was open (packet 14); then it was reset from the client's address (packet 25)`},
		{"the server gave up first", sess(with(passive(met(flow.Established, reset), aborted, replied(24, 421, "Data timeout.")))),
			`medium 1 the server replied 421 "Data timeout." (packet 24) 12 s after RETR while the data connection of RETR "a.bin" was open (packet 14); then it was reset from the client's address after 500 bytes (packet 25)`},
		{"the server closed everything", sess(with(passive(met(flow.Established, reset), aborted, replied(30, 421, "Data timeout.")))),
			`medium 1 the data connection of RETR "a.bin" was open (packet 14) and was reset from the client's address after 500 bytes (packet 25); the server replied 421 "Data timeout." (packet 30) 18 s after RETR`},
		{"the client gave up and ended both", sess(func(s *record.Session) { s.Notes.Control.Half[flow.Out].FIN = at(25) },
			with(passive(met(flow.Established, reset), func(t *record.Transfer) {
				t.Outcome, t.Bytes, t.Preliminary = record.Incomplete, ptr(uint64(500)), reply(13, 150, "")
			}))),
			`medium 1 the data connection of RETR "a.bin" was open (packet 14) and was reset from the client's address after 500 bytes (packet 25); the control connection was closed by the client (FIN) at the same time (packet 25); ` +
				"no command or reply had passed on it for 12 s; no final reply to RETR is in this capture"},
		{"by ABOR", sess(with(passive(met(flow.Established, reset), aborted, func(t *record.Transfer) { t.Notes.Abort = at(24) }))), ""},
		{"for another reason", sess(with(passive(met(flow.Established), aborted, replied(30, 552, "Quota exceeded.")))), ""},
		{"silent to the end of the capture", sess(cutShort, with(passive(met(flow.Established, silent), aborted))), ""},
	})
}
