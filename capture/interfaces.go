package capture

import (
	"slices"
	"strings"
)

// maxDescribed bounds the interfaces of a file that are told apart, over all its sections; later ones count as the last.
const maxDescribed = 1 << 12

// descriptions are the different interfaces of a file, in order of their descriptions.
type descriptions struct{ list []Interface }

// add returns the index of an interface; sections of a file that was put together describe the same ones again.
func (d *descriptions) add(i Interface) uint16 {
	at := slices.Index(d.list, i)
	if at < 0 && len(d.list) < maxDescribed {
		d.list = append(d.list, i)
	}
	if at < 0 {
		at = len(d.list) - 1
	}
	return uint16(at)
}

// describe takes an option of an interface description block.
func (i *Interface) describe(code uint16, v []byte) {
	text := strings.TrimRight(strings.ToValidUTF8(string(v), "\ufffd"), "\x00")
	switch {
	case code == optIfName:
		i.Name = text
	case code == optIfDescription:
		i.Description = text
	case code == optIfFilter && len(v) > 0 && v[0] == 0: // section 4.2: code 0, "filter string"
		i.Filter = text[1:]
	}
}

func (p *pcapng) described() *descriptions { return &p.all }

func (p *pcap) described() *descriptions {
	return &descriptions{list: []Interface{{Link: p.link, SnapLen: p.snap, Digits: p.digits}}}
}

func (s *snoop) described() *descriptions {
	return &descriptions{list: []Interface{{Link: s.link, Digits: 6}}}
}

// describe notes where the interfaces of a file are told.
func (c *Capture) describe(file int, s *source) {
	for len(c.described) <= file {
		c.described = append(c.described, nil)
	}
	c.described[file] = s.described()
}

// Interfaces are what a file, as Pos.File counts, says so far of the interfaces that its packets came from. All that
// packets were read from are among them. It must not be called while another goroutine calls Next.
func (c *Capture) Interfaces(file int) []Interface {
	if file >= len(c.described) || c.described[file] == nil {
		return nil
	}
	return slices.Clone(c.described[file].list)
}
