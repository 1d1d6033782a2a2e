package table

import (
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// Rows are what the table keeps of a session: texts, already escaped.

type sessionRow struct {
	order           int    // by arrival
	heading         string // stands above the first row of a group
	id              string
	start           record.Stamp
	client, server  string
	user, mode      string
	sums, worst     string
	gravity         int // of worst, -1 without findings
	failed          bool
	transfers       []transferRow
	more            string // transfers that are not shown
	network         string // empty: the plain one
	verdict, logins string // empty: nothing to say
	place, cause    string // of the verdict
	frames          string
	next            []string
	wideRow
}

// wideRow is what only wide pages have room for.
type wideRow struct{ opener, took, ended, tls, banner string }

type transferRow struct {
	name, method string
	main, short  string // who opened what; short where main does not fit
	detail       string // why it failed, on a line of its own
	size, arrow  string
	result       string // reply code or outcome
	frames       string
	mode         string
	elapsed      string // "in 90 ms, 666.7 kB/s"
	failed       bool
}

func newSessionRow(s *record.Session, o report.Options) sessionRow {
	r := sessionRow{
		id: strconv.Itoa(s.ID), start: s.Start, client: s.Client.String(), server: s.Server.String(),
		user: "–", mode: s.Mode, sums: sums(s), gravity: -1, network: diagnosis.Network(s.Network), logins: diagnosis.FailedLogins(s),
	}
	r.wideRow = newWideRow(s)
	if s.User != nil {
		r.user = prose.Escape(*s.User)
	}
	if s.Mode == record.None {
		r.mode = "–"
	}
	r.worst, r.gravity = diagnosis.Worst(s.Findings)
	files := o.FileNumbers(s)
	if v := s.Verdict; v != nil && diagnosis.StandingOf(v) != diagnosis.Well {
		r.verdict, r.place, r.cause, r.next = diagnosis.VerdictText(v), diagnosis.Place(v), prose.Escape(v.Cause), diagnosis.Steps(v)
		if also := diagnosis.AlsoFits(v); also != "" {
			r.verdict = prose.Ended(r.verdict) + " " + also
		}
		r.frames = prose.PacketRange(v.Frames, files)
		r.failed = diagnosis.StandingOf(v) == diagnosis.Failed
	}
	shown := diagnosis.Shown(s.Transfers, o)
	for _, i := range shown {
		row := newTransferRow(s, &s.Transfers[i], files, o.PageWidth() >= wide)
		r.failed = r.failed || row.failed
		r.transfers = append(r.transfers, row)
	}
	if n := len(s.Transfers) - len(shown); n > 0 {
		r.more = "… " + prose.Many(n, "more transfer") + ": --all shows them"
	}
	return r
}

func newWideRow(s *record.Session) wideRow {
	w := wideRow{took: prose.Span(s.End.Time - s.Start.Time), ended: strings.ToUpper(prose.Escape(s.Closing))}
	if opener := diagnosis.Opener(s); opener != record.None {
		w.opener = diagnosis.Party(opener)
	}
	if s.Open {
		w.ended = "goes on"
	} else if s.Closing == "cut" {
		w.ended = "not seen"
	}
	if s.TLS != record.TLSNone {
		w.tls = prose.Escape(s.TLS)
	}
	if s.Banner != nil {
		w.banner = strings.TrimPrefix(prose.FirstLine(*s.Banner), "220 ")
	}
	return w
}

// sums is "2 ok, 1 failed, 83.1 kB".
func sums(s *record.Session) string {
	words := diagnosis.Outcomes(s)
	if len(words) == 0 || s.Login == record.LoginFailed && diagnosis.Carried(s) == 0 {
		return nothing(s)
	}
	if n := diagnosis.Carried(s); n > 0 && len(words) == 1 && !strings.HasSuffix(words[0], diagnosis.TakenOver) {
		words = append(words, prose.Size(n)) // with failures, how much came through matters less than the column's width
	}
	return strings.Join(words, ", ")
}

// nothing says how a session stands in which nothing was transferred.
func nothing(s *record.Session) string {
	switch {
	case s.Login == record.LoginFailed:
		return "login failed"
	case diagnosis.StandingOf(s.Verdict) == diagnosis.Failed:
		return "failed"
	}
	return "none"
}

func newTransferRow(s *record.Session, t *record.Transfer, files, wide bool) transferRow {
	r := transferRow{name: strings.TrimSuffix(diagnosis.CommandLine(t), diagnosis.Resumed(t)), method: t.Method, result: diagnosis.Result(t), failed: t.Failed(), mode: t.Mode}
	if t.Method == record.MethodEncrypted {
		if r.method = prose.Escape(s.Protection()); t.Notes.InClear {
			r.method = "PROT C"
		}
	}
	switch {
	case t.Connection == nil:
		r.main, r.short = plan(s, t)
		r.detail = whyNone(t)
	case t.Opened():
		src, dst := t.Connection.Src, t.Connection.Dst
		r.main = diagnosis.Party(t.Initiator) + " opened " + src.String() + " → " + dst.String()
		r.short = short(s, src, t.Initiator) + " opened → " + short(s, dst, other(t.Initiator))
		if t.Initiator == record.ThirdParty && t.ExpectedInitiator != nil {
			r.short = diagnosis.Party(t.Initiator) + " opened " + src.String() + " → " + short(s, dst, other(*t.ExpectedInitiator))
		}
		r.detail = openedDetail(t)
	default:
		r.main, r.short = plan(s, t)
		r.detail = tried(t)
	}
	if r.short == "" {
		r.short = r.main
	}
	if wide {
		r.widen(t)
	}
	if t.Opened() && t.Carried() != nil {
		r.size = prose.Size(*t.Carried())
	}
	if t.Direction != nil && r.size != "" {
		r.arrow = "↓"
		if *t.Direction == record.Upload {
			r.arrow = "↑"
		}
	}
	if why := whyFailed(s, t); why != "" {
		r.detail = why
	} else {
		r.detail = prose.Clauses(r.detail, refusal(s, t))
	}
	r.frames = frameCell(t, files)
	if diagnosis.Running(s, t) {
		r.result = "running"
	}
	return r
}

// widen tells what a wide page has room for: the whole path, and how fast it was.
func (r *transferRow) widen(t *record.Transfer) {
	if path := prose.Escape(prose.Known(t.Path)); path != "" && t.Command != nil && t.OfFile() {
		if name := prose.Escape(*t.Command) + " " + path; prose.Columns(name) <= maxNameWide {
			r.name = name
		}
	}
	n, c := t.Carried(), t.Connection
	if !t.Opened() || c == nil || n == nil || c.End.Time <= c.Start.Time {
		return
	}
	took := c.End.Time - c.Start.Time
	if took < flow.Millisecond {
		r.elapsed = "in less than 1 ms"
		return
	}
	r.elapsed = "in " + prose.Span(took)
	const least = 100 * flow.Millisecond // before, handshakes and acknowledgements make the rate
	if rate := float64(*n) / (float64(took) / float64(flow.Second)); took >= least && *n > 0 && rate < 1e15 {
		r.elapsed += ", " + prose.Size(uint64(rate)) + "/s"
	}
}

// whyFailed is the verdict of a transfer that did not go well, unless the session's says
// the same.
func whyFailed(s *record.Session, t *record.Transfer) string {
	if diagnosis.StandingOf(t.Verdict) < diagnosis.Slow || s.Verdict != nil && (s.Verdict.Cause == t.Verdict.Cause || s.Verdict.Transfer == t.N) {
		return ""
	}
	return t.Verdict.At + ": " + diagnosis.VerdictText(t.Verdict)
}

// refusal is the server's words to a transfer that failed, unless the session's verdict
// quotes them.
func refusal(s *record.Session, t *record.Transfer) string {
	if !t.Failed() || t.Reply == nil || t.Reply.Code < 400 || t.Reply.Text == "" || s.Verdict != nil && s.Verdict.Transfer == t.N {
		return ""
	}
	return strconv.Itoa(t.Reply.Code) + " " + prose.Quote(strings.ReplaceAll(t.Reply.Text, "\n", " "))
}

// openedDetail is what the row of an open data connection has no room for.
func openedDetail(t *record.Transfer) string {
	var parts []string
	if from := diagnosis.Resumed(t); from != "" {
		parts = append(parts, strings.Trim(from, " ()"))
	}
	for _, p := range []string{diagnosis.Progress(t), diagnosis.SlowWords(t)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if !t.SYNSeen() {
		parts = append(parts, "inferred: its SYN is not in the capture")
	}
	parts = append(parts, diagnosis.Content(t)...)
	return strings.Join(parts, "; ")
}

// short names an endpoint by its role, where the full address does not fit:
// "client:43677". The role is the one that it should have, since both sides may be one
// host; another host keeps its address.
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
	e, ok := diagnosis.Target(t)
	if !ok {
		return "", ""
	}
	if t.ExpectedInitiator == nil {
		full = "announced " + e.String()
		return full, full
	}
	before := diagnosis.Party(*t.ExpectedInitiator) + " should open → "
	return before + e.String(), before + short(s, e, other(*t.ExpectedInitiator))
}

// whyNone says that there is no connection at all, which the place of capture may be the
// reason of.
func whyNone(t *record.Transfer) string {
	if t.Outcome == record.NoConnection {
		return "no SYN in the capture: none was sent, or it was dropped before it came here"
	}
	return ""
}

// tried says who tried and how it ended: "client tried 203.0.113.10:40608, 3 SYNs, no
// answer".
func tried(t *record.Transfer) string {
	c := t.Connection
	from := c.Src.String()
	if diagnosis.Detour(t) {
		from += " → " + c.Dst.String()
	}
	return diagnosis.Party(t.Initiator) + " tried " + from + ", " + prose.Many(c.Attempts, "SYN") + ", " + diagnosis.LastTry(t)
}

// frameCell names the packets: those of command, SYN and reply of a connection that came
// to be, else from the first to the last.
func frameCell(t *record.Transfer, files bool) string {
	f := &t.Frames
	if t.Opened() {
		return prose.PacketList([]flow.Pos{f.Command, f.SYN, f.Reply}, files)
	}
	return prose.PacketRange(append(lastTries(t), f.Negotiation, f.Command, f.SYN, f.Reply), files)
}

// lastTries are the packets that show the end of a connection that failed.
func lastTries(t *record.Transfer) []flow.Pos {
	var all []flow.Pos
	for i := range t.Notes.Tried {
		all = append(all, t.Notes.Tried[i].LastSYN.Pos)
	}
	return all
}
