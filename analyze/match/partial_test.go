package match_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/capture/capturetest"
)

// Captures that hold a part of the conversation: they begin late, end early, have one side or gaps.
func TestPartial(t *testing.T) {
	const cut = "\ncut"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"begins in the middle, roles by content", `
			server 192.0.2.21:2121
			open none
			C: CWD x
			S: 250 ok
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session C:51234>S:2121 login=ok mode=passive by=client from_start=false
			1 RETR a path=- PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"begins in the middle, with a reply", `
			client 192.0.2.10:21000
			server 192.0.2.21:50021
			open none
			S: 227 ok (192,0,2,21,195,80)
			C: RETR /a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session C:21000>S:50021 login=ok mode=passive by=client from_start=false
			1 RETR /a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"begins in the middle, roles by port 21 only", `
			client 192.0.2.10:20
			open none
			C! xt\r\n
			S: 550 no
			bye`, `
			session C:20>S:21 from_start=false`},
		{"begins in the middle, bytes that say nothing", `
			open none
			ack S
			ack C
			S! \x82\x83
			close C`, ``},
		{"begins in the middle of a transfer", `
			open none
			S: 226 Transfer complete
			bye`, `
			session from_start=false`},
		{"begins after PORT", `
			open none
			C: RETR a
			data d1 S:20 > C:50000
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session login=ok mode=active by=server from_start=false
			1 RETR a path=- default active initiator=server data=S:20>C:50000 bytes=70 reply=226 ok`},
		{"begins after PASV", `
			open none
			C: STOR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session login=ok mode=passive by=client from_start=false
			1 STOR a path=- default passive initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"begins after the SYN of the data connection", `
			open none
			data d1 S:20 > C:50000 none
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session mode=active by=server from_start=false
			1 - default active initiator=server data=S:20>C:50000 evidence=inferred download bytes=70 reply=226 ok`},
		{"ends in the middle", `
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70` + cut, `
			session user=bob login=ok mode=passive by=client closing=cut
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 incomplete`},
		{"ends before the connection", `
			login
			pasv
			C: RETR a` + cut, `
			session user=bob login=ok mode=passive closing=cut
			1 RETR a PASV passive announced=S:50000 incomplete`},
		{"ends within a command", `
			login
			pasv
			C! RETR fil` + cut, `
			session user=bob login=ok mode=passive closing=cut
			1 RETR PASV passive announced=S:50000 incomplete`},
		{"a reply is lost", `
			login
			C: CWD /x
			lost S: 250 ok
			C: TYPE I
			S: 200 ok
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client missing=8
			1 RETR a path=- type=I PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"a reply is lost, and the next has the same code", `
			login
			C: TYPE I
			lost S: 200 ok
			C: NOOP
			S: 200 ok
			C: RETR a
			S: 550 no
			bye`, `
			session user=bob login=ok missing=8
			1 RETR a default unknown reply=550 denied`},
		{"a command is lost", `
			login
			pasv
			lost C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			C: RETR b
			S: 550 no
			bye`, `
			session user=bob login=ok mode=passive by=client missing=8
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 download bytes=70 reply=226 ok
			2 RETR b path=- default unknown reply=550 denied`},
		{"a command is lost, and answered by 425", `
			login
			pasv
			data d1 C:40000 > S:50000 unanswered 3
			lost C: RETR a
			wait 10s
			S: 425 no
			bye`, `
			session user=bob login=ok mode=passive by=client missing=8
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 unanswered attempts=3 reply=425 no-connection`},
		{"the connection that was used is lost, one that was refused is not", `
			login
			pasv
			data d1 C:40000 > S:50000 refused
			C: STOR a
			S: 150 here
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive
			1 STOR a PASV passive announced=S:50000 reply=226 ok`},
		{"SYN and USER are lost", `
			lost open
			S: 220 ready
			lost C: USER bob
			S: 331 p
			C: PASS x
			S: 230 in
			C: RETR a
			S: 550 no
			bye`, `
			session login=ok from_start=false
			1 RETR a path=- default unknown reply=550 denied`},
		{"replies to CWD and PWD are lost, and their commands", `
			login
			C: CWD a
			S: 250 ok
			lost C: CWD /b
			S: 250 ok
			C: RETR a
			S: 550 no
			bye`, `
			session user=bob login=ok missing=8
			1 RETR a path=- default unknown reply=550 denied`},
		{"a long command is lost", `
			login
			pasv
			lost C: RETR a-file-with-a-long-name.bin
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client missing=34
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 download bytes=70 reply=226 ok`},
		{"a long command is lost, which was another PORT", `
			login
			C: PORT 192,0,2,10,195,80
			S: 200 ok
			lost C: PORT 192,0,2,10,195,81
			S: 200 PORT command successful
			C: RETR a
			data d1 S:20 > C:50001
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server missing=24
			1 - PORT active announced=C:50000 reply=200 incomplete
			2 RETR a path=- default active initiator=server data=S:20>C:50001 bytes=70 reply=226 ok`},
		{"a long command is lost, which the server refused", `
			login
			pasv
			lost C: RETR a-file-with-a-long-name.bin
			S: 550 no
			bye`, `
			session user=bob login=ok missing=34
			1 - PASV passive announced=S:50000 reply=550 denied`},
		{"a long command is lost, which was no transfer", `
			login
			pasv
			lost C: SIZE a-file-with-a-long-name.bin
			S: 550 no such file
			C: RETR b
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client missing=34
			1 RETR b path=- PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"only the server's side, which refused a transfer", `
			lost open
			S: 220 hi
			S: 331 password
			S: 230 ok
			S: 227 ok (192,0,2,21,195,80)
			S: 550 Could not get file size.
			S: 550 no
			S: 221 bye
			close`, `
			session login=ok closing=fin banner="hi" from_start=false
			1 - PASV passive announced=S:50000 reply=550 denied`},
		{"only the client's side, nobody answers", `
			open synonly
			C: PASV
			data d1 C:40000 > S:41000 unanswered 4
			C: QUIT
			lost close`, `
			session mode=passive by=client server_side=false
			1 - PASV passive initiator=client data=C:40000>S:41000 unanswered attempts=4 no-connection`},
		{"227 is lost", `
			login
			C: PASV
			lost S: 227 ok (192,0,2,21,195,80)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client missing=28
			1 RETR a PASV passive initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"the final reply is lost", `
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			lost S: 226 done
			C: NOOP
			S: 200 ok
			bye`, `
			session user=bob login=ok mode=passive by=client missing=10
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 incomplete`},
		{"CWD refused, its reply lost", `
			login
			C: CWD /x
			S: 250 ok
			C: CWD y
			lost S: 550 no
			C: RETR a
			S: 550 no
			bye`, `
			session user=bob login=ok missing=8
			1 RETR a path=- default unknown reply=550 denied`},
		{"data bytes are lost", `
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 700
			lost d1< 300
			d1< 50
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=1050 missing=300 reply=226 ok`},
	})
}

