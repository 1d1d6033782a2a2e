package diagnosis

import (
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// What verdicts mean for readers, and how they are written.

// Standing is what a verdict says in one word.
type Standing int

// Failed is the gravest.
const (
	Well   Standing = iota // what was asked for was done, or the client gave it up itself
	Untold                 // the capture does not tell
	Slow                   // it worked, but waiting hurt
	Failed
)

// StandingOf is the standing of a record with this verdict; nil: it was not judged.
func StandingOf(v *record.Verdict) Standing {
	if v == nil {
		return Untold
	}
	switch v.Cause {
	case record.CauseNone, record.CauseClientAborted:
		return Well
	case record.CauseNotCaptured:
		return Untold
	case record.CauseSlow, record.CauseSlowGreeting:
		return Slow
	}
	return Failed
}

// HasFailed reports whether a record with this verdict counts as failed.
func HasFailed(v *record.Verdict) bool { return StandingOf(v) == Failed }

// Place is where a verdict says to look, and how certain it is: "nat · certain".
func Place(v *record.Verdict) string {
	return prose.Escape(v.At) + " · " + prose.Escape(v.Certainty)
}

// VerdictText is a verdict's sentence without the numbers of packets, for pages that name
// them beside it.
func VerdictText(v *record.Verdict) string {
	text := prose.WithoutPackets(v.Text)
	if said, quoted := strings.CutSuffix(text, `".`); quoted {
		text = prose.Ended(said + `"`)
	}
	return prose.Escape(text)
}

// looks say where each place is, certainties how sure that is.
var (
	looks = map[string]string{
		record.AtClient: "at the client", record.AtServer: "at the server",
		record.AtFirewall: "at a firewall between the two", record.AtNAT: "at the NAT or balancer between the two", record.AtPath: "at the network between the two: routers, MTU, loss",
	}
	certainties = map[string]string{record.Certain: "certain, packets prove it", record.Likely: "likely, not proven", record.Open: "open, other causes fit too"}
)

// WhereToLook is a verdict's place and certainty in a sentence; empty: nowhere.
func WhereToLook(v *record.Verdict) string {
	place := looks[v.At]
	if place == "" || StandingOf(v) == Well {
		return ""
	}
	return "Look " + place + "; " + certainties[v.Certainty] + "."
}

// AlsoFits says which other causes fit; empty: none.
func AlsoFits(v *record.Verdict) string {
	var words []string
	for _, cause := range v.Or {
		for _, m := range record.Causes {
			if m.Word == cause {
				words = append(words, cause+" ("+m.Meaning+")")
			}
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "Other possible causes: " + strings.Join(words, "; ") + "."
}

// Steps are a verdict's steps, each a sentence without its end.
func Steps(v *record.Verdict) (steps []string) {
	for _, s := range v.Next {
		s = prose.Escape(s)
		if rest, later := strings.CutPrefix(s, "or "); later && len(steps) == 0 {
			s = rest
		}
		steps = append(steps, s)
	}
	return steps
}

// told are the findings that say in other words what a verdict says of the same transfer.
var told = map[string][]string{
	"data-unanswered":              {record.CauseDataBlocked, record.CauseAddressUntranslated, record.CausePortsExhausted, record.CauseDataWrongPeer, record.CauseAddressFamily, record.CauseEndpointInvalid},
	"data-refused":                 {record.CauseDataRefused, record.CauseDataRejected, record.CauseAddressUntranslated, record.CausePortsExhausted, record.CauseDataWrongPeer},
	"data-unreachable":             {record.CauseDataUnreachable, record.CauseDataRejected, record.CauseAddressUntranslated},
	"data-never-tried":             {record.CauseDataNeverTried, record.CauseDataBlocked, record.CauseAddressUntranslated, record.CauseAddressFamily, record.CauseEndpointInvalid, record.CauseDataRefused, record.CauseNotCaptured},
	"nat-mismatch":                 {record.CauseAddressUntranslated, record.CauseAddressFamily},
	"negotiation-rejected":         {record.CauseModeRejected, record.CauseServerError, record.CauseAddressFamily, record.CausePortsExhausted},
	"data-cut":                     nil, // any
	"control-lost-during-transfer": {record.CauseControlLost, record.CauseReplyMissed, record.CauseServerClosed, record.CauseNoReply, record.CauseNotCaptured},
	"third-party-data-connection":  {record.CauseDataStolen, record.CauseDataWrongPeer},
	"size-mismatch":                {record.CauseDataReset, record.CauseDataCut, record.CauseDataAltered},
	"ascii-mode-binary":            {record.CauseDataAltered},
	"tls-refused":                  {record.CauseTLSRefused},
	"protocol-violation":           {record.CauseTLSMismatch, record.CauseNotFTP, record.CauseEndpointInvalid},
	"capture-gap":                  {record.CauseNotCaptured},
}

// Told reports whether a finding says what a verdict says already, and better: its advice
// would be a second opinion.
func Told(s *record.Session, f *record.Finding) bool {
	causes, known := told[f.ID]
	if !known {
		return false
	}
	for _, v := range verdictsOf(s, f.Transfer) {
		if slices.Contains(causes, v.Cause) || causes == nil && StandingOf(v) == Failed {
			return true
		}
	}
	return false
}

// verdictsOf are the verdicts that speak of a transfer: its own, and the session's.
func verdictsOf(s *record.Session, n int) (list []*record.Verdict) {
	if s.Verdict != nil && (n == 0 || s.Verdict.Transfer == 0 || s.Verdict.Transfer == n) {
		list = append(list, s.Verdict)
	}
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.N == n && t.Verdict != nil {
			list = append(list, t.Verdict)
		}
	}
	return list
}

// Habit reports whether a finding tells of a habit, as those of passwords in clear text do.
func Habit(f *record.Finding) bool { return record.KindOf(f.ID) == record.Habit && !Grave(f.Severity) }

// Symptom reports whether a rule's findings tell only what became of a data connection:
// findings that may say why stand before them.
func Symptom(id string) bool {
	switch id {
	case "data-unanswered", "data-refused", "data-unreachable", "data-never-tried":
		return true
	}
	return false
}

// FailedLogins counts the logins that the server rejected, with its last words: "5 logins
// failed: 530 Login incorrect."; empty where a verdict says so, or there were none.
func FailedLogins(s *record.Session) string {
	n := 0
	var last *record.Reply
	for i := range s.Notes.Logins {
		if l := &s.Notes.Logins[i]; !l.OK && l.Code > 0 {
			n++
			if l.Reply != nil {
				last = l.Reply
			}
		}
	}
	if n == 0 || s.Login == record.LoginFailed && StandingOf(s.Verdict) == Failed && s.Verdict.Transfer == 0 {
		return ""
	}
	text := prose.Many(n, "login") + " failed"
	if s.Login == record.LoginOK {
		text += " before one succeeded"
	}
	if last == nil {
		return text
	}
	return text + ": " + prose.CutEnd(ReplyLine(last), mostWords)
}

// mostWords is how much of the server's words a line quotes.
const mostWords = 120
