package prose

import (
	"net/netip"
	"strconv"
)

// ICMPName names an ICMP error from a host, "" if it has none: "host unreachable".
func ICMPName(from netip.Addr, kind, code int) string {
	if from.Unmap().Is6() {
		return icmp6Name(kind, code)
	}
	return icmp4Name(kind, code)
}

// ICMPError is an error with its name, numbers and sender: "an ICMP error: host unreachable
// (ICMP type 3 code 1 from 203.0.113.1)".
func ICMPError(from netip.Addr, kind, code int, sender string) string {
	proto := "ICMP"
	if from.Unmap().Is6() {
		proto = "ICMPv6"
	}
	what := proto + " type " + strconv.Itoa(kind) + " code " + strconv.Itoa(code)
	if name := ICMPName(from, kind, code); name != "" {
		return "an ICMP error: " + name + " (" + what + " from " + sender + ")"
	}
	return "an ICMP error (" + what + " from " + sender + ")"
}

// icmp4Name follows RFC 792 and RFC 1812 section 5.2.7.1.
func icmp4Name(kind, code int) string {
	const unreachable, exceeded = 3, 11
	if kind == exceeded {
		return "time to live exceeded"
	}
	if kind != unreachable {
		return ""
	}
	switch code {
	case 0, 6, 11:
		return "network unreachable"
	case 1, 7, 12:
		return "host unreachable"
	case 2:
		return "protocol unreachable"
	case 3:
		return "port unreachable"
	case 4:
		return "fragmentation needed"
	case 9, 10, 13:
		return "administratively prohibited"
	}
	return ""
}

// icmp6Name follows RFC 4443 section 3.
func icmp6Name(kind, code int) string {
	const unreachable, tooBig, exceeded = 1, 2, 3
	switch kind {
	case tooBig:
		return "packet too big"
	case exceeded:
		return "hop limit exceeded"
	case unreachable:
		names := [...]string{"no route to destination", "administratively prohibited", "beyond scope of source address",
			"address unreachable", "port unreachable", "source address failed policy", "route rejected"}
		if code >= 0 && code < len(names) {
			return names[code]
		}
	}
	return ""
}
