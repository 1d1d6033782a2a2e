package tcp

import "ftpscope/capture/flow"

// PortIdent is where servers ask who a connection's user is (RFC 1413).
const PortIdent = 113

// AloneIdent finds a SYN of one host to PortIdent of another that nothing answered, so far:
// one that still waits, or one that was given up lately. It looks at all of them.
func AloneIdent(t *Table, src, dst flow.Host) (s flow.LoneSYN, ok bool) {
	for i := t.syns.first; i != t.syns.next; i++ {
		if e := t.syns.at(i); e.live && e.Src == src && e.Dst == dst && e.DstPort == PortIdent {
			return e.LoneSYN, true
		}
	}
	if t.past.sets == nil {
		return s, false
	}
	for i := range t.past.sets.lone {
		if g := &t.past.sets.lone[i]; g.lone != nil && g.a == src && g.b == dst {
			return *g.lone, true
		}
	}
	return s, false
}
