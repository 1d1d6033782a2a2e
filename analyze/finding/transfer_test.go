package finding

import (
	"testing"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestSize(t *testing.T) {
	said := func(n uint64) func(*record.Transfer) {
		return func(t *record.Transfer) { t.Notes.Size, t.Notes.SizeFrom = &n, pos(13) }
	}
	change := func(f func(*record.Transfer)) record.Transfer { return passive(worked(900), said(1000), f) }
	const gave = `medium 1 the server gave the size of "/a.bin" as 1,000 bytes (packet 13) and sent 900 bytes, 100 fewer, before it replied 226 (packet 30)`
	check(t, "size-mismatch", []row{
		{"too few", sess(with(passive(worked(900), said(1000)))), gave},
		{"too many", sess(with(passive(worked(1100), said(1000)))), `medium 1 the server gave the size of "/a.bin" as 1,000 bytes (packet 13) and sent 1,100 bytes, 100 more, before it replied 226 (packet 30)`},
		{"right", sess(with(passive(worked(1000), said(1000)))), ""},
		{"ASCII", sess(with(change(func(t *record.Transfer) { t.Representation = ptr("A") }))), ""},
		{"restarted", sess(with(change(func(t *record.Transfer) { t.Restart = ptr(uint64(100)) }))), ""},
		{"bytes missing from the capture", sess(with(change(func(t *record.Transfer) { t.MissingBytes = ptr(uint64(1)) }))), ""},
		{"start of the data missing", sess(with(change(func(t *record.Transfer) { t.Notes.Conn.SYN = flow.Mark{} }))), ""},
		{"end of the data missing", sess(with(change(func(t *record.Transfer) { t.Notes.Conn.Half[flow.In].FIN = flow.Mark{} }))), ""},
		{"the client cut it off", sess(with(change(func(t *record.Transfer) { t.Notes.Conn.Half[flow.Out].RST = at(20) }))), ""},
		{"compressed", sess(with(change(func(t *record.Transfer) { t.Notes.Mode = "Z" }))), ""},
		{"MODE not known", sess(gappy, with(change(func(t *record.Transfer) { t.Notes.Mode = "" }))), ""},
		{"mid-start, MODE S seen", sess(midStart, with(passive(worked(900), said(1000)))), gave},
	})
}

func TestASCII(t *testing.T) {
	sent := func(name string, changes ...func(*record.Transfer)) record.Transfer {
		t := passive(worked(9), func(t *record.Transfer) { t.Representation, t.Path = ptr("A"), &name })
		for _, change := range changes {
			change(&t)
		}
		return t
	}
	said150 := func(text string) func(*record.Transfer) {
		return func(t *record.Transfer) { t.Representation, t.Preliminary = nil, reply(13, 150, text) }
	}
	check(t, "ascii-mode-binary", []row{
		{"by name", sess(with(sent("/a.ZIP"))), `medium 1 "/a.ZIP" was transferred in ASCII mode (TYPE A), although it is binary by its name (packet 12)`},
		{"by content", sess(with(sent("/a", func(t *record.Transfer) { t.MIMEType = ptr("image/png") }))), `medium 1 "/a" was transferred in ASCII mode (TYPE A), although it is binary by its content ("image/png") (packet 12)`},
		{"text", sess(with(sent("/a.txt"))), ""},
		{"text by content", sess(with(sent("/a.zip", func(t *record.Transfer) { t.MIMEType = ptr("text/plain") }))), ""},
		{"a listing of it", sess(with(sent("/a.zip", func(t *record.Transfer) { t.Command = ptr("LIST") }))), ""},
		{"TYPE not seen", sess(midStart, with(sent("/a.zip", func(t *record.Transfer) { t.Representation = nil }))), ""},
		{"by default, as the server says", sess(with(sent("/a.zip", said150("Opening ASCII mode data connection for a.zip.")))), `medium 1 "/a.zip" was transferred in ASCII mode (according to the server's reply: 150 "Opening ASCII mode data connection for a.zip." (packet 13)), although it is binary by its name (packet 12)`},
		{"by default, and the server says otherwise", sess(with(sent("/a.zip", said150("Opening BINARY mode data connection for a.zip.")))), ""},
		{"nothing transferred", sess(with(sent("/a.zip", func(t *record.Transfer) { t.Bytes = ptr(uint64(0)) }))), ""},
	})
}

func TestControlLost(t *testing.T) {
	running := func(t *record.Transfer) {
		t.Preliminary, t.Outcome, t.Bytes = reply(13, 150, ""), record.Incomplete, ptr(uint64(700))
	}
	ends := func(change func(*flow.Conn)) func(*record.Session) {
		return func(s *record.Session) {
			s.Notes.Control.Closing = flow.Cut
			change(&s.Notes.Control)
		}
	}
	reset := ends(func(c *flow.Conn) { c.Half[flow.In].RST, c.Last, c.Closing = at(90), at(90), flow.ResetBy })
	transfer := passive(met(flow.Established), running)
	const data = "; the data connection was closed by the server after 700 bytes (packet 26)"
	together := ends(func(c *flow.Conn) { c.Half[flow.Out].FIN = markAt(29, 27*flow.Second) })
	check(t, "control-lost-during-transfer", []row{
		{"reset", sess(reset, with(transfer)), `high 1 the control connection was reset from the server's address (packet 90) while RETR "a.bin" ran (packet 12); no command or reply had passed on it for 1 min 17 s` + data},
		{"closed by the server", sess(ends(func(c *flow.Conn) { c.Half[flow.In].FIN = at(20) }), with(transfer)), `high 1 the control connection was closed by the server (FIN) (packet 20) while RETR "a.bin" ran (packet 12); no command or reply had passed on it for 7 s` + data},
		{"the client left", sess(together, with(transfer)), `medium 1 the control connection was closed by the client (FIN) (packet 29) while RETR "a.bin" ran (packet 12); no command or reply had passed on it for 14 s` + data},
		{"the client gave up", sess(together, with(passive(met(flow.Established, func(c *flow.Conn) { c.Half[flow.In].FIN = flow.Mark{} }), running))), ""},
		{"silent", sess(ends(func(c *flow.Conn) { c.Last = at(13) }), with(transfer)), `high 1 no final reply to RETR "a.bin" (packet 12) came within 30 s after the end of the data connection; the control connection had been idle for 15 s when the reply was due` + data},
		{"no answer", sess(ends(func(c *flow.Conn) { c.Last = at(95) }), func(s *record.Session) { s.Notes.Idle = 70 * flow.Second }, with(transfer)), `high 1 no final reply to RETR "a.bin" (packet 12) came within 1 min 7 s after the end of the data connection; what was sent on the control connection after it got no answer (packet 95); the control connection had been idle for 15 s when the reply was due` + data},
		{"the reply came", sess(reset, with(passive(worked(700)))), ""},
		{"another transfer followed", sess(reset, with(transfer), with(passive(worked(700)))), ""},
		{"the capture ends", sess(cutShort, with(transfer)), ""},
		{"the reply may be in a gap", sess(gappy, reset, with(transfer)), ""},
		{"a gap, but reset before the data ended", sess(gappy, ends(func(c *flow.Conn) { c.Half[flow.In].RST = at(20) }), with(transfer)),
			`high 1 the control connection was reset from the server's address (packet 20) while RETR "a.bin" ran (packet 12); no command or reply had passed on it for 7 s` + data},
		{"closed upon QUIT", sess(ends(func(c *flow.Conn) { c.Half[flow.In].FIN = at(40) }), func(s *record.Session) { s.Notes.Quit = at(39) }, with(transfer)), ""},
		{"QUIT sent ahead", sess(reset, func(s *record.Session) { s.Notes.Quit = at(13) }, with(transfer)), ""},
	})
}

func TestRestart(t *testing.T) {
	stor := func(from, n uint64, changes ...func(*record.Transfer)) record.Transfer {
		t := passive(worked(n), func(t *record.Transfer) { t.Command, t.Direction = ptr("STOR"), ptr(record.Upload) })
		if from > 0 {
			t.Restart = &from
		}
		for _, change := range changes {
			change(&t)
		}
		return t
	}
	elsewhere := func(t *record.Transfer) { t.Path = ptr("/b.bin") }
	holey := func(t *record.Transfer) { t.MissingBytes = ptr(uint64(5)) }
	check(t, "restart-hole", []row{
		{"beyond the end", sess(with(stor(0, 100)), with(stor(150, 50))), `medium 2 the upload of "/a.bin" was resumed at byte 150 (packet 12), but transfer 1 had ended at byte 100 (packet 30): 50 bytes were not sent`},
		{"at the end", sess(with(stor(0, 100)), with(stor(100, 50)), with(stor(150, 5))), ""},
		{"before it", sess(with(stor(0, 100)), with(stor(90, 50))), ""},
		{"another file", sess(with(stor(0, 100)), with(stor(150, 50, elsewhere))), ""},
		{"what was there before is not known", sess(with(stor(150, 50)), with(stor(300, 50))), ""},
		{"bytes missing from the capture", sess(with(stor(0, 100, holey)), with(stor(150, 50))), ""},
	})
}

func TestNames(t *testing.T) {
	file := func(command, direction, path string) record.Transfer {
		return passive(worked(9), func(t *record.Transfer) { t.Command, t.Direction, t.Path = &command, &direction, &path })
	}
	nothing := func(t record.Transfer) record.Transfer {
		t.Outcome, t.Bytes = record.Denied, nil
		return t
	}
	check(t, "executable-upload", []row{
		{"web code", sess(logins("+bob"), with(file("STOR", record.Upload, "/www/x.PHP"))), `info 1 "bob" from 198.51.100.10 uploaded "/www/x.PHP", a program or code that a server runs, by its name (packet 12)`},
		{"settings", sess(with(file("STOR", record.Upload, "/www/.htaccess"))), `info 1 the client 198.51.100.10 uploaded "/www/.htaccess", a program or code that a server runs, by its name (packet 12)`},
		{"text", sess(with(file("STOR", record.Upload, "/www/php.txt"))), ""},
		{"downloaded", sess(with(file("RETR", record.Download, "/www/x.php"))), ""},
		{"denied", sess(with(nothing(file("STOR", record.Upload, "/www/x.php")))), ""},
		{"no path known", sess(midStart, with(passive(worked(3), func(t *record.Transfer) {
			t.Command, t.Direction, t.Path, t.Argument = ptr("STOR"), ptr(record.Upload), nil, nil
		}))), ""},
	})
	spoke := func(line record.Spoken) record.Transfer {
		line.Mark.Pos = pos(18)
		return passive(worked(9), func(t *record.Transfer) { t.Notes.Spoken = &line })
	}
	check(t, "ftp-in-data", []row{
		{"a reply", sess(with(spoke(record.Spoken{Code: 220}))), `low 1 the data connection 198.51.100.10:50002 → 203.0.113.21:50001 of RETR "a.bin" carries what FTP sends on control connections, first the reply 220 (packet 18); this is content: no session, no login, no command`},
		{"a command", sess(with(spoke(record.Spoken{Verb: "USER"}))), `low 1 the data connection 198.51.100.10:50002 → 203.0.113.21:50001 of RETR "a.bin" carries what FTP sends on control connections, first the command USER (packet 18); this is content: no session, no login, no command`},
		{"both sides", sess(with(spoke(record.Spoken{Code: 220, Both: true}))), `medium 1 the data connection 198.51.100.10:50002 → 203.0.113.21:50001 of RETR "a.bin" carries what FTP sends on control connections, first the reply 220 (packet 18); this is content: no session, no login, no command`},
		{"nothing of it", sess(with(passive(worked(9)))), ""},
	})
	check(t, "credential-file", []row{
		{"passwords", sess(with(file("RETR", record.Download, "/etc/shadow"))), `info 1 the client 198.51.100.10 downloaded "/etc/shadow", which holds passwords or keys, by its name (packet 12)`},
		{"keys", sess(with(file("RETR", record.Download, `C:\keys\A.PPK`))), `info 1 the client 198.51.100.10 downloaded "C:\\keys\\A.PPK", which holds passwords or keys, by its name (packet 12)`},
		{"uploaded", sess(with(file("STOR", record.Upload, "/etc/shadow"))), ""},
		{"a listing", sess(with(file("LIST", record.Download, "/etc/shadow"))), ""},
		{"another name", sess(with(file("RETR", record.Download, "/etc/shadows"))), ""},
		{"denied, mid-start", sess(midStart, with(nothing(file("RETR", record.Download, "/etc/shadow")))), ""},
	})
}
