package ftp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseCommand(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		verb       Verb
		sent, arg  string
		hasArg     bool
	}{
		{"plain", "USER bob", USER, "USER", "bob", true},
		{"lower case", "port 10,0,0,1,4,5", PORT, "port", "10,0,0,1,4,5", true},
		{"mixed case", "rEtR a.txt", RETR, "rEtR", "a.txt", true},
		{"no argument", "PASV", PASV, "PASV", "", false},
		{"space and no argument", "NLST ", NLST, "NLST", "", true},
		{"spaces belong to the name", "RETR  a b ", RETR, "RETR", " a b ", true},
		{"spaces before", "  QUIT", QUIT, "QUIT", "", false},
		{"path with spaces", "SIZE /My Documents/a.txt", SIZE, "SIZE", "/My Documents/a.txt", true},
		{"three letters", "CWD /", CWD, "CWD", "/", true},
		{"seven letters", "XSHA256 a", XSHA256, "XSHA256", "a", true},
		{"RFC 775", "XPWD", XPWD, "XPWD", "", false},
		{"RFC 4217", "auth tls", AUTH, "auth", "tls", true},
		{"left of a Synch", "\xf2ABOR", ABOR, "ABOR", "", false},
		{"unknown", "EHLO mail.example", VerbUnknown, "EHLO", "mail.example", true},
		{"prefix of a verb", "RET a", VerbUnknown, "RET", "a", true},
		{"verb and more", "RETRY a", VerbUnknown, "RETRY", "a", true},
		{"long", strings.Repeat("A", 300), VerbUnknown, strings.Repeat("A", 300), "", false},
		{"NUL before", "\x00USER bob", VerbUnknown, "\x00USER", "bob", true},
		{"TAB does not separate", "TYPE\tI", VerbUnknown, "TYPE\tI", "", false},
		{"empty", "", VerbUnknown, "", "", false},
		{"space", " ", VerbUnknown, "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ParseCommand([]byte(tt.line))
			require.Equal(t, tt.verb, got.Verb)
			require.Equal(t, [2]string{tt.sent, tt.arg}, [2]string{string(got.Name), string(got.Arg)})
			require.Equal(t, tt.hasArg, got.HasArg)
		})
	}
}

func TestVerbs(t *testing.T) {
	for v := VerbUnknown + 1; v < verbCount; v++ {
		require.NotEmpty(t, verbNames[v], "verb %d", v)
		require.LessOrEqual(t, len(verbNames[v]), maxVerb)
		require.Equal(t, v, lookup([]byte(v.String())))
		require.Equal(t, v, lookup([]byte(strings.ToLower(v.String()))))
	}
	require.Equal(t, "?", VerbUnknown.String())
	require.Equal(t, "?", Verb(255).String())
	for _, v := range []Verb{RETR, STOR, STOU, APPE, LIST, NLST, MLSD} {
		require.True(t, v.IsTransfer(), v.String())
	}
	for _, v := range []Verb{PORT, EPRT, LPRT, PASV, EPSV, LPSV} {
		require.True(t, v.IsNegotiation(), v.String())
		require.False(t, v.IsTransfer(), v.String())
	}
	require.True(t, STOR.IsUpload() && STOU.IsUpload() && APPE.IsUpload())
	require.False(t, RETR.IsUpload() || LIST.IsUpload() || MLST.IsTransfer() || SIZE.IsTransfer())
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"USER bob", " retr  a ", "\xff\xf2ABOR", "XSHA256", "PORT 1,2,3,4,5,6", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		c := ParseCommand(line)
		require.NotContains(t, string(c.Name), " ")
		sent := append(bytes.Clone(c.Name), space...)
		if sent = append(sent, c.Arg...); !c.HasArg {
			sent = c.Name
		}
		require.True(t, bytes.HasSuffix(line, sent), "%q is not the end of %q", sent, line)
		if c.Verb != VerbUnknown {
			require.Equal(t, c.Verb.String(), strings.ToUpper(string(c.Name)))
		}
		if len(c.Name) > 0 && len(c.Name) <= maxVerb && len(sent) == len(line) && GuessClient(line) == Yes {
			require.NotEqual(t, VerbUnknown, c.Verb)
		}
		var r Recognizer
		r.Command(c)
		_ = r.Verdict().String()
	})
}

func BenchmarkParseCommand(b *testing.B) {
	line := []byte("RETR pub/mirrors/debian/README")
	for b.Loop() {
		if ParseCommand(line).Verb != RETR {
			b.Fatal()
		}
	}
}
