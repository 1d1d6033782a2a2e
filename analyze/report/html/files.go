package html

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/servers"
	"ftpscope/capture/flow"
)

// The files that were transferred, in one list: what left, what arrived and what nobody
// can vouch for.

type fileTable struct {
	marked, plain []fileRow // those with a finding, failed or taken by another host; the others
	total         int
	listings      int
	hashed        bool
}

const (
	maxFiles      = 200 // of each kind
	maxFilesShown = 30  // the others fold away
)

// fileRow is a row of the list.
type fileRow struct {
	Name              []string // where it may be broken
	Way               string
	Bytes, Result     string
	User              string
	From, To          string
	Packets           string
	When              when
	Session, Transfer int
	Short             string // where it is, in short
	Hashes            []hash
	Content           string
	Saved             string
	Bad               bool
	order             int
	at                flow.Time
}

func (h *fileTable) add(s *record.Session, files bool) {
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if !t.OfFile() {
			if t.Command != nil {
				h.listings++
			}
			continue
		}
		h.total++
		list, state := &h.plain, stateOf(s, t)
		if state != stateGood {
			list = &h.marked
		}
		if len(*list) < maxFiles {
			f := fileOf(s, t, files)
			f.order, f.Bad = h.total, state == stateBad
			*list = append(*list, f)
		}
		h.hashed = h.hashed || len(diagnosis.HashesOf(t)) > 0 || t.File != nil
	}
}

// hash is a hash of a file's content, which may be what others know it by.
type hash struct{ Name, Value string }

func fileOf(s *record.Session, t *record.Transfer, files bool) fileRow {
	f := fileRow{Way: "download", Result: resultWords(s, t), User: prose.Cut(prose.Escape(prose.Known(s.User)), maxRowUser),
		Session: s.ID, Transfer: t.N, Content: prose.Cut(prose.Escape(prose.Known(t.MIMEType)), maxRowUser), Saved: prose.Cut(prose.Escape(prose.Known(t.File)), maxRowUser),
		Packets: prose.PacketList([]flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply}, files)}
	name := cmp.Or(prose.Escape(prose.Known(t.Path)), prose.Escape(prose.Known(t.Argument)), "(no name)")
	f.Name = strings.SplitAfter(prose.Cut(name, maxRowUser), "/")
	f.Short = strconv.Itoa(s.ID) + "." + strconv.Itoa(t.N)
	server, other := s.Server.Addr().String(), s.Client.Addr().String()
	if c := t.Connection; c != nil && t.Opened() {
		if third, ok := strangerOf(s, t); ok {
			other = third.String() + " (another host)"
		}
	}
	for _, h := range diagnosis.HashesOf(t) {
		f.Hashes = append(f.Hashes, hash{h.Name, h.Hex})
	}
	f.From, f.To = server, other
	if arrowOf(t) == "↑" {
		f.Way, f.From, f.To = "upload", other, server
	}
	if t.Carried() != nil && t.Opened() {
		f.Bytes = prose.Number(*t.Carried())
		if t.Notes.Size != nil && *t.Notes.Size != *t.Carried() {
			f.Bytes += " of " + prose.Number(*t.Notes.Size)
		}
	}
	if t.Notes.Ran != nil {
		f.at = t.Notes.Ran.Mark.Time
	}
	return f
}

// rows are those for the page, in order, those that fold away, and how many more there
// are. What is not well stays in sight.
func (h *fileTable) rows(c clock) (shown, folded []fileRow, more int) {
	marked := min(len(h.marked), maxFilesShown)
	plain := min(len(h.plain), maxFilesShown-marked)
	rest := min(len(h.plain)-plain, maxFiles-min(len(h.marked)+plain, maxFiles))
	shown = inOrder(c, h.marked[:marked], h.plain[:plain])
	folded = inOrder(c, h.marked[marked:], h.plain[plain:plain+rest])
	return shown, folded, h.total - len(shown) - len(folded)
}

func inOrder(c clock, a, b []fileRow) []fileRow {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b fileRow) int { return cmp.Compare(a.order, b.order) })
	for i := range all {
		if all[i].at != 0 {
			all[i].When = c.when(fine, all[i].at)
		}
	}
	return all
}

// strangerOf is the end of an open data connection that is neither the client's nor the
// server's address: of a host that took the connection, or that PORT named.
func strangerOf(s *record.Session, t *record.Transfer) (host netip.Addr, ok bool) {
	c := t.Connection
	if c == nil {
		return netip.Addr{}, false
	}
	client, server := prose.Plain(s.Client.Addr()), prose.Plain(s.Server.Addr())
	switch {
	case t.Initiator == record.ThirdParty:
		return prose.Plain(c.Src.Addr()), true
	case t.Initiator == record.Server && prose.Plain(c.Dst.Addr()) != client && prose.Plain(c.Dst.Addr()) != server,
		t.Initiator == record.Client && prose.Plain(c.Dst.Addr()) != client && prose.Plain(c.Dst.Addr()) != server:
		return prose.Plain(c.Dst.Addr()), true
	}
	return netip.Addr{}, false
}

// resultWords say how a transfer ended, with the reply's code.
func resultWords(s *record.Session, t *record.Transfer) string {
	code := ""
	if t.Reply != nil && t.Reply.Code > 0 && (t.Command != nil || t.Reply.Code >= 400) {
		code = " (" + strconv.Itoa(t.Reply.Code) + ")"
	}
	third, odd := strangerOf(s, t)
	switch {
	case t.Opened() && t.Initiator == record.ThirdParty:
		return "taken by " + third.String() + code
	case t.Outcome == record.OK && odd && servers.Elsewhere(s, t):
		return "to " + third.String() + ", not to the client" + code
	}
	return outcomeWords(t.Outcome) + code
}

// outcomeWords are the outcomes in words.
func outcomeWords(outcome string) string {
	switch outcome {
	case record.OK:
		return "complete"
	case record.NoConnection:
		return "no data connection"
	case record.Incomplete:
		return "no final reply seen"
	case record.Unknown:
		return "not known"
	case record.Rejected:
		return "negotiation rejected"
	}
	return outcome
}

// transferName is a transfer's command, or what stands for it.
func transferName(t *record.Transfer) string {
	if name := prose.Cut(diagnosis.CommandLine(t), maxRowUser); name != "" {
		return name
	}
	if t.Notes.InClear {
		return "data connection in clear text"
	}
	if t.Method == record.MethodEncrypted {
		return "encrypted data connection"
	}
	return t.Method + " without a transfer command"
}
