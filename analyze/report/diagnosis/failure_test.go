package diagnosis

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

func TestICMP(t *testing.T) {
	v4, v6 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
	for want, i := range map[string]record.ICMP{
		"network unreachable":            {From: v4, Type: 3, Code: 0},
		"host unreachable":               {From: v4, Type: 3, Code: 1},
		"protocol unreachable":           {From: v4, Type: 3, Code: 2},
		"port unreachable":               {From: v4, Type: 3, Code: 3},
		"fragmentation needed":           {From: v4, Type: 3, Code: 4},
		"administratively prohibited":    {From: v4, Type: 3, Code: 13},
		"time to live exceeded":          {From: v4, Type: 11},
		"ICMP type 3 code 99":            {From: v4, Type: 3, Code: 99},
		"ICMP type 4 code 0":             {From: v4, Type: 4},
		"no route to destination":        {From: v6, Type: 1, Code: 0},
		"route rejected":                 {From: v6, Type: 1, Code: 6},
		"ICMP type 1 code 7":             {From: v6, Type: 1, Code: 7},
		"packet too big":                 {From: v6, Type: 2},
		"hop limit exceeded":             {From: v6, Type: 3},
		"address unreachable":            {From: v6, Type: 1, Code: 3},
		"beyond scope of source address": {From: v6, Type: 1, Code: 2},
	} {
		require.Equal(t, want, ICMPName(&i))
	}
	mapped := &record.ICMP{From: netip.MustParseAddr("::ffff:10.0.0.1"), Type: 3, Code: 1}
	for want, a := range map[string]record.Attempt{
		"refused":                         {State: record.Refused},
		"no answer":                       {State: record.Unanswered},
		"unreachable":                     {State: record.Unreachable},
		"host unreachable, says 10.0.0.1": {State: record.Unreachable, ICMP: mapped},
		`\x1b[2J`:                         {State: "\x1b[2J"},
	} {
		require.Equal(t, want, Attempt(&a))
	}
}

func TestVerdict(t *testing.T) {
	error := &flow.ICMP{From: flow.HostOf(netip.MustParseAddr("10.0.0.1")), Type: 3, Code: 1}
	for name, test := range map[string]struct {
		state string
		notes record.TransferNotes
		want  string
	}{
		"refused":            {record.Refused, record.TransferNotes{}, "refused"},
		"no answer":          {record.Unanswered, record.TransferNotes{}, "no answer"},
		"unreachable":        {record.Unreachable, record.TransferNotes{}, "unreachable"},
		"says who":           {record.Unreachable, record.TransferNotes{Conn: &flow.Conn{ICMP: error}}, "host unreachable, says 10.0.0.1"},
		"of an earlier try":  {record.Unreachable, record.TransferNotes{Tried: []flow.Conn{{}, {ICMP: error}}}, "host unreachable, says 10.0.0.1"},
		"nothing to go upon": {record.Unknown, record.TransferNotes{}, "too little seen to say how it ended"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, LastTry(&record.Transfer{Connection: &record.Connection{State: test.state}, Notes: test.notes}))
		})
	}
}

