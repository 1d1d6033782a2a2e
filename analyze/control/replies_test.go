package control_test

import (
	"strings"
	"testing"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
)

// ABOR and what servers make of it: RFC 959 section 4.1.3.
func TestAbort(t *testing.T) {
	const running = `
		login
		pasv
		C: RETR a
		data d1 C:40000 > S:50000
		S: 150 here
		d1< 5000
		`
	const in = "session user=bob login=ok mode=passive by=client\n"
	const after = "\nC: RETR b\nS: 550 no\nbye"
	const thenB = "\n2 RETR b default unknown reply=550 denied"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"426, then 226", running + "C: ABOR\nd1 rst <\nS: 426 aborted\nS: 226 ABOR ok" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=426 aborted" + thenB},
		{"226, then 426", running + "C: ABOR\nd1 rst <\nS: 226 ABOR command successful\nS: 426 aborted" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=426 aborted" + thenB},
		{"426 and 225 in one segment", running + "C: ABOR\nd1 fin <\nS! 426 aborted\\r\\n225 ok\\r\\n" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=426 aborted" + thenB},
		{"451, then 226", running + "C: ABOR\nd1 fin <\nS: 451 aborted\nS: 226 done" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=451 aborted" + thenB},
		{"225 alone", running + "C: ABOR\nd1 rst <\nS: 225 ABOR ok" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 aborted" + thenB},
		{"226 alone, for ABOR", running + "C: ABOR\nd1 rst <\nS: 226 Abort successful" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 aborted" + thenB},
		{"complete before ABOR came", running + "d1 fin <\nC: ABOR\nS: 226 Transfer complete\nS: 226 ABOR ok" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=226 ok" + thenB},
		{"complete before ABOR came, 225", running + "d1 fin <\nC: ABOR\nS: 226 Transfer complete\nS: 225 nothing to abort" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=226 ok" + thenB},
		{"Telnet IP and Synch before it", running + "C^ \\xff\\xf4\\xff\nC! \\xf2ABOR\\r\\n\nd1 rst <\nS: 426 aborted\nS: 226 ABOR ok" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=426 aborted" + thenB},
		{"client closes data, no ABOR", running + "d1 rst >\nS: 426 aborted" + after,
			in + "1 RETR a" + atPassive + " bytes=5000 reply=426 aborted" + thenB},
		{"ABOR and QUIT, connection gone", running + "C: ABOR\nC: QUIT\nrst C",
			in + "1 RETR a" + atPassive + " bytes=5000 aborted"},
		{"ABOR without a transfer", "login\nC: ABOR\nS: 225 nothing" + after,
			"session user=bob login=ok\n1 RETR b default unknown reply=550 denied"},
		{"ABOR before the connection", "login\npasv\nC: RETR a\nC: ABOR\nS: 426 no\nS: 226 ok\nbye",
			"session user=bob login=ok mode=passive\n1 RETR a PASV passive announced=S:50000 reply=426 denied"},
	})
}

// Replies of all kinds, whole and broken.
func TestReplies(t *testing.T) {
	var banner strings.Builder
	for i := range 60 {
		banner.WriteString([]string{"S: 220-line\n", "S: 220 users so far\n", "S:  welcome\n"}[min(i%10, 2)])
	}
	const in = "session user=bob login=ok"
	const rest = "\nC: USER bob\nS: 230 in\nbye"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"multi-line banner", "S: 220-hello\nS: there\nS: 220 done" + rest, in + ` banner="hello\nthere\ndone"`},
		{"multi-line reply ended by another code", "S: 220 ready\nC: USER bob\nS: 230-hi\nS: 226 in\nC: RETR a\nS: 550 no\nbye",
			"session user=bob login=ok\n1 RETR a default unknown reply=550 denied"},
		{"multi-line reply never ended", "S: 220 ready\nC: USER bob\nS: 230-hi\nS: there\nC: RETR a\nS: 550 no\nbye",
			"session user=bob login=ok\n1 RETR a default unknown reply=550 denied"},
		{"banner never ended", "S: 220-hi\nS: there" + rest, in + ` banner="hi\nthere"`},
		{"no space after the code", "S: 220\nC: USER bob\nS: 230\nC: RETR a\nS: 550\nbye",
			`session user=bob login=ok banner=""` + "\n1 RETR a default unknown reply=550 denied"},
		{"continuation lines with other codes", "S: 220 ready\nC: USER bob\nS: 230 in\nC: FEAT\nS: 211-Features\nS:  SIZE\nS: 500 lines follow\nS: 211-more\nS: 211 End\nC: RETR a\nS: 550 no\nbye",
			"session user=bob login=ok\n1 RETR a default unknown reply=550 denied"},
		{"120, then 220", "S: 120 wait\nS: 220 ready" + rest, in},
		{"421 instead of a greeting", "S: 421 too many\nclose S", "session closing=fin no banner"},
		{"421 time-out", "login\nwait 300s\nS: 421 time-out\nclose S", "session user=bob login=ok closing=fin"},
		{"421 time-out, then reset", "login\nwait 300s\nS: 421 time-out\nrst S", "session user=bob login=ok closing=rst"},
		{"command before the greeting", "C: USER bob\nS: 220 ready\nS: 331 p\nC: PASS x\nS: 230 in\nbye", in},
		{"a reply nobody asked for", "login\nS: 200 hello\nC: RETR a\nS: 550 no\nbye", in + "\n1 RETR a default unknown reply=550 denied"},
		{"a line without a code", "login\nS: hello there\nC: RETR a\nS: 550 no\nbye", in + "\n1 RETR a default unknown reply=550 denied"},
		{"227 for QUIT", "login\nC: QUIT\nS: 227 Logout.\nclose S", in},
		{"SYST", "login\nC: SYST\nS: 215 UNIX Type: L8\nbye", in + " system=UNIX Type: L8"},
		{"unknown commands", "login\nC: XYZZY\nS: 500 what\nC: SITE UTIME a\nS: 200 ok\nC: RETR a\nS: 550 no\nbye", in + "\n1 RETR a default unknown reply=550 denied"},
		{"preliminary reply repeated", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here\nS: 125 and so\nd1< 9\nd1 fin <\nS: 226 done\nbye",
			in + " mode=passive by=client\n1 RETR a" + atPassive + " bytes=9 reply=226 ok"},
		{"110 before 150", "login\nC: REST 5\nS: 350 ok\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 110 MARK 1 = 1\nS: 150 here\nd1< 9\nd1 fin <\nS: 226 done\nbye",
			in + " mode=passive by=client\n1 RETR a rest=5" + atPassive + " bytes=9 reply=226 ok"},
		{"226 of two lines after the data", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here\nd1< 9\nd1 fin <\nS: 226-done\nS: 226 9 bytes\nbye",
			in + " mode=passive by=client\n1 RETR a" + atPassive + " bytes=9 reply=226 ok"},
	})
	t.Run("banner of 60 lines with 220 and a space inside", func(t *testing.T) {
		c := analyzetest.Conversation{Script: "S: 220-Welcome\n" + banner.String() + "S: 220 end" + rest}
		s := analyzetest.Analyzed(t, c.Frames(t), analyze.Options{}).Sessions[0]
		if s.Login != "ok" || *s.User != "bob" || s.Banner == nil || !strings.HasPrefix(*s.Banner, "Welcome") {
			t.Fatalf("login %s, banner %q", s.Login, analyzetest.Text(s.Banner))
		}
	})
}

// Logins: RFC 959 section 5.4's sequences of USER, PASS and ACCT.
func TestLogin(t *testing.T) {
	analyzetest.RunAll(t, []analyzetest.Case{
		{"230 to USER", "S: 220 ready\nC: USER bob\nS: 230 in\nbye", "session user=bob login=ok"},
		{"331, 230", "login\nbye", "session user=bob login=ok"},
		{"331, 332, 230", "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nS: 332 a\nC: ACCT y\nS: 230 in\nbye", "session user=bob login=ok"},
		{"331, 202", "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nS: 202 superfluous\nbye", "session user=bob login=ok"},
		{"232 after AUTH", "S: 220 ready\nC: USER bob\nS: 232 in\nbye", "session user=bob login=ok"},
		{"530", "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nS: 530 no\nbye", "session user=bob login=failed"},
		{"530 to USER", "S: 220 ready\nC: USER bob\nS: 530 no\nbye", "session user=bob login=failed"},
		{"530, then in", "S: 220 ready\nC: USER eve\nS: 331 p\nC: PASS x\nS: 530 no\nC: USER bob\nS: 331 p\nC: PASS y\nS: 230 in\nbye", "session user=bob login=ok"},
		{"in, then another user fails", "login\nC: USER eve\nS: 331 p\nC: PASS x\nS: 530 no\nbye", "session user=eve login=failed"},
		{"530 to a command before the login", "S: 220 ready\nC: PWD\nS: 530 log in first\nbye", "session"},
		{"421 to PASS", "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nS: 421 too many\nclose S", "session user=bob login=failed closing=fin"},
		{"no answer", "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nfin C", "session user=bob closing=fin"},
		{"anonymous", "S: 220 ready\nC: USER Anonymous\nS: 331 p\nC: PASS a@b\nS: 230 in\nbye", "session user=Anonymous anonymous=true login=ok"},
		{"ftp", "S: 220 ready\nC: USER ftp\nS: 230 in\nbye", "session user=ftp anonymous=true login=ok"},
		{"never", "S: 220 ready\nbye", "session"},
		{"by a command that needs it", "S: 220 ready\nC: CWD x\nS: 250 ok\nbye", "session login=ok"},
		{"REIN", "login\nC: REIN\nS: 220 ready\nC: USER eve\nS: 331 p\nC: PASS x\nS: 530 no\nbye", "session user=eve login=failed"},
		{"silent server", "open\nwait 60s\nfin C", "session closing=fin no banner"},
		{"port 2121, by content", "server 192.0.2.21:2121\nlogin\nbye", "session C:51234>S:2121 user=bob login=ok"},
	})
}
