package ftp

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// other names 192.0.2.1 as 7.8.9.10, 2001:db8::1 as fd00::2, and turns over the last byte of all others but 0.0.0.0.
func other(a netip.Addr) netip.Addr {
	switch a.Unmap().String() {
	case "192.0.2.1":
		if a.Is4In6() {
			return netip.MustParseAddr("::ffff:7.8.9.10")
		}
		return netip.MustParseAddr("7.8.9.10")
	case "2001:db8::1":
		return netip.MustParseAddr("fd00::2")
	case "0.0.0.0", "::":
		return a
	}
	b := a.AsSlice()
	b[len(b)-1] ^= 0xff
	to, _ := netip.AddrFromSlice(b)
	return to
}

func apply(line string, list []Change) string {
	out, at := "", 0
	for _, c := range list {
		out += line[at:c.From] + string(c.Text)
		at = c.To
	}
	return out + line[at:]
}

func TestRenamer(t *testing.T) {
	r := Renamer{Name: other, Known: map[netip.Addr]bool{netip.MustParseAddr("192.0.2.1"): true}}
	for in, want := range map[string]string{
		"PORT 192,0,2,1,19,137":                                   "PORT 7,8,9,10,19,137",
		"PORT 192, 0, 2, 1, 19, 137":                              "PORT 7, 8, 9, 10, 19, 137",
		"227 Entering Passive Mode (192,0,2,1,195,80).":           "227 Entering Passive Mode (7,8,9,10,195,80).",
		"227 =192,0,2,1,195,80":                                   "227 =7,8,9,10,195,80",
		"227 Passive (0,0,0,0,1,2)":                               "227 Passive (0,0,0,0,1,2)",
		"EPRT |1|192.0.2.1|5282|":                                 "EPRT |1|7.8.9.10|5282|",
		"EPRT |2|2001:db8::1|5282|":                               "EPRT |2|fd00::2|5282|",
		"EPRT |2|2001:0db8:0:0:0:0:0:1|5282|":                     "EPRT |2|fd00::2|5282|",
		"eprt  a1a192.0.2.1a5282a":                                "eprt  a1a7.8.9.10a5282a",
		"EPRT !1!192.0.2.1!5282!":                                 "EPRT !1!7.8.9.10!5282!",
		"LPRT 4,4,192,0,2,1,2,19,137":                             "LPRT 4,4,7,8,9,10,2,19,137",
		"LPRT 6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,19,137":  "LPRT 6,16,253,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,2,19,137",
		"228 Entering Long Passive Mode (4,4,192,0,2,1,2,19,137)": "228 Entering Long Passive Mode (4,4,7,8,9,10,2,19,137)",
		"229 Extended (||192.0.2.1|5282|)":                        "229 Extended (||7.8.9.10|5282|)",
		"229 Entering Extended Passive Mode (|||5282|)":           "229 Entering Extended Passive Mode (|||5282|)",
		"220 ftp [192.0.2.1]:21 ready, 2001:db8::1: hello":        "220 ftp [7.8.9.10]:21 ready, fd00::2: hello",
		"530 from ::ffff:192.0.2.1 refused.":                      "530 from ::ffff:7.8.9.10 refused.",
		"530 [2001:db8::1]:4000 and 2001:db8::1.4000":             "530 [fd00::2]:4000 and fd00::2.4000",
		"421 192.0.2.1.":                                          "421 7.8.9.10.",
		"220 ip-192-0-2-1.example.org, 1.2.0.192.in-addr.arpa":    "220 ip-7-8-9-10.example.org, 10.9.8.7.in-addr.arpa",
		"220 (vsFTPd 3.0.3) v1.2.3.4 at 10:02:15, 11-24-2026":     "220 (vsFTPd 3.0.3) v1.2.3.4 at 10:02:15, 11-24-2026",
		"220 v192.0.2.1":                                          "220 v7.8.9.10",
		"230 std::string 52:54:00:12:34:56 3,4,5":                 "230 std::string 52:54:00:12:34:56 3,4,5",
		"RETR 192.0.2.1.21-192.0.2.1.4000":                        "RETR 7.8.9.10.21-7.8.9.10.4000",
		"500 999.1.2.3 1.2.3.4000 1,2,3,4,5,300":                  "500 999.1.2.3 1.2.3.4000 1,2,3,4,5,300",
		"":                                                        "",
	} {
		require.Equal(t, want, apply(in, r.Changes([]byte(in))), in)
	}
}

