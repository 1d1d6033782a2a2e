package html

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/ladder"
	"ftpscope/capture/flow"
)

// detail is what opens below a row.
type detail struct {
	Verdict  *judged    `json:"verdict,omitempty"`
	Story    []string   `json:"story"`
	Facts    []fact     `json:"facts"`
	Done     *doneTable `json:"done,omitempty"`
	Blocks   []*block   `json:"blocks"`
	Findings []*verdict `json:"findings"`
	More     string     `json:"more,omitempty"` // what was left out
}

// verdict is a rule's findings in the details, the first of them in words; T are their
// transfers.
type verdict struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Count    int    `json:"count"`
	T        []int  `json:"t,omitempty"`
	Message  string `json:"message"`
	Advice   string `json:"advice"`
	Filter   string `json:"filter,omitempty"` // its packets
	File     int    `json:"file,omitempty"`   // that they are in, from 1
}

// Columns of a text of the wire, and of a paragraph that quotes it: nobody reads 64 KB,
// and the capture has them.
const (
	maxText  = 600
	maxStory = 2000
)

func (h *writer) detail(s *record.Session) []byte {
	files := h.opt.FileNumbers(s)
	d := &detail{Story: []string{}, Facts: h.facts(s)}
	if s.Verdict != nil {
		j := newJudged(s.Verdict)
		d.Verdict = &j
	}
	for _, p := range []string{diagnosis.Story(s, files), diagnosis.Firewall(s), diagnosis.Limits(s)} {
		if p != "" {
			d.Story = append(d.Story, prose.CutEnd(strings.TrimSpace(p), maxStory))
		}
	}
	d.Findings = verdictsOf(s)
	d.Done = newDoneTable(s, files)
	l := newSessionLadder(s, h.opt, h.limits.ladder)
	l.labels = h.labels
	d.Blocks, d.More = l.blocks()
	return marshal(d)
}

// verdictsOf are a session's findings, habits last: those of one kind are one. What its
// verdict says already needs no advice.
func verdictsOf(s *record.Session) []*verdict {
	list := []*verdict{}
	ranked := deedsFirst(diagnosis.Ranked(s))
	slices.SortStableFunc(ranked, func(a, b *record.Finding) int { return diagnosis.TrueFirst(!diagnosis.Habit(a), !diagnosis.Habit(b)) })
	for _, f := range ranked {
		v := &verdict{ID: prose.Escape(f.ID), Severity: record.Severities[record.Gravity(f.Severity)]}
		if i := slices.IndexFunc(list, func(x *verdict) bool { return x.ID == v.ID && x.Severity == v.Severity }); i >= 0 {
			v = list[i]
		} else {
			list = append(list, v)
			v.Message = toldOf(f.Message)
			if !f.Shared && !diagnosis.Told(s, f) {
				v.Advice = toldOf(f.Advice)
			}
			v.Filter, v.File = framesFilter(f.Frames)
		}
		if v.Count++; f.Transfer > 0 && len(v.T) < maxTransfers {
			v.T = append(v.T, f.Transfer)
		}
	}
	return list
}

// deedsFirst orders findings that are equally grave: what somebody did comes before what
// failed.
func deedsFirst(list []*record.Finding) []*record.Finding {
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].Severity == list[from].Severity {
			to++
		}
		slices.SortStableFunc(list[from:to], func(a, b *record.Finding) int { return diagnosis.TrueFirst(isDeed(a.ID), isDeed(b.ID)) })
		from = to
	}
	return list
}

// toldOf is a finding's message or advice as a sentence.
func toldOf(text string) string { return prose.CutEnd(prose.Sentence(prose.Escape(text)), maxStory) }

// marshal is a line of JSON that may stand in a script element: encoding/json writes <, >
// and & as \u escapes.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types: strings, numbers, lists
	}
	return bytes.Clone(b)
}

// fact is a name with a text, or with a time: microseconds since 1970, which the script
// shows in the reader's zone.
type fact [2]any

// facts are those whose text is not empty.
type facts []fact

func (f *facts) add(name, value string) {
	if value != "" {
		*f = append(*f, fact{name, value})
	}
}

