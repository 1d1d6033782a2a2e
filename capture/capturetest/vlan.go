package capturetest

import "ftpscope/capture/flow"

// VLANs wraps packets in Ethernet with these tags, the outermost first: out those of who
// opened a connection, in the others.
func VLANs(out, in []uint16) Wrapping {
	const typeVLAN = 0x8100
	tag := func(c carried) (b []byte) {
		ids, next := out, typeOf(c.data)
		if c.dir == flow.In {
			ids = in
		}
		for range ids {
			b = be.AppendUint16(b, typeVLAN)
		}
		b = be.AppendUint16(b, next)
		for i, id := range ids { // each tag's identifier stands before the next one's type
			at := 4*i + 2
			b = append(b[:at], append(be.AppendUint16(nil, id), b[at:]...)...)
		}
		return append(ether(0)(c)[:12], b...)
	}
	return Wrapping{Name: "VLANs", Link: LinkEthernet, layers: []layer{tag}}
}
