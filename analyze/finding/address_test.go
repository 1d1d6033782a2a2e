package finding

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestNAT(t *testing.T) {
	private := announces(inside, 50001)
	toPeer := func(c *flow.Conn) { c.Dst = netip.AddrPortFrom(server.Addr(), 50001) }
	const announced = "the server announced the private address 10.0.0.5 by PASV (packet 10) to a client that reaches it as 203.0.113.21"
	check(t, "nat-mismatch", []row{
		{"the client believed it", sess(with(passive(private, met(flow.Unanswered), failed))), "high 1 " + announced + "; the client used that address, and got no answer"},
		{"the client ignored it", sess(with(passive(private, met(flow.Established, toPeer), worked2))), "low 1 " + announced +
			"; the client used 203.0.113.21 instead (it ignored the address, or a NAT translated it before the packets came here), and the data connection was opened"},
		{"nobody tried", sess(with(passive(private, failed))), "high 1 " + announced + "; nobody tried to open the data connection in this capture"},
		{"several transfers: the failed one is told of", sess(with(passive(private, met(flow.Established, toPeer), worked2)), with(passive(private, met(flow.Refused), failed))),
			"high 2 " + announced + " (2 transfers); the client used that address, and was refused"},
		{"seen behind the NAT", sess(func(s *record.Session) { s.Server = netip.AddrPortFrom(inside, 21) },
			with(passive(met(flow.Established, func(c *flow.Conn) { c.Dst = netip.AddrPortFrom(inside, 50001) }), worked2))),
			"low 1 the server announced 203.0.113.21 by PASV (packet 10), while here, on the inner side of its NAT, it is 10.0.0.5; the client used 10.0.0.5 instead (it ignored the address, or a NAT translated it before the packets came here), and the data connection was opened"},
		{"client behind NAT", sess(with(active(announces(inside, 40001), met(flow.Unanswered), failed))),
			"high 1 the client announced the private address 10.0.0.5 by PORT (packet 10) to a server that sees it as 198.51.100.10; the server used that address, and got no answer"},
		{"rewritten on the way", sess(with(active(worked(5), func(t *record.Transfer) { t.Notes.Answer = reply(11, 200, "PORT (192,0,2,66,19,136) ok") }))),
			"low 1 PORT named 198.51.100.10:40001 (packet 10) but the server understood 192.0.2.66:5000 (packet 11): a NAT with an FTP helper (ALG) on the way rewrote it; the server used 198.51.100.10:40001, and the data connection was opened"},
		{"repeated as sent", sess(with(active(worked(5), func(t *record.Transfer) { t.Notes.Answer = reply(11, 200, "PORT 198,51,100,10,156,65 ok") }))), ""},
		{"the same address", sess(with(passive(worked(5))), with(active(worked(5)))), ""},
		{"a bounce is none", sess(with(active(announces(another, 80), failed))), ""},
		{"one side only", sess(onlyServer, with(passive(private))), "high 1 " + announced + "; nobody tried to open the data connection in this capture"},
	})
}

// worked2 is the success of a transfer that has its connection.
func worked2(t *record.Transfer) {
	replied(30, 226, "Transfer complete.")(t)
	t.Outcome, t.Bytes, t.MissingBytes = record.OK, ptr(uint64(5)), ptr(uint64(0))
}

