package html

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"strconv"
	"strings"
	"sync"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// The page itself: one file that asks the network for nothing. What can be read without
// JavaScript is written by the template; the script makes the rest of the JSON that
// follows. A Content-Security-Policy with the hashes of the one style and the one script
// lets the browser run nothing else, whatever the wire had.

//go:embed page/page.html
var pageTemplate string

//go:embed page
var parts embed.FS

// The style and the script are kept in parts, each about one thing; in the page each is
// one element.
var (
	style  = joined("base.css", "findings.css", "table.css", "details.css", "verdict.css", "curve.css", "narrow.css", "print.css")
	script = "\"use strict\";\n(() => {\n" + joined("base.js", "clock.js", "state.js", "table.js", "details.js", "timeline.js", "hosts.js", "main.js") + "})();\n"
)

func joined(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		part, err := parts.ReadFile("page/" + name)
		if err != nil {
			panic(err) // embedded
		}
		b.Write(part)
	}
	return b.String()
}

// templates is parsed when the first page is written: other runs need not wait for it.
var templates = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageTemplate)) })

// maxStaticRows are the sessions that a browser without JavaScript shows.
const maxStaticRows = 100

// view is what the template shows.
type view struct {
	Policy         string
	Title, Name    string
	Level, Verdict string
	answerView
	Zone           string // of the times
	Day            string // of all sessions; empty: there are several
	Tiles          []tile
	Groups         []group
	Rows           []staticRow
	RowsNote, Left string
	hostView
	clientView
	originView
	besideView
}

// answerView is what went wrong, the gravest first.
type answerView struct {
	Answer       string
	Leads        []lead
	Causes       []causeRow
	CausesFolded []causeRow
	CausesMore   string
	Curves       []curve
}

// hostView is what the page says of hosts and servers.
type hostView struct {
	Hosts       []hostRow
	HostsMore   string
	Servers     []serverRow
	ServersMore string
}

// clientView is what clients did, and which files went which way.
type clientView struct {
	Clients             []clientRow
	ClientsMore         string
	Files               []fileRow
	FilesFolded         []fileRow
	FilesMore, NoHashes string
	Hashed              bool
}

// originView is where the page comes from.
type originView struct {
	Command, Version  string
	Inputs            []input
	HasSizes, Several bool
}

// besideView is what was seen beside sessions, and what the capture lacks.
type besideView struct {
	Coverage             []coverage
	Tried, Stray         []tried
	TriedMore, StrayMore string
}

type tile struct {
	Name, Value, Level string
	Lines              []string
	From               when
}

type staticRow struct {
	ID                                                                          int
	Start                                                                       when
	Lasted, Client, Server, User, Login, Mode, Initiator, Sums, Worst, Severity string
	Cause, Place, Level                                                         string
	Data, Shown                                                                 []string
	Rejected, Failed                                                            bool
}

type tried struct {
	When                when
	From, To, What, Why string
}

// zoned are rows with the zone that the heading of their times names.
type zoned[T any] struct {
	Rows []T
	Zone string
}

func (v *view) TriedTable() zoned[tried]    { return zoned[tried]{v.Tried, v.Zone} }
func (v *view) StrayTable() zoned[tried]    { return zoned[tried]{v.Stray, v.Zone} }
func (v *view) FileTable() zoned[fileRow]   { return zoned[fileRow]{v.Files, v.Zone} }
func (v *view) FoldedTable() zoned[fileRow] { return zoned[fileRow]{v.FilesFolded, v.Zone} }

