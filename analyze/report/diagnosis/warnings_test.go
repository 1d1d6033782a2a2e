package diagnosis

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
)

func TestUndecoded(t *testing.T) {
	reasons := func(n int) (list []record.Reason) {
		for i := range n {
			list = append(list, record.Reason{Text: fmt.Sprintf("unknown EtherType 0x%04x", i+0x9999), Packets: 10})
		}
		return list
	}
	for _, test := range []struct {
		name    string
		files   []string
		packets uint64
		reasons []record.Reason
		want    string
		mostly  bool
	}{
		{"nothing", []string{"a.pcap"}, 9, nil, "", false},
		{"two reasons", []string{"a.pcap"}, 10_000, []record.Reason{{Text: "IPsec ESP", Packets: 3990}, {Text: "unknown EtherType 0x88f7", Packets: 10}},
			"a.pcap: 4,000 packets not decoded (IPsec ESP 3,990; unknown EtherType 0x88f7 10)", false},
		{"several files, most packets", []string{"a.pcap", "b.pcap"}, 7000, []record.Reason{{Text: "IPsec ESP", Packets: 4000}},
			"4,000 packets not decoded (IPsec ESP 4,000)", true},
		{"half the packets", nil, 8000, []record.Reason{{Text: "IPsec ESP", Packets: 4000}}, "4,000 packets not decoded (IPsec ESP 4,000)", false},
		{"many reasons", nil, 500, reasons(9), "90 packets not decoded (unknown EtherType 0x9999 10; unknown EtherType 0x999a 10; unknown EtherType 0x999b 10; " +
			"unknown EtherType 0x999c 10; unknown EtherType 0x999d 10; unknown EtherType 0x999e 10; 3 other reasons)", false},
		{"a hostile name", []string{"a\x1b.pcap"}, 2, []record.Reason{{Text: "IPsec ESP", Packets: 1}}, `a\x1b.pcap: 1 packet not decoded (IPsec ESP 1)`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &record.Summary{Files: test.files, Packets: test.packets}
			s.Capture.Reasons = test.reasons
			for _, r := range test.reasons {
				s.Capture.Undecoded += r.Packets
			}
			text, mostly := Undecoded(s)
			require.Equal(t, test.want, text)
			require.Equal(t, test.mostly, mostly)
		})
	}
}

// What the records may lack is a line each.
func TestWarnings(t *testing.T) {
	require.Empty(t, Warnings(&record.Summary{}))
	c := record.SummaryCapture{Dropped: 1, Evicted: 2000, Repeated: 3, Limits: []record.LimitHit{{Limit: "lines \x1b[2J", Count: 1}}}
	require.Equal(t, []string{
		"1 packet dropped by the capturing machine: transfers may look worse than they were",
		"2,000 connections forgotten because too many were open at once",
		"3 packets recorded twice, counted once: was the capture joined with a copy of itself?",
		`limit reached: lines \x1b[2J (1 time)`,
	}, Warnings(&record.Summary{Capture: c}))

	for i := range 5 {
		c.WrongChecksums = append(c.WrongChecksums, record.ChecksumCount{Host: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), Wrong: 9, Checked: 10})
	}
	lines := ChecksumWarnings(&c)
	require.Len(t, lines, mostChecksumHosts+1)
	require.Contains(t, lines[0], "9 of 10 packets from 192.0.2.0 have wrong checksums and were left out;")
	require.Equal(t, "most checksums of 2 other hosts are wrong too", lines[3])
}

// What was hidden on demand is not said to be missing.
func TestSummaryWords(t *testing.T) {
	first, last := record.Stamp{Time: 1e9}, record.Stamp{Time: 3e9}
	for _, x := range []struct {
		name string
		s    record.Summary
		want string
	}{
		{"none", record.Summary{Packets: 5, First: &first, Last: &last}, "No FTP session was found in 5 packets over 2.0 s."},
		{"none of the requested", record.Summary{Packets: 1, Sessions: 2, Hidden: &record.Hidden{Sessions: 2, Attempts: 1}}, "None of the requested FTP sessions was found in 1 packet: 2 sessions not shown, as requested, and 1 connection without one."},
		{"one", record.Summary{Packets: 5, Sessions: 1}, "That is the only session in 5 packets."},
		{"several", record.Summary{Packets: 5, Sessions: 3, Transfers: record.Tally{Active: 1, Passive: 2}, Hidden: &record.Hidden{Sessions: 1}},
			"In total, 3 sessions and 3 transfers (1 active, 2 passive, 0 unknown) in 5 packets. Of them 1 session not shown, as requested."},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, Summary(&x.s)) })
	}
	require.Equal(t, []string{"no FTP sessions", "none of the requested FTP sessions"}, []string{NoSessions(&record.Summary{}), NoSessions(&record.Summary{Hidden: &record.Hidden{Sessions: 1}})})
}
