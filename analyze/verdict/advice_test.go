package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
)

// TestSteps plays conversations and looks at what to do about their first failed transfer.
func TestSteps(t *testing.T) {
	refusedAt := func(n string) string {
		return "data d" + n + " 198.51.100.10:4000" + n + " > 203.0.113.21:50000 refused\n"
	}
	for _, x := range []struct {
		name, script string
		want         string // in order, what the steps begin with, by bars
		never        string // no step says it
	}{
		{"a third host's service", login + "C: PORT 203,0,113,9,0,22\nS: 500 Illegal PORT command.", "nothing to change at the server|look at what else", "passive"},
		{"a service's port", login + "C: PORT 198,51,100,10,0,80\nS: 501 Illegal.", "let the client announce another port", "firewall"},
		{"after EPSV ALL", login + "C: PASV\nS: 500 Illegal PASV command, EPSV ALL in effect.", "let the client stay with EPSV", "PORT"},
		{"historic", login + "C: LPSV\nS: 500 What?", "let the client use EPSV or EPRT", "firewall"},
		{"active mode rejected", login + "C: PORT 198,51,100,10,195,80\nS: 502 No.", "let the client use passive mode (EPSV or PASV)|let the server permit PORT (vsftpd pasv_enable and port_enable)|a firewall", ""},
		{"one way of two", login + "C: EPSV\nS: 500 What?", "let the client use passive mode (PASV)", "(EPSV"},
		{"each in turn", login + "C: EPSV\nS: 500 No.\nC: PASV\nS: 500 No.", "let the client use active mode (EPRT or PORT)", "use passive"},
		{
			"another way worked", login + "C: EPSV\nS: 500 What?\nC: PASV\nS: 227 Entering Passive Mode (203,0,113,21,195,80)\ndata d1 198.51.100.10:40001 > 203.0.113.21:50000\n" +
				"C: RETR a.bin\nS: 150 Ok.\n" + done, "nothing, unless EPSV is needed: PASV worked after it", "firewall",
		},
		{
			"asked twice", passive + "C: PASV\nS: 227 Entering Passive Mode (203,0,113,21,195,81)\n" + refusedAt("1") + "wait 1s",
			"let the client connect to the port that was announced last", "firewall",
		},
		{
			"through a tunnel", "client 127.0.0.1:51234\nserver 127.0.0.1:2121\nS: 220 Hi\nC: USER bob\nS: 230 Ok\nC: EPSV\nS: 229 Ok (|||50000|)\ndata d1 127.0.0.1:40001 > 127.0.0.1:50000 refused\n" +
				"C: LIST\nS: 425 No.", "is the server on this host? If not, a tunnel|or use a tunnel", "permit",
		},
		{
			"no negotiation", login + "C: LIST\nS: 150 Ok.\ndata d1 203.0.113.21:20 > 198.51.100.10:51234 refused\nS: 425 No.",
			"let the client send EPSV, PASV, EPRT or PORT", "permit",
		},
		{
			"active mode blocked after passive failed", passive + refusedAt("1") + "C: LIST\nS: 425 No.\nC: PORT 198,51,100,10,195,80\nS: 200 Ok\nC: LIST\nS: 150 Ok\n" +
				"data d2 203.0.113.21:20 > 198.51.100.10:50000 unanswered 3\nwait 20s\nS: 425 Failed.", "does anything listen on port 50000", "use passive mode",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := analyzed(t, capturetest.MustFrames(t, strings.ReplaceAll(x.script, "ttl S 52", "")+quit)).sessions[0]
			require.NotNil(t, s.Transfers[0].Verdict)
			next := s.Transfers[0].Verdict.Next
			for i, begins := range strings.Split(x.want, "|") {
				require.Less(t, i, len(next), "%q", next)
				require.True(t, strings.HasPrefix(next[i], begins), "%q", next)
			}
			for _, tr := range s.Transfers {
				if x.never != "" && tr.Verdict != nil {
					require.NotContains(t, strings.Join(tr.Verdict.Next, "; "), x.never)
				}
			}
			shared := false
			for _, f := range s.Findings {
				shared = shared || f.Transfer == 1 && f.Advice == strings.Join(next, "; ")
			}
			require.True(t, shared, "a finding on the same failure has the same advice: %+v", s.Findings)
		})
	}
}
