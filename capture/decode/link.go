package decode

import "ftpscope/capture/flow"

// Link types, as https://www.tcpdump.org/linktypes.html numbers them.
const (
	LinkNull     = 0
	LinkEthernet = 1
	LinkRing     = 6 // Token Ring, IEEE 802.5
	LinkPPP      = 9
	LinkFDDI     = 10
	LinkRaw12    = 12 // LINKTYPE_RAW as some systems write it
	LinkRaw14    = 14
	LinkPPPHDLC  = 50
	LinkPPPoE    = 51
	LinkATM      = 100 // RFC 1483
	LinkRaw      = 101
	LinkCHDLC    = 104
	LinkDot11    = 105
	LinkFrame    = 107 // Frame Relay
	LinkLoop     = 108
	LinkEnc      = 109
	LinkSLL      = 113
	LinkPFLOG    = 117
	LinkPrism    = 119
	LinkFC       = 122 // IP over Fibre Channel, RFC 2625
	LinkRadiotap = 127
	LinkPKTAPOld = 149 // DLT_USER2, which Apple's tcpdump wrote
	LinkAVS      = 163
	LinkPPPD     = 166
	LinkPPI      = 192
	LinkERF      = 197
	LinkPPPDir   = 204
	LinkHDLCDir  = 205
	LinkMPLS     = 219
	LinkIPv4     = 228
	LinkIPv6     = 229
	LinkNFLOG    = 239
	LinkAnalyzer = 240 // LINKTYPE_NETANALYZER
	LinkPKTAP    = 258
	LinkSLL2     = 276
)

// rareReader is the decoder of a link type that Decode does not read at once, nil if there is none.
func rareReader(link uint32) func(*Decoder, Frame, int, *flow.Segment) Verdict {
	switch link {
	case LinkPPP, LinkPPPHDLC, LinkCHDLC:
		return (*Decoder).hdlc
	case LinkPPPDir, LinkHDLCDir: // a byte for the direction
		return func(d *Decoder, f Frame, at int, seg *flow.Segment) Verdict { return d.hdlc(f, at+1, seg) }
	case LinkPPPoE:
		return (*Decoder).pppoe
	case LinkPPPD:
		return (*Decoder).pppd
	case LinkDot11:
		return func(d *Decoder, f Frame, at int, seg *flow.Segment) Verdict { return d.dot11(f, at, false, seg) }
	case LinkRadiotap:
		return (*Decoder).radiotap
	case LinkPrism, LinkAVS:
		return (*Decoder).prism
	case LinkRing:
		return (*Decoder).tokenRing
	case LinkFDDI:
		return (*Decoder).fddi
	case LinkATM:
		return (*Decoder).llc
	case LinkFC: // two addresses of eight bytes
		return func(d *Decoder, f Frame, at int, seg *flow.Segment) Verdict { return d.llc(f, at+16, seg) }
	case LinkFrame:
		return (*Decoder).frameRelay
	case LinkEnc:
		return (*Decoder).enc
	case LinkPFLOG:
		return (*Decoder).pflog
	case LinkNFLOG:
		return (*Decoder).nflog
	case LinkPKTAP, LinkPKTAPOld:
		return (*Decoder).pktap
	case LinkPPI:
		return (*Decoder).ppi
	case LinkERF:
		return (*Decoder).erf
	case LinkMPLS:
		return (*Decoder).mpls
	case LinkAnalyzer: // of Hilscher: a header of four bytes
		return func(d *Decoder, f Frame, at int, seg *flow.Segment) Verdict { return d.ethernet(f, at+4, seg) }
	}
	return nil
}

// KnowsLink reports whether packets of a link type can be decoded.
func KnowsLink(link uint32) bool {
	switch link {
	case LinkNull, LinkEthernet, LinkRaw12, LinkRaw14, LinkRaw, LinkLoop, LinkSLL, LinkIPv4, LinkIPv6, LinkSLL2:
		return true
	}
	return rareReader(link) != nil
}
