package report

import (
	"net/netip"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What became of a SYN, in words: a few for the table, a sentence for explain.

// verdict says how the last try of a data connection ended.
func verdict(t *record.Transfer) string {
	switch t.Connection.State {
	case "refused":
		return "refused"
	case "unanswered":
		return "no answer"
	case "unreachable":
		if i := icmpOf(t); i != nil {
			return icmpWords(icmpRecord(i))
		}
		return "unreachable"
	}
	return "too little seen to say how it ended"
}

// icmpOf is the ICMP error that met a transfer's data connection.
func icmpOf(t *record.Transfer) *flow.ICMP {
	if c := t.Notes.Conn; c != nil && c.ICMP != nil {
		return c.ICMP
	}
	for i := range t.Notes.Tried {
		if e := t.Notes.Tried[i].ICMP; e != nil {
			return e
		}
	}
	return nil
}

func icmpRecord(i *flow.ICMP) *record.ICMP {
	return &record.ICMP{From: i.From.Addr(), Type: int(i.Type), Code: int(i.Code)}
}

// icmpWords names an error and who sent it: "host unreachable, says 10.0.0.1".
func icmpWords(i *record.ICMP) string {
	return icmpName(i) + ", says " + i.From.Unmap().String()
}

// icmpName names an error: "host unreachable".
func icmpName(i *record.ICMP) string {
	name := icmp4Name(i.Type, i.Code)
	if i.From.Unmap().Is6() {
		name = icmp6Name(i.Type, i.Code)
	}
	if name == "" {
		name = "ICMP type " + strconv.Itoa(i.Type) + " code " + strconv.Itoa(i.Code)
	}
	return name
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

// attemptWords says how tries of a control connection ended.
func attemptWords(a *record.Attempt) string {
	switch a.State {
	case "refused":
		return "refused"
	case "unanswered":
		return "no answer"
	case "unreachable":
		if a.ICMP != nil {
			return icmpWords(a.ICMP)
		}
	}
	return prose.Escape(a.State)
}

// target is the endpoint that a transfer's connection should have gone to; ok is false when none was announced.
func target(t *record.Transfer) (netip.AddrPort, bool) {
	if t.Announced != nil {
		return *t.Announced, true
	}
	if t.Connection != nil {
		return t.Connection.Dst, true
	}
	return netip.AddrPort{}, false
}

// detour reports whether the connection went to another endpoint than the announced one.
func detour(t *record.Transfer) bool {
	return t.Announced != nil && t.Connection != nil && t.Connection.Dst != *t.Announced
}