type input struct {
	N                  int
	Name, Size, SHA256 string
	Sessions           string
	First, Last        when
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// policy forbids everything but the page's own style and script; data: images are the
// empty icon, that no browser asks for one. Trusted types forbid the script to make
// elements of text.
func policy() string {
	return "default-src 'none'; script-src " + hashOf(script) + "; style-src " + hashOf(style) +
		"; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// Summary writes the page.
func (h *writer) Summary(s *record.Summary) error {
	entries := h.entries()
	h.tagSeries(entries)
	w := bufio.NewWriter(h.out)
	v := h.view(s, entries)
	if err := templates().ExecuteTemplate(w, "head", v); err != nil {
		return err
	}
	w.WriteString("<style>" + style + "</style>\n")
	if err := templates().ExecuteTemplate(w, "body", v); err != nil {
		return err
	}
	h.writeData(w, s, entries)
	w.WriteString("<script>" + script + "</script>\n</body>\n</html>\n")
	return w.Flush()
}

// writeData writes what the script reads: a line a session in the elements rows and
// details.
func (h *writer) writeData(w *bufio.Writer, s *record.Summary, entries []*entry) {
	const open = `<script type="application/json" id="`
	w.WriteString(open + `meta">`)
	w.Write(marshal(map[string]any{"severities": record.Severities, "clocks": h.clockChanges(s), "hosts": h.hosts.picture(), "sessions": h.seen, "kept": len(entries),
		"worst": len(entries) > report.MaxShown, "files": escaped(s.Files), "titles": h.titles(), "several": h.opt.Files > 1 || len(s.Files) > 1}))
	w.WriteString("</script>\n" + open + `rows">[`)
	for i, e := range entries {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('\n')
		w.Write(marshal(e.row.array()))
	}
	w.WriteString("\n]</script>\n" + open + `details">` + "\n")
	for _, e := range entries {
		w.Write(e.detail)
		w.WriteByte('\n')
	}
	w.WriteString("</script>\n")
}

// titles are the names of the rules that found something, and their places on the page.
func (h *writer) titles() map[string][2]string {
	m := map[string][2]string{}
	for i, k := range h.found.kinds() {
		if id := prose.Escape(k.id); m[id][0] == "" {
			m[id] = [2]string{ruleTitle(id), "f" + strconv.Itoa(i+1)}
		}
	}
	return m
}

func escaped(list []string) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = prose.Escape(s)
	}
	return all
}

func (h *writer) view(s *record.Summary, entries []*entry) *view {
	v := &view{Policy: policy(), Name: names(s.Files), Groups: h.found.groups(),
		besideView: besideView{Coverage: h.coverage(s), Tried: h.tried, Stray: h.stray},
		originView: originView{Version: prose.Escape(h.opt.Version), Command: commandWords(h.opt.CommandLine)}}
	v.Title = "FTP report: " + v.Name
	if h.opt.Title != "" {
		v.Title = prose.Cut(prose.Escape(h.opt.Title), maxText)
		v.Name = v.Title
	}
	v.Inputs, v.HasSizes = h.inputs(s)
	v.Several = h.opt.Files > 1 || len(v.Inputs) > 1
	c := h.clock()
	if v.Day, c.dated = c.day(entries); h.seen == 0 {
		c.dated = false
	}
	v.Zone = h.opt.Zone.Name(h.clockSpan(s))
	v.Leads = h.leads()
	h.viewCauses(v)
	for _, e := range entries {
		v.Curves = append(v.Curves, e.curves...)
	}
	v.Level, v.Verdict = h.verdict(s, v.Leads)
	v.Tiles = h.tiles(s)
	v.Rows = h.staticRows(entries, c)
	if n := len(entries) - len(v.Rows); n > 0 {
		v.RowsNote = "The first " + prose.Number(uint64(len(v.Rows))) + " of " + prose.Many(len(entries), "session") + ", those with failures or findings first; with JavaScript the page shows all of them."
	}
	h.viewClients(v, c)
	h.viewFiles(v, c)
	if n := h.seen - len(entries); n > 0 {
		v.Left = "This page holds " + prose.Number(uint64(len(entries))) + " of " + prose.Many(h.seen, "session") + ": those with failures or grave findings first, then those with other findings. The other " +
			prose.Number(uint64(n)) + " are counted above."
	}
	var more int
	if v.Hosts, more = h.hosts.rows(); more > 0 {
		v.HostsMore = "… and " + prose.Many(more, "more pair") + " of hosts"
	}
	if h.hosts.left > 0 {
		v.HostsMore += "; " + prose.Many(h.hosts.left, "data connection") + " between hosts beyond the number kept"
	}
	v.Servers, v.ServersMore = h.serverRows()
	if n := s.Attempts - len(h.tried); n > 0 {
		v.TriedMore = "… and " + prose.Number(uint64(n)) + " more"
	}
	if n := s.Orphans - len(h.stray); n > 0 {
		v.StrayMore = "… and " + prose.Number(uint64(n)) + " more"
	}
	return v
}

