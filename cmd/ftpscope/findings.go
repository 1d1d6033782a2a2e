package main

import (
	"strings"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/cmd/ftpscope/mistakes"
)

const findingsUsage = `Lists what ftpscope finds in sessions, or explains one of them, or a cause of a verdict.

Usage:
  ftpscope findings             each rule's name, its usual severity and what it means
  ftpscope findings NAME        one rule or cause, with what it looks like
  ftpscope findings --causes    each cause of a verdict

Examples:
  ftpscope findings data-blocked
  ftpscope analyze --disable cleartext-credentials --fail-on high capture.pcap
`

// runFindings lists the rules or the causes, or explains one.
func runFindings(e *env, args []string) int {
	switch {
	case len(args) == 1 && args[0] == "--causes":
		return e.print(listOf(causes()) + scales())
	case len(args) == 1 && !strings.HasPrefix(args[0], "-"):
		return e.explainFinding(args[0])
	}
	if code, done := e.noArguments("findings", findingsUsage, args); done {
		return code
	}
	return e.print(listOf(rules()))
}

// scales explains the words beside a cause and a finding.
func scales() string {
	var b strings.Builder
	b.WriteString("\nHow certain a verdict is:\n")
	for _, m := range record.Certainties {
		b.WriteString("    " + m.Word + ": " + m.Meaning + "\n")
	}
	b.WriteString("How grave a finding is, from info to critical, says how much harm it can do, not how sure it is.\n")
	return b.String()
}

// explained is a rule or a cause in words.
type explained struct{ name, title, text string }

func rules() (list []explained) {
	for _, r := range finding.Rules() {
		list = append(list, explained{r.ID, r.ID + " (" + r.Severity + ")", r.Title + ". " + r.Meaning})
	}
	return list
}

func causes() (list []explained) {
	for _, m := range record.Causes {
		list = append(list, explained{m.Word, m.Word, prose.Ended(prose.FirstUpper(m.Meaning))})
	}
	return list
}

func listOf(list []explained) string {
	var b strings.Builder
	for i, x := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		x.write(&b)
	}
	return b.String()
}

func (x *explained) write(b *strings.Builder) {
	b.WriteString(x.title + "\n")
	for _, line := range prose.Wrap(x.text, 92) {
		b.WriteString("    " + line + "\n")
	}
}

// explainFinding explains what has a name: a few are rules and causes.
func (e *env) explainFinding(name string) int {
	var b strings.Builder
	var known []string
	for kind, list := range [][]explained{rules(), causes()} {
		for _, x := range list {
			known = append(known, x.name)
			if x.name != name {
				continue
			}
			x.title = [...]string{"finding ", "cause "}[kind] + x.title
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			x.write(&b)
		}
	}
	if b.Len() == 0 {
		e.error("%q is neither a finding nor a cause", name)
		if near := mistakes.Nearest(name, known); near != "" {
			e.hint("did you mean %s?", near)
		} else {
			e.hint("ftpscope findings and ftpscope findings --causes list them")
		}
		return exitUsage
	}
	if s := sceneOf(name); s != "" {
		b.WriteByte('\n')
		b.WriteString(drawn(s))
	}
	return e.print(b.String())
}

// What findings and causes look like on the wire: a scene each, or one that several share.
// A line is who sends what, and after a bar what that means: > the client, < the server,
// >> and << data connections, x at the end what does not arrive, - what nobody sends.

const (
	pasv      = "> PASV\n< 227 (…,195,80) | be at port 50000\n"
	port      = "> PORT …,195,80 | I am at port 50000\n< 200\n"
	retr      = "> RETR file\n"
	flowing   = pasv + ">> SYN, SYN-ACK, ACK\n" + retr + "< 150\n<< data\n"
	badLogin  = "< 220\n> USER, PASS\n"
	gaveUp    = "< 425 or 426 | the server gave up\n"
	renaming  = "> RNFR a\n< 350\n> RNTO b\n< 250\n"
	encrypted = "> AUTH TLS\n< 234\n> TLS hello\n"
)

