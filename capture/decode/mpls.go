package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// maxLabels bounds a label stack: segment routing has about ten labels, more than 32 are an attack on the parser.
const maxLabels = 32

// Special-purpose labels (RFC 7274 section 2, RFC 6790): up to 15 they say something of the packet, not of the network.
const (
	labelEntropy = 7  // the next label only spreads flows
	labelOAM     = 14 // RFC 3429
	labelGAL     = 13 // RFC 5586: not user traffic
	labelSpecial = 15 // the last one
)

// mpls reads a label stack at offset at (RFC 3032) and what it is on top of. Nothing says what that is but the packet:
// IP, or Ethernet with a control word before it (RFC 4448) or without.
func (d *Decoder) mpls(f Frame, at int, seg *flow.Segment) Verdict {
	if !d.deeper() {
		return d.tooDeep()
	}
	skip := false
	for range maxLabels {
		if len(f.Data) < at+4 {
			return d.undecoded("cut in the MPLS labels")
		}
		entry := binary.BigEndian.Uint32(f.Data[at:])
		label, bottom := entry>>12, entry&0x100 != 0
		at += 4
		switch {
		case skip:
			skip = false
		case label == labelOAM || label == labelGAL:
			return Other
		case label == labelEntropy:
			skip = true
		case label > labelSpecial:
			d.enter(flow.Step{Kind: flow.StepMPLS, ID: uint64(label)}, seg)
		}
		if bottom {
			return d.labelled(f, at, seg)
		}
	}
	return d.undecoded("more than 32 MPLS labels")
}

// mplsUDP is RFC 7510.
func (d *Decoder) mplsUDP(f Frame, seg *flow.Segment) Verdict {
	const label = 4
	if len(f.Data) < label+1 {
		return d.short(f, label+1)
	}
	at := 0
	for f.Data[at+2]&1 == 0 { // bottom of the stack
		if at += label; len(f.Data) < at+label {
			return d.short(f, at+label)
		}
	}
	if !mplsFits(f, at+label) {
		return Other
	}
	if !d.tunnel(flow.StepIPIP, 0, seg) {
		return d.tooDeep()
	}
	return d.mpls(f, 0, seg)
}

func mplsFits(f Frame, at int) bool {
	return exactlyIP(f, at) || exactlyEthernet(f, at) || exactlyEthernet(f, at+4)
}

// labelled is what follows the bottom of the stack. An Ethernet address may begin like an IP packet or a control word,
// so each is looked at closely before it is believed.
func (d *Decoder) labelled(f Frame, at int, seg *flow.Segment) Verdict {
	const controlWord = 4
	if len(f.Data) <= at {
		return d.undecoded("cut after the MPLS labels")
	}
	first := f.Data[at] >> 4
	switch {
	case first == 4 && (exactly4(f, at) || !exactlyEthernet(f, at) && fits4(f, at)):
		return d.ipv4(f, at, seg)
	case first == 6 && (exactly6(f, at) || !exactlyEthernet(f, at) && fits6(f, at)):
		return d.ipv6(f, at, seg)
	case first == 0 && exactlyEthernet(f, at+controlWord):
		return d.ethernet(f, at+controlWord, seg)
	case exactlyEthernet(f, at):
		return d.ethernet(f, at, seg)
	case first == 1: // RFC 4385 section 5: an associated channel of the pseudowire, not user traffic
		return Other
	case first == 0 && fitsEthernet(f, at+controlWord):
		return d.ethernet(f, at+controlWord, seg)
	case fitsEthernet(f, at):
		return d.ethernet(f, at, seg)
	}
	return d.undecoded("unknown payload of MPLS")
}
