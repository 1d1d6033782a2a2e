package decode

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// Each decoder gets what may follow the header that led to it: nothing that is in it may make it panic, read what is
// not there, or claim more than was sent.

// Headers before what a decoder gets, in the wrappings.
const (
	afterLink  = 0
	afterEther = 14
	afterIP    = 14 + 20
	afterUDP   = 14 + 20 + 8
)

// fuzz runs a decoder, with the wrappings whose names begin with one of the words as seeds.
func fuzz(f *testing.F, after int, read func(*Decoder, Frame, *flow.Segment) Verdict, words ...string) {
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
		verdict := read(&d, frame, &seg)
		checkSegment(t, verdict, frame, &seg)
		require.False(t, verdict == Undecoded && d.Undecoded() == 0)
		require.LessOrEqual(t, len(d.Network(seg.Net)), maxTunnels*(maxTags+maxLabels))
		for n := 0; d.More(&seg); n++ {
			require.Less(t, n, len(data))
			checkSegment(t, TCP, frame, &flow.Segment{Scale: flow.NoScale})
		}
	})
}

// at0 is a decoder that takes an offset.
func at0(read func(*Decoder, Frame, int, *flow.Segment) Verdict) func(*Decoder, Frame, *flow.Segment) Verdict {
	return func(d *Decoder, f Frame, seg *flow.Segment) Verdict { return read(d, f, 0, seg) }
}

func plainDot11(d *Decoder, f Frame, seg *flow.Segment) Verdict { return d.dot11(f, 0, false, seg) }

func FuzzGRE(f *testing.F)      { fuzz(f, afterIP, (*Decoder).gre, "GRE", "NVGRE", "ERSPAN") }
func FuzzAH(f *testing.F)       { fuzz(f, afterIP, (*Decoder).authenticated, "IPsec AH, tunnel") }
func FuzzEtherIP(f *testing.F)  { fuzz(f, afterIP, (*Decoder).etherIP, "EtherIP") }
func FuzzL2TPIP(f *testing.F)   { fuzz(f, afterIP, (*Decoder).l2tpIP, "L2TPv3 over IP") }
func FuzzL2TP(f *testing.F)     { fuzz(f, afterUDP, (*Decoder).l2tpUDP, "L2TPv2", "L2TPv3 over UDP") }
func FuzzVXLAN(f *testing.F)    { fuzz(f, afterUDP, (*Decoder).vxlan, "VXLAN") }
func FuzzGeneve(f *testing.F)   { fuzz(f, afterUDP, (*Decoder).geneve, "Geneve") }
func FuzzGTP(f *testing.F)      { fuzz(f, afterUDP, (*Decoder).gtpu, "GTP-U") }
func FuzzTeredo(f *testing.F)   { fuzz(f, afterUDP, (*Decoder).teredo, "Teredo") }
func FuzzMPLSUDP(f *testing.F)  { fuzz(f, afterUDP, (*Decoder).mplsUDP, "MPLS over UDP") }
func FuzzMPLS(f *testing.F)     { fuzz(f, afterEther, at0((*Decoder).mpls), "MPLS, ") }
func FuzzPPPoE(f *testing.F)    { fuzz(f, afterEther, at0((*Decoder).pppoe), "PPPoE") }
func FuzzBackbone(f *testing.F) { fuzz(f, afterEther, at0((*Decoder).backbone), "provider backbone") }
func FuzzMACsec(f *testing.F)   { fuzz(f, afterEther, at0((*Decoder).macsec), "MACsec") }
func FuzzPPP(f *testing.F)      { fuzz(f, afterLink, at0((*Decoder).ppp), "PPP") }
func FuzzHDLC(f *testing.F)     { fuzz(f, afterLink, at0((*Decoder).hdlc), "Cisco HDLC", "PPP") }
func FuzzDot11(f *testing.F)    { fuzz(f, afterLink, plainDot11, "802.11") }
func FuzzRadiotap(f *testing.F) { fuzz(f, afterLink, at0((*Decoder).radiotap), "802.11 radiotap") }
func FuzzPrism(f *testing.F)    { fuzz(f, afterLink, at0((*Decoder).prism), "802.11 Prism", "802.11 AVS") }
func FuzzPPI(f *testing.F)      { fuzz(f, afterLink, at0((*Decoder).ppi), "802.11 PPI") }
func FuzzNFLOG(f *testing.F)    { fuzz(f, afterLink, at0((*Decoder).nflog), "NFLOG") }
func FuzzPFLOG(f *testing.F)    { fuzz(f, afterLink, at0((*Decoder).pflog), "PFLOG") }
func FuzzENC(f *testing.F)      { fuzz(f, afterLink, at0((*Decoder).enc), "ENC") }
func FuzzPKTAP(f *testing.F)    { fuzz(f, afterLink, at0((*Decoder).pktap), "PKTAP") }
func FuzzRing(f *testing.F)     { fuzz(f, afterLink, at0((*Decoder).tokenRing), "Token Ring") }
func FuzzFDDI(f *testing.F)     { fuzz(f, afterLink, at0((*Decoder).fddi), "FDDI") }
func FuzzRelay(f *testing.F)    { fuzz(f, afterLink, at0((*Decoder).frameRelay), "Frame Relay") }
func FuzzERF(f *testing.F)      { fuzz(f, afterLink, at0((*Decoder).erf), "ERF") }
