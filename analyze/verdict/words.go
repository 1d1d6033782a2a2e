package verdict

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What sentences are made of, and what servers mean by their words.

func many(n int, thing string) string { return prose.Many(n, thing) }

// packets is " (packets 16 and 22)" of those that were seen.
func (c *hearing) packets(all ...flow.Pos) string {
	list := seen(all)
	if len(list) == 0 {
		return ""
	}
	several := c.files > 1
	var words []string
	for _, p := range list {
		words = append(words, string(prose.AppendPacket(nil, p, several || p.File() > 0)))
	}
	if len(words) > 6 { // the last one often tells how it ended
		words = append(words[:5], "…", words[len(words)-1])
	}
	if len(list) == 1 {
		return " (packet " + words[0] + ")"
	}
	return " (packets " + strings.Join(words, ", ") + ")"
}

// quoted is a reply as it is told: `530 "Login incorrect."`.
func quoted(r *record.Reply) string {
	text := strings.TrimSpace(strings.ReplaceAll(r.Text, "\n", " "))
	if text == "" {
		return strconv.Itoa(r.Code)
	}
	return strconv.Itoa(r.Code) + " " + prose.Quote(text)
}

// replied says what the server answered.
func (c *hearing) replied(r *record.Reply) string {
	return "the server replied " + quoted(r) + c.packets(r.Pos)
}

// then is what the server replied to a transfer in the end, as a clause; empty: nothing.
func (c *hearing) then(t *record.Transfer) string {
	if t.Reply == nil || t.Reply.Code < 400 {
		return ""
	}
	return c.replied(t.Reply)
}

func named(t *record.Transfer) string { return t.Named(prose.Quote) }

// sentence joins clauses to one sentence.
func sentence(clauses ...string) string {
	return prose.Ended(prose.FirstUpper(prose.Clauses(clauses...)))
}

// steps are the advices that are not empty.
func steps(all ...string) []string {
	var list []string
	for _, s := range all {
		if s != "" {
			list = append(list, s)
		}
	}
	return list
}

// meaning is what the words of a reply mean, whatever its code: servers are freer with
// codes than with words.
type meaning struct {
	name string
	says func() *regexp.Regexp
}

// pattern is compiled when it is first asked for: most runs need few of them, and to
// compile all takes 1.5 ms at every start.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// Meanings of refusals. The first that fits is taken.
const (
	saysTLS       = "tls"
	saysResume    = "resume"
	saysPeer      = "peer"
	saysPorts     = "ports"
	saysMode      = "mode"
	saysFamily    = "family"
	saysBusy      = "busy"
	saysError     = "error"
	saysFull      = "full"
	saysRefused   = "refused"
	saysUnrouted  = "unrouted"
	saysLate      = "late"
	saysTooLong   = "timeout"
	saysLoginOnly = "login"
	saysShutdown  = "shutdown"
	saysUnknown   = "unknown"
)

var meanings = []meaning{
	{saysResume, pattern(`(?i)(session|ssl|tls).{0,30}(reuse|resum)|(reuse|resum).{0,30}(session|ssl|tls)|not resumed`)},
	{saysTLS, pattern(`(?i)(policy|must|requir|need|only|have to|has to|please|first|mandatory|enforce|not allowed without|insecure|non-?anonymous).{0,60}\b(ssl|tls|auth|encrypt\w*|ftps|secure|prot)\b|\b(ssl|tls|encrypt\w*|ftps|secure|prot p?)\b.{0,60}(requir|mandatory|must|need|only|first|enforce)|clear ?text (login|session|connection|password)s? .{0,40}(not|denied|disabled)|use auth\b|\bauth (ssl |tls )?first|non-?anonymous sessions must`)},
	{saysPeer, pattern(`(?i)bad ip|(ip|address|host|peer)\b.{0,40}(mismatch|not match|n't match|differ|not the same)|(same|match).{0,30}\b(ip|address|host|peer)|foreign address|security.{0,20}connecting|(unexpected|wrong|other|different) (ip|peer|host|address)|connection from .{0,60}(rejected|refused|denied|not)`)},
	{saysPorts, pattern(`(?i)no (more |free |available )+ports?|ports? .{0,20}(exhaust|in use|available|unavailable)|address already in use|cannot assign requested|can.?t (bind|listen)|bind(ing)? .{0,20}(fail|error)|unable to (bind|allocate|find).{0,20}(port|socket)|could(n't| not) (bind|listen|find.{0,20}port)|out of (data )?ports|no free|^OOPS: vsf_sysutil_(bind|listen)`)},
	{saysMode, pattern(`(?i)use (port|pasv|epsv)\b|(port|pasv).{0,20}\bfirst\b|no data connection was|bad sequence.{0,40}(port|pasv)`)},
	{saysFamily, pattern(`(?i)network protocol|protocol family|not supported, use \(|address family|ipv[46]`)},
	{saysBusy, pattern(`(?i)too many|maximum (number|connection|client|user|login)|max(imum)?\.? .{0,20}(client|connection|user|session)|(user|connection|client|session|login)s? limit|limit.{0,20}(reached|exceeded)|server (is )?(busy|full)|try (again )?later|no more (connection|user|client)|users? \(the maximum\)`)},
	{saysShutdown, pattern(`(?i)shut(ting)? ?down|going down|maintenance|closing|unavailable|not available`)},
	{saysError, pattern(`(?i)^OOPS|internal (server )?error|cannot change directory|refusing to run|chroot|failed to (load|initiali)|out of memory|cannot allocate|fork`)},
	{saysFull, pattern(`(?i)disk (is )?full|no space|out of (disk )?space|quota|storage (allocation|space)|exceeded storage|insufficient.{0,20}(storage|space|disk)|not enough (disk )?space`)},
	{saysUnknown, pattern(`(?i)not (understood|implemented|supported|known|recogni|allowed|permitted)|(unknown|invalid|unrecogni[sz]ed) command|disabled|permission`)},
	{saysRefused, pattern(`(?i)connection refused|ECONNREFUSED`)},
	{saysUnrouted, pattern(`(?i)(no route|network is unreachable|host (is )?unreachable|no such host)`)},
	{saysLate, pattern(`(?i)tim(ed|e)[ -]?out|timeout`)},
	{saysLoginOnly, pattern(`(?i)log ?in|logged in|not authenticated|user.{0,20}password`)},
}

// means reports whether a reply's words mean this.
func means(r *record.Reply, what string) bool {
	if r == nil || r.Code < 300 {
		return false
	}
	text := r.Text
	if len(text) > 512 {
		text = text[:512]
	}
	for i := range meanings {
		if meanings[i].name == what {
			return meanings[i].says().MatchString(text)
		}
	}
	return false
}

// code reports whether a reply has one of some codes.
func code(r *record.Reply, codes ...int) bool {
	if r != nil {
		for _, c := range codes {
			if r.Code == c {
				return true
			}
		}
	}
	return false
}
