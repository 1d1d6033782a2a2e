package verdict

import (
	"regexp"
	"strings"
	"sync"

	"ftpscope/analyze/record"
)

// What servers mean by their words.

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
	saysTries     = "tries"
	saysWrong     = "wrong"
	saysHome      = "home"
	saysBeyond    = "beyond"
	saysData      = "data"
	saysHandshake = "handshake"
	saysDenied    = "denied"
	saysNamesTLS  = "names TLS"
)

var meanings = []meaning{
	{saysResume, pattern(`(?i)(session|ssl|tls).{0,30}(reuse|resum)|(reuse|resum).{0,30}(session|ssl|tls)|not resumed`)},
	{saysTLS, pattern(`(?i)(policy|must|requir|need|only|have to|has to|please|first|mandatory|enforce|not allowed without|insecure|non-?anonymous).{0,60}\b(ssl|tls|auth|encrypt\w*|ftps|secure|prot)\b|\b(ssl|tls|encrypt\w*|ftps|secure|prot p?)\b.{0,60}(requir|mandatory|must|need|only|first|enforce)|clear ?text (login|session|connection|password)s? .{0,40}(not|denied|disabled)|use auth\b|\bauth (ssl |tls )?first|non-?anonymous sessions must`)},
	{saysPeer, pattern(`(?i)bad ip|(ip|address|host|peer)\b.{0,40}(mismatch|not match|n't match|differ|not the same)|(same|match).{0,30}\b(ip|address|host|peer)|foreign address|port theft|security.{0,20}connecting|(unexpected|wrong|other|different) (ip|peer|host|address)|connection from .{0,60}(rejected|refused|denied|not)`)},
	{saysPorts, pattern(`(?i)no (more |free |available )+ports?|ports? .{0,20}(exhaust|in use|available|unavailable)|address already in use|cannot assign requested|can.?t (bind|listen)|bind(ing)? .{0,20}(fail|error)|unable to (bind|allocate|find).{0,20}(port|socket)|could(n't| not) (bind|listen|find.{0,20}port)|out of (data )?ports|no free|^OOPS: vsf_sysutil_(bind|listen)`)},
	{saysMode, pattern(`(?i)use (port|pasv|epsv)\b|(port|pasv).{0,40}\bfirst\b|no data connection was|bad sequence.{0,40}(port|pasv)`)},
	{saysFamily, pattern(`(?i)network protocol|protocol family|not supported, use \(|address family|ipv[46]`)},
	{saysBusy, pattern(`(?i)too many|maximum (number|connection|client|user|login)|max(imum)?\.? .{0,20}(client|connection|user|session)|(user|connection|client|session|login)s? limit|limit.{0,20}(reached|exceeded)|server (is )?(busy|full)|try (again )?later|no more (connection|user|client)|(load|overload\w*) .{0,20}(too )?high|overload|users? \(the maximum\)`)},
	{saysShutdown, pattern(`(?i)shut(ting)? ?down|going down|maintenance|closing|unavailable|not available`)},
	{saysError, pattern(`(?i)^OOPS|internal (server )?error|refusing to run|chroot|failed to (load|initiali)|out of memory|cannot allocate|\bfork\b`)},
	{saysFull, pattern(`(?i)disk (is )?full|no space|out of (disk )?space|quota|storage (allocation|space)|exceeded storage|insufficient.{0,20}(storage|space|disk)|not enough (disk |free )*space|(device|volume|file ?system) (is )?full`)},
	{saysUnknown, pattern(`(?i)not (understood|implemented|supported|known|recogni|allowed|permitted)|(unknown|invalid|unrecogni[sz]ed) command|disabled|permission`)},
	{saysRefused, pattern(`(?i)connection refused|ECONNREFUSED`)},
	{saysUnrouted, pattern(`(?i)(no route|network is unreachable|host (is )?unreachable|no such host)`)},
	{saysLate, pattern(`(?i)tim(ed|e)[ -]?out|timeout`)},
	{saysTooLong, pattern(`(?i)tim(ed|e)[ -]?out|timeout|\btime\b.{0,20}(exceed|limit|expired|reached)|\b(inactiv|idle)|(exceed|limit|expired|reached).{0,20}\btime\b`)},
	{saysTries, pattern(`(?i)too many .{0,20}(wrong|failed|bad|invalid|incorrect|unsuccessful|attempts?|passwords?|tries|failures?|logins? attempts)|(attempts|tries|failures|retries).{0,30}(exceed|reach|limit|many)|\bbann(ed|ing)\b|black-?list|locked out|(ip|address|host).{0,20}blocked`)},
	{saysWrong, pattern(`(?i)(log ?in|user|password|authentication|credential|account)\w*.{0,30}(incorrect|invalid|wrong|fail|denied|rejected|not accepted|expired|disabled|bad)|(incorrect|invalid|wrong|bad).{0,20}(log ?in|user|password|credential)`)},
	{saysHome, pattern(`(?i)home dir\w* .{0,20}not available|(can.?t|cannot|could ?n.t) (change|chdir|switch).{0,20}(directory|home)|unable to (switch|set|change).{0,30}(capabilit|[ug]id|user|group|privilege|root)`)},
	{saysBeyond, pattern(`(?i)(could|can) ?(not|n?'t) (connect|contact|reach|resolve)|unable to (connect|contact|reach|resolve)|(unknown|no such) (host|server)|host .{0,40}(not found|unreachable|unknown)|connection .{0,20}(timed out|refused|failed)|no route to host`)},
	{saysData, pattern(`(?i)(read|writ|send|receiv)\w*.{0,20}(data (connection|channel|socket)|network|socket)|data (connection|channel|socket).{0,30}(clos|lost|abort|reset|broken|error|fail)|broken pipe|connection (was )?(reset|closed|lost|aborted)|econn(reset|aborted)|network name is no longer`)},
	{saysHandshake, pattern(`(?i)\b(ssl|tls)\b.{0,40}(fail|error|handshake|abort)|(fail|error|unable|cannot|could not)\w*.{0,40}\b(ssl|tls)\b|handshake`)},
	{saysDenied, pattern(`(?i)permi(t|ss)|denied|no such|not found|exist|forbidden|not allowed|restart|append|resum|unique|prohibit`)},
	{saysNamesTLS, pattern(`(?i)ssl|tls`)},
	{saysLoginOnly, pattern(`(?i)log ?in|logged in|not authenticated|user.{0,20}password`)},
}

