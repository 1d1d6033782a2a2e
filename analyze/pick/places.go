package pick

import (
	"slices"
	"sort"
	"sync"

	"ftpscope/capture/flow"
)

// maxRuns bounds what Places remember: 24 MB, the packets of hours. Then the older half is
// forgotten.
const maxRuns = 1 << 20

// Places knows by which numbers the packets of interfaces stand in the one file that keeps
// some of them, and where numbers in the file were on the link. Its methods may be called
// from several goroutines; the zero Places is that of an empty file.
type Places struct {
	mu   sync.Mutex
	most int     // runs; 0: maxRuns
	runs [][]run // by interface, in order of either number
	all  int     // of runs
	last uint64  // number in the file
}

// run is packets that follow each other on a link, and in the file.
type run struct {
	link flow.Pos // of the first
	file uint64
	n    uint64
}

// Note says that a packet of a link is in the file, by this number. One that is not larger
// than the last tells that there is a new file.
func (x *Places) Note(link flow.Pos, number uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if number <= x.last {
		x.runs, x.all = nil, 0
	}
	x.last = number
	iface := link.Point()
	for len(x.runs) <= iface {
		x.runs = append(x.runs, nil)
	}
	runs := x.runs[iface]
	if len(runs) > 0 {
		if r := &runs[len(runs)-1]; link == r.link+flow.Pos(r.n) && number == r.file+r.n {
			r.n++
			return
		}
	}
	x.runs[iface] = append(runs, run{link, number, 1})
	most := x.most
	if most == 0 {
		most = maxRuns
	}
	if x.all++; x.all > most {
		x.forget()
	}
}

// forget drops the older half of what each interface has.
func (x *Places) forget() {
	x.all = 0
	for i, runs := range x.runs {
		x.runs[i] = slices.Clone(runs[len(runs)/2:])
		x.all += len(x.runs[i])
	}
}

// InFile is where a packet of a link is in the file: Apart, when it is not there, or that is
// not known any more.
func (x *Places) InFile(link flow.Pos) flow.Pos {
	x.mu.Lock()
	defer x.mu.Unlock()
	if iface := link.Point(); link.Seen() && iface < len(x.runs) {
		runs := x.runs[iface]
		i := sort.Search(len(runs), func(i int) bool { return runs[i].link > link })
		if i > 0 && link < runs[i-1].link+flow.Pos(runs[i-1].n) {
			return flow.Kept(iface, runs[i-1].file+uint64(link-runs[i-1].link))
		}
	}
	if !link.Seen() {
		return link
	}
	return link.Apart()
}

// OnLink is where a packet that InFile told of was on the link; zero when that is not known
// any more.
func (x *Places) OnLink(p flow.Pos) flow.Pos {
	if !p.InFile() {
		return p.Rejoined()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if p.Point() >= len(x.runs) {
		return 0
	}
	runs := x.runs[p.Point()]
	i := sort.Search(len(runs), func(i int) bool { return runs[i].file > p.Packet() })
	if i == 0 || p.Packet() >= runs[i-1].file+runs[i-1].n {
		return 0
	}
	return runs[i-1].link + flow.Pos(p.Packet()-runs[i-1].file)
}
