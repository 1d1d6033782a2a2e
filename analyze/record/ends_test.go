package record_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func end(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

func TestHalves(t *testing.T) {
	s := record.Session{Client: end("192.0.2.10:40000"), Server: end("192.0.2.21:21")}
	for _, x := range []struct {
		name, src, dst string
		client         flow.Direction
	}{
		{"the control connection", "192.0.2.10:40000", "192.0.2.21:21", flow.Out},
		{"passive", "192.0.2.10:40001", "192.0.2.21:50000", flow.Out},
		{"active", "192.0.2.21:20", "192.0.2.10:40002", flow.In},
		{"the control connection, where the capture begins with the server's packet", "192.0.2.21:21", "192.0.2.10:40000", flow.In},
		{"a third host to the server", "203.0.113.9:1024", "192.0.2.21:50000", flow.In},
	} {
		t.Run(x.name, func(t *testing.T) {
			conn := flow.Conn{Src: end(x.src), Dst: end(x.dst)}
			require.Equal(t, x.client, s.ClientWay(&conn))
			client, server := s.Halves(&conn)
			require.Same(t, &conn.Half[x.client], client)
			require.Same(t, &conn.Half[1-x.client], server)
		})
	}
}

func TestHalvesOfOneHost(t *testing.T) {
	s := record.Session{Client: end("127.0.0.1:40000"), Server: end("127.0.0.1:21")}
	require.Equal(t, flow.Out, s.ClientWay(&flow.Conn{Src: end("127.0.0.1:40001"), Dst: end("127.0.0.1:50000")}), "who opens is the client")
	require.Equal(t, flow.In, s.ClientWay(&flow.Conn{Src: end("127.0.0.1:21"), Dst: s.Client}), "its own port tells better")
}

func TestDistance(t *testing.T) {
	s := record.Session{Client: end("192.0.2.10:40000"), Server: end("198.51.100.21:21")}
	s.Notes.Control = flow.Conn{Src: s.Client, Dst: s.Server}
	s.Notes.Control.Half[flow.Out].TTL, s.Notes.Control.Half[flow.In].TTL = 64, 57
	require.Equal(t, 0, s.Distance(s.Client.Addr()))
	require.Equal(t, 7, s.Distance(s.Server.Addr()))
	require.Equal(t, -1, s.Distance(end("203.0.113.9:1").Addr()), "of a host that is none of the two nothing is known")
}

func TestNamed(t *testing.T) {
	quote := func(s string) string { return "<" + s + ">" }
	list, retr, name := "LIST", "RETR", "a\x1b[0m"
	for want, x := range map[string]record.Transfer{
		"RETR <a\x1b[0m>":                   {Command: &retr, Argument: &name},
		"LIST":                              {Command: &list},
		"a transfer under TLS":              {Method: record.MethodEncrypted},
		"a transfer":                        {Method: record.MethodDefault},
		"the transfer that PASV negotiated": {Method: "PASV", Argument: &name},
	} {
		require.Equal(t, want, x.Named(quote))
	}
}

func TestBounces(t *testing.T) {
	client, other := end("192.0.2.10:5000"), end("203.0.113.9:25")
	bounce := record.Finding{ID: record.BounceID, Transfer: 1}
	explained := func(id string, n int) []record.Finding { return []record.Finding{bounce, {ID: id, Transfer: n}} }
	for _, x := range []struct {
		name     string
		transfer record.Transfer
		findings []record.Finding
		want     bool
	}{
		{"to a third host", record.Transfer{N: 1, Mode: record.Active, Announced: &other}, []record.Finding{bounce}, true},
		{"nobody called it a bounce", record.Transfer{N: 1, Mode: record.Active, Announced: &other}, nil, false},
		{"to the client itself", record.Transfer{N: 1, Mode: record.Active, Announced: &client}, []record.Finding{bounce}, false},
		{"passive", record.Transfer{N: 1, Mode: record.Passive, Announced: &other}, []record.Finding{bounce}, false},
		{"nothing was announced", record.Transfer{N: 1, Mode: record.Active}, []record.Finding{bounce}, false},
		{"a site to site transfer", record.Transfer{N: 1, Mode: record.Active, Announced: &other}, explained(record.FXPID, 1), false},
		{"a NAT explains it", record.Transfer{N: 1, Mode: record.Active, Announced: &other}, explained(record.NATID, 1), false},
		{"a NAT explains another one", record.Transfer{N: 1, Mode: record.Active, Announced: &other}, explained(record.NATID, 2), true},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := record.Session{Client: end("192.0.2.10:40000"), Findings: x.findings}
			require.Equal(t, x.want, s.Bounces(&x.transfer))
		})
	}
}

