package decode

import "ftpscope/capture/flow"

// upper is any protocol over IP but TCP and ICMP. f begins after the IP header and its extensions and ends where the
// IP packet ends; Link means nothing.
func (d *Decoder) upper(proto int, _ Frame, _ *flow.Segment) Verdict {
	switch proto {
	case protoESP:
		return d.undecoded("IPsec ESP")
	case protoGRE:
		return d.undecoded("GRE")
	case protoIPv4, protoIPv6:
		return d.undecoded("IP in IP")
	case protoAH:
		return d.undecoded("IPsec AH")
	}
	return Other
}
