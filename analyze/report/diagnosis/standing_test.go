package diagnosis

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

// Every cause has a standing, and of all but what went well it is said where to look.
func TestStandings(t *testing.T) {
	count := map[Standing]int{}
	for _, m := range record.Causes {
		v := &record.Verdict{Cause: m.Word, Certainty: record.Likely}
		count[StandingOf(v)]++
		for _, p := range record.Places {
			v.At = p.Word
			text := WhereToLook(v)
			switch {
			case StandingOf(v) == Well, p.Word == record.AtNone, p.Word == record.AtCapture:
				require.Empty(t, text)
			default:
				require.Regexp(t, `^Look at .*; likely, not proven\.$`, text)
			}
		}
	}
	require.Equal(t, map[Standing]int{Well: 2, Untold: 1, Slow: 2, Failed: len(record.Causes) - 5}, count)
	for _, c := range record.Certainties {
		require.Contains(t, WhereToLook(&record.Verdict{Cause: record.CauseSlow, At: record.AtPath, Certainty: c.Word}), certainties[c.Word])
	}
}

// The findings that verdicts tell, too, name causes that there are.
func TestToldCauses(t *testing.T) {
	known := map[string]bool{}
	for _, m := range record.Causes {
		known[m.Word] = true
	}
	for id, causes := range told {
		for _, cause := range causes {
			require.True(t, known[cause], "%s: %s", id, cause)
		}
	}
	for _, id := range []string{"data-unanswered", "data-refused", "data-unreachable", "data-never-tried"} {
		require.True(t, Symptom(id))
		require.Contains(t, told, id)
	}
	require.False(t, Symptom("data-cut"))
	s := reporttest.BlockedSession()
	require.True(t, Told(s, &record.Finding{ID: "data-cut", Transfer: 1}), "any failure tells it")
	require.False(t, Told(s, &record.Finding{ID: "data-cut", Transfer: 7}), "of another transfer")
	s.Verdict = &record.Verdict{Cause: record.CauseNone}
	s.Transfers[0].Verdict = nil
	require.False(t, Told(s, &record.Finding{ID: "data-cut", Transfer: 1}))
}

// Failed logins are counted with the server's last words, once.
func TestFailedLogins(t *testing.T) {
	no := func(text string) record.Login {
		return record.Login{Code: 530, Reply: &record.Reply{Code: 530, Text: text}}
	}
	failed := &record.Verdict{Cause: record.CauseLoginRejected}
	for _, x := range []struct {
		name   string
		login  string
		v      *record.Verdict
		logins []record.Login
		want   string
	}{
		{"none", record.LoginOK, nil, nil, ""},
		{"none failed", record.LoginOK, nil, []record.Login{{OK: true, Code: 230}}, ""},
		{"the capture holds no reply", record.LoginNone, nil, []record.Login{{}}, ""},
		{"one", record.LoginFailed, nil, []record.Login{no("Not logged in")}, "1 login failed: 530 Not logged in"},
		{"the last words count", record.LoginFailed, nil, []record.Login{no("a"), no("b")}, "2 logins failed: 530 b"},
		{"and then it went well", record.LoginOK, nil, []record.Login{no("a"), {OK: true, Code: 230}}, "1 login failed before one succeeded: 530 a"},
		{"no room for its words", record.LoginFailed, nil, []record.Login{{Code: 530}}, "1 login failed"},
		{"the verdict tells it", record.LoginFailed, failed, []record.Login{no("a")}, ""},
		{"the verdict tells something of a transfer", record.LoginFailed, &record.Verdict{Cause: record.CauseDataBlocked, Transfer: 1}, []record.Login{no("a")}, "1 login failed: 530 a"},
		{"hostile words", record.LoginFailed, nil, []record.Login{no("\x1b[2J\nmore")}, `1 login failed: 530 \x1b[2J`},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := &record.Session{Login: x.login, Verdict: x.v, Notes: record.Notes{Heard: record.Heard{Logins: x.logins}}}
			require.Contains(t, FailedLogins(s), x.want)
			require.Equal(t, x.want == "", FailedLogins(s) == "")
		})
	}
	long := &record.Session{Notes: record.Notes{Heard: record.Heard{Logins: []record.Login{no(strings.Repeat("word ", 1000))}}}}
	require.LessOrEqual(t, prose.Columns(FailedLogins(long)), mostWords+len("1 login failed: "))
}

// The worst finding stands for all, with how many there are like it.
func TestWorst(t *testing.T) {
	of := func(severities ...string) (list []record.Finding) {
		for _, s := range severities {
			list = append(list, record.Finding{Severity: s})
		}
		return list
	}
	for _, x := range []struct {
		list    []record.Finding
		text    string
		gravity int
	}{
		{nil, "", -1},
		{of("low"), "· low 1", 3},
		{of("low", "high", "high", "medium"), "● high 2", 1},
		{of("info", "nonsense"), "· info 2", 4},
	} {
		text, gravity := Worst(x.list)
		require.Equal(t, []any{x.text, x.gravity}, []any{text, gravity})
	}
	require.Equal(t, []int{0, -1, 1}, []int{TrueFirst(true, true), TrueFirst(true, false), TrueFirst(false, true)})
}