func TestTransferTells(t *testing.T) {
	for outcome, failed := range map[string]bool{
		record.Denied: true, record.NoConnection: true, record.Aborted: true, record.OK: false, record.Unused: false, record.Rejected: false, record.Incomplete: false, "": false,
	} {
		require.Equal(t, failed, (&record.Transfer{Outcome: outcome}).Failed(), outcome)
	}
	for state, opened := range map[string]bool{record.Established: true, record.Unknown: false, "refused": false, "unanswered": false} {
		require.Equal(t, opened, (&record.Transfer{Connection: &record.Connection{State: state}}).Opened(), state)
	}
	require.False(t, new(record.Transfer).Opened())

	seen := record.Transfer{Frames: record.Frames{SYN: flow.At(0, 3)}}
	answered := record.Transfer{Notes: record.TransferNotes{Conn: &flow.Conn{OpenerKnown: true}}}
	unknown := record.Transfer{Notes: record.TransferNotes{Conn: &flow.Conn{}}}
	require.True(t, seen.SYNSeen())
	require.True(t, answered.SYNSeen(), "a SYN-ACK tells as well")
	require.False(t, unknown.SYNSeen())
	require.False(t, new(record.Transfer).SYNSeen())
}

func TestCarried(t *testing.T) {
	tcp, plain := uint64(1000), uint64(900)
	require.Nil(t, new(record.Transfer).Carried())
	require.Equal(t, &tcp, (&record.Transfer{Bytes: &tcp}).Carried())
	require.Equal(t, &plain, (&record.Transfer{Bytes: &tcp, Sealed: record.Sealed{PlainBytes: &plain}}).Carried(), "people are shown the plaintext's size")
}

func TestPlainFrom(t *testing.T) {
	out, in := uint64(10), uint64(0)
	d := record.DataTLS{Plain: [2]*uint64{&out, &in}}
	d.Ends[0], d.Ends[1] = end("192.0.2.10:40001"), end("192.0.2.21:50000")
	require.Equal(t, &out, d.PlainFrom(d.Ends[0], nil))
	require.Equal(t, &in, d.PlainFrom(d.Ends[1], nil))
	require.Nil(t, d.PlainFrom(end("192.0.2.21:50001"), nil))

	conn := flow.Conn{Told: flow.Told{Facts: &d}}
	require.Same(t, &d, record.TLSOf(&conn))
	require.Nil(t, record.TLSOf(&flow.Conn{}), "nobody looked")
	require.Nil(t, record.TLSOf(&flow.Conn{Told: flow.Told{Facts: "what another reader found"}}))

	sealed := record.Transfer{Notes: record.TransferNotes{Conn: &conn}}
	require.True(t, sealed.IsSealed())
	sealed.PlainBytes = &out
	require.False(t, sealed.IsSealed())
	require.False(t, new(record.Transfer).IsSealed())
}

func TestSessionUnderTLS(t *testing.T) {
	for tls, under := range map[string]bool{record.TLSExplicit: true, record.TLSImplicit: true, record.TLSNone: false, record.TLSRefused: false} {
		s := record.Session{TLS: tls}
		require.Equal(t, [2]bool{under, under}, [2]bool{s.IsUnderTLS(), s.Hides()}, tls)
		s.Capture.Decrypted = true
		require.Equal(t, [2]bool{under, false}, [2]bool{s.IsUnderTLS(), s.Hides()}, tls)
	}
}

func TestSmallWords(t *testing.T) {
	x := 5
	require.Nil(t, record.Known(&x, false))
	require.Same(t, &x, record.Known(&x, true))
	require.Nil(t, record.SeenReply(&record.Reply{}))
	require.Equal(t, 226, record.SeenReply(&record.Reply{Code: 226}).Code)

	require.Nil(t, new(record.Login).Name(), "a capture that lacks USER names nobody")
	require.Equal(t, "alice", *(&record.Login{User: "alice"}).Name())

	for code, agreed := range map[int]bool{250: true, 350: true, 450: false, 550: false} {
		require.Equal(t, agreed, (&record.Operation{Reply: &record.Reply{Code: code}}).Agreed(), code)
	}
	require.False(t, new(record.Operation).Agreed(), "no reply was seen: that is no yes")

	stall := record.Stall{From: record.Stamp{Time: 3e9}, To: record.Stamp{Time: 5e9}}
	require.Equal(t, flow.Time(2e9), stall.Lasted())
}

// A word of the record is said once, has a meaning, and is written as the record writes words.
func TestMeanings(t *testing.T) {
	for name, list := range map[string][]record.Meaning{
		"causes": record.Causes, "places": record.Places, "certainties": record.Certainties, "limits": record.Limits,
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, m := range list {
				require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, m.Word)
				require.NotEmpty(t, m.Meaning, m.Word)
				require.False(t, strings.HasSuffix(m.Meaning, "."), m.Word)
				require.False(t, seen[m.Word], "%s stands twice", m.Word)
				seen[m.Word] = true
			}
		})
	}
	require.Equal(t, record.CauseNone, record.Causes[0].Word, "what went well comes first")
}

func TestKinds(t *testing.T) {
	kinds := record.Kinds()
	require.IsNonDecreasing(t, kinds)
	for _, id := range kinds {
		require.NotEqual(t, record.Failure, record.KindOf(id), id)
	}
	for id, want := range map[string]record.FindingKind{
		record.BounceID: record.Deed, "anonymous-login": record.Habit, "capture-gap": record.Reservation,
		record.NATID: record.Failure, "a rule that is none": record.Failure,
	} {
		require.Equal(t, want, record.KindOf(id), id)
	}
}
