package finding

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestCleartext(t *testing.T) {
	unanswered := func(s *record.Session) { s.Password, s.User = ptr("secret"), ptr("bob") }
	check(t, "cleartext-credentials", []row{
		{"accepted", sess(logins("+bob")), `medium 0 the password of user "bob" went to 203.0.113.21:21 in clear text (packet 5); the server accepted it`},
		{"rejected", sess(logins("-bob")), `medium 0 the password of user "bob" went to 203.0.113.21:21 in clear text (packet 5); the server rejected it`},
		{"several", sess(logins("-bob", "+eve")), `medium 0 2 passwords of users "bob" and "eve" went to 203.0.113.21:21 in clear text (packets 5, 6); the server accepted 1 of them`},
		{"anonymous", sess(logins("+anonymous")), ""},
		{"no password", sess(logins("+bob"), func(s *record.Session) { s.Password = nil }), ""},
		{"anonymous after a rejected one", sess(logins("-bob", "+FTP")), `medium 0 the password of user "bob" went to 203.0.113.21:21 in clear text (packet 5); the server rejected it`},
	})
	check(t, "anonymous-login", []row{
		{"accepted", sess(logins("+Anonymous")), `low 0 the server 203.0.113.21:21 accepted the anonymous login "Anonymous" (packet 5)`},
		{"rejected", sess(logins("-anonymous")), ""},
		{"a user", sess(logins("+bob")), ""},
		{"no reply in the capture", sess(onlyClient, func(s *record.Session) { s.User, s.Anonymous = ptr("ftp"), true }), ""},
	})
	t.Run("no reply in the capture", func(t *testing.T) {
		c := newCase(sess(onlyClient, unanswered), Options{})
		require.Equal(t, `the password of user "bob" went to 203.0.113.21:21 in clear text; this capture does not show whether the server accepted it`, cleartextCredentials.judge(c)[0].message)
	})
}

func TestBruteForceInOneSession(t *testing.T) {
	const five = `198.51.100.10 failed 5 times to log in at 203.0.113.21:21 in 4 s, as user "bob", in 1 session (packets 5, 6, 7, 8, 9); `
	slow := func(s *record.Session) {
		for i := range s.Notes.Logins {
			s.Notes.Logins[i].Mark.Time *= 80
		}
	}
	busy := func(s *record.Session) { s.Notes.Logins[2].Code = 421 }
	check(t, "brute-force", []row{
		{"five failures", sess(logins("-bob", "-bob", "-bob", "-bob", "-bob")), "high 0 " + five + "none of these logins succeeded in this capture"},
		{"and a success", sess(logins("-bob", "-bob", "-bob", "-bob", "-bob", "+bob")), "critical 0 " + five + `then it logged in as "bob" (packet 10)`},
		{"and an anonymous one", sess(logins("-bob", "-bob", "-bob", "-bob", "-bob", "+ftp")), "high 0 " + five + "none of these logins succeeded in this capture"},
		{"users", sess(logins("-a", "-b", "-c", "-d", "-e", "-f")), "high 0 198.51.100.10 failed 6 times to log in at 203.0.113.21:21 in 5 s, as " +
			`6 users ("a", "b", "c", "d", "e", …), in 1 session (packets 5, 6, 7, 8, 9, 10); none of these logins succeeded in this capture`},
		{"four", sess(logins("-bob", "-bob", "-bob", "-bob", "+bob")), ""},
		{"slowly", sess(logins("-bob", "-bob", "-bob", "-bob", "-bob"), slow), ""},
		{"the server was busy", sess(logins("-bob", "-bob", "-bob", "-bob", "-bob"), busy), ""},
		{"mid-start", sess(midStart, logins("-bob", "-bob", "-bob", "-bob", "-bob")), "high 0 " + five + "none of these logins succeeded in this capture"},
	})
}

func TestTLS(t *testing.T) {
	asked := func(s *record.Session) { s.TLS, s.Notes.AuthTLS = record.TLSRefused, at(3) }
	protC := func(s *record.Session) { s.TLS, s.Notes.ProtC = record.TLSExplicit, at(20) }
	check(t, "tls-refused", []row{
		{"and logged in", sess(asked, logins("+bob")), "medium 0 the server 203.0.113.21:21 refused AUTH (packet 3) and the client logged in anyway, in clear text (packet 5)"},
		{"and gave up", sess(asked), ""},
		{"never asked", sess(logins("+bob")), ""},
		{"one side only", sess(asked, onlyServer), ""},
	})
	check(t, "cleartext-data", []row{
		{"PROT C", sess(protC), "medium 0 PROT C was accepted under TLS (packet 20): the data connections after it are in clear text"},
		{"not seen", sess(func(s *record.Session) { s.TLS = record.TLSExplicit }), ""},
		{"seen by its first byte", sess(func(s *record.Session) {
			s.TLS = record.TLSExplicit
			s.Transfers = []record.Transfer{{N: 1, Method: record.MethodEncrypted, Frames: record.Frames{FirstData: at(30).Pos}, Notes: record.TransferNotes{InClear: true}}}
		}), "medium 0 the control connection is under TLS, and 1 data connection carried clear text (packet 30)"},
		{"mid-start", sess(midStart, protC), "medium 0 PROT C was accepted under TLS (packet 20): the data connections after it are in clear text"},
	})
}

