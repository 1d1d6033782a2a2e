package control_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// noted plays a script and returns its only session.
func noted(t *testing.T, script string) *record.Session {
	t.Helper()
	got := analyzetest.Analyzed(t, analyzetest.Conversation{Script: script}.Frames(t), analyze.Options{})
	analyzetest.RequireSane(t, got)
	require.Len(t, got.Sessions, 1)
	return got.Sessions[0]
}

func code(r *record.Reply) int {
	if r == nil {
		return 0
	}
	return r.Code
}

func TestSiteCommands(t *testing.T) {
	many := strings.Repeat("C: SITE CHMOD 644 a\nS: 200 ok\n", 200)
	for _, c := range []struct{ name, script, want string }{
		{"none", "login\nC: SYST\nS: 215 UNIX\nbye", ""},
		{"answered", "login\nC: SITE EXEC ls\nS: 200 ok\nC: site chmod 777 a b\nS: 550 no\nbye", "EXEC ls=200 chmod 777 a b=550"},
		{"pipelined", "login\nC: SITE EXEC a\nC: SITE EXEC b\nS: 500 no\nS: 200 ok\nbye", "EXEC a=500 EXEC b=200"},
		{"not answered", "login\nC: SITE EXEC ls\nclose C", "EXEC ls=0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, n := range noted(t, c.script).Notes.Site {
				require.True(t, n.Mark.Seen())
				got = append(got, fmt.Sprintf("%s=%d", n.Text, code(n.Reply)))
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
	t.Run("an EXEC after many others", func(t *testing.T) {
		list := noted(t, "login\n"+many+"C: SITE EXEC ls\nS: 200 ok\nbye").Notes.Site
		require.Len(t, list, record.MaxSiteAlike+1)
		require.Equal(t, "EXEC ls", list[record.MaxSiteAlike].Text)
	})
	t.Run("many of all kinds", func(t *testing.T) {
		var b strings.Builder
		for i := range 300 {
			fmt.Fprintf(&b, "C: SITE X%d\nS: 500 no\n", i)
		}
		require.Len(t, noted(t, "login\n"+b.String()+"bye").Notes.Site, record.MaxSite)
	})
}

func TestModeInForce(t *testing.T) {
	const transfer = "pasv\nC: RETR a\nS: 550 no\n"
	for _, c := range []struct{ name, script, want string }{
		{"as it begins", "login\n" + transfer + "bye", "S"},
		{"Z, then S", "login\n" + transfer + "C: mode z\nS: 200 ok\n" + transfer + "C: MODE S\nS: 200 ok\n" + transfer + "bye", "S Z S"},
		{"refused", "login\nC: MODE B\nS: 504 no\n" + transfer + "bye", "S"},
		{"pipelined", "login\nC: MODE C\nC: PASV\nC: RETR a\nS: 200 ok\nS: 227 (192,0,2,21,195,80)\nS: 550 no\nbye", "C"},
		{"unknown letter", "login\nC: MODE Q\nS: 200 ok\n" + transfer + "bye", "-"},
		{"REIN", "login\nC: MODE Z\nS: 200 ok\nC: REIN\nS: 220 again\n" + transfer + "bye", "S"},
		{"mid-start", "midstart\n" + transfer + "C: MODE S\nS: 200 ok\n" + transfer + "bye", "- S"},
	} {
		t.Run(c.name, func(t *testing.T) {
			script, cut := strings.CutPrefix(c.script, "midstart\n")
			frames := analyzetest.Conversation{Script: script}.Frames(t)
			if cut {
				frames = frames[3:] // the handshake
			}
			var got []string
			for _, s := range analyzetest.Analyzed(t, frames, analyze.Options{}).Sessions {
				for i := range s.Transfers {
					mode := s.Transfers[i].Notes.Mode
					if mode == "" {
						mode = "-"
					}
					got = append(got, mode)
				}
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestClimbs(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"none", "login\nC: CWD a\nS: 250 ok\nC: CWD ..\nS: 250 ok\nC: DELE a..b\nS: 250 ok\nbye", ""},
		{"CWD", "login\nC: CWD ../../etc\nS: 550 no\nbye", "CWD ../../etc=550"},
		{"CWD .. is how people walk about", "login\nC: CWD ..\nS: 250 ok\nC: CDUP\nS: 250 ok\nbye", ""},
		{"RETR, its final reply", "login\npasv\nC: RETR ../x\nS: 150 here\nS: 226 done\nbye", "RETR ../x=226"},
		{"LIST with options", "login\npasv\nC: LIST -la ../x\nS: 550 no\nbye", "LIST -la ../x=550"},
		{"each verb", "login\nC: DELE ../a\nS: 250 ok\nC: RNFR ../b\nS: 350 ok\nC: rnto ../c\nS: 250 ok\nC: SIZE ../d\nS: 213 5\nC: MKD ../e\nS: 257 \"/e\"\nbye",
			"DELE ../a=250 RNFR ../b=350 RNTO ../c=250 SIZE ../d=213 MKD ../e=257"},
		{"no path", "login\nC: SITE ../a\nS: 500 no\nC: NOOP ../a\nS: 200 ok\nbye", ""},
		{"within, one down", "login\nC: CWD a/b\nS: 250 ok\nC: DELE ../../x\nS: 250 ok\nC: DELE ../../../x\nS: 550 no\nbye", "DELE ../../../x=550"},
		{"after a refused CWD", "login\nC: CWD a/b\nS: 550 no\nC: DELE ../x\nS: 550 no\nbye", "DELE ../x=550"},
		{"pipelined", "login\nC: CWD a\nC: DELE ../x\nC: DELE ../../x\nS: 250 ok\nS: 250 ok\nS: 550 no\nbye", "DELE ../../x=550"},
		{"home known", "login\nC: PWD\nS: 257 \"/home/bob\"\nC: CWD docs\nS: 250 ok\nC: DELE ../a\nS: 250 ok\nC: DELE ../../eve/a\nS: 550 no\nbye", "DELE ../../eve/a=550"},
		{"out of home by an absolute path", "login\nC: PWD\nS: 257 \"/home/bob\"\nC: DELE /home/bob/../eve/a\nS: 550 no\nC: DELE /pub/x/../a\nS: 250 ok\nbye", "DELE /home/bob/../eve/a=550"},
		{"elsewhere, by an absolute path", "login\nC: PWD\nS: 257 \"/home/bob\"\nC: CWD /pub/x\nS: 250 ok\nC: DELE ../a\nS: 250 ok\nC: DELE ../../../a\nS: 550 no\nbye", "DELE ../../../a=550"},
		{"above the root", "login\nC: PWD\nS: 257 \"/\"\nC: DELE /../a\nS: 550 no\nC: DELE ../a\nS: 550 no\nbye", "DELE /../a=550 DELE ../a=550"},
		{"Windows", `login
			C: DELE ..\..\boot.ini
			S: 550 no
			C: DELE a\..\b
			S: 250 ok
			bye`, `DELE ..\..\boot.ini=550`},
		{"encoded", "login\nC: DELE ..%2f..%2fa\nS: 550 no\nC: DELE %2E%2e/a\nS: 550 no\nC: DELE a%20b\nS: 250 ok\nbye", "DELE ..%2f..%2fa=550 DELE %2E%2e/a=550"},
		{"not answered", "login\nC: DELE ../a\nclose C", "DELE ../a=0"},
		{"mid-start: it may be anywhere", "midstart\nlogin\nC: DELE ../a\nS: 250 ok\nC: DELE ../../../../etc/passwd\nS: 550 no\nbye", "DELE ../../../../etc/passwd=550"},
	} {
		t.Run(c.name, func(t *testing.T) {
			script, cut := strings.CutPrefix(c.script, "midstart\n")
			frames := analyzetest.Conversation{Script: script}.Frames(t)
			if cut {
				frames = frames[3:]
			}
			var got []string
			for _, s := range analyzetest.Analyzed(t, frames, analyze.Options{}).Sessions {
				for _, n := range s.Notes.Climbs {
					require.True(t, n.Mark.Seen())
					got = append(got, fmt.Sprintf("%s %s=%d", n.Verb, n.Argument, code(n.Reply)))
				}
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
	t.Run("bounded", func(t *testing.T) {
		require.Len(t, noted(t, "login\n"+strings.Repeat("C: DELE ../a\nS: 550 no\n", 150)+"bye").Notes.Climbs, record.MaxClimbs)
	})
}

func TestIdle(t *testing.T) {
	const start = "login\npasv\nC: RETR a\nS: 150 here\n"
	for _, c := range []struct {
		name, script string
		want         flow.Time // seconds
	}{
		{"until the end", start + "wait 60s\nrst S", 60},
		{"until a command that has no answer", start + "wait 60s\nC: NOOP\nwait 5s\nC: NOOP\nrst S", 60},
		{"between commands that have none", start + "wait 5s\nC: NOOP\nwait 60s\nC: NOOP\nwait 100s\nrst S", 60},
		{"the server spoke last", start + "wait 60s\nS: 226 done\nrst S", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			idle := noted(t, c.script).Notes.Idle
			require.Equal(t, c.want, idle/flow.Second, idle)
		})
	}
}

func TestLogins(t *testing.T) {
	const words = "FOWL KID MASH DEAD DUAL OAF"
	otp := func(challenge, password string) string {
		return "S: 220 ready\nC: USER bob\nS: 331 " + challenge + "\nC: PASS " + password + "\nS: 230 in\nbye"
	}
	for _, c := range []struct{ name, script, want string }{
		{"accepted", "login\nbye", "bob 230"},
		{"no reply", "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nclose C", "bob 0"},
		{"no reply to several", "S: 220 ready\nC: USER bob\nC: PASS x\nC: USER eve\nC: PASS y\nclose C", "bob 0, eve 0"},
		{"USER alone", "S: 220 ready\nC: USER bob\nclose C", ""},
		{"OTP, RFC 2289", otp("otp-md5 487 dog2", words), "bob 230 [otp-md5 487 dog2] one-time"},
		{"OPIE", otp("Response to otp-md5 498 st0123 ext required for bob.", "9E876134D90499DD"), "bob 230 [otp-md5 498 st0123] one-time"},
		{"S/Key", otp("Password required for bob [s/key 97 ka9n2].", strings.ToLower(words)), "bob 230 [s/key 97 ka9n2] one-time"},
		{"RFC 2243", otp("otp-sha1 5 TEST ext", "hex:5Bf0 75d9 959d 036f"), "bob 230 [otp-sha1 5 test] one-time"},
		{"a lasting password all the same", otp("otp-md5 487 dog2", "secret"), "bob 230 [otp-md5 487 dog2]"},
		{"six words, nothing asked", otp("Password required for user bob1.", words), "bob 230"},
		{"no challenge: no seed", otp("otp-md5 487", words), "bob 230"},
		{"no challenge: a word in a banner", otp("This is hotp-land 2000", words), "bob 230"},
		{"of another user", "S: 220 ready\nC: USER bob\nS: 331 otp-md5 487 dog2\nC: USER eve\nS: 331 p\nC: PASS " + words + "\nS: 530 no\nbye", "eve 530"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range noted(t, c.script).Notes.Logins {
				require.True(t, l.Mark.Seen())
				s := fmt.Sprintf("%s %d", l.User, l.Code)
				if l.Challenge != "" {
					s += " [" + l.Challenge + "]"
				}
				if l.OneTime {
					s += " one-time"
				}
				got = append(got, s)
			}
			require.Equal(t, c.want, strings.Join(got, ", "))
		})
	}
}

// TestHalfOpen plays data connections whose answer leads nowhere, as a capture at the server shows them.
func TestHalfOpen(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"one answer", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000 synack\nwait 60s\nS: 425 no\nbye",
			"the client tried once to reach 192.0.2.21:50000 (packet 12) and the server answered with SYN-ACK (packet 13); after it, this capture shows nothing from the client; "},
		{"then it works after all", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 a\nd1< 10\nd1 fin <\nS: 226 ok\nbye", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got string
			for _, f := range noted(t, c.script).Findings {
				if strings.HasPrefix(f.ID, "data-") {
					got += f.ID + ": " + f.Message
				}
			}
			if c.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, "data-unanswered: "+c.want)
		})
	}
}
