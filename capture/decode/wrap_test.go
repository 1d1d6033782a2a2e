package decode

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// Whatever a packet is wrapped in, the segment is the same, in both directions.
func TestWrappings(t *testing.T) {
	v4, v6 := tcp4(t), tcp6(t)
	for _, w := range capturetest.Wrappings() {
		t.Run(w.Name, func(t *testing.T) {
			var d Decoder
			var nets [2]flow.Net
			for dir := range nets {
				for _, test := range []struct {
					packet []byte
					want   flow.Segment
				}{{v4, want4()}, {v6, want6()}} {
					var seg flow.Segment
					data := w.Packet(test.packet, flow.Direction(dir))
					require.Equal(t, TCP, d.Decode(frame(w.Link, data), &seg), d.Reasons())
					nets[dir], seg.Net = seg.Net, flow.PlainNet
					require.Equal(t, test.want, seg)
					require.Zero(t, testing.AllocsPerRun(10, func() { d.Decode(frame(w.Link, data), &seg) }))
				}
			}
			require.Equal(t, w.Tagged, nets[0] != nets[1])
			require.Equal(t, paths[w.Name], d.Network(nets[0]).String())
		})
	}
}

const ends = " (10.99.0.1 – 10.99.0.2)"

// paths are the networks of the wrappings, of packets from who opened the connection;
// others have none.
var paths = map[string]string{
	"ERSPAN I":                          "ERSPAN 0" + ends,
	"ERSPAN II":                         "ERSPAN 100" + ends,
	"ERSPAN II of a VLAN":               "ERSPAN 100" + ends + ", VLAN 20",
	"ERSPAN II, tag kept":               "ERSPAN 100" + ends + ", VLAN 20",
	"ERSPAN III":                        "ERSPAN 100" + ends,
	"ERSPAN III, subheader":             "ERSPAN 100" + ends,
	"EtherIP":                           "IP in IP" + ends,
	"GRE":                               "GRE" + ends,
	"GRE over IPv6":                     "GRE (2001:db8:99::1 – 2001:db8:99::2)",
	"GRE with all":                      "GRE 77" + ends,
	"GRE with checksum":                 "GRE" + ends,
	"GRE with key":                      "GRE 77" + ends,
	"GRE with sequence number":          "GRE" + ends,
	"GRE, Ethernet":                     "GRE" + ends,
	"GRE, MPLS":                         "GRE" + ends + ", MPLS 1000",
	"GRE, PPP of PPTP":                  "GRE" + ends,
	"GRE, WCCP":                         "GRE" + ends,
	"GRE, source route":                 "GRE" + ends,
	"GTP-U":                             "GTP 256" + ends,
	"GTP-U with extension headers":      "GTP 256" + ends,
	"GTP-U with sequence number":        "GTP 256" + ends,
	"Geneve, Ethernet":                  "Geneve 5000" + ends,
	"Geneve, IP":                        "Geneve 5000" + ends,
	"IP in IPv4":                        "IP in IP" + ends,
	"IP in IPv6":                        "IP in IP (2001:db8:99::1 – 2001:db8:99::2)",
	"IPsec AH over IPv6":                "IP in IP (2001:db8:99::1 – 2001:db8:99::2)",
	"IPsec AH, tunnel mode":             "IP in IP" + ends,
	"L2TPv2":                            "L2TP 65538" + ends,
	"L2TPv2 with all fields":            "L2TP 65538" + ends,
	"L2TPv3 over IP":                    "L2TP 7" + ends,
	"L2TPv3 over IP, Cisco HDLC":        "L2TP 7" + ends,
	"L2TPv3 over IP, PPP":               "L2TP 7" + ends,
	"L2TPv3 over IP, cookie":            "L2TP 7" + ends,
	"L2TPv3 over UDP":                   "L2TP 7" + ends,
	"L2TPv3 over UDP, cookie, sublayer": "L2TP 7" + ends,
	"MPLS":                              "MPLS 1000",
	"MPLS link type":                    "MPLS 20",
	"MPLS over IP":                      "IP in IP" + ends + ", MPLS 1000",
	"MPLS over UDP":                     "IP in IP" + ends + ", MPLS 1000",
	"MPLS, Ethernet":                    "MPLS 16, MPLS 1001",
	"MPLS, Ethernet with a VLAN and a control word": "MPLS 16, MPLS 1001, VLAN 9",
	"MPLS, Ethernet with a control word":            "MPLS 16, MPLS 1001",
	"MPLS, entropy label":                           "MPLS 1000",
	"MPLS, explicit null":                           "MPLS 1000",
	"MPLS, labels by direction":                     "MPLS 1000",
	"MPLS, two labels":                              "MPLS 16, MPLS 1001",
	"NVGRE":                                         "NVGRE 5000" + ends,
	"PPPoE":                                         "PPPoE 4660",
	"PPPoE in a VLAN":                               "VLAN 7, PPPoE 4660",
	"PPPoE link type":                               "PPPoE 4660",
	"VXLAN":                                         "VXLAN 5000" + ends,
	"VXLAN of Linux":                                "VXLAN 5000" + ends,
	"VXLAN with a VLAN":                             "VXLAN 5000" + ends + ", VLAN 7",
	"VXLAN with group policy":                       "VXLAN 5000" + ends,
	"VXLAN-GPE, Ethernet":                           "VXLAN 5000" + ends,
	"VXLAN-GPE, IP":                                 "VXLAN 5000" + ends,
	"VXLAN-GPE, NSH":                                "VXLAN 5000" + ends,
	"eight tunnels":                                 strings.Repeat("IP in IP"+ends+", ", 7) + "IP in IP" + ends,
	"provider backbone":                             "PBB 5000",
	"CAPWAP":                                        "CAPWAP" + ends,
	"CAPWAP, 802.11":                                "CAPWAP" + ends,
	"CAPWAP, 802.11 with exchanged control":         "CAPWAP" + ends,
	"LISP":                                          "LISP" + ends,
	"LISP with an instance":                         "LISP 5000" + ends,
	"LISP-GPE, Ethernet":                            "LISP 5000" + ends,
	"TZSP":                                          "TZSP" + ends,
	"TZSP with tags":                                "TZSP" + ends,
	"TZSP, 802.11":                                  "TZSP" + ends,
	"qinq":                                          "VLAN 200, VLAN 100",
	"vlan":                                          "VLAN 100",
}