var missing = regexp.MustCompile(`(session .*)missing=\d+`)

// A capture of one side has its facts only: what the other side would have decided is unknown.
func TestOneSided(t *testing.T) {
	play := "login\nC: TYPE I\nS: 200 ok\nC: CWD /pub\nS: 250 ok\n" + analyzetest.Passed("RETR a", "7000") + "port\nC: STOR b\nS: 150 here\ndata d2 S:20 > C:50000\nd2< 500\nd2 fin <\nS: 226 done\nbye"
	for _, c := range []struct {
		name, want string
		keep       func(*capturetest.Meta) bool
	}{
		{"client only", `
			session user=bob mode=mixed by=mixed server_side=false
			1 RETR a path=- PASV passive initiator=client data=C:40000>S:50000 bytes=- missing=- incomplete
			2 STOR b path=- PORT active announced=C:50000 initiator=server data=S:20>C:50000 evidence=inferred bytes=500 incomplete`,
			func(m *capturetest.Meta) bool { return m.Src.Addr().String() == analyzetest.ClientIP }},
		{"server only", `
			session login=ok mode=mixed by=mixed closing=fin client_side=false
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 evidence=inferred download bytes=7000 reply=226 ok
			2 - default active initiator=server data=S:20>C:50000 bytes=- missing=- reply=226 ok`,
			func(m *capturetest.Meta) bool { return m.Src.Addr().String() == analyzetest.ServerIP }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var kept []capturetest.Frame
			for _, f := range (analyzetest.Conversation{Script: play}).Frames(t) {
				if c.keep(f.Meta) {
					kept = append(kept, f)
				}
			}
			got := analyzetest.Analyzed(t, kept, analyze.Options{})
			analyzetest.RequireSane(t, got)
			if len(got.Sessions) != 1 || analyzetest.Trimmed(c.want) != missing.ReplaceAllString(got.Facts(), "${1}missing=M") {
				t.Fatalf("want\n%s\ngot\n%s", analyzetest.Trimmed(c.want), got.Facts())
			}
		})
	}
}

