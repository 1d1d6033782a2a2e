package control_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
)

// operations writes them one a line: what, path, from, argument, reply.
func operations(s *record.Session) string {
	var lines []string
	for i := range s.Operations {
		o := &s.Operations[i]
		line := o.What + " " + analyzetest.Text(o.Path)
		if o.From != nil {
			line += " from=" + *o.From
		}
		if o.Argument != nil {
			line += " arg=" + *o.Argument
		}
		lines = append(lines, fmt.Sprintf("%s %d", line, code(o.Reply)))
	}
	return strings.Join(lines, "\n")
}

func TestOperations(t *testing.T) {
	for _, x := range []struct{ name, script, want string }{
		{"none", "login\nC: SIZE a\nS: 213 5\nC: MDTM a\nS: 213 20200101000000\nbye", ""},
		{
			"paths against the working directory", "login\nC: CWD /pub\nS: 250 ok\nC: DELE a\nS: 250 ok\nC: RMD /b/../c\nS: 550 no\nC: XMKD d\nS: 257 made\nbye",
			"DELE /pub/a 250\nRMD /c 550\nMKD /pub/d 257",
		},
		{"a rename", "login\nC: RNFR a\nS: 350 go on\nC: RNTO b\nS: 250 ok\nbye", "RNTO b from=a 250"},
		{"half a rename", "login\nC: RNFR a\nS: 550 no\nbye", "RNFR a 550"},
		{"pipelined", "login\nC: DELE a\nC: DELE b\nS: 250 ok\nS: 550 no\nbye", "DELE a 250\nDELE b 550"},
		{"not answered", "login\nC: DELE a\nclose C", "DELE a 0"},
		{
			"times", "login\nC: MFMT 20010203040506 a\nS: 213 ok\nC: MDTM 20010203040506.789 b\nS: 213 ok\nC: MFF Modify=2001; c\nS: 213 ok\nbye",
			"MFMT a arg=20010203040506 213\nMDTM b arg=20010203040506.789 213\nMFF c arg=Modify=2001; 213",
		},
		{
			"SITE", "login\nC: SITE chmod 755 x y\nS: 200 ok\nC: SITE UTIME 200102030405 z\nS: 200 ok\nC: SITE CPFR /etc/passwd\nS: 350 ok\nC: SITE EXEC ls -l\nS: 500 no\nbye",
			"SITE CHMOD x y arg=755 200\nSITE UTIME z arg=200102030405 200\nSITE CPFR /etc/passwd 350\nSITE EXEC - arg=ls -l 500",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, operations(noted(t, x.script)))
		})
	}
}

func TestOperationsAreBounded(t *testing.T) {
	s := noted(t, "login\n"+strings.Repeat("C: DELE a\nS: 250 ok\n", record.MaxOperations+5)+"bye")
	require.Len(t, s.Operations, record.MaxOperations)
	require.Equal(t, 5, s.Notes.OperationsLeft)
}

// TestOperationsHideSecrets: SITE may have the password in it.
func TestOperationsHideSecrets(t *testing.T) {
	s := noted(t, "S: 220 ready\nC: USER bob\nS: 331 password\nC: PASS swordfish\nS: 230 in\nC: SITE PSWD swordfish new\nS: 200 swordfish it was\nbye")
	require.NotContains(t, operations(s)+s.Operations[0].Reply.Text, "swordfish")
}
