package report

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// What the page keeps of a session: a row of the table, which holds all that filters and search need, and the details,
// which the browser reads when they are opened. Texts are escaped as for a terminal, so that nothing of the wire is
// invisible or changes the direction of reading; the page only ever inserts them as text.

// htmlRow is a session in the table. The script reads it as an array in the order of its fields.
type htmlRow struct {
	ID             int
	Start, Length  int64 // microseconds since 1970, and from there
	Client, Server string
	User           string
	Mode           string // of the session
	Modes          []string
	Initiator      string // of the session
	Initiators     []string
	Sums           string // "2 ok, 1 failed"
	Transfers      int
	Failed         int
	Bytes          uint64
	Outcomes       []string
	Gravity        int   // of the worst finding: 0 critical … 4 info, 5 without
	Severities     []int // how many findings of each, the gravest first
	Findings       []string
	Hosts          []string // of data connections, besides client and server
	Names          string   // commands and their arguments, to search in
	Spans          [][4]int64
	Rank           int
	Login, TLS     string
}

const (
	maxRowNames = 1500 // bytes: some 30 file names
	maxRowHosts = 8
	maxRowSpans = 40
	maxRowUser  = 80 // columns
)

func newHTMLRow(s *session.Session, rank int) htmlRow {
	r := htmlRow{
		ID: s.ID, Start: microseconds(s.Start.Time), Length: microseconds(max(s.End.Time-s.Start.Time, 0)),
		Client: s.Client.String(), Server: s.Server.String(), User: cut(deref(s.User), maxRowUser),
		Mode: s.Mode, Modes: []string{s.Mode}, Initiator: s.Initiator, Initiators: []string{s.Initiator},
		Sums: strings.Join(outcomes(s), ", "), Transfers: len(s.Transfers), Bytes: carriedBytes(s), Gravity: len(severities), Severities: make([]int, len(severities)),
		Outcomes: []string{}, Findings: []string{}, Hosts: []string{}, Spans: [][4]int64{}, Rank: rank, Login: s.Login, TLS: s.TLS,
	}
	for i := range s.Transfers {
		r.transfer(s, &s.Transfers[i])
	}
	for i := range s.Findings {
		g := gravity(s.Findings[i].Severity)
		r.Gravity = min(r.Gravity, g)
		r.Severities[g]++
		addOnce(&r.Findings, escape(s.Findings[i].ID))
	}
	return r
}

func (r *htmlRow) transfer(s *session.Session, t *session.Transfer) {
	addOnce(&r.Modes, t.Mode)
	addOnce(&r.Initiators, t.Initiator)
	addOnce(&r.Outcomes, t.Outcome)
	if failed(t) {
		r.Failed++
	}
	if name := commandLine(t); name != "" && len(r.Names)+len(name) < maxRowNames && !strings.Contains(r.Names, name) {
		r.Names += name + "\n"
	}
	for _, a := range dataHosts(t) {
		if a != s.Client.Addr() && a != s.Server.Addr() && len(r.Hosts) < maxRowHosts {
			addOnce(&r.Hosts, a.String())
		}
	}
	if len(r.Spans) < maxRowSpans {
		if from, to := spanOf(s, t); to >= from {
			r.Spans = append(r.Spans, [4]int64{microseconds(from - s.Start.Time), microseconds(to - from), int64(t.N), int64(stateOf(t))})
		}
	}
}

// array is what the script reads.
func (r *htmlRow) array() []any {
	return []any{r.ID, r.Start, r.Length, r.Client, r.Server, r.User, r.Mode, r.Modes, r.Initiator, r.Initiators, r.Sums, r.Transfers,
		r.Failed, r.Bytes, r.Outcomes, r.Gravity, r.Severities, r.Findings, r.Hosts, r.Names, r.Spans, r.Rank, r.Login, r.TLS}
}

func microseconds(t flow.Time) int64 { return int64(t / flow.Microsecond) }

func addOnce(list *[]string, s string) {
	if s != "" && !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

// dataHosts are the hosts that a transfer names or connects.
func dataHosts(t *session.Transfer) []netip.Addr {
	var list []netip.Addr
	if t.Announced != nil {
		list = append(list, t.Announced.Addr())
	}
	if c := t.Connection; c != nil {
		list = append(list, c.Src.Addr(), c.Dst.Addr())
	}
	return list
}

// spanOf is when a transfer began and ended, as far as its packets' times are known; to < from when they are not.
func spanOf(s *session.Session, t *session.Transfer) (from, to flow.Time) {
	from, to = s.End.Time, s.Start.Time
	see := func(at flow.Time) {
		if at != 0 {
			from, to = min(from, at), max(to, at)
		}
	}
	for _, l := range []*session.Line{t.Notes.Asked, t.Notes.Ran} {
		if l != nil {
			see(l.Mark.Time)
		}
	}
	if t.Reply != nil {
		see(t.Reply.Time.Time)
	}
	if c := t.Connection; c != nil {
		see(c.Start.Time)
		see(c.End.Time)
	}
	return max(from, s.Start.Time), to
}

// How a transfer ended, for colours; the words beside them say it too.
const (
	stateGood = iota
	stateBad
	stateOpen // neither: unused, incomplete, encrypted
)

func stateOf(t *session.Transfer) int {
	switch {
	case failed(t), opened(t) && t.Initiator == session.ThirdParty:
		return stateBad
	case t.Outcome == session.OK:
		return stateGood
	}
	return stateOpen
}

// htmlDetail is what opens below a row.
type htmlDetail struct {
	Story    []string      `json:"story"`
	Facts    [][2]string   `json:"facts"`
	Blocks   []*htmlBlock  `json:"blocks"`
	Findings []htmlVerdict `json:"findings"`
	More     string        `json:"more,omitempty"` // what was left out
}

// htmlVerdict is a finding in the details; T is its transfer, 0 for the session.
type htmlVerdict struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	T        int    `json:"t,omitempty"`
	Message  string `json:"message"`
	Advice   string `json:"advice"`
}