func TestBounce(t *testing.T) {
	const names = "high 1 PORT names 192.0.2.66:8080, which is not the client 198.51.100.10 (packet 10); "
	to := func(port uint16) func(*record.Transfer) { return announces(another, port) }
	ok := func(t *record.Transfer) { t.Notes.Answer, t.Outcome = reply(11, 200, "OK"), record.Unused }
	check(t, "bounce-attempt", []row{
		{"accepted, unused", sess(with(active(to(8080), ok))), names + `the server replied 200 "OK" (packet 11); it did not connect in this capture`},
		{"refused", sess(with(active(to(8080), func(t *record.Transfer) { t.Notes.Answer = reply(11, 500, "Illegal PORT command.") }))),
			names + `the server refused: it replied 500 "Illegal PORT command." (packet 11)`},
		{"carried out", sess(with(active(to(8080), worked(7)))), names + "the server connected to it (packet 14) and 7 bytes were transferred"},
		{"carried out in vain", sess(with(active(to(8080), met(flow.Refused), failed))), names + `the server tried to connect to it (packet 14) and was refused with RST (packet 17); the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`},
		{"to an unreachable host", sess(with(active(to(8080), met(flow.Unreachable, func(c *flow.Conn) {
			c.ICMP = &flow.ICMP{From: flow.HostOf(netip.MustParseAddr("192.0.2.1")), Type: 3, Code: 1, Mark: at(18)}
		}), failed))), names + `the server tried to connect to it (packet 14) and got an ICMP error: host unreachable (ICMP type 3 code 1 from 192.0.2.1) (packet 18); the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`},
		{"never carried out", sess(with(active(to(8080), failed, func(t *record.Transfer) { t.Notes.Answer = reply(11, 200, "OK") }))), names + `the server replied 200 "OK" (packet 11); it did not connect in this capture; the server replied 425 "Failed to establish connection." (packet 20) 8 s after RETR`},
		{"a scan", sess(with(active(to(8080), ok)), with(active(to(8081), ok)), with(active(announces(inside, 22), ok))),
			names + `the server replied 200 "OK" (packet 11); it did not connect in this capture; the session names 3 endpoints on 2 hosts in total: 192.0.2.66:8080 not tried, 192.0.2.66:8081 not tried, 10.0.0.5:22 not tried`},
		{"a service of a private host", sess(with(active(announces(inside, 22), ok))),
			`high 1 PORT names 10.0.0.5:22, which is not the client 198.51.100.10 (packet 10); the server replied 200 "OK" (packet 11); it did not connect in this capture`},
		{"a client behind NAT", sess(with(active(announces(inside, 40001), met(flow.Unanswered), failed))), ""},
		{"the server went to the client anyway", sess(with(active(to(8080), met(flow.Established, func(c *flow.Conn) { c.Dst = client }), worked2))), ""},
		{"the client itself", sess(with(active(worked(7)))), ""},
		{"one side only", sess(onlyClient, with(active(to(8080), func(t *record.Transfer) { t.Notes.Answer = nil }))), names + "the server did not connect in this capture"},
	})
	check(t, "privileged-port", []row{
		{"a service", sess(with(active(announces(client.Addr(), 25)))), `medium 1 PORT names port 25 of 198.51.100.10, which belongs to services, not to clients (packet 10); the server replied 227 "Entering" (packet 11)`},
		{"1024", sess(with(active(announces(client.Addr(), 1024)))), ""},
		{"passive", sess(with(passive(announces(server.Addr(), 25)))), ""},
		{"no reply in the capture", sess(onlyClient, with(active(announces(client.Addr(), 25), func(t *record.Transfer) { t.Notes.Answer = nil }))),
			"medium 1 PORT names port 25 of 198.51.100.10, which belongs to services, not to clients (packet 10)"},
	})
}

func TestForeign(t *testing.T) {
	for _, test := range []struct {
		name                      string
		announced, client, server string
		state                     flow.State
		want                      foreignness
	}{
		{"private and public", "10.0.0.5", "198.51.100.10", "203.0.113.21", flow.Unanswered, byNAT},
		{"carrier-grade NAT", "100.64.3.4", "198.51.100.10", "203.0.113.21", flow.Unknown, byNAT},
		{"public and private", "192.0.2.9", "10.0.0.5", "203.0.113.21", flow.Unknown, byNAT},
		{"public, all others private", "192.0.2.9", "10.0.0.5", "10.0.0.21", flow.Unknown, byBounce},
		{"another public one", "192.0.2.9", "198.51.100.10", "203.0.113.21", flow.Unknown, byBounce},
		{"private networks", "192.168.7.5", "10.1.0.5", "10.2.0.21", flow.Unanswered, byNAT},
		{"private networks, and it was there", "192.168.7.5", "10.1.0.5", "10.2.0.21", flow.Established, byBounce},
		{"the server's neighbour", "10.2.0.7", "10.1.0.5", "10.2.0.21", flow.Unknown, byBounce},
		{"the server's neighbour answers a client from outside", "10.2.0.7", "198.51.100.10", "10.2.0.21", flow.Refused, byBounce},
		{"the same address plan on both sides", "10.2.0.7", "198.51.100.10", "10.2.0.21", flow.Unanswered, byNAT},
		{"the server's loopback", "127.0.0.1", "198.51.100.10", "203.0.113.21", flow.Unknown, byBounce},
		{"no address", "0.0.0.0", "198.51.100.10", "203.0.113.21", flow.Unknown, byNAT},
		{"the other family", "2001:db8::5", "198.51.100.10", "203.0.113.21", flow.Unknown, byNAT},
		{"the client's", "198.51.100.10", "198.51.100.10", "203.0.113.21", flow.Unknown, own},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := sess(func(s *record.Session) {
				s.Client, s.Server = netip.AddrPortFrom(netip.MustParseAddr(test.client), 5000), netip.AddrPortFrom(netip.MustParseAddr(test.server), 21)
			})
			tr := active(announces(netip.MustParseAddr(test.announced), 40001))
			if test.state != flow.Unknown {
				met(test.state)(&tr)
			}
			require.Equal(t, test.want, foreign(newCase(s, Options{}), &tr))
		})
	}
}