// day is the day of all sessions, or that there are several.
func (c clock) day(entries []*entry) (day string, dated bool) {
	for _, e := range entries {
		r := &e.row
		for _, t := range []int64{r.Start, r.Start + r.Length} {
			d := c.zone.Date(flow.Time(t) * flow.Microsecond)
			if day != "" && d != day {
				return "", true
			}
			day = d
		}
	}
	return day, false
}

func (h *writer) viewClients(v *view, c clock) {
	shown, more := h.parties.shown()
	for _, p := range shown {
		v.Clients = append(v.Clients, p.page(v.Several, c))
	}
	if more > 0 {
		v.ClientsMore = "… and " + prose.Many(more, "more client") + " at a server, whose sessions are in the table"
	}
	if h.parties.left > 0 {
		v.ClientsMore += "; " + prose.Many(h.parties.left, "session") + " of clients beyond the number kept"
	}
}

func (h *writer) viewFiles(v *view, c clock) {
	more := 0
	if v.Files, v.FilesFolded, more = h.files.rows(c); more > 0 {
		v.FilesMore = "… and " + prose.Many(more, "more file") + ", whose transfers went well and have no findings, or beyond the number kept: -o csv=transfers has all"
	}
	if v.Hashed = h.files.hashed; !v.Hashed && len(v.Files) > 0 {
		v.NoHashes = "Hashes were not asked for: ftpscope --hash sha256 computes them, --extract DIR keeps the files as well."
	}
}

// names is "a.pcap", "a.pcap and 3 more files".
func names(files []string) string {
	const most = 60
	switch len(files) {
	case 0:
		return "no files"
	case 1:
		return prose.Cut(prose.Escape(files[0]), most)
	}
	return prose.Cut(prose.Escape(files[0]), most) + " and " + prose.Many(len(files)-1, "more file")
}

// commandWords quotes the command line as a shell would need it.
func commandWords(args []string) string {
	var words []string
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$&|;<>()*?[]#~`!{}") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, prose.Escape(a))
	}
	return strings.Join(words, " ")
}

// inputs are the files with what is known of them.
func (h *writer) inputs(s *record.Summary) (list []input, sizes bool) {
	if h.opt.Inputs != nil {
		for i, f := range h.opt.Inputs() {
			x := input{N: i + 1, Name: prose.Escape(f.Name), SHA256: f.SHA256}
			if f.Size > 0 || f.SHA256 != "" {
				x.Size, sizes = prose.Number(uint64(max(f.Size, 0))), true
			}
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		for i, name := range s.Files {
			list = append(list, input{N: i + 1, Name: prose.Escape(name)})
		}
	}
	for i := range list {
		f := h.perFile[i]
		if f == nil {
			list[i].Sessions = "0"
			continue
		}
		list[i].Sessions = prose.Number(uint64(f.sessions))
		list[i].First, list[i].Last = h.clock().when(dayed, f.first), h.clock().when(fine, f.last)
		if h.opt.Zone.Date(f.first) != h.opt.Zone.Date(f.last) {
			list[i].Last = h.clock().when(dayed, f.last)
		}
	}
	return list, sizes
}

// staticRows are the sessions for readers without JavaScript: all in their order, or the
// most troubled.
func (h *writer) staticRows(entries []*entry, c clock) []staticRow {
	if len(entries) > maxStaticRows {
		entries = nil
		for rank := diagnosis.Trouble; rank >= diagnosis.Quiet; rank-- {
			list := h.kept[rank]
			entries = append(entries, list[:min(len(list), maxStaticRows-len(entries))]...)
		}
	}
	var rows []staticRow
	for _, e := range entries {
		rows = append(rows, e.row.static(c))
	}
	return rows
}