func TestPieces(t *testing.T) {
	for in, want := range map[string]string{
		"PORT 192,0,2": "PORT 000,0,0", "227 Entering Passive Mode (192,0,2,1": "227 Entering Passive Mode (000,0,0,0",
		"EPRT |2|2001:db8": "EPRT |0|0000:000", "226 Done": "226 Done", "RETR a.txt": "RETR a.txt",
	} {
		require.Equal(t, want, apply(in, Pieces([]byte(in), Unterminated)), in)
	}
	for in, want := range map[string]string{"2,1,19,137).": "0,0,00,000).", "226 Done": "226 Done", "226-3.5 s": "226-3.5 s", "b8::1|40|": "00::0|00|"} {
		require.Equal(t, want, apply(in, Pieces([]byte(in), HeadLost)), in)
	}
	require.Equal(t, "0,0", apply("1,2", Pieces([]byte("1,2"), HeadLost|Unterminated)))
}

func FuzzRenamer(f *testing.F) {
	f.Add("227 (192,0,2,1,1,2) 2001:db8::1 1.2.0.192")
	f.Add("::0,0,2,1,0,1")
	f.Add("2001:db8::1,2001:db8::2")
	r := Renamer{Name: other, Known: map[netip.Addr]bool{netip.MustParseAddr("192.0.2.1"): true}}
	f.Fuzz(func(t *testing.T, line string) {
		for _, list := range [][]Change{r.Changes([]byte(line)), Pieces([]byte(line), HeadLost|Unterminated)} {
			at := 0
			for _, c := range list {
				require.True(t, at <= c.From && c.From < c.To && c.To <= len(line), "%q %v", line, list)
				at = c.To
			}
		}
		// What is an endpoint stays one, with its port.
		if ap, ok := ParsePORT([]byte(line)); ok {
			to, ok := ParsePORT([]byte(apply(line, r.Changes([]byte(line)))))
			require.True(t, ok && to == netip.AddrPortFrom(other(ap.Addr()), ap.Port()), line)
		}
		if ap, ok := ParseLPRT([]byte(line)); ok && !ap.Addr().Is4In6() {
			to, ok := ParseLPRT([]byte(apply(line, r.Changes([]byte(line)))))
			require.True(t, ok && to.Port() == ap.Port(), line)
		}
		if c := ParseCommand([]byte(line)); c.Verb == EPRT {
			if ap, ok := ParseEPRT(c.Arg); ok {
				to, ok := ParseEPRT(ParseCommand([]byte(apply(line, r.Changes([]byte(line))))).Arg)
				delimiter := bytes.TrimLeft(c.Arg, " ")[0] // one of the new address breaks it
				require.True(t, ok && to == netip.AddrPortFrom(other(ap.Addr()), ap.Port()) || isHex(delimiter) || delimiter == '.' || delimiter == ':', line)
			}
		}
		if ap, ok := Parse227(line); ok {
			to, ok := Parse227(apply(line, r.Changes([]byte(line))))
			require.True(t, ok && to == netip.AddrPortFrom(other(ap.Addr()), ap.Port()), line)
		}
	})
}

func TestSecret(t *testing.T) {
	for line, want := range map[string]string{
		"PASS hunter2": "hunter2", "pass  two spaces": "two spaces", " PASS x": "x", "\xf2PASS x": "x", "ACCT 77": "77", "PASS": "", "PASShunter2": "hunter2",
		"PASS\thunter2": "hunter2", "SITE PSWD old new": "old new", "site chpass new": "new", "SITE CHMOD 644 a": "", "USER bob": "", "PAS": "", "": "", "RETR PASS x": "",
		"PASV": "", "SITE": "", "SITE ": "", "SITE  CPWD  a b": "a b", "site gpass x": "x", "SITE ADDUSER bob x": "bob x", "SITE PASSIVE on": "", "ADAT Zm9v": "Zm9v", "XAUT 2 0c9d": "2 0c9d",
		"P\x00ASS x": "x", "QUOTE PASS x": "x", "QUOTE PASV": "", "USER bob x": "x", "USER  bob  x y": "x y", "USER bob PASS x": "x", "USER bob:x": "x",
		"USER bob@host:2121": "", "USER bob@host 2121": "", "USER bob ": "", "USER bob:": "", "USER bob@host x": "x", "user\tbob\tx": "x",
	} {
		require.Equal(t, want, line[Secret([]byte(line)):], line)
	}
}

func TestQuoted(t *testing.T) {
	for line, want := range map[string]string{
		`500 'PASS hunter2': command not understood`: "hunter2", `500 "pass a b" no`: "a b", "500 `ACCT 1": "1", "530 Please login with USER and PASS.": "",
		"331 send PASS now": "", `500 'PASS`: "", `500 'PASS '`: "",
	} {
		from, to := Quoted([]byte(line), 0)
		require.Equal(t, want, line[from:to], line)
	}
}

func TestAlone(t *testing.T) {
	line := []byte("xabc 500 abc not")
	require.True(t, Alone(line, 9, 12))
	require.True(t, Alone(line, 0, 4))
	require.True(t, Alone(line, 13, 16))
	require.False(t, Alone(line, 1, 4))
	require.False(t, Alone(line, 9, 11))
}
