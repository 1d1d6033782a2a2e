package flow

import (
	"strconv"
	"strings"
)

// Net is a network that packets were seen in, by the tags and tunnels that they were in:
// the index of its Path in the decoder's table, numbered in the order in which networks
// appear. The same addresses in two networks are different hosts.
type Net uint32

const (
	// PlainNet is the network without tags and tunnels.
	PlainNet Net = 0
	// OtherNet stands for all networks that the decoder's table had no room for.
	OtherNet Net = 1<<32 - 1
)

// StepKind is a kind of tag or tunnel.
type StepKind uint8

// The kinds of Step, and what Step.ID is.
const (
	StepOther    StepKind = iota // of OtherNet
	StepVLAN                     // IEEE 802.1Q, 802.1ad: VLAN identifier
	StepMPLS                     // one entry of the label stack (RFC 3032): label
	StepPPPoE                    // RFC 2516: session
	StepVXLAN                    // RFC 7348, and VXLAN-GPE: VNI
	StepGeneve                   // RFC 8926: VNI
	StepNVGRE                    // RFC 7637: virtual subnet
	StepGRE                      // RFC 2784, RFC 2890: key, 0 for none
	StepERSPAN                   // session
	StepIPIP                     // IP in IP, 6in4: none
	StepTeredo                   // RFC 4380: none
	StepGTP                      // GTP-U, 3GPP TS 29.281: TEID
	StepL2TP                     // RFC 2661: tunnel and session, 16 bits each; RFC 3931: session
	StepBackbone                 // IEEE 802.1ah: service identifier
	StepTZSP                     // none
	StepCAPWAP                   // RFC 5415: none
	StepLISP                     // RFC 9300: instance, 0 for none
	stepKinds
)

var stepNames = [stepKinds]string{
	"other", "vlan", "mpls", "pppoe", "vxlan", "geneve", "nvgre", "gre", "erspan", "ipip", "teredo", "gtp", "l2tp", "pbb",
	"tzsp", "capwap", "lisp",
}

// StepKinds lists them.
func StepKinds() []StepKind {
	list := make([]StepKind, stepKinds)
	for i := range list {
		list[i] = StepKind(i)
	}
	return list
}

// String is the name that the records use.
func (k StepKind) String() string { return stepNames[k] }

// Step is one tag or tunnel that a packet was in. It is the same for both directions of
// what the tunnel carries, as far as its kind allows: MPLS labels, TEIDs and the sessions
// of L2TP may differ by direction.
type Step struct {
	Kind StepKind
	ID   uint64
	Ends [2]Host // of the tunnel, the smaller address first; zero for tags
}

// Tunnel is a Step between two ends.
func Tunnel(kind StepKind, id uint64, a, b Host) Step {
	return Step{Kind: kind, ID: id, Ends: Hosts(a, b)}
}

// HasID reports whether the step has an identifier.
func (s *Step) HasID() bool {
	switch s.Kind {
	case StepOther, StepIPIP, StepTeredo, StepTZSP, StepCAPWAP:
		return false
	case StepGRE, StepLISP:
		return s.ID != 0
	}
	return true
}

// HasEnds reports whether the step is a tunnel between two hosts.
func (s *Step) HasEnds() bool { return s.Ends != [2]Host{} }

// Path is the tags and tunnels of a network, the outermost first; the plain network's is
// empty.
type Path []Step

// String names a network for people: "VLAN 10", "VLAN 10, VXLAN 5000 (192.0.2.1 –
// 192.0.2.2)".
func (p Path) String() string {
	var b strings.Builder
	for i := range p {
		s := &p[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(stepWords[s.Kind])
		if s.HasID() {
			b.WriteByte(' ')
			b.WriteString(strconv.FormatUint(s.ID, 10))
		}
		if s.HasEnds() {
			b.WriteString(" (" + s.Ends[0].Addr().String() + " – " + s.Ends[1].Addr().String() + ")")
		}
	}
	return b.String()
}

var stepWords = [stepKinds]string{
	"other networks", "VLAN", "MPLS", "PPPoE", "VXLAN", "Geneve", "NVGRE", "GRE", "ERSPAN", "IP in IP", "Teredo", "GTP", "L2TP", "PBB",
	"TZSP", "CAPWAP", "LISP",
}

// Nets are the networks that one connection was seen in: by Direction the first that the
// direction's packets were seen in (of one without packets: the other's), then those of
// copies (SPAN ports). Places without use repeat the first.
type Nets [6]Net

// Nets are those of a connection that was seen in n only.
func (n Net) Nets() Nets { return Nets{n, n, n, n, n, n} }

// Has reports whether n is among them.
func (l *Nets) Has(n Net) bool {
	for _, x := range l {
		if x == n {
			return true
		}
	}
	return false
}

// Meet reports whether two connections have a network in common.
func (l *Nets) Meet(o *Nets) bool {
	if l[0] == o[0] {
		return true
	}
	for _, x := range l {
		if o.Has(x) {
			return true
		}
	}
	return false
}

// First is the one of them that appeared first in the capture: it stands for all where
// there is room for one.
func (l *Nets) First() Net {
	first := l[0]
	for _, x := range l[1:] {
		first = min(first, x)
	}
	return first
}