// What the handshake says of the certificate and the version.
func TestHandshake(t *testing.T) {
	day := func(n int64) time.Time { return time.Unix(n*86400, 0).UTC() }
	shows := func(x record.Certificate) func(*record.Session) {
		x.Mark, x.Subject = flow.Mark{Time: 10 * 86400 * flow.Second, Pos: at(14).Pos}, "CN=a\x1b"
		return func(s *record.Session) { s.TLS, s.Handshake = record.TLSExplicit, &record.TLSInfo{Certificate: &x} }
	}
	version := func(chosen string, offered ...string) func(*record.Session) {
		return func(s *record.Session) {
			s.TLS, s.Handshake = record.TLSExplicit, &record.TLSInfo{Version: chosen, Offered: offered, ServerHello: at(13)}
		}
	}
	const server = "low 0 the certificate of the server 203.0.113.21:21 for \"CN=a\\x1b\" "
	check(t, "tls-certificate", []row{
		{"expired", sess(shows(record.Certificate{NotBefore: day(1), NotAfter: day(9), SelfSigned: true})), server + "had expired on 1970-01-10 (packet 14)"},
		{"not in force", sess(shows(record.Certificate{NotBefore: day(11), NotAfter: day(19)})), server + "is in force from 1970-01-12 on only (packet 14)"},
		{"self-signed", sess(shows(record.Certificate{NotBefore: day(1), NotAfter: day(19), SelfSigned: true})), server + "is self-signed (packet 14)"},
		{"in order", sess(shows(record.Certificate{NotBefore: day(1), NotAfter: day(19)})), ""},
		{"not readable", sess(shows(record.Certificate{})), ""},
	})
	check(t, "tls-outdated", []row{
		{"1.0", sess(version("TLS 1.0", "TLS 1.0")), "low 0 the control connection uses TLS 1.0 (packet 13), which is obsolete"},
		{"1.1", sess(version("TLS 1.1", "TLS 1.3")), "low 0 the control connection uses TLS 1.1 (packet 13), which is obsolete"},
		{"1.2", sess(version("TLS 1.2")), ""},
		{"no server", sess(version("", "TLS 1.0")), ""},
	})
}

func TestViolation(t *testing.T) {
	odd := func(kind, detail string) func(*record.Session) {
		return func(s *record.Session) {
			s.Notes.Oddities = append(s.Notes.Oddities, record.Oddity{Kind: kind, Mark: at(20 + uint64(len(s.Notes.Oddities))), Detail: detail})
		}
	}
	check(t, "protocol-violation", []row{
		{"endpoint", sess(odd(record.OddEndpoint, "PORT")), `low 0 an announcement without a valid endpoint: "PORT" (packet 20)`},
		{"some of each", sess(odd(record.OddBytes, "CW\x00D"), odd(record.OddLine, ""), odd(record.OddBytes, "CWD\u202e")),
			"low 0 a line of more than 4096 bytes (packet 21)\nlow 0 2 commands with NUL or control bytes: \"CW\\x00D\" and \"CWD\\u202e\" (packets 20, 22)"},
		{"no code", sess(odd(record.OddNoCode, "hello")), `low 0 a line from the server that is no reply: "hello" (packet 20)`},
		{"a piece of a reply", sess(gappy, odd(record.OddNoCode, "hello")), ""},
		{"a custom", sess(odd(record.OddMultiLine, "")), ""},
	})
}

