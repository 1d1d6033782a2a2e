package ftp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// told is what is left of a dialogue, "C: …" and "S: …", when its secrets are hidden.
func told(dialogue []string, accepted ...string) (list []string) {
	var s Secrets
	from := make([]int, len(dialogue))
	for i, line := range dialogue {
		if said, ok := strings.CutPrefix(line, "C: "); ok {
			from[i], _ = s.Command([]byte(said))
		}
	}
	for _, user := range accepted {
		s.Accepted(user)
	}
	for i, line := range dialogue {
		who, said := line[:3], line[3:]
		parts := s.OfReply([]byte(said))
		if who == "C: " {
			if parts = s.OfCommand([]byte(said)); from[i] < len(said) {
				parts = append(parts, Span{from[i], len(said)})
			}
		}
		list = append(list, who+Hide(said, Merge(parts)))
	}
	return list
}

func TestSecrets(t *testing.T) {
	for _, test := range []struct{ name, said, want, accepted string }{
		{"repeated, in any case and within words", "C: PASS Hunter2|S: 530 HUNTER2 and xhunter2x", "C: PASS (hidden)|S: 530 (hidden) and x(hidden)x", ""},
		{"a short one only alone", "C: PASS Zq7|S: 530 zq7 zq77", "C: PASS (hidden)|S: 530 (hidden) zq77", ""},
		{"very short ones are said by anybody", "C: PASS in|S: 230 in", "C: PASS (hidden)|S: 230 in", ""},
		{"everyday words", "C: PASS password|S: 530 bad password", "C: PASS (hidden)|S: 530 bad password", ""},
		{"digits are numbers elsewhere", "C: PASS 5000|S: 150 x (5000 bytes)|S: 227 ok (1,1,1,1,5000,1)|S: 530 5000 is wrong",
			"C: PASS (hidden)|S: 150 x (5000 bytes)|S: 227 ok (1,1,1,1,5000,1)|S: 530 (hidden) is wrong", ""},
		{"a code is none", "C: PASS 530|S: 530 530", "C: PASS (hidden)|S: 530 (hidden)", ""},
		{"the user's own name", "C: USER bobby1|C: PASS bobby1|S: 230 User bobby1 logged in", "C: USER bobby1|C: PASS (hidden)|S: 230 User bobby1 logged in", "bobby1"},
		{"typed as USER, then as PASS", "C: USER hunter2|S: 331 Password for hunter2|C: PASS hunter2|S: 530 no", "C: USER (hidden)|S: 331 Password for (hidden)|C: PASS (hidden)|S: 530 no", ""},
		{"typed as USER after it failed as PASS", "C: PASS hunter2|C: USER hunter2", "C: PASS (hidden)|C: USER (hidden)", ""},
		{"names that many accounts have", "C: USER admin|C: PASS admin|S: 530 admin", "C: USER admin|C: PASS (hidden)|S: 530 admin", ""},
		{"behind USER", "C: USER bob hunter2|S: 331 bob hunter2", "C: USER bob (hidden)|S: 331 bob (hidden)", ""},
		{"a line without a verb behind USER", "C: USER bob|C: hunter 22|S: 500 HUNTER 22|C: SYST|C: hunter", "C: USER bob|C: (hidden)|S: 500 (hidden)|C: SYST|C: hunter", ""},
		{"words of SITE", "C: site  cpwd old777 new777|S: 200 NEW777, old777", "C: site  cpwd (hidden)|S: 200 (hidden), (hidden)", ""},
		{"a mistyped verb", "C: PASS hunter2|C: PAS hunter2|C: RETR xhunter2", "C: PASS (hidden)|C: PAS (hidden)|C: RETR xhunter2", ""},
		{"glued", "C: PASShunter2|S: 500 PASSHUNTER2: what?", "C: PASS(hidden)|S: 500 (hidden): what?", ""},
		{"typed in quotes", `C: PASS "hunter2"|S: 530 hunter2 or "HUNTER2"|C: PASS 'Zq7|S: 530 zq7`, `C: PASS (hidden)|S: 530 (hidden) or (hidden)|C: PASS (hidden)|S: 530 (hidden)`, ""},
		{"XAUT", "C: xaut 2 0c9d77aa|S: 500 2 0C9D77AA?", "C: xaut (hidden)|S: 500 (hidden)?", ""},
		{"quoted, and never seen", "S: 500 'PASS hunter2': what?", "S: 500 'PASS (hidden)': what?", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, strings.Split(test.want, "|"), told(strings.Split(test.said, "|"), test.accepted))
		})
	}
}

// A copy does not change with what it is of.
func TestSecretsClone(t *testing.T) {
	var s Secrets
	require.True(t, s.None())
	_, size := s.Command([]byte("PASS hunter2"))
	require.Equal(t, entry+7, size)
	_, size = s.Command([]byte("PASS HUNTER2"))
	require.Zero(t, size)
	c := s.Clone()
	c.Command([]byte("PASS other77"))
	require.Len(t, s.List(), 1)
	require.Len(t, c.List(), 2)
	require.NotEmpty(t, c.Of([]byte("other77"), 0))
	require.Empty(t, s.Of([]byte("other77"), 0))
	require.Positive(t, s.Steps()+c.Steps())
}

// Whatever is said, spans lie in their line, in order, and a password of some length is never left in a reply that says it.
func FuzzSecrets(f *testing.F) {
	f.Add("USER bob\nhunter2\nPASS x\nSITE PSWD a b", "530 hunter2", "Hunter2")
	f.Add("USER a:b@c:1\nADAT =\n\tPASS\t\nP\x00ASS x", "230-'PASS a", "aaaaaaa")
	f.Fuzz(func(t *testing.T, client, server, password string) {
		var s Secrets
		for line := range strings.SplitSeq(client, "\n") {
			from, _ := s.Command([]byte(line))
			require.LessOrEqual(t, from, len(line))
			require.LessOrEqual(t, Secret([]byte(line)), len(line))
		}
		for line := range strings.SplitSeq(client+"\n"+server, "\n") {
			for _, parts := range [][]Span{s.OfReply([]byte(line)), s.OfCommand([]byte(line))} {
				at := 0
				for _, p := range parts {
					require.True(t, at <= p.From && p.From < p.To && p.To <= len(line), "%v of %q", parts, line)
					at = p.To
				}
				_ = Hide(line, parts)
			}
		}
		if word := strings.Trim(password, " \t"); len(word) >= longSecret && !isNumber([]byte(word)) && !isEveryday([]byte(word)) && !strings.ContainsAny(word, "\r\n") {
			var s Secrets
			s.Command([]byte("pass  " + word))
			text := fmt.Sprintf("x%sx", word)
			require.NotContains(t, Hide(text, s.Of([]byte(text), 530)), word)
		}
	})
}
