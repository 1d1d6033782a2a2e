package diagnosis

import (
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

// Party names who opened a connection.
func Party(initiator string) string {
	if initiator == record.ThirdParty {
		return "third party"
	}
	return initiator
}

// CommandLine is a transfer's command with its argument as sent, escaped, and where it
// goes on if that is not the start (REST); empty when there was none.
func CommandLine(t *record.Transfer) string {
	if t.Command == nil {
		return ""
	}
	return strings.TrimRight(prose.Escape(prose.Known(t.Command))+" "+prose.Escape(prose.Known(t.Argument)), " ") + Resumed(t)
}

// Resumed says where a transfer goes on that REST began behind the start.
func Resumed(t *record.Transfer) string {
	if t.Restart == nil || *t.Restart == 0 {
		return ""
	}
	return " (from byte " + prose.Number(*t.Restart) + ")"
}

// Shown chooses the transfers to show: all, or the failed ones first, then others, in
// their order.
func Shown(transfers []record.Transfer, o report.Options) []int {
	if o.All {
		return ShownOf(transfers, len(transfers))
	}
	return ShownOf(transfers, maxTransfers)
}

// ShownOf chooses at most limit transfers.
func ShownOf(transfers []record.Transfer, limit int) []int {
	var shown, rest []int
	for i := range transfers {
		switch {
		case len(transfers) <= limit || transfers[i].Failed() && len(shown) < limit:
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

// Opener is who opened a session's data connections; who only tried opened none.
func Opener(s *record.Session) string {
	for i := range s.Transfers {
		if s.Transfers[i].Opened() {
			return s.Initiator
		}
	}
	return record.None
}

// TakenOver counts transfers whose data connection another host opened: they may have
// worked, but not as they should.
const TakenOver = "by a third party"

// Outcomes counts a session's transfers: "2 ok", "1 failed".
func Outcomes(s *record.Session) []string {
	count := map[string]int{}
	ran := 0
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Verdict != nil && t.Verdict.Cause == record.CauseClientAborted {
			count[givenUp]++
		} else if t.Failed() {
			count["failed"]++
		} else if t.Opened() && t.Initiator == record.ThirdParty {
			count[TakenOver]++
		} else if t.Outcome == record.OK && doubted(s, t) {
			count[inDoubt]++
		} else if Running(s, t) {
			count[running]++
		} else {
			count[t.Outcome]++
		}
		if t.Outcome != record.Unused && t.Outcome != record.Rejected {
			ran++
		}
	}
	var words []string
	if count[record.OK] > 0 || count["failed"]+count[inDoubt]+count[givenUp] > 0 && count[TakenOver] == 0 {
		words = append(words, strconv.Itoa(count[record.OK])+" ok")
	}
	for _, o := range []string{TakenOver, "failed", inDoubt, givenUp, running, record.Incomplete, record.Unknown, record.Rejected, record.Unused} {
		minor := o == record.Rejected || o == record.Unused
		if n := count[o]; n > 0 && (!minor || ran == 0) {
			words = append(words, strconv.Itoa(n)+" "+o)
		}
	}
	return words
}

// inDoubt counts transfers that the server confirmed and that yet did not go well.
const inDoubt = "in doubt"

// givenUp counts transfers that the client itself ended early.
const givenUp = "aborted by the client"

// running counts transfers of an open session that go on.
const running = "running"

// Running reports whether a transfer goes on: its session is open, and nothing says that it
// ended.
func Running(s *record.Session, t *record.Transfer) bool {
	return s.Open && t.Command != nil && t.Outcome == record.Incomplete
}

// doubted reports whether a verdict contradicts the server's confirmation.
func doubted(s *record.Session, t *record.Transfer) bool {
	return StandingOf(t.Verdict) == Failed || s.Verdict != nil && s.Verdict.Transfer == t.N && StandingOf(s.Verdict) == Failed
}

// leastSlow is how long a transfer takes before its rate is worth a word.
const leastSlow = 5 * flow.Second

// SlowWords say how slow a transfer was and why, as far as it is known: "in 39 s, 1.1 kB/s: 14 %
// of segments sent again"; empty: it was not, or nobody knows.
func SlowWords(t *record.Transfer) string {
	c := t.TCP
	if c == nil || c.Rate == nil || c.Duration < leastSlow {
		return ""
	}
	var why []string
	if c.Again != nil && c.Again.Segments > 0 {
		why = append(why, again(t, c.Again.Segments))
	}
	if c.ZeroWindow != nil && *c.ZeroWindow >= flow.Second {
		why = append(why, "the receiver's window was 0 for "+prose.Lasting(*c.ZeroWindow))
	}
	if c.Stall != nil && c.Stall.Lasted() >= c.Duration/4 {
		why = append(why, "nothing moved for "+prose.Lasting(c.Stall.Lasted()))
	}
	if len(why) == 0 {
		return ""
	}
	return "in " + prose.Lasting(c.Duration) + ", " + prose.Size(uint64(max(*c.Rate, 0))) + "/s: " + prose.List(why)
}

// again says how many segments were sent again: as a share, where the number of all is
// known.
func again(t *record.Transfer, n uint64) string {
	if x := t.Notes.Conn; x != nil {
		if all := max(x.Half[flow.Out].Packets, x.Half[flow.In].Packets); all >= n && all > 0 {
			return share(n, all) + " of segments sent again"
		}
	}
	return prose.Many(n, "segment") + " sent again"
}

// Carried is what a session's data connections carried.
func Carried(s *record.Session) uint64 {
	n := uint64(0)
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.Carried() != nil && t.Opened() {
			n += *t.Carried()
		}
	}
	return n
}

// Result is the reply's code of a transfer that worked, else its outcome.
func Result(t *record.Transfer) string {
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

// Hash is a hash of a transfer's data.
type Hash struct{ Name, Key, Hex string }

// HashesOf are the hashes that were asked for.
func HashesOf(t *record.Transfer) (list []Hash) {
	for _, s := range []Hash{{"SHA-256", "sha256", prose.Known(t.SHA256)}, {"SHA-1", "sha1", prose.Known(t.SHA1)}, {"MD5", "md5", prose.Known(t.MD5)}} {
		if s.Hex != "" {
			list = append(list, s)
		}
	}
	return list
}

// Content say what --hash and --extract found out of a transfer's data: "text/plain",
// "sha256:9f…", "file a.txt".
func Content(t *record.Transfer) (parts []string) {
	if t.MIMEType != nil {
		parts = append(parts, prose.Escape(*t.MIMEType))
	}
	for _, s := range HashesOf(t) {
		parts = append(parts, s.Key+":"+s.Hex)
	}
	if t.File != nil {
		parts = append(parts, "file "+prose.Escape(*t.File))
	}
	return parts
}

// ContentSentence is the same in a sentence: "Its content is text/plain, SHA-256 9f…; it
// was written to a.txt."
func ContentSentence(t *record.Transfer) string {
	var parts []string
	if t.MIMEType != nil {
		parts = append(parts, "its content is "+prose.Escape(*t.MIMEType))
	}
	for _, s := range HashesOf(t) {
		parts = append(parts, "its "+s.Name+" is "+s.Hex)
	}
	if t.File != nil {
		parts = append(parts, "it was written to "+prose.Escape(*t.File))
	}
	return prose.Sentence(strings.Join(parts, ", "))
}

// Progress says how much of a file came through before a transfer ended badly; empty
// where the capture does not tell. Only what can be compared is: a binary transfer from
// the file's start, between client and server, in stream mode.
func Progress(t *record.Transfer) string {
	size, bytes := t.Notes.Size, t.Carried()
	if size == nil || bytes == nil || t.IsSealed() || !t.Opened() || t.Outcome != record.Incomplete && t.Outcome != record.Aborted ||
		t.Initiator == record.ThirdParty || t.Restart != nil && *t.Restart > 0 ||
		t.Representation == nil || *t.Representation != "I" || t.Notes.Mode != "" && t.Notes.Mode != "S" {
		return ""
	}
	switch {
	case *bytes > *size || *size == 0:
		return ""
	case *bytes < *size:
		return prose.Number(*bytes) + " of " + prose.Many(*size, "byte") + " (" + share(*bytes, *size) + ")"
	case t.Outcome == record.Incomplete:
		return allOf(*size) + " that the server announced; only the final reply is missing"
	}
	return allOf(*size) + " that the server announced"
}

func allOf(size uint64) string {
	if size == 1 {
		return "the 1 byte"
	}
	return "all " + prose.Many(size, "byte")
}

// share is a part of a whole in percent, rounded down: what is not whole never reads 100
// %.
func share(part, whole uint64) string {
	p := uint64(float64(part) / float64(whole) * 100)
	if p == 0 && part > 0 {
		return "less than 1 %"
	}
	return strconv.FormatUint(min(p, 99), 10) + " %"
}

// ReplyLine is a reply's code and its first line, escaped.
func ReplyLine(r *record.Reply) string {
	text := prose.FirstLine(r.Text)
	if r.Code > 0 {
		return strings.TrimRight(strconv.Itoa(r.Code)+" "+text, " ")
	}
	return text
}

// maxTransfers are shown of one session, without Options.All.
const maxTransfers = 20
