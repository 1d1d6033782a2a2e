package finding

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What kind a rule's findings are stands once, in package record.
func TestKindsAreOfRules(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range Rules() {
		ids[r.ID] = true
	}
	for _, id := range record.Kinds() {
		require.True(t, ids[id], "%s is no rule", id)
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		require.False(t, seen[r.ID], r.ID)
		seen[r.ID] = true
		require.Contains(t, record.Severities, r.Severity)
		require.NotEmpty(t, r.Title)
		require.True(t, strings.HasSuffix(r.Meaning, "."), r.ID)
		require.NotNil(t, r.judge)
	}
}

func TestDisable(t *testing.T) {
	require.Len(t, Judge(sess(midStart), Options{}), 1)
	require.Empty(t, Judge(sess(midStart), Options{Disable: map[string]bool{"capture-gap": true}}))
}

func TestOrder(t *testing.T) {
	s := sess(midStart, logins("+bob"), with(passive(announces(inside, 50001), met(flow.Unanswered), failed)), with(active(announces(another, 22), met(flow.Refused), failed)))
	var got []string
	for _, f := range Judge(s, Options{}) {
		got = append(got, fmt.Sprintf("%d %s", f.Transfer, f.ID))
	}
	require.Equal(t, []string{"1 nat-mismatch", "1 data-unanswered", "2 bounce-attempt", "2 privileged-port", "0 cleartext-credentials", "0 capture-gap"}, got)
}

func TestTooMany(t *testing.T) {
	var changes []func(*record.Session)
	for range 100 {
		changes = append(changes, with(passive(met(flow.Refused), failed)))
	}
	found := Judge(sess(changes...), Options{})
	require.Len(t, found, maxPerRule)
	require.Equal(t, maxPerRule, found[maxPerRule-1].Transfer)
	require.True(t, strings.HasSuffix(found[maxPerRule-1].Message, "; the session has 92 more findings of this kind"))
}

func TestSeveralFiles(t *testing.T) {
	s := sess(logins("+bob"))
	require.Contains(t, Judge(s, Options{Files: 2})[0].Message, "(packet 1:#5)")
	s.Notes.Logins[0].Mark.Pos = flow.At(2, 9)
	require.Contains(t, Judge(s, Options{})[0].Message, "(packet 3:#9)")
}

// TestHoles judges transfers that lack whatever can be lacking: no rule may take a field
// for granted.
func TestHoles(t *testing.T) {
	states := []*flow.Conn{nil}
	for _, state := range []flow.State{flow.Unknown, flow.Established, flow.Refused, flow.Unanswered, flow.Unreachable} {
		states = append(states, &flow.Conn{State: state, Src: client, Dst: server}, &flow.Conn{State: state})
	}
	all := sess(midStart, gappy)
	for _, outcome := range []string{record.OK, record.Denied, record.NoConnection, record.Aborted, record.Incomplete, record.Unused, record.Rejected, record.Unknown} {
		for _, mode := range []string{record.Active, record.Passive, record.Unknown} {
			for _, method := range []string{"PORT", "EPSV", record.MethodDefault, record.MethodEncrypted} {
				for bits := range 16 {
					tr := record.Transfer{Outcome: outcome, Mode: mode, Method: method, Initiator: record.ThirdParty}
					if bits&1 != 0 {
						tr.Command = ptr("RETR")
					}
					if bits&2 != 0 {
						tr.Announced = &netip.AddrPort{}
					}
					if bits&4 != 0 {
						tr.Reply = &record.Reply{Code: 425}
					}
					if bits&8 != 0 {
						tr.ExpectedInitiator = ptr(record.Client)
					}
					for _, conn := range states {
						tr.Notes.Conn = conn
						tr.Connection = nil
						if conn != nil {
							tr.Connection = &record.Connection{State: conn.State.String()}
						}
						with(tr)(all)
						if len(all.Transfers) < 4 {
							Judge(&record.Session{Transfers: slices.Clone(all.Transfers)}, Options{})
						}
					}
				}
			}
		}
	}
	require.NotEmpty(t, Judge(all, Options{}))
	require.NotPanics(t, func() { Judge(&record.Session{}, Options{}) })
}

func TestWords(t *testing.T) {
	require.Equal(t, `"a\x1b[2J\u202eb\u200b"`, prose.Quote("a\x1b[2J\u202eb\u200b"))
	require.Equal(t, `"\xff"`, prose.Quote("\xff"))
	long := prose.Quote("/" + strings.Repeat("a", 500) + "/passwd")
	require.Len(t, []rune(long), maxQuoted+2)
	require.True(t, strings.HasSuffix(long, `/passwd"`))
	for want, d := range map[string]flow.Time{
		"0 ms": -5, "350 ms": 350 * flow.Millisecond, "7 s": 7 * flow.Second, "3.1 s": 3100 * flow.Millisecond, "59 s": 59 * flow.Second,
		"2 min 5 s": 125 * flow.Second, "1 h": 3600 * flow.Second, "26 h 3 min": (26*3600 + 180) * flow.Second,
	} {
		require.Equal(t, want, prose.Lasting(d))
	}
	require.Equal(t, "1,234,567 bytes", prose.Many(1234567, "byte"))
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"../../etc", "a\x1b[2J", "\u202eb", strings.Repeat("é", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range prose.Quote(text) {
			require.False(t, r < ' ' || r == 0x202e || r == 0x7f)
		}
	})
}

// A rule is found by its ID: each has a file of that name, and each such file is in the list.
func TestRuleFiles(t *testing.T) {
	files, err := filepath.Glob("rule_*.go")
	require.NoError(t, err)
	var want []string
	for _, r := range Rules() {
		want = append(want, "rule_"+strings.ReplaceAll(r.ID, "-", "_")+".go")
		text, err := os.ReadFile(want[len(want)-1])
		require.NoError(t, err)
		require.Contains(t, string(text), `ID: "`+r.ID+`", Severity:`)
	}
	require.ElementsMatch(t, want, files)
}
