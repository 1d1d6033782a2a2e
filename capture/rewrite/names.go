package rewrite

import (
	"net/netip"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/decode"
)

// rename changes the addresses in r.buf, of which all headers of the packet are there.
func (r *Rewriter) rename(p *packet) {
	for i := range p.Fields {
		if f := &p.Fields[i]; f.Kind == decode.Station {
			r.station(r.buf[f.At:f.At+f.Room], f.Size)
		}
	}
	for i := range p.Layers {
		r.addresses(r.buf, &p.Layers[i])
	}
}

// addresses changes those in the header of a layer.
func (r *Rewriter) addresses(b []byte, l *decode.Layer) {
	switch l.Type {
	case layers.LayerTypeIPv4:
		r.address(b[l.At+12 : l.At+16])
		r.address(b[l.At+16 : l.At+20])
		blank(b[l.At+20:l.Body()], 1, plain4)
	case layers.LayerTypeIPv6:
		r.address(b[l.At+8 : l.At+24])
		r.address(b[l.At+24 : l.At+40])
	case layers.LayerTypeIPv6HopByHop, layers.LayerTypeIPv6Destination:
		blank6(b[l.At+2 : l.Body()])
	case layers.LayerTypeIPv6Routing:
		// Segments; what follows those of RFC 8754 becomes nonsense all the same.
		for at := l.At + 8; at+16 <= l.Body(); at += 16 {
			r.address(b[at : at+16])
		}
	case layers.LayerTypeTCP:
		if len(b) > l.At+20 {
			end := min(l.At+int(b[l.At+12]>>4)*4, len(b))
			blank(b[min(l.At+20, end):end], 1, plainTCP)
		}
	}
}

func (r *Rewriter) mac(b []byte) {
	to := r.Names.MAC([6]byte(b))
	copy(b, to[:])
}

// station is a hardware address of some bytes: of tunnels it is an IPv4 address; what is
// neither is taken out.
func (r *Rewriter) station(b []byte, size int) {
	switch size {
	case 0:
	case 6:
		r.mac(b)
	case 4:
		r.address(b[:4])
	default:
		clear(b)
		return
	}
	clear(b[size:]) // what it is filled up with is left of something else
}

func (r *Rewriter) address(b []byte) {
	if a, ok := netip.AddrFromSlice(b); ok {
		copy(b, r.Names.Addr(a).AsSlice())
	}
}

// Options that hold no address, and nothing that only makes sense with one. Others are
// replaced by filling: routes and timestamps that routers recorded (RFC 791), MPTCP's
// ADD_ADDR (RFC 8684), what proxies and load balancers put in.
var (
	plain4   = [256]bool{130: true, 148: true}                        // security, router alert
	plainTCP = [256]bool{2: true, 3: true, 4: true, 5: true, 8: true} // segment size, scale, SACK, timestamps
	plain6   = [256]bool{5: true, 0xc2: true}                         // router alert, jumbo payload
)

// blank fills options that are not plain; those of a list that is not sound are filled
// from there on.
func blank(b []byte, fill byte, plain [256]bool) {
	rest := options(b, func(o option, whole []byte) {
		if !plain[o.kind] {
			for i := range whole {
				whole[i] = fill
			}
		}
	})
	for i := range rest {
		rest[i] = fill
	}
}

// blank6 makes filling (PadN, RFC 8200 section 4.2) of IPv6 options that are not plain;
// there a lone 0 fills.
func blank6(b []byte) {
	for len(b) > 0 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		if len(b) < 2 || int(b[1])+2 > len(b) {
			clear(b)
			return
		}
		size := int(b[1]) + 2
		if !plain6[b[0]] {
			b[0] = 1
			clear(b[2:size])
		}
		b = b[size:]
	}
}
