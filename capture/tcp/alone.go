package tcp

import "ftpscope/capture/flow"

// Alone finds a SYN of one host to a port of another that nothing answered, so far: one that
// still waits, or one that was given up lately. It looks at all of them.
func Alone(t *Table, src, dst flow.Host, port uint16) (s flow.LoneSYN, ok bool) {
	for i := t.syns.first; i != t.syns.next; i++ {
		if e := t.syns.at(i); e.live && e.Src == src && e.Dst == dst && e.DstPort == port {
			return e.LoneSYN, true
		}
	}
	if t.past.sets == nil {
		return s, false
	}
	for i := range t.past.sets {
		for k := range t.past.sets[i] {
			if g := &t.past.sets[i][k]; g.alone && g.a == src && g.b == dst && g.bPort == port {
				return g.lone, true
			}
		}
	}
	return s, false
}