// What is not FTP gives no session, on its port, on port 21 and on 2121.
func TestDecoys(t *testing.T) {
	for name, said := range map[string]string{
		"SMTP":  "S: 220 mail.example.com ESMTP Postfix\nC: EHLO me\nS: 250-mail\nS: 250 HELP\nC: MAIL FROM:<a@b>\nS: 250 2.1.0 Ok\nC: DATA\nS: 354 go\nC: RETR me\nC: .\nS: 250 2.0.0 Ok\nC: QUIT\nS: 221 2.0.0 Bye\nclose S",
		"POP3":  "S: +OK ready\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK in\nC: LIST\nS: +OK\nS: .\nC: RETR 1\nS: +OK\nS: .\nC: QUIT\nS: +OK\nclose S",
		"NNTP":  "S: 200 news.example.com InternetNetNews NNRP ready (posting ok)\nC: MODE READER\nS: 200 ok\nC: GROUP a.b\nS: 211 1 1 1 a.b\nC: QUIT\nS: 205 bye\nclose S",
		"HTTP":  "C! GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\nS! HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n220 a\nclose C",
		"SSH":   "S: SSH-2.0-OpenSSH_9.2\nC: SSH-2.0-Go\nC! \\x00\\x00\\x01\\x02\\x03\nS! \\x00\\x00\\x01\\x02\\x03\nclose C",
		"IRC":   "C: NICK bob\nC: USER bob 0 * :Bob\nS: :irc 001 bob :Welcome\nC: PING x\nS: :irc PONG x\nC: QUIT :bye\nclose C",
		"TLS":   analyzetest.Hello + "close C",
		"bytes": "C! \\x00\\x01\\x02\\xff\\r\\n\nS! \\x80\\x81\\x82\\r\\n\nclose C",
	} {
		own := map[string]string{"SMTP": "25", "POP3": "110", "NNTP": "119", "HTTP": "80", "SSH": "22", "IRC": "6667", "TLS": "443", "bytes": "9999"}[name]
		for _, port := range []string{own, "21", "2121"} {
			t.Run(name+" on port "+port, func(t *testing.T) {
				if name == "TLS" && port == "21" {
					t.Skip("TLS from the first byte on an FTP port is implicit TLS")
				}
				c := analyzetest.Conversation{Script: "server 192.0.2.21:" + port + "\n" + said}
				for _, opt := range []analyze.Options{{}, {Ports: []uint16{2121}}} {
					if got := analyzetest.Analyzed(t, c.Frames(t), opt); got.Facts() != "" && !(name == "TLS" && port == "2121" && len(opt.Ports) > 0) {
						t.Fatal(got.Facts())
					}
				}
			})
		}
	}
}

