package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"ftpscope/analyze"
	"ftpscope/analyze/pick"
	"ftpscope/analyze/prose"
	"ftpscope/capture"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
)

// kept is what -w writes: the packets of FTP connections.
type kept struct {
	*pick.Keeper
	out    *pcapfile.Output
	source analyze.Source
	places *pick.Places // nil: of several files no number is certain
}

// numbered is kept in one file, by whose numbers records name packets.
type numbered struct {
	*kept
	*pick.Places
}

// WritePacket writes a packet that the Keeper keeps.
func (k *kept) WritePacket(iface int, p *capture.Packet, comments ...string) error {
	err := k.out.WritePacket(iface, p, comments...)
	if err == nil && k.places != nil {
		k.places.Note(p.Pos, k.out.Number())
	}
	return err
}

// evidence is what the analysis tells of packets.
func (k *kept) evidence() analyze.Evidence {
	if k.places == nil {
		return k
	}
	return numbered{k, k.places}
}

// keeperBytes is how much of the traffic before a connection shows to be FTP's is at hand; on a link of 1 Gbit/s a
// quarter of a second.
const keeperBytes = 32 << 20

// openKept opens -w; the live link types come with the packets.
func (s *sniffing) openKept() error {
	f := s.sniff
	if f.keep == "" {
		return nil
	}
	info, _ := debug.ReadBuildInfo()
	opt := pcapfile.OutputOptions{
		Path: f.keep, Private: s.flags.showPasswords, Rotation: f.rotation, Keep: f.keepFiles, Start: flow.Time(time.Now().UnixNano()),
		Section: pcapfile.SectionInfo{
			OS: runtime.GOOS + " " + runtime.GOARCH, Application: "ftpscope " + version(info),
			Comment: "packets of FTP control and data connections",
		},
		Problem: func(err error) { s.warning("%v", err) },
	}
	for _, name := range s.source.Files() {
		opt.Interfaces = append(opt.Interfaces, pcapfile.Interface{Name: name, Filter: s.flags.filter, Later: true})
	}
	out, err := pcapfile.OpenOutput(opt)
	if err != nil {
		return fmt.Errorf("%s: %w", f.keep, cause(err))
	}
	s.kept = &kept{out: out, source: s.source}
	s.kept.Keeper = pick.NewKeeper(s.kept, pick.KeeperOptions{Bytes: keeperBytes})
	if f.keepsOneFile() {
		s.kept.places = &pick.Places{}
	}
	return nil
}

// status writes what waited long enough.
func (k *kept) status(now flow.Time) {
	k.Keeper.Tick(now)
	k.count()
	k.out.Tick(now)
}

// count notes what the files say of the capture: what came, and what the kernel dropped. Drops are known of all interfaces
// together, and stand with the first.
func (k *kept) count() {
	st := k.source.Stats()
	k.out.SetStats(0, st.Packets, st.Dropped)
}

// closeKept writes the rest and says what is missing.
func (s *sniffing) closeKept() {
	k := s.kept
	if k == nil {
		return
	}
	k.Flush()
	k.count()
	if err := k.out.Close(); err != nil {
		s.fail("%s: %v", s.sniff.keep, cause(err))
	}
	if n := k.out.Stats().Unwritten; n > 0 {
		s.warning("%s: %s not written", s.sniff.keep, prose.Many(n, "packet"))
	}
	if st := k.Keeper.Stats(); st.TooLarge+st.MarksLost > 0 {
		s.warning("%s: %s too large to keep, %s too many at once", s.sniff.keep, prose.Many(st.TooLarge, "packet"), prose.Many(st.MarksLost, "connection"))
	}
}

// keptPlace is where rights are needed: files of a rotation come and go in their folder.
func (s *sniffing) keptPlace() string {
	if s.sniff.rotate != "" {
		return filepath.Dir(s.sniff.keep)
	}
	return s.sniff.keep
}

// keptPath is the file of -w with the ending that tells what it is.
func keptPath(path string) string {
	if path == "" || strings.HasPrefix(path, "/dev/") || filepath.Ext(path) != "" {
		return path
	}
	return path + ".pcapng"
}
