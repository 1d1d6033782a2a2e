package finding

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// rewritten tells of a server that repeats another endpoint in its reply than the client sent: something between the
// place of capture and the server rewrote the command. That is well if the data connection came.
func rewritten(c *Case, t *record.Transfer) (verdict, bool) {
	a := t.Notes.Answer
	if t.Mode != record.Active || t.Announced == nil || a == nil || a.Code >= 400 {
		return verdict{}, false
	}
	echo, ok := endpointIn(a.Text)
	if !ok || echo == *t.Announced {
		return verdict{}, false
	}
	done := "in this capture no data connection followed"
	if t.Connection != nil {
		done = c.opener(t) + " used " + t.Connection.Dst.String() + ", and " + opened(t.Connection.State)
	}
	v := verdict{
		transfer: t.N,
		message: clauses(fmt.Sprintf("%s named %s%s but the server understood %s%s: a NAT with an FTP helper (ALG) on the way rewrote it", t.Method, t.Announced,
			c.packets(t.Frames.Negotiation), echo, c.packets(a.Pos)), done),
		frames: []flow.Pos{t.Frames.Negotiation, a.Pos, t.Frames.SYN},
		advice: "nothing, if transfers work; if not, switch the helper off or use EPSV, which names no address",
	}
	if t.Outcome == record.NoConnection {
		v.severity = record.High
	}
	return v, true
}

// endpointIn finds six numbers with commas between in a reply's text, as PORT's argument has them (RFC 959 section 4.1.2).
func endpointIn(text string) (netip.AddrPort, bool) {
	const most = 1024 // characters that are looked at
	if len(text) > most {
		text = text[:most]
	}
	if strings.Count(text, ",") < 5 {
		return netip.AddrPort{}, false
	}
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != ',' && (r < '0' || r > '9') }) {
		parts := strings.Split(strings.Trim(field, ","), ",")
		if len(parts) != 6 {
			continue
		}
		var n [6]byte
		valid := true
		for i, p := range parts {
			v, err := strconv.ParseUint(p, 10, 8)
			n[i] = byte(v)
			valid = valid && err == nil
		}
		if valid {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8|uint16(n[5])), true
		}
	}
	return netip.AddrPort{}, false
}