// What a hostile peer sends costs time and memory in proportion, and limits are counted.
func TestHostile(t *testing.T) {
	many := func(line string, n int) string { return strings.Repeat(line, n) }
	long := strings.Repeat("x", 64<<10)
	analyzetest.RunAll(t, []analyzetest.Case{
		{"long command", "login\nC: RETR " + long + "\nS: 500 no\nC: RETR b\nS: 550 no\nbye", `
			session user=bob login=ok
			1 RETR default unknown reply=500 denied
			2 RETR b default unknown reply=550 denied`},
		{"long reply", "login\nC: NOOP\nS: 200 " + long + "\nC: RETR b\nS: 550 no\nbye", `
			session user=bob login=ok
			1 RETR b default unknown reply=550 denied`},
		{"NULs in a command", "login\nC! RE\\x00TR a\\r\\nRETR b\\x00c\\r\\n\nS: 500 no\nS: 550 no\nbye",
			"session user=bob login=ok\n1 RETR b\x00c default unknown reply=550 denied"},
		{"binary after the login", "login\nC! \\x01\\x02\\x80\\xff\\xfe\\r\\n\nS: 500 no\nC: RETR b\nS: 550 no\nbye", `
			session user=bob login=ok
			1 RETR b default unknown reply=550 denied`},
		{"CWD without end", "login\n" + many("C: CWD "+strings.Repeat("d", 4000)+"\nS: 250 ok\n", 3) + "C: RETR b\nS: 550 no\nbye", `
			session user=bob login=ok
			1 RETR b path=- default unknown reply=550 denied`},
	})
	t.Run("more commands than wait for replies", func(t *testing.T) {
		c := analyzetest.Conversation{Script: "login\nC! " + many(`NOOP\r\n`, 3000) + "\nC: RETR a\nclose C"}
		got := analyzetest.Analyzed(t, c.Frames(t), analyze.Options{})
		if s := got.Sessions[0]; s.Commands != 3003 || len(s.Transfers) != 1 || len(s.Notes.Oddities) != 100 {
			t.Fatal(s.Commands, len(s.Transfers), len(s.Notes.Oddities))
		}
	})
	t.Run("more negotiations than are kept", func(t *testing.T) {
		c := analyzetest.Conversation{Script: "login\n" + many("C! "+many(`PORT 192,0,2,10,195,80\r\n`, 500)+"\nS! "+many(`200 ok\r\n`, 500)+"\n", 25) + "bye"}
		got := analyzetest.Analyzed(t, c.Frames(t), analyze.Options{})
		if n := len(got.Sessions[0].Transfers); n != 10_000 || len(got.Total.Capture.Limits) == 0 {
			t.Fatal(n, got.Total.Capture.Limits)
		}
	})
	t.Run("more transfers than are kept", func(t *testing.T) {
		c := analyzetest.Conversation{Script: "login\n" + many("C! "+many(`RETR a\r\n`, 500)+"\nS! "+many(`550 no\r\n`, 500)+"\n", 25) + "bye"}
		got := analyzetest.Analyzed(t, c.Frames(t), analyze.Options{})
		if n := len(got.Sessions[0].Transfers); n != 10_000 || len(got.Total.Capture.Limits) == 0 {
			t.Fatal(n, got.Total.Capture.Limits)
		}
	})
	t.Run("more connections to one offer than are kept", func(t *testing.T) {
		c := analyzetest.Conversation{Script: "step 1us\nlogin\npasv\n"}
		var b strings.Builder
		for i := range 300 {
			b.WriteString("data x" + strconv.Itoa(i) + " C:" + strconv.Itoa(10000+i) + " > S:50000 refused\n")
		}
		c.Script += b.String() + "bye"
		got := analyzetest.Analyzed(t, c.Frames(t), analyze.Options{})
		analyzetest.RequireSane(t, got)
		if n := got.Sessions[0].Transfers[0].Connection.Attempts; n != 300 {
			t.Fatal(n)
		}
	})
}
