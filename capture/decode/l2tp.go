package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// l2tpUDP is L2TP over UDP: version 2 (RFC 2661) carries PPP, version 3 (RFC 3931) what the two sides agreed on.
func (d *Decoder) l2tpUDP(f Frame, seg *flow.Segment) Verdict {
	const (
		control  = 0x8000
		length   = 0x4000
		sequence = 0x0800
		offset   = 0x0200
		reserved = 0x34f0
		version  = 0x000f
	)
	b := f.Data
	if len(b) < 8 {
		return d.short(f, 8)
	}
	flags := binary.BigEndian.Uint16(b)
	switch {
	case flags&control != 0 || flags&reserved != 0:
		return Other
	case flags == 3: // section 4.1.2.1: no other bit is used
		return d.l2tp3(f.from(4), seg, Other)
	case flags&version != 2:
		return Other
	}
	at := 2
	if flags&length != 0 {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n > int(f.Length) {
			return Other
		}
		f, at = f.cut(n), 4
	}
	ids := at
	at += 4
	if flags&sequence != 0 {
		at += 4
	}
	if flags&offset != 0 {
		if len(b) < at+2 {
			return d.short(f, at+2)
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	}
	if len(f.Data) < at+4 {
		return d.short(f, at+4)
	}
	if !fitsPPP(f, at) {
		return Other
	}
	if !d.tunnel(flow.StepL2TP, uint64(binary.BigEndian.Uint32(b[ids:])), seg) {
		return d.tooDeep()
	}
	return d.ppp(f, at, seg)
}

// fitsPPP tells IP in PPP and the usual control protocols. Four bytes at offset at are there.
func fitsPPP(f Frame, at int) bool {
	if f.Data[at] == 0xff && f.Data[at+1] == 3 {
		at += 2
	}
	switch b := f.Data[at:]; {
	case b[0] == pppIPv4:
		return fits4(f, at+1)
	case b[0] == pppIPv6:
		return fits6(f, at+1)
	case b[0] == 0 && b[1] == pppIPv4:
		return fits4(f, at+2)
	case b[0] == 0 && b[1] == pppIPv6:
		return fits6(f, at+2)
	default:
		return b[0] == 0 && b[1]&1 == 1 || b[0] == 0xc0 || b[0] == 0xc2 || b[0] == 0x80
	}
}

// l2tpIP is L2TP version 3 directly over IP (RFC 3931 section 4.1.1); session 0 is the control connection.
func (d *Decoder) l2tpIP(f Frame, seg *flow.Segment) Verdict {
	if len(f.Data) < 4 {
		return d.undecoded("cut in the L2TP header")
	}
	if binary.BigEndian.Uint32(f.Data) == 0 {
		return Other
	}
	return d.l2tp3(f, seg, Undecoded)
}

// l2tp3 reads a data message of version 3 from its session identifier on. The size of the cookie that follows (none, 4
// or 8 bytes), whether there is a sublayer of 4 bytes, and what is carried were agreed on elsewhere, so each is tried:
// what follows must be a packet in every byte that tells. If none is, the verdict is otherwise.
func (d *Decoder) l2tp3(f Frame, seg *flow.Segment, otherwise Verdict) Verdict {
	const session, step, most = 4, 4, 8 + 4
	if len(f.Data) < session {
		return d.short(f, session)
	}
	for at := session; at <= session+most; at += step {
		read := l2tpPayload(f, at)
		if read == nil {
			continue
		}
		if !d.tunnel(flow.StepL2TP, uint64(binary.BigEndian.Uint32(f.Data)), seg) {
			return d.tooDeep()
		}
		return read(d, f, at, seg)
	}
	if otherwise == Undecoded {
		return d.undecoded("unknown payload of L2TP")
	}
	return otherwise
}

// l2tpPayload is the decoder of what is at offset at: Ethernet, IP, PPP or HDLC, nil if it is none of them.
func l2tpPayload(f Frame, at int) func(*Decoder, Frame, int, *flow.Segment) Verdict {
	if exactlyEthernet(f, at) {
		return (*Decoder).ethernet
	}
	if exactlyIP(f, at) {
		return (*Decoder).ip
	}
	if len(f.Data) < at+4 || !exactlyIP(f, at+4) {
		return nil
	}
	switch binary.BigEndian.Uint32(f.Data[at:]) {
	case 0xff030021, 0xff030057:
		return (*Decoder).ppp
	case 0x0f000800, 0x0f0086dd:
		return (*Decoder).hdlc
	}
	return nil
}
