package finding

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The usual hosts: none of them private, all in networks of their own.
var (
	client  = netip.MustParseAddrPort("198.51.100.10:50000")
	server  = netip.MustParseAddrPort("203.0.113.21:21")
	another = netip.MustParseAddr("192.0.2.66")
	inside  = netip.MustParseAddr("10.0.0.5")
)

// at is the mark of a packet; packet n comes n seconds into the capture unless said
// otherwise.
func at(packet uint64) flow.Mark { return markAt(packet, flow.Time(packet)*flow.Second) }

func markAt(packet uint64, t flow.Time) flow.Mark {
	return flow.Mark{Time: t, Ord: packet, Pos: flow.At(0, packet)}
}

func pos(packet uint64) flow.Pos { return flow.At(0, packet) }

func ptr[T any](v T) *T { return &v }

func reply(packet uint64, code int, text string) *record.Reply {
	return &record.Reply{Time: record.Stamp{Time: at(packet).Time}, Pos: pos(packet), Code: code, Text: text}
}

// sess makes a session of 100 s, wholly captured and closed, and changes it.
func sess(changes ...func(*record.Session)) *record.Session {
	s := &record.Session{
		ID: 1, Client: client, Server: server, Login: record.LoginNone, TLS: record.TLSNone, Closing: record.ClosingQuit,
		Start: record.Stamp{Time: at(1).Time}, End: record.Stamp{Time: at(100).Time}, Origin: record.Origin{First: at(1)},
		Capture: record.Coverage{FromStart: true, ToEnd: true, ClientSide: true, ServerSide: true},
	}
	s.Notes.Control = flow.Conn{Src: client, Dst: server, OpenerKnown: true, Start: at(1), SYN: at(1), SYNACK: at(2), Last: at(100), State: flow.Established, Closing: flow.Finned}
	for _, change := range changes {
		change(s)
	}
	return s
}

// with adds a transfer.
func with(t record.Transfer) func(*record.Session) {
	return func(s *record.Session) {
		t.N = len(s.Transfers) + 1
		s.Transfers = append(s.Transfers, t)
	}
}

// passive is a RETR by PASV whose command is packet 12; active the same by PORT. Neither
// has a connection.
func passive(changes ...func(*record.Transfer)) record.Transfer {
	return negotiated("PASV", record.Passive, record.Client, netip.AddrPortFrom(server.Addr(), 50001), changes)
}

func active(changes ...func(*record.Transfer)) record.Transfer {
	return negotiated("PORT", record.Active, record.Server, netip.AddrPortFrom(client.Addr(), 40001), changes)
}

func negotiated(method, mode, expected string, announced netip.AddrPort, changes []func(*record.Transfer)) record.Transfer {
	t := record.Transfer{
		Command: ptr("RETR"), Argument: ptr("a.bin"), Path: ptr("/a.bin"), Direction: ptr(record.Download), Representation: ptr("I"),
		Method: method, Mode: mode, Announced: &announced, ExpectedInitiator: &expected, Initiator: record.None, Evidence: record.None,
		Outcome: record.NoConnection, Frames: record.Frames{Negotiation: pos(10), Command: pos(12)},
	}
	t.Notes.Asked = &record.Line{Mark: at(10), Text: method}
	t.Notes.Mode = "S"
	t.Notes.Ran = &record.Line{Mark: at(12), Text: "RETR a.bin"}
	t.Notes.Answer = reply(11, 227, "Entering")
	for _, change := range changes {
		change(&t)
	}
	return t
}

// replied gives the transfer its final reply.
func replied(packet uint64, code int, text string) func(*record.Transfer) {
	return func(t *record.Transfer) { t.Reply, t.Frames.Reply = reply(packet, code, text), pos(packet) }
}

// worked is a transfer of n bytes that ended well, its connection included.
func worked(n uint64) func(*record.Transfer) {
	return func(t *record.Transfer) {
		met(flow.Established)(t)
		replied(30, 226, "Transfer complete.")(t)
		t.Outcome, t.Bytes, t.MissingBytes = record.OK, ptr(n), ptr(uint64(0))
		t.Frames.FirstData = pos(18)
	}
}

