package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"sync"

	"ftpscope/analyze/session"
)

// The page itself: one file that asks the network for nothing. What can be read without JavaScript is written by the
// template; the script makes the rest of the JSON that follows. A Content-Security-Policy with the hashes of the one
// style and the one script lets the browser run nothing else, whatever the wire had.

//go:embed htmlpage/page.html
var htmlTemplate string

//go:embed htmlpage/style.css
var htmlStyle string

//go:embed htmlpage/script.js
var htmlScript string

// htmlTemplates is parsed when the first page is written: other runs need not wait for it.
var htmlTemplates = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(htmlTemplate)) })

// maxStaticRows are the sessions that a browser without JavaScript shows.
const maxStaticRows = 100

// htmlView is what the template shows.
type htmlView struct {
	Policy                string
	Title, Name           string
	Level, Verdict, Worst string
	Tiles                 []htmlTile
	Groups                []htmlGroup
	Rows                  []htmlStaticRow
	RowsNote, Left        string
	Hosts                 []htmlHostRow
	HostsMore             string
	Servers               []htmlServer
	ServersMore           string
	Coverage              []htmlCoverage
	Tried, Stray          []htmlTried
	TriedMore, StrayMore  string
	Command, Version      string
	Inputs                []htmlInput
	HasSizes, Several     bool
}

type htmlTile struct {
	Name, Value, Level string
	Lines              []string
}

type htmlStaticRow struct {
	ID, Start, Client, Server, User, Mode, Initiator, Sums, Bytes, Worst, Severity string
}

type htmlTried struct{ When, From, To, What string }

type htmlInput struct {
	N                  int
	Name, Size, SHA256 string
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// policy forbids everything but the page's own style and script; data: images are the empty icon, that no browser asks
// for one. Trusted types forbid the script to make elements of text.
func policy() string {
	return "default-src 'none'; script-src " + hashOf(htmlScript) + "; style-src " + hashOf(htmlStyle) +
		"; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// Summary writes the page.
func (h *htmlReport) Summary(s *session.Summary) error {
	entries := h.entries()
	w := bufio.NewWriter(h.out)
	v := h.view(s, entries)
	if err := htmlTemplates().ExecuteTemplate(w, "head", v); err != nil {
		return err
	}
	w.WriteString("<style>" + htmlStyle + "</style>\n")
	if err := htmlTemplates().ExecuteTemplate(w, "body", v); err != nil {
		return err
	}
	h.writeData(w, s, entries)
	w.WriteString("<script>" + htmlScript + "</script>\n</body>\n</html>\n")
	return w.Flush()
}

// writeData writes what the script reads: a line a session in the elements rows and details.
func (h *htmlReport) writeData(w *bufio.Writer, s *session.Summary, entries []*htmlEntry) {
	const open = `<script type="application/json" id="`
	w.WriteString(open + `meta">`)
	w.Write(marshal(map[string]any{"severities": severities, "hosts": h.hosts.picture(), "sessions": h.seen, "kept": len(entries),
		"worst": len(entries) > maxShown}))
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

func (h *htmlReport) view(s *session.Summary, entries []*htmlEntry) *htmlView {
	v := &htmlView{Policy: policy(), Name: names(s.Files), Groups: h.found.groups(), Coverage: h.coverage(s), Tried: h.tried, Stray: h.stray,
		Version: escape(h.opt.Version), Command: commandWords(h.opt.CommandLine)}
	v.Title = "FTP report: " + v.Name
	v.Level, v.Verdict, v.Worst = h.verdict(s)
	v.Tiles = h.tiles(s)
	v.Rows = h.staticRows(entries)
	if n := len(entries) - len(v.Rows); n > 0 {
		v.RowsNote = "The first " + number(uint64(len(v.Rows))) + " of " + many(len(entries), "session") + ", those with failures or findings first; with JavaScript the page shows all of them."
	}
	if n := h.seen - len(entries); n > 0 {
		v.Left = "This page holds " + number(uint64(len(entries))) + " of " + many(h.seen, "session") + ": those with failures or grave findings first, then those with other findings. The other " +
			number(uint64(n)) + " are counted above."
	}
	var more int
	if v.Hosts, more = h.hosts.rows(); more > 0 {
		v.HostsMore = "… and " + many(more, "more pair") + " of hosts"
	}
	if h.hosts.left > 0 {
		v.HostsMore += "; " + many(h.hosts.left, "data connection") + " between hosts beyond the number kept"
	}
	v.Servers, v.ServersMore = h.serverRows()
	if n := s.Attempts - len(h.tried); n > 0 {
		v.TriedMore = "… and " + number(uint64(n)) + " more"
	}
	if n := s.Orphans - len(h.stray); n > 0 {
		v.StrayMore = "… and " + number(uint64(n)) + " more"
	}
	v.Inputs, v.HasSizes = h.inputs(s)
	v.Several = len(v.Inputs) > 1
	return v
}

// names is "a.pcap", "a.pcap and 3 more files".
func names(files []string) string {
	const most = 60
	switch len(files) {
	case 0:
		return "no files"
	case 1:
		return cut(escape(files[0]), most)
	}
	return cut(escape(files[0]), most) + " and " + many(len(files)-1, "more file")
}

// commandWords quotes the command line as a shell would need it.
func commandWords(args []string) string {
	var words []string
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$&|;<>()*?[]#~`!{}") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, escape(a))
	}
	return strings.Join(words, " ")
}

// inputs are the files with what is known of them.
func (h *htmlReport) inputs(s *session.Summary) (list []htmlInput, sizes bool) {
	if h.opt.Inputs != nil {
		for i, f := range h.opt.Inputs() {
			x := htmlInput{N: i + 1, Name: escape(f.Name), SHA256: f.SHA256}
			if f.Size > 0 || f.SHA256 != "" {
				x.Size, sizes = number(uint64(max(f.Size, 0))), true
			}
			list = append(list, x)
		}
	}
	if len(list) > 0 {
		return list, sizes
	}
	for i, name := range s.Files {
		list = append(list, htmlInput{N: i + 1, Name: escape(name)})
	}
	return list, false
}

// staticRows are the sessions for readers without JavaScript: all in their order, or the most troubled.
func (h *htmlReport) staticRows(entries []*htmlEntry) []htmlStaticRow {
	if len(entries) > maxStaticRows {
		entries = nil
		for rank := trouble; rank >= quiet; rank-- {
			list := h.kept[rank]
			entries = append(entries, list[:min(len(list), maxStaticRows-len(entries))]...)
		}
	}
	var rows []htmlStaticRow
	for _, e := range entries {
		rows = append(rows, e.row.static())
	}
	return rows
}
