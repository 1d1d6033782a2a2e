// Package wireshark says by which command Wireshark, or tshark, shows the packets of a session or of one of its transfers.
package wireshark

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Options are what is to be shown.
type Options struct {
	Files    []string // of the capture, as positions count them
	Transfer int      // of the session; 0: all
	KeyLog   string   // opens TLS; empty: there is none
	Text     bool     // by tshark
}

// maxShown bounds the data connections in a filter: of more all packets between the two hosts are shown.
const maxShown = 30

// Command is the program and its arguments that show a session, or a transfer of it. The packets of one file are shown:
// those of the others are left out, which more says.
func Command(s *record.Session, opt Options) (args []string, more bool, err error) {
	var transfers []*record.Transfer
	for i := range s.Transfers {
		if t := &s.Transfers[i]; opt.Transfer == 0 || t.N == opt.Transfer {
			transfers = append(transfers, t)
		}
	}
	if opt.Transfer > 0 && len(transfers) == 0 {
		return nil, false, fmt.Errorf("session %d has no transfer %d: it has %d", s.ID, opt.Transfer, len(s.Transfers))
	}
	f := filter{session: s}
	f.begin = s.First.Pos
	if opt.Transfer > 0 {
		f.transfer(transfers[0])
	} else {
		f.whole(transfers)
	}
	name := opt.Files[f.begin.File()]
	if err := readable(name); err != nil {
		return nil, false, err
	}
	program := "wireshark"
	if opt.Text {
		program = "tshark"
	}
	args = []string{program, "-r", name, "-Y", f.String()}
	if p := s.Server.Port(); p != 21 && p != 990 {
		args = append(args, "-d", "tcp.port=="+strconv.Itoa(int(p))+",ftp")
	}
	if opt.KeyLog != "" {
		args = append(args, "-o", "tls.keylog_file:"+opt.KeyLog)
	}
	return args, f.more, nil
}

// unreadable are the endings of what ftpscope unpacks and Wireshark does not.
var unreadable = []string{".xz", ".bz2"}

func readable(name string) error {
	switch {
	case name == "stdin":
		return errors.New("standard input cannot be opened by Wireshark: save it to a file first")
	case slices.Contains(unreadable, strings.ToLower(filepath.Ext(name))):
		return fmt.Errorf("%s: Wireshark reads no %s files: unpack it first", name, filepath.Ext(name))
	case strings.Contains(strings.ToLower(name), ".zip"+string(filepath.Separator)):
		return fmt.Errorf("%s: Wireshark reads no zip archives: unpack it first", name)
	}
	return nil
}

// filter is a display filter in the making.
type filter struct {
	session *record.Session
	begin   flow.Pos // the first packet of what is shown, and of which file it is
	more    bool     // there is more in other files
	terms   []string
}

func (f *filter) String() string { return strings.Join(f.terms, " or ") }

// whole shows the control connection and the data connections of transfers.
func (f *filter) whole(transfers []*record.Transfer) {
	f.add(tuple(f.session.Client, f.session.Server), f.begin, 0)
	if len(transfers) > maxShown {
		f.terms = nil
		f.add("tcp and "+address(f.session.Client.Addr())+" and "+address(f.session.Server.Addr()), f.begin, 0)
		return
	}
	for _, t := range transfers {
		f.data(t)
	}
}

// transfer shows the data connection of one, and what the control connection says of it.
func (f *filter) transfer(t *record.Transfer) {
	first, last := flow.Pos(0), flow.Pos(0)
	for _, p := range []flow.Pos{t.Frames.Negotiation, t.Frames.Command, t.Frames.SYN, t.Frames.FirstData, t.Frames.Reply} {
		if p.Seen() && (first == 0 || p < first) {
			first = p
		}
		last = max(last, p)
	}
	if first.Seen() {
		f.begin = first
	}
	f.add(tuple(f.session.Client, f.session.Server), f.begin, last)
	f.data(t)
}

// data shows a data connection, or where one was to go.
func (f *filter) data(t *record.Transfer) {
	from := f.begin
	if t.Frames.SYN.Seen() {
		from = t.Frames.SYN
	}
	switch {
	case t.Connection != nil:
		f.add(tuple(t.Connection.Src, t.Connection.Dst)+" and frame.time_epoch <= "+seconds(t.Connection.End.Time+lingering), from, 0)
	case t.Announced != nil:
		f.add(address(t.Announced.Addr())+" and tcp.port == "+strconv.Itoa(int(t.Announced.Port())), from, t.Frames.Reply)
	}
}

// add shows packets from one on, and up to another; 0: the end. Numbers hold in their file only.
func (f *filter) add(what string, from, to flow.Pos) {
	file := f.begin.File()
	if from.File() != file || to.Seen() && to.File() != file {
		f.more = true
	}
	if from.File() > file {
		return
	}
	if from.File() == file && from.Packet() > 1 {
		what += fmt.Sprintf(" and frame.number >= %d", from.Packet())
	}
	if to.Seen() && to.File() == file {
		what += fmt.Sprintf(" and frame.number <= %d", to.Packet())
	}
	f.terms = append(f.terms, "("+what+")")
}

// tuple matches the packets of a connection, and ICMP errors about it.
func tuple(a, b netip.AddrPort) string {
	return address(a.Addr()) + " and " + address(b.Addr()) + fmt.Sprintf(" and tcp.port == %d and tcp.port == %d", a.Port(), b.Port())
}

func address(a netip.Addr) string {
	if a = a.Unmap().WithZone(""); a.Is4() {
		return "ip.addr == " + a.String()
	}
	return "ipv6.addr == " + a.String()
}

// lingering is how long after its end packets of a connection may come.
const lingering = 2 * flow.Second

// seconds is a time as filters have it.
func seconds(t flow.Time) string {
	return fmt.Sprintf("%d.%09d", t/flow.Second, t%flow.Second)
}

// Quoted is a command as a POSIX shell takes it, in one line: whatever is in a file's name, it is a name.
func Quoted(args []string) string {
	list := make([]string, len(args))
	for i, a := range args {
		list[i] = quoted(a)
	}
	return strings.Join(list, " ")
}

func quoted(s string) string {
	plain, printable := s != "", true
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", r) {
			plain = false
		}
		if !strconv.IsPrint(r) || r == 0xfffd {
			printable = false
		}
	}
	if plain {
		return s
	}
	if printable {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder // $'…' says characters that a terminal would act on
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return "$'" + b.String() + "'"
}