// means reports whether a reply's words mean this. What the command named is not the
// server's word: "550 quota.txt: No such file" tells of no quota.
func means(r *record.Reply, what string) bool {
	if r == nil || r.Code < 300 {
		return false
	}
	text := r.Text
	if len(text) > 512 {
		text = text[:512]
	}
	text = withoutPaths(without(text, r.About))
	for i := range meanings {
		if meanings[i].name == what {
			return meanings[i].says().MatchString(text)
		}
	}
	return false
}

// without takes a name out of a text, whole and by its last element, wherever it stands as
// a word of its own.
func without(text, name string) string {
	name = strings.Trim(name, ` /\`)
	for _, part := range [2]string{name, name[strings.LastIndexAny(name, `/\`)+1:]} {
		for from := 0; part != ""; {
			i := strings.Index(text[from:], part)
			if i < 0 {
				break
			}
			from += i
			end := from + len(part)
			if from > 0 && isWord(text[from-1]) && isWord(part[0]) || end < len(text) && isWord(text[end]) && isWord(part[len(part)-1]) {
				from = end
				continue
			}
			text = text[:from] + "…" + text[end:]
			from += len("…")
		}
	}
	return text
}

// withoutPaths takes out what is a path by its form: of the working directory, or of the
// server's disk.
func withoutPaths(text string) string {
	if !strings.ContainsAny(text, `/\`) {
		return text
	}
	return paths().ReplaceAllString(text, "$1…")
}

var paths = pattern(`("|'|^|[\s(\[<])(?:[A-Za-z]:)?[/\\][^"'\s]*`)

func isWord(c byte) bool {
	return c >= 0x80 || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
