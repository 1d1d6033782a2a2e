package finding_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/finding"
	"ftpscope/analyze/record"
)

// found plays a script and says what one rule finds: "severity message", one a line.
func found(t *testing.T, id, script string) string {
	t.Helper()
	r := analyzetest.Analyzed(t, analyzetest.Conversation{Script: script}.Frames(t), analyze.Options{})
	var lines []string
	for _, f := range r.Sessions[0].Findings {
		if f.ID == id {
			require.NotEmpty(t, f.Advice)
			require.NotEmpty(t, f.Frames)
			lines = append(lines, f.Severity+" "+f.Message)
		}
	}
	return strings.Join(lines, "\n")
}

// each repeats lines for many files; %d is the file's number.
func each(n int, lines string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(lines, "%d", fmt.Sprint(i)) + "\n")
	}
	return b.String()
}

// put uploads a file, get downloads one; n tells their connections apart.
func put(n int, name string) string { return moved(n, "STOR "+name, ">") }
func get(n int, name string) string { return moved(n, "RETR "+name, "<") }

func moved(n int, command, way string) string {
	return fmt.Sprintf("C: PASV\nS: 227 ok (192,0,2,21,195,%d)\ndata d%d C:4%04d > S:%d\nC: %s\nS: 150 ok\nd%d%s 100 fin\nd%d half %s\nS: 226 ok\n", 80+n, n, n, 50000+n, command, n, way, n,
		map[string]string{">": "S", "<": "C"}[way])
}

const anonymous = "S: 220 hi\nC: USER anonymous\nS: 331 mail?\nC: PASS a@b\nS: 230 in\n"

// TestIncidents: each rule has a conversation in which it speaks, and some in which it must
// not. want is a regular expression; empty: nothing is found.
func TestIncidents(t *testing.T) {
	for _, x := range []struct{ id, name, script, want string }{
		{"mass-deletion", "many", "login\n" + each(25, "C: DELE f%d\nS: 250 ok"), `^medium "bob" from 192.0.2.10 deleted 25 files in .*"f0", "f1"`},
		{"mass-deletion", "few", "login\n" + each(10, "C: DELE f%d\nS: 250 ok"), ""},
		{"mass-deletion", "refused", "login\n" + each(25, "C: DELE f%d\nS: 550 no"), ""},
		{"mass-renaming", "one ending for all", "login\n" + each(20, "C: RNFR f%d.doc\nS: 350 go\nC: RNTO f%d.doc.locked\nS: 250 ok"), `^high .* renamed 20 files.*all of them now end in ".locked"$`},
		{"mass-renaming", "numbered", "login\n" + each(20, "C: RNFR f%d.log\nS: 350 go\nC: RNTO g.%d\nS: 250 ok"), `^medium .* renamed 20 files`},
		{"mass-renaming", "uploads under another name", "login\n" + put(0, "a.part") + each(22, "C: RNFR a.part\nS: 350 go\nC: RNTO a%d\nS: 250 ok"), ""},
		{"timestomping", "another's file", "login\nC: MFMT 20010101000000 old.txt\nS: 213 ok", `^medium .* set the time of "old.txt" to "20010101000000" \(MFMT\)`},
		{"timestomping", "a program", "login\n" + put(0, "a.php") + "C: MFMT 20010101000000 a.php\nS: 213 ok", "^low "},
		{"timestomping", "as clients do", "login\n" + put(0, "a.jpg") + "C: MFMT 20010101000000 a.jpg\nS: 213 ok", ""},
		{"timestomping", "refused", "login\nC: MFMT 20010101000000 old.txt\nS: 550 no", ""},
		{"executable-upload", "by rename", "login\n" + put(0, "logo.jpg") + "C: RNFR logo.jpg\nS: 350 go\nC: RNTO logo.php\nS: 250 ok", `^medium .* renamed "logo.jpg" to "logo.php".*it had uploaded that file before`},
		{"executable-upload", "under way", "login\n" + put(0, "a.php.part") + "C: RNFR a.php.part\nS: 350 go\nC: RNTO a.php\nS: 250 ok", "^info "},
		{"executable-upload", "a picture", "login\n" + put(0, "a.tmp") + "C: RNFR a.tmp\nS: 350 go\nC: RNTO a.jpg\nS: 250 ok", ""},
		{"executable-download", "a program", "login\n" + get(0, "nc.exe"), `^info .* downloaded "nc.exe"`},
		{"executable-download", "code of web servers", "login\n" + get(0, "index.php"), ""},
		{"anonymous-write", "an upload", anonymous + put(0, "warez.zip"), `^medium an anonymous user changed files at 192.0.2.21:21 with 1 command .*warez.zip`},
		{"anonymous-write", "a directory", anonymous + "C: MKD x\nS: 257 made", `MKD x`},
		{"anonymous-write", "refused", anonymous + "C: MKD x\nS: 550 no", ""},
		{"anonymous-write", "who has an account", "login\nC: MKD x\nS: 257 made", ""},
		{"passive-redirect", "the client's own network", "client 192.168.7.10:51234\nserver 203.0.113.21:21\nlogin\nC: PASV\nS: 227 ok (192,168,7,1,0,80)\ndata d1 192.168.7.10:40000 > 192.168.7.1:80 refused\nC: LIST\nS: 425 no", `^high the server 203.0.113.21 sent the client to 192.168.7.1:80 by PASV .*below 1024`},
		{"passive-redirect", "several hosts", "login\n" + each(3, "C: PASV\nS: 227 ok (10,9,%d,1,195,80)\nwait 1s"), `names 3 hosts`},
		{"passive-redirect", "NAT", "client 203.0.113.9:51234\nserver 203.0.113.21:21\nlogin\nC: PASV\nS: 227 ok (192,168,7,1,195,80)\nwait 9s", ""},
		{"vsftpd-backdoor", "its version", "S: 220 (vsFTPd 2.3.4)\nC: USER x:)\nS: 331 p\nC: PASS letmein\nwait 3s", `^critical 192.0.2.10 sent the user "x:\)"`},
		{"vsftpd-backdoor", "another", "S: 220 hi\nC: USER x:)\nS: 331 p\nC: PASS letmein\nS: 530 no", `^high `},
		{"vsftpd-backdoor", "none", "login", ""},
		{"format-string", "a user", "S: 220 hi\nC: USER %x%x%x%n\nS: 331 p\nC: PASS x\nS: 530 no", `^medium the client sent a format string in USER: "%x%x%x%n"`},
		{"format-string", "a reply", "S: 220 %s%s%s%s%n\nC: USER a\nS: 331 p\nC: PASS x\nS: 530 no", `^medium the server sent a format string in its greeting`},
		{"format-string", "a name as URLs have them", "login\n" + get(0, "a%20new%20file%20s.txt"), ""},
		{"overlong-argument", "a user", "S: 220 hi\nC: USER " + strings.Repeat("A", 600) + "\nS: 331 p\nC: PASS x\nS: 530 no", `^medium the client sent 600 bytes in USER`},
		{"overlong-argument", "a greeting", "S: 220 " + strings.Repeat("A", 3000) + "\nC: USER a\nS: 331 p\nC: PASS x\nS: 530 no", `^medium the server sent 3,000 bytes in its greeting`},
		{"overlong-argument", "a path", "login\n" + get(0, strings.Repeat("d/", 200)), ""},
	} {
		t.Run(x.id+" "+x.name, func(t *testing.T) {
			got := found(t, x.id, x.script+"\nbye")
			if x.want == "" {
				require.Empty(t, got)
				return
			}
			require.Regexp(t, regexp.MustCompile(x.want), got)
		})
	}
}