func TestTraversal(t *testing.T) {
	retr := func(arg string, path *string) record.Transfer {
		return passive(worked(5), func(t *record.Transfer) { t.Argument, t.Path = &arg, path })
	}
	check(t, "path-traversal", []row{
		{"a transfer", sess(climbs(12, "RETR ../../etc/passwd", 226), with(retr("../../etc/passwd", ptr("../../etc/passwd")))),
			`medium 1 RETR "../../etc/passwd" leads above the login directory (packet 12); the server replied 226 "so" (packet 13)`},
		{"another command", sess(climbs(9, "DELE ../x", 550)), `medium 0 DELE "../x" leads above the login directory (packet 9); the server replied 550 "so" (packet 10)`},
		{"no reply in the capture", sess(onlyClient, climbs(9, "DELE ../x", 0)), `medium 0 DELE "../x" leads above the login directory (packet 9); no reply followed in this capture`},
		{"many, one worked", sess(climbs(9, "CWD ../../a", 550), climbs(12, "RETR ../b", 226), climbs(40, "SIZE ../c", 550), with(retr("../b", nil))),
			`medium 1 RETR "../b" leads above the login directory (packet 12); the server replied 226 "so" (packet 13); 3 commands of the session did so (packets 9, 12, 40), and the server accepted 1`},
		{"by CWD", sess(with(retr("passwd", ptr("../etc/passwd")))),
			`medium 1 RETR "passwd" in "../etc" leads above the login directory (packet 12); the server replied 226 "Transfer complete." (packet 30)`},
		{"told once", sess(climbs(12, "RETR ../b", 226), with(retr("../b", ptr("../b")))),
			`medium 1 RETR "../b" leads above the login directory (packet 12); the server replied 226 "so" (packet 13)`},
		{"not climbing", sess(with(retr("a..b", ptr("a..b"))), with(retr("/a/../b", ptr("/b")))), ""},
	})
}

func TestGap(t *testing.T) {
	check(t, "capture-gap", []row{
		{"start", sess(midStart), "info 0 the capture of the control connection (packet 1) lacks its start, so this is unknown: who logged in, and which TYPE and directory applied"},
		{"bytes and a side", sess(gappy, onlyClient), "info 0 the capture of the control connection (packet 1) lacks everything from the server and 100 bytes, so this is unknown: whether commands succeeded, which endpoints the server announced; commands and replies in the gap, and the outcome of transfers around it"},
		{"whole", sess(), ""},
		{"its end", sess(cutShort), ""},
		{"the kernel dropped", sess(dropped), "info 0 the kernel dropped 1,204 packets while the session lasted: a data connection that is missing or lacks bytes may be due to that"},
		{"both", sess(gappy, dropped), "info 0 the capture of the control connection (packet 1) lacks 100 bytes, so this is unknown: commands and replies in the gap, and the outcome of transfers around it; the kernel dropped 1,204 packets while the session lasted"},
	})
}

func dropped(s *record.Session) { s.Notes.Dropped = 1204 }

func TestSite(t *testing.T) {
	check(t, "site-exec", []row{
		{"refused", sess(site("EXEC /bin/sh", 500)), `medium 0 the client sent "SITE EXEC /bin/sh" (packet 9); the server replied 500 "so" (packet 10)`},
		{"accepted", sess(site("cpfr /etc/passwd", 350)), `high 0 the client sent "SITE cpfr /etc/passwd" (packet 9); the server replied 350 "so" (packet 10)`},
		{"another", sess(site("HELP", 214)), ""},
		{"no reply in the capture", sess(onlyClient, site("EXEC ls", 0)), `medium 0 the client sent "SITE EXEC ls" (packet 9); no reply followed in this capture`},
	})
	check(t, "site-chmod", []row{
		{"plain", sess(site("CHMOD 640 a", 200)), `low 0 the client sent "SITE CHMOD 640 a" (packet 9); the server replied 200 "so" (packet 10)`},
		{"executable", sess(site("CHMOD 0755 a", 200)), `medium 0 the client sent "SITE CHMOD 0755 a" (packet 9); the server replied 200 "so" (packet 10)`},
		{"set-uid", sess(site("CHMOD 4640 a", 200)), `medium 0 the client sent "SITE CHMOD 4640 a" (packet 9); the server replied 200 "so" (packet 10)`},
		{"refused", sess(site("CHMOD 777 a", 550)), `low 0 the client sent "SITE CHMOD 777 a" (packet 9); the server replied 550 "so" (packet 10)`},
		{"of many files", sess(site("CHMOD 640 a", 200), site("CHMOD 640 b", 200), site("CHMOD 600 c", 200), site("CHMOD 640 d", 550)),
			"low 0 the client sent \"SITE CHMOD 640 a\" (packet 9); the server replied 200 \"so\" (packet 10); 2 such commands in total (packet 9)\n" +
				"low 0 the client sent \"SITE CHMOD 600 c\" (packet 9); the server replied 200 \"so\" (packet 10)\n" +
				"low 0 the client sent \"SITE CHMOD 640 d\" (packet 9); the server replied 550 \"so\" (packet 10)"},
		{"UMASK", sess(site("UMASK 022", 200)), ""},
	})
}
