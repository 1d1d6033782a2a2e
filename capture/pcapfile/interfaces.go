package pcapfile

import (
	"slices"
	"strings"
)

// Limits of what is kept of the interfaces that files describe.
const (
	// maxDescribed bounds the interfaces of a file that are told apart, over all its
	// sections; later ones count as the last.
	maxDescribed = 1 << 12
	// maxDescription bounds each text of an interface, in bytes: longer ones are cut.
	// Filters are the longest, and tcpdump's are rarely longer than a line.
	maxDescription = 1024
	// maxAllDescribed bounds them over all files, in bytes: each file has one at least.
	maxAllDescribed = 32 << 20
	describedCost   = 256 // bytes of one besides its texts, its place in the index included
	fewDescribed    = 8   // are found without an index
)

// Interfaces are the different interfaces of a file, in order of their descriptions.
type Interfaces struct {
	list  []Interface
	index map[Interface]uint16 // of list; nil as long as they are few
	all   *int                 // bytes over all files; nil: this file is not kept
}

// add returns the index of an interface; sections of a file that was put together
// describe the same ones again.
func (d *Interfaces) add(i Interface) uint16 {
	if at, ok := d.find(i); ok {
		return at
	}
	cost := describedCost + len(i.Name) + len(i.Description) + len(i.Filter)
	if n := len(d.list); n > 0 && (n >= maxDescribed || d.all != nil && *d.all+cost > maxAllDescribed) {
		return uint16(n - 1)
	}
	if d.all != nil {
		*d.all += cost
	}
	at := uint16(len(d.list))
	if d.list = append(d.list, i); d.index != nil {
		d.index[i] = at
	} else if len(d.list) > fewDescribed {
		d.index = map[Interface]uint16{}
		for at, i := range d.list {
			d.index[i] = uint16(at)
		}
	}
	return at
}

func (d *Interfaces) find(i Interface) (uint16, bool) {
	if d.index != nil {
		at, ok := d.index[i]
		return at, ok
	}
	at := slices.Index(d.list, i)
	return uint16(at), at >= 0
}

// describe takes an option of an interface description block.
func (i *Interface) describe(code uint16, v []byte) {
	text := strings.TrimRight(strings.ToValidUTF8(string(v[:min(len(v), maxDescription)]), "\ufffd"), "\x00")
	switch {
	case code == optIfName:
		i.Name = text
	case code == optIfDescription:
		i.Description = text
	case code == optIfFilter && len(v) > 0 && v[0] == 0: // section 4.2: code 0, "filter string"
		i.Filter = text[1:]
	}
}

func (p *pcapng) Interfaces() *Interfaces { return &p.all }

func (p *pcap) Interfaces() *Interfaces {
	return &Interfaces{list: []Interface{{Link: p.link, SnapLen: p.snap, Digits: p.digits}}}
}

func (s *snoop) Interfaces() *Interfaces {
	return &Interfaces{list: []Interface{{Link: s.link, Digits: 6}}}
}

// List is those that are known so far.
func (d *Interfaces) List() []Interface { return slices.Clone(d.list) }