func TestThirdParty(t *testing.T) {
	stranger := func(c *flow.Conn) { c.Src = netip.AddrPortFrom(another, 6000); c.Half[flow.In].Bytes = 500 }
	raced := func(state flow.State) func(*record.Transfer) {
		return func(t *record.Transfer) {
			t.Notes.Tried = append(t.Notes.Tried, flow.Conn{Src: netip.AddrPortFrom(another, 6000), Dst: *t.Announced, OpenerKnown: true, SYN: at(13), State: state})
		}
	}
	const who = `critical 1 192.0.2.66, neither the client nor the server, connected to 203.0.113.21:50001, announced by PASV for RETR "a.bin" (packets 10, `
	check(t, "third-party-data-connection", []row{
		{"it took the data", sess(with(passive(met(flow.Established, stranger), worked2))), who + "14); it received 500 bytes; the client opened none in this capture, but got 226 anyway"},
		{"it came besides the client", sess(with(passive(worked(9), raced(flow.Established)))), who + "13); no data were transferred over it"},
		{"it only knocked", sess(with(passive(worked(9), raced(flow.Refused)))), ""},
		{"the client itself", sess(with(passive(worked(9)))), ""},
		{"nothing from the control connection's start", sess(midStart, with(passive(met(flow.Established, stranger), worked2))), who + "14); it received 500 bytes; the client opened none in this capture, but got 226 anyway"},
		{"no SYN seen", sess(with(passive(worked(9), func(t *record.Transfer) {
			t.Notes.Tried = append(t.Notes.Tried, flow.Conn{Src: netip.AddrPortFrom(another, 6000), State: flow.Established})
		}))), ""},
	})
}

func TestRejected(t *testing.T) {
	no := func(code int, text string) func(*record.Transfer) {
		return func(t *record.Transfer) {
			t.Command, t.Outcome = nil, record.Rejected
			replied(11, code, text)(t)
		}
	}
	check(t, "negotiation-rejected", []row{
		{"not implemented", sess(with(passive(no(502, "No.")))), `medium 1 the server replied 502 "No." (packet 11) to PASV (packet 10)`},
		{"and another way worked", sess(with(active(no(550, "No."))), with(passive(worked(3)))), `medium 1 the server replied 550 "No." (packet 11) to PORT (packet 10); PASV was used after it and worked`},
		{"again and again", sess(with(active(no(500, "No."))), with(active(no(500, "No."))), with(active(no(501, "No.")))),
			"medium 1 the server replied 500 \"No.\" (packet 11) to PORT (packet 10), and twice in total\nmedium 3 the server replied 501 \"No.\" (packet 11) to PORT (packet 10)"},
		{"the transfer was denied", sess(with(passive(replied(20, 550, "No such file."), func(t *record.Transfer) { t.Outcome = record.Denied }))), ""},
		{"one side only", sess(onlyServer, with(passive(no(502, "No.")))), `medium 1 the server replied 502 "No." (packet 11) to PASV (packet 10)`},
		{"no reply in the capture", sess(onlyClient, with(passive(func(t *record.Transfer) { t.Outcome = record.Unused }))), ""},
	})
}

// A session over IPv6, and one whose client is seen by its private address.
var v6 = netip.MustParseAddr("2001:db8::10")

func over6(s *record.Session) {
	s.Client, s.Server = netip.AddrPortFrom(v6, 50000), netip.MustParseAddrPort("[2001:db8::21]:21")
}

// looped is a session whose control connection goes through a tunnel's end on the
// client's host.
func looped(s *record.Session) {
	s.Client, s.Server = netip.MustParseAddrPort("127.0.0.1:50000"), netip.MustParseAddrPort("127.0.0.1:2121")
}

// TestAdvice is what to do about addresses with which it worked anyway.
func TestAdvice(t *testing.T) {
	advice := func(s *record.Session, id string) string {
		for _, f := range Judge(s, Options{Disable: map[string]bool{"bounce-attempt": true}}) {
			if f.ID == id {
				return f.Advice
			}
		}
		return ""
	}
	for _, r := range []struct{ want, got string }{
		{"over IPv6 PASV and PORT cannot name the right address", advice(sess(over6, with(passive(announces(netip.IPv4Unspecified(), 50001), func(t *record.Transfer) { t.Outcome = record.Unused }))), "nat-mismatch")},
		{"a tunnel or forwarded port", advice(sess(looped, with(passive(func(t *record.Transfer) { t.Outcome = record.OK }))), "nat-mismatch")},
		{"a tunnel or forwarded port", advice(sess(looped, with(active(func(t *record.Transfer) { t.Outcome = record.OK }))), "nat-mismatch")},
	} {
		require.True(t, strings.HasPrefix(r.got, r.want), r.got)
	}
	two := passive(announces(another, 50001), worked(5))
	require.Contains(t, advice(sess(with(two)), "nat-mismatch"), "nothing, if 192.0.2.66 and 203.0.113.21 both belong to the server")
}

// TestToldOnce: what met the data connections of a bounce is told by bounce-attempt
// alone, unless that is disabled.
func TestToldOnce(t *testing.T) {
	for _, how := range []func(*record.Transfer){met(flow.Refused), met(flow.Unanswered), met(flow.Unreachable), func(*record.Transfer) {}} {
		s := sess(with(active(announces(another, 8080), how, failed)))
		ids := func(opt Options) (list []string) {
			for _, f := range Judge(s, opt) {
				list = append(list, f.ID)
			}
			return list
		}
		require.Equal(t, []string{"bounce-attempt"}, ids(Options{}))
		require.Regexp(t, "^data-", strings.Join(ids(Options{Disable: map[string]bool{"bounce-attempt": true}}), " "))
	}
}
