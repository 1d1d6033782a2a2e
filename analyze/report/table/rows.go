package table

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// The table's rows, for a display of its own. All texts are escaped.

// Row is what the table says of a session, its findings included.
type Row struct {
	ID               string
	Start, End       record.Stamp
	Client, Server   string
	User, Mode       string
	OpenedBy         string // who opened the data connections
	Sums             string // "2 ok, 1 failed"
	Worst            string // "● high 1"; empty without findings
	Severity         string // of the worst finding
	Failed           bool   // a transfer did not do what the client asked for
	Facts            []string
	Transfers        []TransferRow
	Findings         []FindingRow
	HiddenTransfers  int // that are not among Transfers
	HiddenFindings   int
	ClientIP, Listen string // the endpoints in short: without the client's port, and without the server's if it is 21
}

// TransferRow is what the table says of a transfer.
type TransferRow struct {
	Name, Method string
	Main, Short  string // who opened what, in full and by roles
	Detail       string // why it failed
	Status       string // size, direction and result
	Frames       string
	Failed       bool
}

// FindingRow is a finding.
type FindingRow struct {
	Severity, ID    string
	Ref             string // the session, or the transfer: "#1.2"; of an open session "transfer 2", or nothing
	Message, Advice string
}

// SessionRow is a session's row. Without Options.All it holds the transfers and findings
// that matter most.
func SessionRow(s *record.Session, o report.Options) Row {
	t := newSessionRow(s, o)
	r := Row{
		ID: t.id, Start: s.Start, End: s.End, Client: t.client, Server: t.server, User: t.user, Mode: t.mode,
		OpenedBy: diagnosis.Party(diagnosis.Opener(s)), Sums: t.sums, Worst: t.worst, Failed: t.failed, Facts: facts(s, o),
		HiddenTransfers: len(s.Transfers) - len(t.transfers),
		ClientIP:        s.Client.Addr().String(), Listen: t.server,
	}
	if s.Server.Port() == flow.PortFTP {
		r.Listen = s.Server.Addr().String()
	}
	if t.gravity >= 0 {
		r.Severity = record.Severities[t.gravity]
	}
	for i := range t.transfers {
		x := &t.transfers[i]
		status := strings.TrimSpace(x.size + " " + x.arrow)
		r.Transfers = append(r.Transfers, TransferRow{
			Name: x.name, Method: x.method, Main: x.main, Short: x.short, Detail: x.detail,
			Status: strings.TrimSpace(status + " " + x.result), Frames: x.frames, Failed: x.failed,
		})
	}
	found := diagnosis.Ranked(s)
	if !o.All && len(found) > maxFindings {
		r.HiddenFindings = len(found) - maxFindings
		found = found[:maxFindings]
	}
	for _, f := range found {
		ref := "#" + r.ID
		if f.Transfer > 0 {
			ref += "." + strconv.Itoa(f.Transfer)
		}
		if s.Open { // it has no number yet
			if ref = ""; f.Transfer > 0 {
				ref = "transfer " + strconv.Itoa(f.Transfer)
			}
		}
		r.Findings = append(r.Findings, FindingRow{record.Severities[record.Gravity(f.Severity)], prose.Escape(f.ID), ref, prose.Escape(f.Message), prose.Escape(f.Advice)})
	}
	return r
}

// facts are what a row has no column for.
func facts(s *record.Session, o report.Options) []string {
	list := []string{"login " + s.Login}
	if o.ShowPasswords && s.Password != nil {
		list = append(list, "password "+prose.Escape(*s.Password))
	}
	if s.TLS != record.TLSNone {
		list = append(list, prose.Escape(s.Protection())+" "+s.TLS)
	}
	list = append(list, prose.Many(s.Commands, "command"))
	if s.Open {
		return append(list, "still open")
	}
	switch s.Closing {
	case record.ClosingQuit:
		return append(list, "ended with QUIT")
	case "cut":
		return append(list, "its end was not seen")
	}
	return append(list, "ended by "+strings.ToUpper(prose.Escape(s.Closing)))
}