var scenes = []struct{ names, steps string }{
	{"none", flowing + "< 226 | done"},
	{"client-aborted", flowing + "> ABOR | the client has enough\n< 426, 226"},
	{"server-unanswered", ">> SYN x | port 21, again and again"},
	{"server-refused", ">> SYN | port 21\n<< RST"},
	{"server-unreachable", ">> SYN | port 21\n<< ICMP | from a router"},
	{"no-greeting slow-greeting", ">> SYN, SYN-ACK, ACK\n- | seconds pass, or it stays silent\n< 220"},
	{"not-ftp", ">> SYN, SYN-ACK, ACK\n> SSH-2.0-… | or GET /, EHLO\n< 220 … | which is FTP"},
	{"out-of-step", "> USER bob\n< 220 | meant for the connection\n> PASS\n< 331 | meant for USER"},
	{"no-reply", "> PASV\n- | acknowledged, and never answered"},
	{"command-denied", "> MKD new\n< 550 | and the client leaves"},
	{"tls-mismatch", ">> SYN, SYN-ACK, ACK\n> TLS hello | implicit\n< 220 | in clear"},
	{"tls-required", badLogin + "< 530 TLS required"},
	{"tls-outdated", encrypted + "< TLS hello | TLS 1.0 or 1.1"},
	{"tls-certificate", encrypted + "< certificate | expired, or signed by itself"},
	{"tls-refused", "> AUTH TLS\n< 500 or 534 | the login follows in clear, or none"},
	{"tls-failed", encrypted + "< alert, or nothing"},
	{"login-rejected brute-force", badLogin + "< 530 Login incorrect"},
	{"server-busy", ">> SYN, SYN-ACK, ACK\n< 421 Too many connections"},
	{"server-closed", "- | nobody speaks\n< 421 Timeout\n<< FIN"},
	{"server-error", "> PASV\n< 500 OOPS: … | the server's own fault"},
	{"mode-rejected negotiation-rejected", "> PORT …\n< 500 or 502"},
	{"address-untranslated nat-mismatch", "> PASV\n< 227 (192,168,1,2,195,80) | the client knows it by another address\n>> SYN x | to 192.168.1.2: nobody is there"},
	{"address-family", "> EPRT |2|2001:db8::1|50000|\n< 522 | IPv4 only"},
	{"endpoint-invalid", "> PORT 300,1,2,3,4,5\n< 200 or 501\n- | there is nowhere to connect to"},
	{"no-negotiation", "> LIST\n< 425 Use PORT or PASV first"},
	{"ports-exhausted", "> PASV\n< 227 (…,149,67) | port 38211, all others were 55500 to 55505\n>> SYN x | no firewall permits it"},
	{"data-blocked data-unanswered", pasv + ">> SYN x | again and again\n" + retr + gaveUp},
	{"data-refused", pasv + ">> SYN\n<< RST | from the server: nobody listens\n" + gaveUp},
	{"data-rejected", pasv + ">> SYN\n<< RST or ICMP | from something between, by its TTL\n" + gaveUp},
	{"data-unreachable", pasv + ">> SYN\n<< ICMP no route | from a router\n" + gaveUp},
	{"data-never-tried", port + retr + "- | the server sends no SYN, or it is dropped before the capture\n" + gaveUp},
	{"data-late", port + retr + "< 425\n<< SYN | too late"},
	{"data-wrong-peer", pasv + ">> SYN | from another address than the control connection's\n< 425 Bad IP connecting"},
	{"data-stolen third-party-data-connection", pasv + "- | a third host connects to port 50000 first\n- | and gets the data"},
	{"data-unprotected", "> PROT C, or none\n" + retr + "< 521 or 522 | the server wants PROT P"},
	{"data-tls-failed", pasv + ">> SYN, SYN-ACK, ACK\n>> TLS hello | does not resume the session\n< 425 or 522"},
	{"data-mtu", flowing + "<< full-size segment x | again and again\n<< small segment | arrives"},
	{"data-zero-window", flowing + ">> window 0 | the client's program reads no more\n" + gaveUp},
	{"data-loss", flowing + "<< segment x | again and again\n" + gaveUp},
	{"data-silent", flowing + ">> ACK | of all that came\n- | nothing more"},
	{"data-reset", flowing + "<< RST | in the midst\n< 426"},
	{"data-cut", flowing + "<< FIN | before all was sent\n< 426 or 451"},
	{"data-half-closed", flowing + "<< FIN\n- | the client does not close its side"},
	{"data-altered ascii-mode-binary", "> TYPE A | or no TYPE at all\n> STOR photo.jpg\n>> line ends rewritten\n< 226 | and the file is damaged"},
	{"control-lost control-lost-during-transfer", flowing + "- | minutes pass, a firewall forgets the control connection\n< 226 x | again and again"},
	{"reply-missed", flowing + ">> FIN | on the control connection: the client leaves\n< 226 | too late"},
	{"file-denied", retr + "< 550 No such file"},
	{"storage-full", "> STOR file\n< 452 or 552"},
	{"slow", flowing + "- | waiting takes most of the time\n< 226"},
	{"not-captured capture-gap", "> RETR file\n- | not in the capture"},
	{"cleartext-credentials", badLogin + "< 230 | whoever sees the packets knows the password"},
	{"anonymous-login", "> USER anonymous\n< 331\n> PASS a@b\n< 230"},
	{"anonymous-write", "> USER anonymous, PASS\n< 230\n> STOR warez.zip\n< 226"},
	{"bounce-attempt privileged-port", "> PORT 10,1,2,3,0,22 | a third host's port 22\n> LIST\n< 226 | it is open\n< 425 | it is not"},
	{"fxp-transfer", "> PASV | to one server\n< 227 …\n> PORT … | the same endpoint, to another server\n- | the two servers connect"},
	{"passive-redirect", "> PASV\n< 227 (192,168,7,1,0,80) | a host of the client's network\n>> SYN | the client connects to it"},
	{"size-mismatch", flowing + "<< FIN\n< 226 | fewer bytes than 150 or 213 said"},
	{"cleartext-data", encrypted + "> PROT C\n< 200\n<< data | in clear"},
	{"protocol-violation", "> PORT x,y | no endpoint\n< hello | no code"},
	{"overlap-conflict", "> RETR a | bytes 100 to 107\n> DELE b | the same numbers again"},
	{"path-traversal", "> CWD ../../../etc\n< 250"},
	{"restart-hole", "> STOR file | ends at byte 1000\n> REST 2000\n> STOR file | bytes 1000 to 1999 are missing"},
	{"site-exec", "> SITE EXEC /bin/sh\n< 200"},
	{"site-chmod", "> SITE CHMOD 755 a.php\n< 200"},
	{"executable-upload", "> STOR logo.jpg\n< 226\n> RNFR logo.jpg, RNTO logo.php\n< 250"},
	{"executable-download", "> RETR tool.exe\n< 226"},
	{"credential-file", "> RETR /etc/shadow\n< 226"},
	{"disguised-content", "> RETR photo.jpg\n<< \\x7fELF… | a program"},
	{"ftp-in-data", retr + "<< 220 ready, USER … | in the data connection"},
	{"mass-deletion", "> DELE a\n< 250\n- | twenty times and more"},
	{"mass-renaming", renaming + "- | twenty times and more"},
	{"timestomping", "> MFMT 20010101000000 a\n< 213"},
	{"vsftpd-backdoor", "> USER x:)\n> PASS …\n>> SYN | to port 6200: a shell"},
	{"format-string", "> USER %x%x%x%n"},
	{"overlong-argument", "> USER AAAA… | hundreds of bytes"},
}

