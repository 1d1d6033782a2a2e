package report

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Rows are what the table keeps of a session: texts, already escaped.

type sessionRow struct {
	order                   int // by arrival
	id                      string
	start                   record.Stamp
	client, server          string
	user, mode, sums, worst string
	gravity                 int // of worst, -1 without findings
	failed                  bool
	transfers               []transferRow
	more                    string // transfers that are not shown
	network                 string // empty: the plain one
}

type transferRow struct {
	name, method string
	main, short  string // who opened what; short where main does not fit
	detail       string // why it failed, on a line of its own
	size, arrow  string
	result       string // reply code or outcome
	frames       string
	failed       bool
}

func newSessionRow(s *record.Session, o Options) sessionRow {
	r := sessionRow{
		id: strconv.Itoa(s.ID), start: s.Start, client: s.Client.String(), server: s.Server.String(),
		user: "–", mode: s.Mode, sums: sums(s), gravity: -1, network: networkName(s.Network),
	}
	if s.User != nil {
		r.user = prose.Escape(*s.User)
	}
	r.worst, r.gravity = worst(s.Findings)
	shown := pick(s.Transfers, o)
	files := several(s, o)
	for _, i := range shown {
		row := newTransferRow(s, &s.Transfers[i], files)
		r.failed = r.failed || row.failed
		r.transfers = append(r.transfers, row)
	}
	if n := len(s.Transfers) - len(shown); n > 0 {
		r.more = "… " + prose.Many(n, "more transfer") + ": --all shows them"
	}
	return r
}

// pick chooses the transfers to show: all, or the failed ones first, then others, in their order.
func pick(transfers []record.Transfer, o Options) []int {
	if o.All {
		return pickOf(transfers, len(transfers))
	}
	return pickOf(transfers, maxTransfers)
}

// pickOf chooses at most limit transfers.
func pickOf(transfers []record.Transfer, limit int) []int {
	var shown, rest []int
	for i := range transfers {
		switch {
		case len(transfers) <= limit || failed(&transfers[i]) && len(shown) < limit:
			shown = append(shown, i)
		case len(rest) < limit:
			rest = append(rest, i)
		}
	}
	if n := limit - len(shown); n > 0 {
		shown = append(shown, rest[:min(n, len(rest))]...)
		slices.Sort(shown)
	}
	return shown
}

// takenOver counts transfers whose data connection another host opened: they may have worked, but not as they should.
const takenOver = "by a third party"

// sums is "2 ok, 1 failed, 83.1 kB".
func sums(s *record.Session) string {
	words := outcomes(s)
	if len(words) == 0 {
		return "–"
	}
	if n := carriedBytes(s); n > 0 && len(words) == 1 && !strings.HasSuffix(words[0], takenOver) {
		words = append(words, prose.Size(n)) // with failures, how much came through matters less than the column's width
	}
	return strings.Join(words, ", ")
}

// fewerSums drops what matters least of sums that are too wide: how much came through, then what went well.
func fewerSums(sums string, width int) string {
	words := strings.Split(sums, ", ")
	for len(words) > 1 && prose.Columns(strings.Join(words, ", ")) > width {
		if last := len(words) - 1; strings.HasSuffix(words[last], "B") {
			words = words[:last]
		} else {
			words = words[1:]
		}
	}
	return strings.Join(words, ", ")
}

// outcomes counts a session's transfers: "2 ok", "1 failed".
func outcomes(s *record.Session) []string {
	count := map[string]int{}
	ran := 0
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if failed(t) {
			count["failed"]++
		} else if opened(t) && t.Initiator == record.ThirdParty {
			count[takenOver]++
		} else {
			count[t.Outcome]++
		}
		if t.Outcome != record.Unused && t.Outcome != record.Rejected {
			ran++
		}
	}
	var words []string
	if count[record.OK] > 0 || count["failed"] > 0 && count[takenOver] == 0 {
		words = append(words, strconv.Itoa(count[record.OK])+" ok")
	}
	for _, o := range []string{takenOver, "failed", record.Incomplete, record.Unknown, record.Rejected, record.Unused} {
		minor := o == record.Rejected || o == record.Unused
		if n := count[o]; n > 0 && (!minor || ran == 0) {
			words = append(words, strconv.Itoa(n)+" "+o)
		}
	}
	return words
}

// carriedBytes is what a session's data connections carried.
func carriedBytes(s *record.Session) uint64 {
	n := uint64(0)
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.Bytes != nil && opened(t) {
			n += *t.Bytes
		}
	}
	return n
}

// worst is the gravest severity of findings and how many have it.
func worst(findings []record.Finding) (string, int) {
	best, n := len(record.Severities), 0
	for i := range findings {
		switch g := record.Gravity(findings[i].Severity); {
		case g < best:
			best, n = g, 1
		case g == best:
			n++
		}
	}
	if n == 0 {
		return "", -1
	}
	return mark(best) + " " + record.Severities[best] + " " + strconv.Itoa(n), best
}

// mark is a severity's sign.
func mark(gravity int) string {
	switch record.Severities[gravity] {
	case "critical", "high":
		return "●"
	case "medium":
		return "○"
	}
	return "·"
}