// met gives the transfer a connection from the expected host to the announced endpoint,
// with packets 14 (SYN, again as 15 and 16 when unanswered), 17 (answer), 18 to 28.
func met(state flow.State, changes ...func(*flow.Conn)) func(*record.Transfer) {
	return func(t *record.Transfer) {
		src := netip.AddrPortFrom(client.Addr(), 50002)
		if t.Mode == record.Active {
			src = netip.AddrPortFrom(server.Addr(), 20)
		}
		c := flow.Conn{Src: src, Dst: *t.Announced, OpenerKnown: true, Start: at(14), SYN: at(14), LastSYN: at(14), SYNs: 1, Last: at(28), State: state}
		switch state {
		case flow.Established:
			c.SYNACK, c.Closing = at(17), flow.Finned
			c.Half[flow.Out].FIN, c.Half[flow.In].FIN = at(27), at(26)
		case flow.Refused:
			c.Half[flow.In] = flow.Half{RST: at(17), TTL: 64}
		case flow.Unanswered:
			c.SYNs, c.LastSYN, c.Last = 3, at(16), at(16)
			c.SYNPos = &flow.SYNs{pos(14), pos(15), pos(16)}
		}
		for _, change := range changes {
			change(&c)
		}
		t.Notes.Conn, t.Notes.Tried = &c, []flow.Conn{c}
		t.Connection = &record.Connection{Src: c.Src, Dst: c.Dst, State: c.State.String(), Attempts: c.SYNs, Closing: c.Closing.String()}
		t.Frames.SYN = c.SYN.Pos
		switch c.Src.Addr() {
		case client.Addr():
			t.Initiator = record.Client
		case server.Addr():
			t.Initiator = record.Server
		default:
			t.Initiator = record.ThirdParty
		}
	}
}

// announces changes the announced endpoint; it comes before met.
func announces(a netip.Addr, port uint16) func(*record.Transfer) {
	return func(t *record.Transfer) { t.Announced = ptr(netip.AddrPortFrom(a, port)) }
}

// logins gives the session logins at packets 5, 6, …: "+name" succeeds, "-name" fails.
func logins(list ...string) func(*record.Session) {
	return func(s *record.Session) {
		s.Password = ptr("secret")
		for _, l := range list {
			ok, code := l[0] == '+', 530
			s.Login = record.LoginFailed
			if ok {
				s.Login, code = record.LoginOK, 230
			}
			s.User = ptr(l[1:])
			s.Anonymous = anonymous(l[1:])
			m := at(5 + uint64(len(s.Notes.Logins)))
			m.Time += s.Start.Time - at(1).Time
			s.Notes.Logins = append(s.Notes.Logins, record.Login{Mark: m, User: l[1:], OK: ok, Code: code})
		}
	}
}

// site gives the session a SITE command; code 0: no reply.
func site(text string, code int) func(*record.Session) {
	return func(s *record.Session) {
		n := record.SiteCommand{Mark: at(9), Text: text}
		if code > 0 {
			n.Reply = reply(10, code, "so")
		}
		s.Notes.Site = append(s.Notes.Site, n)
	}
}

// climbs notes that the command in a packet climbs; code 0: no reply.
func climbs(packet uint64, line string, code int) func(*record.Session) {
	return func(s *record.Session) {
		verb, arg, _ := strings.Cut(line, " ")
		n := record.Climb{Mark: at(packet), Verb: verb, Argument: arg}
		if code > 0 {
			n.Reply = reply(packet+1, code, "so")
		}
		s.Notes.Climbs = append(s.Notes.Climbs, n)
	}
}

// What captures may lack.
func midStart(s *record.Session)   { s.Capture.FromStart = false }
func gappy(s *record.Session)      { s.Capture.MissingBytes = 100 }
func onlyClient(s *record.Session) { s.Capture.ServerSide = false }
func onlyServer(s *record.Session) { s.Capture.ClientSide = false }
func cutShort(s *record.Session) {
	s.Capture.ToEnd, s.End = false, record.Stamp{Time: at(15).Time}
	s.Notes.Control.Last, s.Notes.Control.Closing = at(15), flow.Cut
}

// ttls sets those of the client's and the server's packets on the control connection.
func ttls(ofClient, ofServer uint8) func(*record.Session) {
	return func(s *record.Session) {
		s.Notes.Control.Half[flow.Out].TTL, s.Notes.Control.Half[flow.In].TTL = ofClient, ofServer
	}
}

// row is a session and what a rule says of it: "severity transfer message", one a line.
type row struct {
	name string
	s    *record.Session
	want string
}

func check(t *testing.T, id string, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var got []string
			for _, f := range Judge(r.s, Options{}) {
				if f.ID == id {
					require.NotEmpty(t, f.Frames)
					got = append(got, fmt.Sprintf("%s %d %s", f.Severity, f.Transfer, f.Message))
				}
			}
			require.Equal(t, r.want, strings.Join(got, "\n"))
		})
	}
}
