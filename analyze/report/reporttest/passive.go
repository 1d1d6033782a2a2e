package reporttest

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

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
		TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Capture: Whole, First: MarkAt(0, uint64(id)), Transfers: transfers}
}
