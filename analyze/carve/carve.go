package carve

import (
	"errors"
	"io"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/pick"
	"ftpscope/capture"
	"ftpscope/capture/cryptopan"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
	"ftpscope/capture/rewrite"
)

// Source is a capture that is read from its start.
type Source interface {
	pick.Source
	Files() []string
	Interfaces(file int) []pcapfile.Interface
	Close() error
}

// Options of Write. The zero value leaves packets as they are.
type Options struct {
	Section pcapfile.SectionInfo
	Name    func(file string) string // how comments call a file; nil: as it is
	Redact  bool                     // overwrite passwords
	Names   *cryptopan.Map           // give addresses other names; nil: they stay
	Secrets []byte                   // the key log that goes with the packets; nil: none

	// As in the first pass.
	Decode        decode.Options
	Filter        pick.Filter // nil: none
	MergeNetworks bool
}

// Stats counts what was written, and what could not be rewritten.
type Stats struct {
	Packets uint64
	Bytes   uint64 // captured ones of the packets
	Left    []Left
}

// Left are packets that were left out, and why.
type Left struct {
	Why     error
	Packets uint64
	First   flow.Pos
}

// Write writes the packets of the plan as pcapng, in the order of the capture. The
// capture is opened once, and twice if packets are rewritten, for what control
// connections say must be known as a whole before the first of their packets is written:
// a line may be cut into segments anywhere and sent again in other ones.
func (p *Plan) Write(open func() Source, out io.Writer, opt Options) (Stats, error) {
	set := p.set()
	set.Decode, set.Filter, set.MergeNetworks = opt.Decode, opt.Filter, opt.MergeNetworks
	w := writer{Writer: pcapfile.NewWriter(out, opt.Section), plan: p, opt: opt, ifaces: map[input]int{}, files: map[int]string{}}
	if len(opt.Secrets) > 0 {
		w.WriteSecrets(opt.Secrets)
	}
	if opt.Redact || opt.Names != nil {
		scan := newScanner(p, &opt)
		from := open()
		err := pick.Read(from, set, scan.packet)
		from.Close()
		if err != nil {
			return Stats{}, err
		}
		scan.end()
		w.conns, w.names = scan.conns, scan.rename
		w.rewriter = &rewrite.Rewriter{Names: opt.Names, VXLANPorts: opt.Decode.VXLANPorts}
	}
	w.from = open()
	defer w.from.Close()
	err := pick.Read(w.from, set, w.packet)
	if err == nil {
		err = w.Flush()
	}
	return w.stats, err
}

// input is an interface of an input file.
type input struct {
	file  int
	iface uint16
}

type writer struct {
	*pcapfile.Writer
	from   Source
	plan   *Plan
	opt    Options
	ifaces map[input]int
	files  map[int]string // names, as comments have them
	stats  Stats
	last   uint64 // Ord of the packet written last

	rewriter *rewrite.Rewriter // nil: packets stay as they are
	conns    []*rewrite.Conn
	names    *ftp.Renamer // nil: addresses stay
}

func (w *writer) packet(index int, p *capture.Packet, seg *flow.Segment) error {
	if p.Ord == w.last {
		return nil // it holds several segments of the connections
	}
	w.last = p.Ord
	file := p.Pos.File()
	to := *p
	if w.rewriter != nil {
		sent := w.plan.conns[index].sender(seg)
		f, err := w.rewriter.Packet(rewrite.Frame{Data: p.Data, Length: p.Length, Link: p.Link, FCS: p.FCS}, w.conns[index], sent)
		switch {
		case err == nil:
			to.Data, to.Length, to.FCS = f.Data, f.Length, 0
		case w.names != nil || w.conns[index] != nil:
			w.leave(err, p.Pos)
			return nil
		} // else nothing is to be changed in it
	}
	if err := w.WritePacket(w.iface(input{file, p.Iface}), &to, w.plan.comment(index, w.file(file), p.Mark)); err != nil {
		return err
	}
	w.stats.Packets++
	w.stats.Bytes += uint64(len(to.Data))
	return nil
}

// file is the name of an input file as comments have it.
func (w *writer) file(i int) string {
	name, known := w.files[i]
	if !known {
		name = w.from.Files()[i]
		if w.opt.Name != nil {
			name = w.opt.Name(name)
		}
		name = w.text(name)
		w.files[i] = name
	}
	return name
}

// leave counts a packet that cannot be rewritten.
func (w *writer) leave(why error, at flow.Pos) {
	for i := range w.stats.Left {
		if l := &w.stats.Left[i]; errors.Is(why, l.Why) {
			l.Packets++
			return
		}
	}
	w.stats.Left = append(w.stats.Left, Left{why, 1, at})
}

// text is a text of a file with the addresses renamed that stand in it.
func (w *writer) text(s string) string {
	if w.names == nil {
		return s
	}
	var b []byte
	at := 0
	for _, c := range w.names.Changes([]byte(s)) {
		b = append(append(b, s[at:c.From]...), c.Text...)
		at = c.To
	}
	return string(append(b, s[at:]...))
}

// iface is the writer's number of an interface, which is described before its first
// packet.
func (w *writer) iface(at input) int {
	n, known := w.ifaces[at]
	if !known {
		var i pcapfile.Interface
		if list := w.from.Interfaces(at.file); int(at.iface) < len(list) {
			i = list[at.iface]
		}
		i.Later = true
		i.Name, i.Description, i.Filter = w.text(i.Name), w.text(i.Description), w.text(i.Filter)
		n = w.AddInterface(i)
		w.ifaces[at] = n
	}
	return n
}