// Each way in which a transfer may end has its sentence.
func TestOutcome(t *testing.T) {
	open := func(t *record.Transfer) { t.Connection.State = record.Established }
	for name, test := range map[string]struct {
		outcome string
		change  func(*record.Transfer)
		want    string
	}{
		"denied":    {record.Denied, func(t *record.Transfer) { t.Connection, t.Reply = nil, &record.Reply{Code: 550} }, "The server denied the transfer (reply 550), so no data connection was needed."},
		"denied so": {record.Denied, func(*record.Transfer) {}, "The server denied the transfer, so no data connection was needed."},
		"aborted":   {record.Aborted, open, "The data connection was open but the transfer was aborted; it is unknown how much it carried."},
		"aborted late": {record.Aborted, func(t *record.Transfer) {
			open(t)
			t.Bytes, t.Reply = reporttest.Ptr(uint64(1)), &record.Reply{Code: 426}
		},
			"The data connection was open but the transfer was aborted (reply 426); 1 byte had been sent."},
		"denied with the connection open": {record.Denied, func(t *record.Transfer) {
			open(t)
			t.Bytes, t.Reply = reporttest.Ptr(uint64(0)), &record.Reply{Code: 550}
		},
			"The server denied the transfer (reply 550) before any data were sent; the data connection was already open and was not used."},
		"incomplete": {record.Incomplete, open, "The capture holds no final reply, so whether the transfer ended well is not known."},
		"unused":     {record.Unused, func(*record.Transfer) {}, "The data connection was negotiated but never used."},
		"rejected":   {record.Rejected, func(t *record.Transfer) { t.Reply = &record.Reply{Code: 500} }, "The server rejected the negotiation (reply 500)."},
		"third host": {record.OK, func(t *record.Transfer) {
			open(t)
			t.Initiator, t.Connection.Src = record.ThirdParty, reporttest.Endpoint("192.0.2.66:1")
		},
			"A third host, 192.0.2.66, opened the data connection."},
		"elsewhere": {record.OK, func(t *record.Transfer) { open(t); t.Connection.Dst = reporttest.Endpoint("203.0.113.1:50001") },
			"The announced endpoint was 192.168.50.2:50001, but the connection went to 203.0.113.1:50001: address translation (NAT) changed one of them, or the peer ignored the announced address."},
		"as it should": {record.OK, open, ""},
		"no answer": {record.NoConnection, func(*record.Transfer) {}, "The client tried to open the data connection to 192.168.50.2:50001 with 3 SYNs and got no answer: that is what a firewall that drops them looks like, " +
			"or an address that leads nowhere. The server announced a private address although its peer reaches it as 203.0.113.1: address translation (NAT) between them did not change the announcement."},
		"refused": {record.NoConnection, func(t *record.Transfer) { t.Connection.State, t.Announced = record.Refused, nil },
			"The client tried to open the data connection to 192.168.50.2:50001 with 3 SYNs and was refused with RST: nothing listened there, or a firewall rejected it."},
		"unreachable": {record.NoConnection, func(t *record.Transfer) { t.Connection.State, t.Announced = record.Unreachable, nil },
			"The client tried to open the data connection to 192.168.50.2:50001 with 3 SYNs and a router or host answered that it is unreachable (unreachable)."},
		"came to nothing": {record.NoConnection, func(t *record.Transfer) { open(t); t.Announced = nil; t.Initiator = record.ThirdParty },
			"A third host, 203.0.113.10, tried to open the data connection to 192.168.50.2:50001 with 3 SYNs, but no transfer came of it."},
		"another way": {record.NoConnection, func(t *record.Transfer) { t.Connection.Dst = reporttest.Endpoint("203.0.113.1:50001") },
			"The client tried to open the data connection to 203.0.113.1:50001 (announced: 192.168.50.2:50001) with 3 SYNs and got no answer: that is what a firewall that drops them looks like. " +
				"The server announced a private address although its peer reaches it as 203.0.113.1: address translation (NAT) between them did not change the announcement."},
		"never tried": {record.NoConnection, func(t *record.Transfer) { t.Connection = nil },
			"The client should have opened the data connection to 192.168.50.2:50001, but the capture holds no SYN: it never tried, or its SYN was dropped before it reached the place of capture."},
		"default": {record.NoConnection, func(t *record.Transfer) { t.Connection, t.Method = nil, record.MethodDefault },
			"Neither PORT nor PASV had been negotiated, and the server did not try the default port (RFC 959 section 3.2)."},
	} {
		t.Run(name, func(t *testing.T) {
			s := reporttest.BlockedSession()
			x := &s.Transfers[0]
			x.Outcome = test.outcome
			test.change(x)
			require.Equal(t, test.want, Outcome(s, x))
		})
	}
}
