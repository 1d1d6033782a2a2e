package decode

import (
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// Each decoder gets what may follow the header that led to it: nothing that is in it may
// make it panic, read what is not there, or claim more than was sent.

// Headers before what a decoder gets, in the wrappings.
const (
	afterLink  = 0
	afterEther = 14
	afterIP    = 14 + 20
	afterUDP   = 14 + 20 + 8
)

// fuzz runs the decoder of a layer, with the wrappings whose names begin with one of the
// words as seeds.
func fuzz(f *testing.F, after int, kind gopacket.LayerType, words ...string) {
	seeds := 0
	for _, w := range append(capturetest.Wrappings(), capturetest.Teredo()...) {
		for _, word := range words {
			if strings.HasPrefix(w.Name, word) {
				f.Add(w.Packet(tcp4(f), flow.Out)[after:], uint32(0))
				f.Add(w.Packet(tcp6(f), flow.In)[after:], uint32(9))
				seeds++
			}
		}
	}
	require.NotZero(f, seeds)
	f.Fuzz(func(t *testing.T, data []byte, uncaptured uint32) {
		var d Decoder
		seg := flow.Segment{Src: flow.Host4(1), Dst: flow.Host4(2)}
		frame := Frame{Data: data[:len(data):len(data)], Length: uint32(len(data)) + min(uncaptured, 1<<20)}
		verdict := d.walker().run(kind, frame, &seg)
		if d.walk.pending {
			verdict = d.aggregated(&seg)
		}
		checkSegment(t, verdict, frame, &seg)
		checkPanics(t, &d)
		require.False(t, verdict == Undecoded && d.Undecoded() == 0)
		require.LessOrEqual(t, len(d.Network(seg.Net)), maxTunnels*(maxTags+maxLabels))
		for n := 0; d.More(&seg); n++ {
			require.Less(t, n, len(data))
			checkSegment(t, TCP, frame, &flow.Segment{Scale: flow.NoScale})
		}
	})
}

// checkPanics holds that no layer panicked: the chain would only count it.
func checkPanics(t *testing.T, d *Decoder) {
	for _, r := range d.Reasons() {
		require.NotContains(t, r.Text, "panic")
	}
}

func FuzzGRE(f *testing.F)      { fuzz(f, afterIP, layers.LayerTypeGRE, "GRE", "NVGRE", "ERSPAN") }
func FuzzAH(f *testing.F)       { fuzz(f, afterIP, layers.LayerTypeIPSecAH, "IPsec AH, tunnel") }
func FuzzEtherIP(f *testing.F)  { fuzz(f, afterIP, layers.LayerTypeEtherIP, "EtherIP") }
func FuzzL2TPIP(f *testing.F)   { fuzz(f, afterIP, layerL2TPIP, "L2TPv3 over IP") }
func FuzzL2TP(f *testing.F)     { fuzz(f, afterUDP, layerL2TP, "L2TPv2", "L2TPv3 over UDP") }
func FuzzVXLAN(f *testing.F)    { fuzz(f, afterUDP, layers.LayerTypeVXLAN, "VXLAN") }
func FuzzGeneve(f *testing.F)   { fuzz(f, afterUDP, layers.LayerTypeGeneve, "Geneve") }
func FuzzGTP(f *testing.F)      { fuzz(f, afterUDP, layers.LayerTypeGTPv1U, "GTP-U") }
func FuzzTeredo(f *testing.F)   { fuzz(f, afterUDP, layerTeredo, "Teredo") }
func FuzzMPLSUDP(f *testing.F)  { fuzz(f, afterUDP, layerMPLSUDP, "MPLS over UDP") }
func FuzzMPLS(f *testing.F)     { fuzz(f, afterEther, layers.LayerTypeMPLS, "MPLS, ") }
func FuzzPPPoE(f *testing.F)    { fuzz(f, afterEther, layers.LayerTypePPPoE, "PPPoE") }
func FuzzBackbone(f *testing.F) { fuzz(f, afterEther, layerBackbone, "provider backbone") }
func FuzzMACsec(f *testing.F)   { fuzz(f, afterEther, layerMACsec, "MACsec") }
func FuzzPPP(f *testing.F)      { fuzz(f, afterLink, layers.LayerTypePPP, "PPP") }
func FuzzHDLC(f *testing.F)     { fuzz(f, afterLink, layerHDLC, "Cisco HDLC", "PPP") }
func FuzzDot11(f *testing.F)    { fuzz(f, afterLink, layers.LayerTypeDot11, "802.11") }
func FuzzRadiotap(f *testing.F) { fuzz(f, afterLink, layers.LayerTypeRadioTap, "802.11 radiotap") }
func FuzzPrism(f *testing.F)    { fuzz(f, afterLink, layerPrism, "802.11 Prism", "802.11 AVS") }
func FuzzPPI(f *testing.F)      { fuzz(f, afterLink, layerPPI, "802.11 PPI") }
func FuzzNFLOG(f *testing.F)    { fuzz(f, afterLink, layerNFLOG, "NFLOG") }
func FuzzPFLOG(f *testing.F)    { fuzz(f, afterLink, layers.LayerTypePFLog, "PFLOG") }
func FuzzENC(f *testing.F)      { fuzz(f, afterLink, layerENC, "ENC") }
func FuzzPKTAP(f *testing.F)    { fuzz(f, afterLink, layerPKTAP, "PKTAP") }
func FuzzRing(f *testing.F)     { fuzz(f, afterLink, layerRing, "Token Ring") }
func FuzzFDDI(f *testing.F)     { fuzz(f, afterLink, layerFDDI, "FDDI") }
func FuzzRelay(f *testing.F)    { fuzz(f, afterLink, layerFrame, "Frame Relay") }
func FuzzERF(f *testing.F)      { fuzz(f, afterLink, layerERF, "ERF") }
func FuzzTZSP(f *testing.F)     { fuzz(f, afterUDP, layerTZSP, "TZSP") }
func FuzzCAPWAP(f *testing.F)   { fuzz(f, afterUDP, layerCAPWAP, "CAPWAP") }
func FuzzLISP(f *testing.F)     { fuzz(f, afterUDP, layerLISP, "LISP") }