func newTransferRow(s *record.Session, t *record.Transfer, files bool) transferRow {
	r := transferRow{name: commandLine(t), method: t.Method, result: result(t), failed: failed(t)}
	if t.Method == record.MethodEncrypted {
		r.method = "TLS"
	}
	switch {
	case t.Connection == nil:
		r.main, r.short = plan(s, t)
		r.detail = whyNone(t)
	case opened(t):
		src, dst := t.Connection.Src, t.Connection.Dst
		r.main = party(t.Initiator) + " opened " + src.String() + " → " + dst.String()
		r.short = short(s, src, t.Initiator) + " opened → " + short(s, dst, other(t.Initiator))
		if t.Initiator == record.ThirdParty && t.ExpectedInitiator != nil {
			r.short = party(t.Initiator) + " opened " + prose.Cut(src.String(), maxHost) + " → " + short(s, dst, other(*t.ExpectedInitiator))
		}
		r.detail = openedDetail(t)
	default:
		r.main, r.short = plan(s, t)
		r.detail = tried(t)
	}
	if r.short == "" {
		r.short = r.main
	}
	if opened(t) && t.Bytes != nil {
		r.size = prose.Size(*t.Bytes)
	}
	if t.Direction != nil && r.size != "" {
		r.arrow = "↓"
		if *t.Direction == record.Upload {
			r.arrow = "↑"
		}
	}
	r.frames = frameCell(t, files)
	return r
}

// openedDetail is what the row of an open data connection has no room for.
func openedDetail(t *record.Transfer) string {
	var parts []string
	if src := t.Connection.Src.String(); t.Initiator == record.ThirdParty && prose.Columns(src) > maxHost {
		parts = append(parts, src+" → "+t.Connection.Dst.String())
	}
	if p := progress(t); p != "" {
		parts = append(parts, p)
	}
	if !synSeen(t) {
		parts = append(parts, "inferred: the capture does not hold its SYN")
	}
	parts = append(parts, contentParts(t)...)
	return strings.Join(parts, "; ")
}

// short names an endpoint by its role, where the full address does not fit: "client:43677". The role is the one that
// it should have, since both sides may be one host; another host keeps its address.
func short(s *record.Session, e netip.AddrPort, role string) string {
	switch {
	case role == record.Client && e.Addr() == s.Client.Addr(), role == record.Server && e.Addr() == s.Server.Addr():
		return role + ":" + strconv.Itoa(int(e.Port()))
	}
	return e.String()
}

// other is the opposite side of the control connection.
func other(role string) string {
	switch role {
	case record.Client:
		return record.Server
	case record.Server:
		return record.Client
	}
	return ""
}

// plan says who should have opened which endpoint, in full and by roles.
func plan(s *record.Session, t *record.Transfer) (full, byRole string) {
	e, ok := target(t)
	if !ok {
		return "", ""
	}
	if t.ExpectedInitiator == nil {
		full = "announced " + e.String()
		return full, full
	}
	before := party(*t.ExpectedInitiator) + " should open → "
	return before + e.String(), before + short(s, e, other(*t.ExpectedInitiator))
}

// whyNone says why there is no connection at all.
func whyNone(t *record.Transfer) string {
	if t.Outcome == record.NoConnection {
		return "nobody tried: no SYN in the capture"
	}
	return ""
}

// tried says who tried and how it ended: "client tried 203.0.113.10:40608, 3 SYNs, no answer".
func tried(t *record.Transfer) string {
	c := t.Connection
	from := c.Src.String()
	if detour(t) {
		from += " → " + c.Dst.String()
	}
	return party(t.Initiator) + " tried " + from + ", " + prose.Many(c.Attempts, "SYN") + ", " + verdict(t)
}

// result is the reply's code of a transfer that worked, else its outcome.
func result(t *record.Transfer) string {
	reply := ""
	if t.Reply != nil && t.Reply.Code > 0 {
		reply = strconv.Itoa(t.Reply.Code)
	}
	if t.Outcome == record.OK && reply != "" {
		return reply
	}
	if t.Method == record.MethodEncrypted && t.Outcome == record.Unknown {
		return "unknown"
	}
	if t.Command == nil && t.Reply != nil && t.Reply.Code < 400 {
		return t.Outcome // the reply only says that the negotiation worked
	}
	return strings.TrimSpace(t.Outcome + " " + reply)
}

// frameCell names the packets: those of command, SYN and reply of a connection that came to be, else from the first to
// the last.
func frameCell(t *record.Transfer, files bool) string {
	f := &t.Frames
	if opened(t) {
		return packetList([]flow.Pos{f.Command, f.SYN, f.Reply}, files)
	}
	return packetRange(append(lastTries(t), f.Negotiation, f.Command, f.SYN, f.Reply), files)
}

// packetList is "#40 #43 #97", in order; with several files "2:#40 #43 #97", the file's number where it changes.
func packetList(all []flow.Pos, files bool) string {
	slices.Sort(all)
	var words []string
	file := -1
	for _, p := range all {
		if !p.Seen() {
			continue
		}
		words = append(words, prose.Packet(p, files && p.File() != file))
		file = p.File()
	}
	return strings.Join(words, " ")
}

// lastTries are the packets that show the end of a connection that failed.
func lastTries(t *record.Transfer) []flow.Pos {
	var all []flow.Pos
	for i := range t.Notes.Tried {
		all = append(all, t.Notes.Tried[i].LastSYN.Pos)
	}
	return all
}

// packetRange is "#14–#31", from the first to the last packet seen.
func packetRange(all []flow.Pos, files bool) string {
	var first, last flow.Pos
	for _, p := range all {
		if p.Seen() && (first == 0 || p < first) {
			first = p
		}
		last = max(last, p)
	}
	switch {
	case first == 0:
		return ""
	case first == last:
		return prose.Packet(first, files)
	}
	return prose.Packet(first, files) + "–" + prose.Packet(last, files && first.File() != last.File())
}