func (h *writer) facts(s *record.Session) []fact {
	list := facts{}
	add := list.add
	wire := func(s *string) string {
		if s == nil {
			return ""
		}
		return prose.CutEnd(prose.EscapeLines(*s), maxText)
	}
	list = append(list, fact{"Start", microseconds(s.Start.Time)})
	add("Lasted", lasting(s.End.Time-s.Start.Time))
	add("Network", diagnosis.Network(s.Network))
	add("User", wire(s.User))
	if s.Password != nil {
		password := record.HiddenText
		if n := h.labels.of(*s.Password); n > 0 {
			password += ", " + labelWords(n)
		}
		if h.opt.ShowPasswords {
			password = wire(s.Password)
		}
		add("Password", password)
	}
	add("Login", map[string]string{record.LoginOK: "accepted", record.LoginFailed: "rejected", record.LoginNone: "none seen"}[s.Login])
	if failed := diagnosis.FailedLogins(s); failed != "" {
		add("Failed logins", prose.CutEnd(failed, maxText))
	}
	add("TLS", map[string]string{record.TLSNone: "none: clear text", record.TLSExplicit: "after AUTH", record.TLSRefused: "asked for and refused",
		record.TLSImplicit: "from the first byte"}[s.TLS])
	list.handshake(s.Handshake)
	add("Banner", wire(s.Banner))
	add("System", wire(s.System))
	add("Commands", prose.Number(uint64(s.Commands)))
	add("Ended by", endedBy(s))
	if control := packetsOf(&s.Notes.Control); control > 0 {
		text := prose.Number(control) + " of the control connection"
		if data := dataPackets(s); data > 0 {
			text += ", " + prose.Number(data) + " of data connections"
		}
		add("Packets", text)
	}
	if s.Client.IsValid() && s.Server.IsValid() {
		add("Community ID", flow.CommunityID(s.Client, s.Server))
	}
	return list
}

func transferFacts(s *record.Session, t *record.Transfer, files bool) []fact {
	list := facts{}
	add := list.add
	add("Method", methodWords(s, t))
	if t.Announced != nil {
		add("Announced", t.Announced.String())
	}
	if t.ExpectedInitiator != nil {
		add("Should open", *t.ExpectedInitiator)
	}
	switch opener := diagnosis.Party(t.Initiator); {
	case t.Connection == nil:
		add("Opened by", "nobody")
	case !t.Opened():
		add("Tried by", opener+", "+diagnosis.LastTry(t))
	case t.Evidence == record.EvidenceInferred:
		add("Opened by", opener+", inferred")
	default:
		add("Opened by", opener)
	}
	if t.Path != nil {
		add("Path", prose.Cut(prose.Escape(*t.Path), maxText))
	}
	add("Representation", map[string]string{"A": "ASCII (TYPE A)", "I": "image (TYPE I)", "E": "EBCDIC (TYPE E)"}[prose.Known(t.Representation)])
	if t.Restart != nil && *t.Restart > 0 {
		add("Restart at", prose.Number(*t.Restart))
	}
	if t.Carried() != nil {
		bytes := prose.Number(*t.Carried())
		if t.Notes.Size != nil {
			bytes += " of " + prose.Number(*t.Notes.Size) + " that the server announced"
		}
		if *t.Carried() == 0 {
			add("Bytes", bytes)
		} else {
			add("Bytes", bytes+map[bool]string{true: ", to the server", false: ", from the server"}[arrowOf(t) == "↑"])
		}
	}
	if t.MissingBytes != nil && *t.MissingBytes > 0 {
		add("Not in the capture", prose.Many(*t.MissingBytes, "byte"))
	}
	list = append(list, connectionFacts(s, t, files)...)
	for _, s := range diagnosis.HashesOf(t) {
		add(s.Name, s.Hex)
	}
	add("Content", prose.Cut(prose.Escape(prose.Known(t.MIMEType)), maxText))
	add("Extracted to", prose.Cut(prose.Escape(prose.Known(t.File)), maxText))
	if t.Connection != nil && t.Connection.Src.IsValid() && t.Connection.Dst.IsValid() {
		add("Community ID", flow.CommunityID(t.Connection.Src, t.Connection.Dst))
	}
	return list
}

func methodWords(s *record.Session, t *record.Transfer) string {
	switch t.Method {
	case record.MethodDefault:
		if ladder.Unheard(s, t) {
			return "none in the capture"
		}
		return "none: default port"
	case record.MethodEncrypted:
		return "hidden by " + prose.Escape(s.Protection())
	}
	return t.Method
}
