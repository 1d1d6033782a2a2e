package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// EtherTypes.
const (
	etherIPv4     = 0x0800
	etherARP      = 0x0806
	etherCDP      = 0x2000
	etherBridge   = 0x6558 // transparent Ethernet bridging: an Ethernet frame follows
	etherRARP     = 0x8035
	etherTalk     = 0x809b
	etherTalkARP  = 0x80f3
	etherVLAN     = 0x8100 // IEEE 802.1Q
	etherIPX      = 0x8137
	etherIPv6     = 0x86dd
	etherSlow     = 0x8809 // link aggregation
	etherPPP      = 0x880b
	etherMPLS     = 0x8847
	etherMPLSUp   = 0x8848 // upstream-assigned labels
	etherPPPoED   = 0x8863
	etherPPPoE    = 0x8864
	etherEAPOL    = 0x888e
	etherQinQ     = 0x88a8 // IEEE 802.1ad
	etherLLDP     = 0x88cc
	etherMACsec   = 0x88e5
	etherBackbone = 0x88e7 // IEEE 802.1ah
	etherCFM      = 0x8902
	etherMetaData = 0x8909 // Cisco's, with security group tags
	etherVNTag    = 0x8926
	etherETag     = 0x893f // IEEE 802.1BR
	etherNSH      = 0x894f
	etherLoopback = 0x9000
	etherQinQOld  = 0x9100
	etherMinimum  = 0x0600 // below: an IEEE 802.3 length
)

func isTag(etherType uint16) bool {
	return etherType == etherVLAN || etherType == etherQinQ || etherType == etherQinQOld
}

// quiet are the EtherTypes that are known and carry no TCP.
func quiet(etherType uint16) bool {
	switch etherType {
	case etherARP, etherCDP, etherRARP, etherTalk, etherTalkARP, etherIPX, etherSlow, etherPPPoED, etherEAPOL, etherLLDP, etherCFM, etherLoopback:
		return true
	}
	return false
}

// tunnelType are the EtherTypes of tunnels and of tags but VLANs'.
func tunnelType(etherType uint16) bool {
	switch etherType {
	case etherPPP, etherMPLS, etherMPLSUp, etherPPPoE, etherMACsec, etherBackbone, etherMetaData, etherVNTag, etherETag, etherNSH:
		return true
	}
	return false
}

// otherEther is every EtherType but IP and VLAN tags; at is the offset after the type.
func (d *Decoder) otherEther(etherType uint16, f Frame, at int, seg *flow.Segment) Verdict {
	switch etherType {
	case etherMPLS, etherMPLSUp:
		return d.mpls(f, at, seg)
	case etherPPPoE:
		return d.pppoe(f, at, seg)
	case etherPPP:
		return d.ppp(f, at, seg)
	case etherNSH:
		return d.nsh(f, at, seg)
	case etherBridge:
		if !d.deeper() {
			return d.tooDeep()
		}
		return d.ethernet(f, at, seg)
	case etherVNTag:
		return d.tagged(f, at+4, seg)
	case etherETag, etherMetaData:
		return d.tagged(f, at+6, seg)
	case etherBackbone:
		return d.backbone(f, at, seg)
	case etherMACsec:
		return d.macsec(f, at, seg)
	}
	switch {
	case etherType < etherMinimum:
		if len(f.Data) < at+8 {
			return Other
		}
		return d.llc(f, at, seg)
	case quiet(etherType):
		return Other
	}
	return d.undecodedType("unknown EtherType 0x%04x", uint32(etherType))
}

// tagged goes on after a tag that names no network: the ports of an extended switch, which differ by direction, or a
// security group. The EtherType is at offset at.
func (d *Decoder) tagged(f Frame, at int, seg *flow.Segment) Verdict {
	if len(f.Data) < at+2 {
		return d.undecoded("cut in a tag")
	}
	if !d.deeper() {
		return d.tooDeep()
	}
	return d.ether(binary.BigEndian.Uint16(f.Data[at:]), f, at+2, seg)
}

// backbone is a provider backbone's service tag (IEEE 802.1ah): flags, 24 bits of service, the customer's frame.
func (d *Decoder) backbone(f Frame, at int, seg *flow.Segment) Verdict {
	const tag = 4
	if len(f.Data) < at+tag {
		return d.undecoded("cut in a tag")
	}
	if !d.deeper() {
		return d.tooDeep()
	}
	d.enter(flow.Step{Kind: flow.StepBackbone, ID: uint64(binary.BigEndian.Uint32(f.Data[at:]) & 0xffffff)}, seg)
	return d.ethernet(f, at+tag, seg)
}

// macsec is IEEE 802.1AE: what is authenticated only can be read.
func (d *Decoder) macsec(f Frame, at int, seg *flow.Segment) Verdict {
	const (
		tag       = 6 // control, short length, packet number
		channel   = 8 // the secure channel identifier, if there is one
		explicit  = 0x20
		encrypted = 0x0c // E: encrypted, C: changed
	)
	if len(f.Data) < at+tag {
		return d.undecoded("cut in a tag")
	}
	control := f.Data[at]
	if control&encrypted != 0 {
		return d.undecoded("MACsec encrypted")
	}
	if at += tag; control&explicit != 0 {
		at += channel
	}
	return d.tagged(f, at, seg)
}
