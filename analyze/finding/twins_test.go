package finding

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// inFile moves a session's first packet to a file of the run.
func inFile(file int) func(*record.Session) {
	return func(s *record.Session) { s.First.Pos = flow.At(file, 3) }
}

func shifted(d flow.Time) func(*record.Session) {
	return func(s *record.Session) { s.Start.Time += d; s.First.Time += d }
}

func TestTwins(t *testing.T) {
	outside := netip.MustParseAddr("192.0.2.66")
	whose := func(a netip.Addr) func(*record.Session) {
		return func(s *record.Session) { s.Client = netip.AddrPortFrom(a, 50000); s.Notes.Control.Src = s.Client }
	}
	hosts := func(a netip.Addr) func(*record.Session) {
		return func(s *record.Session) { s.Server = netip.AddrPortFrom(a, 21); s.Notes.Control.Dst = s.Server }
	}
	port := func(a netip.Addr) func(*record.Session) {
		return with(active(announces(a, 41000), replied(30, 226, "ok")))
	}
	pasv := func(a netip.Addr) func(*record.Session) {
		return with(passive(announces(a, 50001), replied(30, 226, "ok")))
	}
	bob := logins("+bob")
	near := func(more ...func(*record.Session)) *record.Session {
		return sess(append([]func(*record.Session){bob, whose(inside), ttls(64, 63), inFile(0)}, more...)...)
	}
	far := func(more ...func(*record.Session)) *record.Session {
		return sess(append([]func(*record.Session){bob, whose(outside), ttls(63, 64), inFile(1), shifted(flow.Millisecond)}, more...)...)
	}
	const both = "this is session 1, captured on the other side of a NAT: there 10.0.0.5:50000 (packet 1:#3), here 192.0.2.66:50000 (packet 2:#3); "
	const rewrote = both + "on the way PORT 10.0.0.5:41000 became 192.0.2.66:41000 (packet 1:#10): the NAT's FTP helper (ALG) rewrites it"
	for _, test := range []struct {
		name  string
		list  []*record.Session
		files int
		want  []string
	}{
		{"PORT rewritten", []*record.Session{near(port(inside)), far(port(outside))}, 2, []string{rewrote}},
		{"PORT kept", []*record.Session{near(port(inside)), far(port(inside))}, 2,
			[]string{both + "PORT 10.0.0.5:41000 passed it unchanged (packet 1:#10): no FTP helper (ALG) rewrites it"}},
		{"227 rewritten, the server's side first", []*record.Session{
			sess(bob, hosts(inside), ttls(63, 64), inFile(0), pasv(inside)), sess(bob, hosts(outside), ttls(64, 63), inFile(1), pasv(outside))}, 2,
			[]string{"this is session 1, captured on the other side of a NAT: there 10.0.0.5:21 (packet 1:#3), here 192.0.2.66:21 (packet 2:#3); " +
				"on the way the endpoint that the server announced by PASV, 10.0.0.5:50001, became 192.0.2.66:50001 (packet 1:#11): the NAT's FTP helper (ALG) rewrites it"}},
		{"PASV of a server that is not translated", []*record.Session{near(pasv(server.Addr())), far(pasv(server.Addr()))}, 2, nil},
		{"one file in the run", []*record.Session{near(port(inside)), far(port(outside))}, 1, nil},
		{"the same file", []*record.Session{near(port(inside)), far(port(outside), inFile(0))}, 2, nil},
		{"another time", []*record.Session{near(port(inside)), far(port(outside), shifted(3*flow.Second))}, 2, nil},
		{"another pace", []*record.Session{near(port(inside)), far(port(outside), shifted(flow.Second))}, 2, nil},
		{"another user", []*record.Session{near(port(inside)), far(port(outside), logins("+eve"))}, 2, nil},
		{"another reply", []*record.Session{near(port(inside)), far(with(active(announces(outside, 41000), replied(30, 426, "cut"))))}, 2, nil},
		{"two hosts: TTLs without a router between", []*record.Session{near(port(inside)), far(port(outside), ttls(64, 63))}, 2, nil},
		{"TTLs unknown", []*record.Session{near(port(inside)), far(port(outside), ttls(0, 0))}, 2, nil},
		{"one twin has one side only", []*record.Session{near(port(inside), onlyClient), far(port(outside))}, 2, nil},
		{"the later twin has gaps", []*record.Session{near(port(inside)), far(port(outside), gappy)}, 2, nil},
		{"two fit", []*record.Session{near(port(inside)), near(port(inside)), far(port(outside))}, 2, nil},
		{"it fits two", []*record.Session{near(port(inside)), far(port(outside)), far(port(outside))}, 2, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			st := NewStream(Options{Files: test.files}, func(s *record.Session) {
				for _, f := range s.Findings {
					if f.ID == "nat-mismatch" && len(f.Frames) > 2 && f.Frames[len(f.Frames)-1].File() > 0 {
						require.Equal(t, record.Low, f.Severity)
						got = append(got, f.Message)
					}
				}
			})
			for i, s := range test.list {
				s.ID = i + 1
				for j := range s.Transfers { // packets of a transfer keep the session's pace
					m := *s.Transfers[j].Notes.Ran
					if test.name != "another pace" {
						m.Mark.Time += s.Start.Time - at(1).Time
					}
					s.Transfers[j].Notes.Ran = &m
				}
				st.Add(s)
			}
			st.Flush()
			require.Equal(t, test.want, got)
		})
	}
}
