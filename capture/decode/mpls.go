package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// maxLabels bounds a label stack: segment routing has about ten labels, more than 32 are
// an attack on the parser.
const maxLabels = 32

// Special-purpose labels (RFC 7274 section 2, RFC 6790): up to 15 they say something of
// the packet, not of the network.
const (
	labelEntropy = 7  // the next label only spreads flows
	labelOAM     = 14 // RFC 3429
	labelGAL     = 13 // RFC 5586: not user traffic
	labelSpecial = 15 // the last one
)

var layerMPLSUDP = newLayerType("MPLS over UDP")

func init() {
	register(row{kind: layers.LayerTypeMPLS, read: readMPLS, links: []uint32{LinkMPLS}, gpe: []uint8{gpeMPLS},
		etherTypes: []uint16{0x8847, 0x8848},  // the second with upstream-assigned labels
		ppp:        []uint16{0x0281, 0x0283}}) // the second with multicast
	register(row{kind: layerMPLSUDP, read: readMPLSUDP, portsTo: []uint16{portMPLS}})
}

// readMPLS reads a label stack (RFC 3032) and looks at what it is on top of. Nothing says
// what that is but the packet: IP, or Ethernet with a control word before it (RFC 4448)
// or without.
func readMPLS(l *layer, f Frame) error {
	if !l.d.deeper() {
		return l.tooDeep()
	}
	skip := false
	for at := 0; at < 4*maxLabels; {
		if len(f.Data) < at+4 {
			return l.undecoded("cut in the MPLS labels")
		}
		entry := binary.BigEndian.Uint32(f.Data[at:])
		label, bottom := entry>>12, entry&0x100 != 0
		at += 4
		switch {
		case skip:
			skip = false
		case label == labelOAM || label == labelGAL:
			return l.other()
		case label == labelEntropy:
			skip = true
		case label > labelSpecial:
			l.enter(flow.Step{Kind: flow.StepMPLS, ID: uint64(label)})
		}
		if bottom {
			return l.labelled(f, at)
		}
	}
	return l.undecoded("more than 32 MPLS labels")
}

// readMPLSUDP is RFC 7510.
func readMPLSUDP(l *layer, f Frame) error {
	const label = 4
	if len(f.Data) < label+1 {
		return l.short(f, label+1)
	}
	at := 0
	for f.Data[at+2]&1 == 0 { // bottom of the stack
		if at += label; len(f.Data) < at+label {
			return l.short(f, at+label)
		}
	}
	if at += label; !exactlyIP(f, at) && !exactlyEthernet(f, at) && !exactlyEthernet(f, at+4) {
		return l.other()
	}
	if !l.tunnel(flow.StepIPIP, 0) {
		return l.tooDeep()
	}
	return l.carry(f, 0, layers.LayerTypeMPLS)
}

// labelled is what follows the bottom of the stack at offset at. An Ethernet address may
// begin like an IP packet or a control word, so each is looked at closely before it is
// believed.
func (l *layer) labelled(f Frame, at int) error {
	const controlWord = 4
	if len(f.Data) <= at {
		return l.undecoded("cut after the MPLS labels")
	}
	var next gopacket.LayerType = layers.LayerTypeEthernet
	switch first := f.Data[at] >> 4; {
	case first == 4 && (exactly4(f, at) || !exactlyEthernet(f, at) && fits4(f, at)):
		next = layers.LayerTypeIPv4
	case first == 6 && (exactly6(f, at) || !exactlyEthernet(f, at) && fits6(f, at)):
		next = layers.LayerTypeIPv6
	case first == 0 && exactlyEthernet(f, at+controlWord):
		at += controlWord
	case exactlyEthernet(f, at):
	case first == 1: // RFC 4385 section 5: an associated channel of the pseudowire, not user traffic
		return l.other()
	case first == 0 && fitsEthernet(f, at+controlWord):
		at += controlWord
	case fitsEthernet(f, at):
	default:
		return l.undecoded("unknown payload of MPLS")
	}
	return l.carry(f, at, next)
}