// sceneOf is the scene of a finding or a cause.
func sceneOf(name string) string {
	for _, s := range scenes {
		for n := range strings.FieldsSeq(s.names) {
			if n == name {
				return s.steps
			}
		}
	}
	return ""
}

// sceneWidth is between the two ladders' poles.
const sceneWidth = 34

// drawn is a scene as a ladder.
func drawn(steps string) string {
	var b strings.Builder
	b.WriteString("    client" + prose.Spaces(sceneWidth-2) + "server\n")
	for line := range strings.SplitSeq(strings.TrimRight(steps, "\n"), "\n") {
		said, note, _ := strings.Cut(line, " | ")
		said, note = strings.TrimSuffix(said, " |"), strings.TrimPrefix(note, "| ")
		if note != "" {
			note = "   " + note
		}
		b.WriteString(strings.TrimRight("       │"+rung(said)+"│"+note, " ") + "\n")
	}
	return b.String()
}

// rung is one step between the poles.
func rung(said string) string {
	way, what, _ := strings.Cut(said, " ")
	line := "─"
	if len(way) == 2 {
		line = "═"
	}
	what, lost := strings.CutSuffix(what, " x")
	fill := max(sceneWidth-5-prose.Columns(what), 1)
	switch {
	case way == "-":
		return prose.Spaces(sceneWidth)
	case way[0] == '>' && lost:
		return line + line + " " + what + " " + strings.Repeat(line, fill/2) + "✕" + prose.Spaces(fill-fill/2)
	case way[0] == '>':
		return line + line + " " + what + " " + strings.Repeat(line, fill) + "▶"
	case lost:
		return prose.Spaces(fill-fill/2) + "✕" + strings.Repeat(line, fill/2) + " " + what + " " + line + line
	}
	return "◀" + strings.Repeat(line, fill) + " " + what + " " + line + line
}
