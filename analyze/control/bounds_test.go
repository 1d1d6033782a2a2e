package control

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/ftp"
)

func FuzzClimbs(f *testing.F) {
	for _, s := range []string{"../../etc", `..\..\x`, "/a/../../b", "..%2f", "a", "....//", "%2e%2E/"} {
		f.Add("/home/bob", "docs/a", s, true)
		f.Add("", "/pub", s, true)
		f.Add("", "", s, false)
	}
	f.Fuzz(func(t *testing.T, home, dir, arg string, known bool) {
		p := workingDirectory{known: known}.change(dir)
		climbs := p.climbs(home, arg)
		if climbs {
			require.True(t, mayClimb(arg), "the quick look must not miss it")
		}
		if p.known && isAbsolute(p.dir) && !strings.Contains(arg, `\`) && !strings.Contains(arg, "%") && home == "" {
			require.Equal(t, climbs, p.climbs("/", arg), "nobody is above the root")
		}
	})
}

func FuzzOneTimeChallenge(f *testing.F) {
	for _, s := range []string{"otp-md5 487 dog2", "s/key 97 ka9n2", "OTP-otp-sha1 1 a", "skey 1", "otp- 1 a", "\u0130otp-md5 1 a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := oneTimeChallenge(text)
		require.LessOrEqual(t, len(c), 64)
		require.Contains(t, strings.ToLower(text), c)
		oneTimeResponse(text)
	})
}

// TestFactsCostNothing guards the sessions that have none of what rules look for, nearly
// all of them.
func TestFactsCostNothing(t *testing.T) {
	var n notes
	var quiet silences
	d := &directory{working: workingDirectory{dir: "/pub/docs", known: true}}
	p := &pending{verb: ftp.RETR, arg: "reports/annual 2024.pdf"}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		n.climb(&budget{shard: new(int)}, d, p)
		n.addReply(p, nil)
		quiet.spoke(true, 5)
		require.Empty(t, oneTimeChallenge("Please specify the Password."))
	}))
}
