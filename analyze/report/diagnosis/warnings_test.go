package diagnosis

import (
	"fmt"
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
