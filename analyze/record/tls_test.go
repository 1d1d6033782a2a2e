package record_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// A certificate is judged by the time of the packet that showed it, never by today's.
func TestCertificate(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2020, 1, n, 0, 0, 0, 0, time.UTC) }
	shown := func(at time.Time) *record.Certificate {
		return &record.Certificate{Mark: flow.Mark{Time: flow.Time(at.UnixNano())}, NotBefore: day(10), NotAfter: day(20)}
	}
	for _, x := range []struct {
		name                 string
		c                    *record.Certificate
		read, early, expired bool
	}{
		{"none was seen", nil, false, false, false},
		{"it could not be read", &record.Certificate{Mark: flow.Mark{Time: flow.Time(day(1).UnixNano())}}, false, false, false},
		{"in force", shown(day(15)), true, false, false},
		{"on the first moment", shown(day(10)), true, false, false},
		{"just before it", shown(day(10).Add(-1)), true, true, false},
		{"on the last moment", shown(day(20)), true, false, false},
		{"just after it", shown(day(20).Add(1)), true, false, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, []bool{x.read, x.early, x.expired}, []bool{x.c.Read(), x.c.Early(), x.c.Expired()})
		})
	}
}

// Under TLS 1.3 tickets look like data: those of the control connection tell their size.
func TestPlainWithoutTickets(t *testing.T) {
	client, server := end("192.0.2.10:40001"), end("192.0.2.21:50000")
	ptr := func(n uint64) *uint64 { return &n }
	for _, x := range []struct {
		name    string
		early   []int
		tickets []int
		want    *uint64
	}{
		{"TLS 1.2: there are none", nil, []int{200}, ptr(1000)},
		{"the control connection does not tell", []int{200, 200}, nil, nil},
		{"it had none", []int{200, 200}, []int{}, ptr(1000)},
		{"it had two of the same size", []int{200, 200}, []int{200, 200}, ptr(600)},
		{"it had one", []int{200, 200}, []int{200}, ptr(800)},
		{"names and times make them differ a little", []int{220, 220}, []int{200, 200}, ptr(560)},
		{"as much as they may", []int{232}, []int{200}, ptr(768)},
		{"these are data", []int{233, 233}, []int{200, 200}, ptr(1000)},
		{"smaller ones, as well", []int{167}, []int{200}, ptr(1000)},
		{"the first is a ticket, the second is data", []int{200, 190}, []int{200, 200}, ptr(800)},
		{"fewer than there", []int{200}, []int{200, 200, 200}, ptr(800)},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := record.DataTLS{Plain: [2]*uint64{ptr(50), ptr(1000)}, Server: 1, Early: x.early}
			d.Ends[0], d.Ends[1] = client, server
			require.Equal(t, x.want, d.PlainFrom(server, x.tickets))
			require.Equal(t, ptr(50), d.PlainFrom(client, x.tickets), "clients send none")
			require.Equal(t, ptr(1000), d.Plain[1], "what was counted stays")
		})
	}
	d := record.DataTLS{Server: 1, Early: []int{200}}
	d.Ends[1] = server
	require.Nil(t, d.PlainFrom(server, []int{200}), "nothing was counted")
}

// What was hidden is told when clear text follows, and every transfer is then.
func TestReadsAgain(t *testing.T) {
	retr, bye := "RETR", flow.Mark{Ord: 9, Pos: 9}
	named := record.Transfer{Command: &retr, Method: "PASV"}
	for _, x := range []struct {
		name string
		s    record.Session
		want bool
	}{
		{"never under TLS", record.Session{TLS: record.TLSNone, Transfers: []record.Transfer{named}}, false},
		{"nothing was said in clear", record.Session{TLS: record.TLSExplicit}, false},
		{"QUIT in clear", record.Session{TLS: record.TLSExplicit, Notes: record.Notes{Heard: record.Heard{Quit: bye}}}, true},
		{"transfers in clear", record.Session{TLS: record.TLSExplicit, Transfers: []record.Transfer{named}}, true},
		{"a negotiation that nobody used tells nothing", record.Session{TLS: record.TLSExplicit, Transfers: []record.Transfer{{Method: "PASV"}}}, false},
		{"one of them under TLS", record.Session{TLS: record.TLSExplicit, Transfers: []record.Transfer{named, {Method: record.MethodEncrypted}}}, false},
		{"keys opened it", record.Session{TLS: record.TLSExplicit, Capture: record.Coverage{Decrypted: true}, Transfers: []record.Transfer{named}}, false},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, x.s.ReadsAgain()) })
	}
}

func TestProtection(t *testing.T) {
	require.Equal(t, "TLS", new(record.Session).Protection())
	require.Equal(t, "GSSAPI", (&record.Session{Notes: record.Notes{Heard: record.Heard{Security: "GSSAPI"}}}).Protection())
}

func TestUsesTLS(t *testing.T) {
	plain := uint64(3)
	sealed := &flow.Conn{Told: flow.Told{Facts: &record.DataTLS{}}}
	for _, x := range []struct {
		name       string
		t          record.Transfer
		uses, seal bool
	}{
		{"no connection", record.Transfer{}, false, false},
		{"in clear", record.Transfer{Notes: record.TransferNotes{Conn: &flow.Conn{}}}, false, false},
		{"under TLS", record.Transfer{Notes: record.TransferNotes{Conn: sealed}}, true, true},
		{"under TLS, and its size is known", record.Transfer{Notes: record.TransferNotes{Conn: sealed}, Sealed: record.Sealed{PlainBytes: &plain}}, true, false},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, []bool{x.uses, x.seal}, []bool{x.t.UsesTLS(), x.t.IsSealed()}) })
	}
}

// Where both sides of a router are in the capture, TTLs tell no distance.
func TestRouted(t *testing.T) {
	s := record.Session{Client: end("192.0.2.10:40000"), Server: end("198.51.100.21:21")}
	s.Notes.Control = flow.Conn{Src: s.Client, Dst: s.Server}
	s.Notes.Control.Half[flow.Out].TTL, s.Notes.Control.Half[flow.In].TTL = 64, 57
	require.False(t, s.Routed(), "its course was not followed")
	for way := range flow.Direction(2) {
		course := &flow.Course{}
		s.Notes.Control.Course = course
		require.False(t, s.Routed())
		require.Equal(t, 7, s.Distance(s.Server.Addr()))
		course.Side[way].Routed = true
		require.True(t, s.Routed(), way)
		require.Equal(t, -1, s.Distance(s.Server.Addr()))
	}
	s.Notes.Control = flow.Conn{Src: s.Server, Dst: s.Client}
	s.Notes.Control.Half[flow.Out].TTL = 0
	require.Equal(t, -1, s.Distance(s.Server.Addr()), "of who sent nothing")
}
