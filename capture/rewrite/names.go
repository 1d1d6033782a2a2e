package rewrite

import "net/netip"

// rename changes the addresses in the header of a layer. b is the packet, of which the header is there.
func (r *Rewriter) rename(b []byte, x *layer) {
	switch x.kind {
	case ethernet:
		r.mac(b[x.at:])
		r.mac(b[x.at+6:])
	case cooked:
		r.linkAddress(b[x.at+6:x.at+14], int(b[x.at+4])<<8|int(b[x.at+5]))
	case cooked2:
		r.linkAddress(b[x.at+12:x.at+20], int(b[x.at+11]))
	case cookedAddress: // its length, in any byte order, is one byte
		r.linkAddress(b[x.at:x.at+8], int(b[x.at-4]|b[x.at-3]))
	case wireless:
		for _, at := range [3]int{4, 10, 16} {
			r.mac(b[x.at+at:])
		}
		if b[x.at+1]&3 == 3 {
			r.mac(b[x.at+24:])
		}
	case ip4:
		r.address(b[x.at+12 : x.at+16])
		r.address(b[x.at+16 : x.at+20])
		blank(b[x.at+20:x.body], 1, plain4)
	case ip6:
		r.address(b[x.at+8 : x.at+24])
		r.address(b[x.at+24 : x.at+40])
		r.extensions(b, x)
	case tcp:
		if len(b) > x.at+20 {
			end := min(x.at+int(b[x.at+12]>>4)*4, len(b))
			blank(b[min(x.at+20, end):end], 1, plainTCP)
		}
	}
}

func (r *Rewriter) mac(b []byte) {
	to := r.Names.MAC([6]byte(b))
	copy(b, to[:])
}

// linkAddress is that of a cooked header: of tunnels it is an IPv4 address; what is neither is taken out.
func (r *Rewriter) linkAddress(b []byte, size int) {
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

// Options that hold no address, and nothing that only makes sense with one. Others are replaced by filling: routes and
// timestamps that routers recorded (RFC 791), MPTCP's ADD_ADDR (RFC 8684), what proxies and load balancers put in.
var (
	plain4   = [256]bool{130: true, 148: true}                        // security, router alert
	plainTCP = [256]bool{2: true, 3: true, 4: true, 5: true, 8: true} // segment size, scale, SACK, timestamps
	plain6   = [256]bool{5: true, 0xc2: true}                         // router alert, jumbo payload
)

// blank fills options that are not plain; those of a list that is not sound are filled from there on.
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

// extensions changes the extension headers of IPv6.
func (r *Rewriter) extensions(b []byte, x *layer) {
	next, at := int(b[x.at+6]), x.at+40
	for at < x.body {
		size := int(b[at+1])*8 + 8
		switch next {
		case protoHopByHop, protoDestOpts:
			blank6(b[at+2 : at+size])
		case protoRouting:
			for i := at + 8; i+16 <= at+size; i += 16 { // segments; what follows those of RFC 8754 becomes nonsense all the same
				r.address(b[i : i+16])
			}
		case protoFragment:
			size = 8
		case protoAH:
			size = int(b[at+1])*4 + 8
		}
		next, at = int(b[at]), at+size
	}
}

// blank6 makes filling (PadN, RFC 8200 section 4.2) of IPv6 options that are not plain; there a lone 0 fills.
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
