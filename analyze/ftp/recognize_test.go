package ftp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recognize gives a Recognizer a conversation, lines "C: …" and "S: …".
func recognize(dialogue string) Guess {
	var rec Recognizer
	var r Replies
	reply := func(p Reply, ok bool) {
		if ok {
			rec.Reply(p.Code, p.Text)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(dialogue), "\n") {
		side, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if side == "C" {
			reply(r.Interrupt())
			rec.Command(ParseCommand([]byte(text)))
		} else {
			reply(r.Line(Line{Text: []byte(text)}))
		}
	}
	reply(r.Interrupt())
	return rec.Verdict()
}

var recognizerCases = []struct {
	name string
	want Guess
	talk string
}{
	{"login", Yes, `
		S: 220 ready
		C: USER bob
		S: 331 Password required`},
	{"login refused", Yes, `
		S: 220 ready
		C: USER bob
		S: 530 No such user`},
	{"login without password", Yes, `
		S: 220 ready
		C: USER anonymous
		S: 230 Welcome`},
	{"greeting that names FTP", Yes, `
		S: 220 (vsFTPd 3.0.5)
		C: QUIT`},
	{"AUTH TLS", Yes, `
		S: 220 ready
		C: AUTH TLS
		S: 234 Proceed`},
	{"FEAT first", Yes, `
		S: 220 ready
		C: FEAT
		S: 211-Features:
		S:  MDTM
		S: 211 End`},
	{"middle of a session", Yes, `
		C: CWD pub
		S: 250 OK`},
	{"passive transfer", Yes, `
		C: PASV
		S: 227 Entering Passive Mode (10,0,0,1,4,5)`},
	{"active transfer", Yes, `
		C: PORT 10,0,0,1,4,5
		S: 200 OK`},
	{"listing refused", Yes, `
		C: NLST
		S: 425 Cannot open data connection`},
	{"transfer", Yes, `
		C: RETR 1
		S: 150 Opening
		S: 226 Done`},
	{"FTP server probed for mail", Yes, `
		S: 220 ready
		C: EHLO probe
		S: 500 Unknown command
		C: USER bob
		S: 331 Password
		C: PASS x
		S: 230 OK
		C: SYST
		S: 215 UNIX Type: L8`},
	{"unknown commands in a session", Yes, `
		S: 220 ready
		C: USER bob
		S: 331 Password
		C: FOO
		C: BAR
		C: BAZ
		C: QUX
		C: EHLO x`},
	{"begins within a banner", Yes, `
		S: welcome
		S: to
		S: this
		S: machine
		S: of
		S: ours
		S: 230 Logged in
		C: PWD
		S: 257 "/" is it
		C: TYPE I
		S: 200 OK
		C: PASV
		S: 227 OK (10,0,0,1,4,5)`},
	{"client side only", Yes, `
		C: USER bob
		C: PASS x
		C: PASV
		C: RETR a.txt`},
	{"client side only, tools", Yes, `
		C: SYST
		C: TYPE I`},
	{"server side only", Yes, `
		S: 220 ready
		S: 331 Password
		S: 230 OK
		S: 227 Entering Passive Mode (10,0,0,1,4,5)`},
	{"server side only, late", Yes, `
		S: 150 Opening
		S: 226 Done`},
	{"server side only, PWD", Yes, `
		S: 257 "/" is the current directory`},

	{"greeting alone", Maybe, `S: 220 ready`},
	{"nothing", Maybe, ``},
	{"USER alone", Maybe, `C: USER bob`},
	{"USER and PASS again and again", Maybe, strings.Repeat("C: USER bob\nC: PASS x\n", 20)},
	{"EHLO refused", Maybe, `
		S: 220 ready
		C: EHLO x
		S: 502 No`},

	{"SMTP", No, smtp},
	{"SMTP, client side only", No, side(smtp, "C")},
	{"SMTP, server side only", No, side(smtp, "S")},
	{"SMTP, old server", No, `
		S: 220 ready
		C: EHLO x
		S: 502 No
		C: HELO x
		S: 250 Hello
		C: MAIL FROM:<a@b>
		S: 250 ok
		C: DATA
		S: 354 Go ahead
		C: USER bob
		C: PASS x
		C: PORT 10,0,0,1,4,5
		C: PASV
		C: .
		S: 250 ok
		C: QUIT
		S: 221 Bye`},
	{"SMTP, no name in the greeting", No, `
		S: 220 mx.example.com
		C: EHLO x
		S: 250 mx.example.com
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: USER bob
		C: PASS x
		C: PORT 10,0,0,1,4,5
		C: SYST`},
	{"POP3", No, pop3},
	{"POP3, server side only", No, side(pop3, "S")},
	{"POP3, client side only", No, side(pop3, "C")},
	{"POP3 without its own commands", No, `
		S: +OK ready
		C: USER bob
		S: +OK
		C: PASS x
		S: +OK
		C: STAT
		S: +OK 1 2
		C: RETR 1`},
	{"POP3 without its own commands, client side only", Maybe, `
		C: USER bob
		C: PASS x
		C: STAT
		C: LIST
		C: RETR 1
		C: DELE 1
		C: RETR 2
		C: DELE 2
		C: QUIT`},
	{"NNTP", No, `
		S: 200 news.example.com ready
		C: MODE READER
		S: 200 ok
		C: GROUP alt.test
		S: 211 3 1 3 alt.test`},
	{"NNTP, server side only", No, `
		S: 200 news.example.com InterNetNews ready
		S: 215 list of newsgroups follows
		S: 211 3 1 3 alt.test
		S: 220 1 <a@b> article`},
	{"NNTP login", No, `
		S: 201 ready
		C: AUTHINFO USER bob
		S: 381 more
		C: AUTHINFO PASS x
		S: 281 ok`},
	{"HTTP", No, `
		C: GET / HTTP/1.1
		C: Host: example.com
		S: HTTP/1.1 200 OK`},
	{"unknown text protocol", No, `
		C: SIP/2.0 x
		C: Via: x
		C: From: y
		C: To: z`},
	{"SSH", No, `
		S: SSH-2.0-OpenSSH_9.6
		C: SSH-2.0-OpenSSH_9.6`},
	{"IRC", No, `
		C: NICK bob
		C: USER bob 0 * :Bob
		S: :irc.example.com 001 bob :Welcome`},
	{"IRC with a password", No, `
		C: PASS x
		C: USER bob 0 * :Bob`},
	{"IMAP", No, `
		S: * OK ready
		C: a001 LOGIN bob x`},
	{"listing on a data connection", No, `
		C: drwxr-xr-x 2 0 0 4096 Jan 1 00:00 a
		C: drwxr-xr-x 2 0 0 4096 Jan 1 00:00 b
		C: drwxr-xr-x 2 0 0 4096 Jan 1 00:00 c
		C: drwxr-xr-x 2 0 0 4096 Jan 1 00:00 d`},
}

const (
	smtp = `
		S: 220 mail.example.com ESMTP Postfix
		C: EHLO client.example.com
		S: 250-mail.example.com
		S: 250-PIPELINING
		S: 250 8BITMIME
		C: MAIL FROM:<a@example.com>
		S: 250 2.1.0 Ok
		C: RCPT TO:<b@example.com>
		S: 550 5.1.1 No such user
		C: RCPT TO:<c@example.com>
		S: 250 2.1.5 Ok
		C: DATA
		S: 354 End data with <CR><LF>.<CR><LF>
		C: Subject: how to use FTP
		C: 
		C: USER bob
		C: PASS x
		C: SYST
		C: PORT 10,0,0,1,4,5
		C: PASV
		C: RETR a.txt
		C: .
		S: 250 2.0.0 Ok: queued
		C: QUIT
		S: 221 2.0.0 Bye`
	pop3 = `
		S: +OK POP3 ready
		C: CAPA
		S: +OK
		S: USER
		C: USER bob
		S: +OK
		C: PASS x
		S: +OK
		C: STAT
		S: +OK 2 320
		C: LIST
		S: +OK
		C: RETR 1
		S: +OK
		S: 227 Entering Passive Mode (10,0,0,1,4,5)
		S: 331 in the mail's text
		C: DELE 1
		S: +OK
		C: QUIT
		S: +OK`
)

// side keeps one side's lines.
func side(talk, which string) string {
	var kept []string
	for line := range strings.SplitSeq(talk, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), which+":") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestRecognizer(t *testing.T) {
	for _, tt := range recognizerCases {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want.String(), recognize(tt.talk).String()) })
	}
}

// Another protocol's conversation is FTP at no point, not even for a moment.
func TestRecognizerNeverHasty(t *testing.T) {
	for _, tt := range recognizerCases {
		if tt.want == Yes {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			for i, c := range tt.talk {
				if c == '\n' {
					require.NotEqual(t, "yes", recognize(tt.talk[:i]).String(), tt.talk[:i])
				}
			}
		})
	}
}