// Columns of a text of the wire, and of a paragraph that quotes it: nobody reads 64 KB, and the capture has them.
const (
	maxText  = 600
	maxStory = 2000
)

func (h *htmlReport) detail(s *session.Session) []byte {
	files := several(s, h.opt)
	d := &htmlDetail{Story: []string{}, Facts: h.facts(s), Findings: []htmlVerdict{}}
	findings := ranked(s)
	for _, p := range []string{inShort(findings), story(s, files), firewall(s), limits(s)} {
		if p != "" {
			d.Story = append(d.Story, cutEnd(strings.TrimSpace(p), maxStory))
		}
	}
	for _, f := range findings {
		d.Findings = append(d.Findings, htmlVerdict{escape(f.ID), severities[gravity(f.Severity)], f.Transfer, toldOf(f.Message), toldOf(f.Advice)})
	}
	d.Blocks, d.More = newHTMLLadder(s, h.opt, h.limits.ladder).blocks()
	return marshal(d)
}

// toldOf is a finding's message or advice as a sentence.
func toldOf(text string) string { return cutEnd(sentence(escape(text)), maxStory) }

// marshal is a line of JSON that may stand in a script element: encoding/json writes <, > and & as \u escapes.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types: strings, numbers, lists
	}
	return bytes.Clone(b)
}

func (h *htmlReport) facts(s *session.Session) [][2]string {
	list := [][2]string{}
	add := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, value})
		}
	}
	wire := func(s *string) string {
		if s == nil {
			return ""
		}
		return cutEnd(escapeLines(*s), maxText)
	}
	add("Client", s.Client.String())
	add("Server", s.Server.String())
	add("Start", precise(s.Start)+" UTC")
	add("Lasted", span(s.End.Time-s.Start.Time))
	add("User", wire(s.User))
	if s.Password != nil {
		password := hiddenText
		if h.opt.ShowPasswords {
			password = wire(s.Password)
		}
		add("Password", password)
	}
	add("Login", map[string]string{session.LoginOK: "accepted", session.LoginFailed: "rejected", session.LoginNone: "none seen"}[s.Login])
	add("TLS", map[string]string{session.TLSNone: "none: clear text", session.TLSExplicit: "after AUTH", session.TLSRefused: "asked for and refused",
		session.TLSImplicit: "from the first byte"}[s.TLS])
	add("Banner", wire(s.Banner))
	add("System", wire(s.System))
	add("Commands", number(uint64(s.Commands)))
	add("Ended by", map[string]string{session.ClosingQuit: "QUIT", "fin": "FIN", "rst": "RST", "cut": "not seen"}[s.Closing])
	if s.Client.IsValid() && s.Server.IsValid() {
		add("Community ID", flow.CommunityID(s.Client, s.Server))
	}
	return list
}

// escapeLines escapes a text of several lines, line by line.
func escapeLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = escape(lines[i])
	}
	return strings.Join(lines, "\n")
}

// precise is a stamp with the digits that the capture has.
func precise(s session.Stamp) string {
	text := string(stamp(nil, "", s))
	return strings.Replace(strings.Trim(text, `"Z`), "T", " ", 1)
}

func transferFacts(t *session.Transfer) [][2]string {
	list := [][2]string{}
	add := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, value})
		}
	}
	add("Method", methodWords(t))
	if t.Announced != nil {
		add("Announced", t.Announced.String())
	}
	if t.ExpectedInitiator != nil {
		add("Should open", *t.ExpectedInitiator)
	}
	opener := party(t.Initiator)
	if t.Connection != nil {
		add("Connection", t.Connection.Src.String()+" → "+t.Connection.Dst.String())
		if !opened(t) {
			opener += ", " + verdict(t)
		} else if t.Evidence == session.EvidenceInferred {
			opener += ", inferred"
		}
	}
	add("Opened by", opener)
	if t.Path != nil {
		add("Path", cut(escape(*t.Path), maxText))
	}
	add("Representation", map[string]string{"A": "ASCII (TYPE A)", "I": "image (TYPE I)", "E": "EBCDIC (TYPE E)"}[valueOf(t.Representation)])
	if t.Restart != nil && *t.Restart > 0 {
		add("Restart at", number(*t.Restart))
	}
	if t.Bytes != nil {
		add("Bytes", number(*t.Bytes))
	}
	if t.MissingBytes != nil && *t.MissingBytes > 0 {
		add("Not in the capture", many(*t.MissingBytes, "byte"))
	}
	if t.Notes.Size != nil {
		add("Size by the server", number(*t.Notes.Size))
	}
	for _, s := range sumsOf(t) {
		add(s.name, s.hex)
	}
	add("Content", cut(escape(valueOf(t.MIMEType)), maxText))
	add("Extracted to", cut(escape(valueOf(t.File)), maxText))
	if t.Connection != nil && t.Connection.Src.IsValid() && t.Connection.Dst.IsValid() {
		add("Community ID", flow.CommunityID(t.Connection.Src, t.Connection.Dst))
	}
	return list
}

func methodWords(t *session.Transfer) string {
	switch t.Method {
	case session.MethodDefault:
		return "none: default port"
	case session.MethodEncrypted:
		return "hidden by TLS"
	}
	return t.Method
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