// TestBounceScan: one finding has what the client learned of each port, by the server's
// words where the capture does not hold the server's connections.
func TestBounceScan(t *testing.T) {
	probe := func(port, answer string) string {
		return "C: PORT 10,1,2,3," + port + "\nS: 200 ok\nC: LIST\n" + answer + "\n"
	}
	script := "login\n" + probe("0,22", "S: 150 ok\nS: 226 ok") + probe("0,80", "S: 425 Connection refused") + probe("13,61", "S: 426 timed out") + probe("1,187", "S: 425 failed") + "bye"
	got := found(t, "bounce-attempt", script)
	require.Contains(t, got, "4 endpoints on 1 host in total: 10.1.2.3:22 open (226), 10.1.2.3:80 closed (425), 10.1.2.3:3389 filtered (426), 10.1.2.3:443 not open (425)")
	require.Empty(t, found(t, "nat-mismatch", script), "the third port is of the same scan")
}

func TestDisguisedContent(t *testing.T) {
	name, get, kind := "/pub/photo.jpg", "RETR", "application/x-elf; charset=binary"
	s := &record.Session{Transfers: []record.Transfer{{N: 1, Command: &get, Path: &name, Content: record.Content{MIMEType: &kind}}}}
	ids := func() (list []string) {
		for _, f := range finding.Judge(s, finding.Options{}) {
			list = append(list, f.ID)
		}
		return list
	}
	require.True(t, slices.Contains(ids(), "disguised-content"))
	kind = "image/jpeg"
	require.False(t, slices.Contains(ids(), "disguised-content"))
	kind, name = "application/x-elf", "/bin/tool"
	require.False(t, slices.Contains(ids(), "disguised-content"))
}
