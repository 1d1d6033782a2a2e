package view

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestTally(t *testing.T) {
	s := &record.Session{
		Transfers: []record.Transfer{
			{Mode: record.Active, Initiator: record.Server},
			{Mode: record.Passive, Initiator: record.Client},
			{Mode: record.Passive, Initiator: record.ThirdParty},
			{Mode: "unknown", Initiator: "none"},
		},
		Findings: []record.Finding{{Severity: record.Severities[0]}, {Severity: record.Severities[4]}, {Severity: record.Severities[4]}, {Severity: "made up"}},
	}
	one := tallyOf(s)
	require.Equal(t, tally{modes: [3]int{1, 2, 1}, openers: [3]int{1, 1, 1}, findings: [5]int{1, 0, 0, 0, 2}}, one)

	sum := one
	sum.add(&one, 2)
	require.Equal(t, tally{modes: [3]int{3, 6, 3}, openers: [3]int{3, 3, 3}, findings: [5]int{3, 0, 0, 0, 6}}, sum)
	sum.add(&one, -3)
	require.Zero(t, sum, "what is dropped leaves nothing behind")
}

// The endpoints of a control connection are one key, whoever is said to be the client.
func TestEnds(t *testing.T) {
	s := made(1, 0, record.Passive, record.OK)
	turned := *s
	turned.Client, turned.Server = s.Server, s.Client
	require.Equal(t, endsOf(s), endsOf(&turned))
	other := made(2, 0, record.Passive, record.OK)
	require.NotEqual(t, endsOf(s), endsOf(other))
}

// The counts are those of the sessions that are kept as open and of all that ended, whatever replaced what.
func TestTotalFollowsTheSessions(t *testing.T) {
	var s store
	s.init(false)
	open := made(1, 0, record.Active, record.OK)
	open.Open = true
	s.add(open)
	require.Equal(t, [3]int{1, 0, 0}, s.total.modes)
	s.add(open)
	require.Equal(t, [3]int{1, 0, 0}, s.total.modes, "a later record of the same session")
	closed := *open
	closed.Open = false
	s.add(&closed)
	require.Equal(t, [3]int{1, 0, 0}, s.total.modes)
	require.EqualValues(t, 1, s.done)
	require.Empty(t, s.open)
	require.Empty(t, s.byStart)

	s.add(made(2, 5, record.Passive, record.OK))
	require.Equal(t, [3]int{1, 1, 0}, s.total.modes)
	require.EqualValues(t, 2, s.done)
}

// A picture shares the sessions with the one before it while no session came, and only then.
func TestPictures(t *testing.T) {
	var s store
	s.init(false)
	s.add(made(1, 0, record.Passive, record.OK))
	at := time.Unix(1_700_000_000, 0)
	first := s.take(nil, at)
	s.attempt()
	s.orphan()
	s.orphan()
	second := s.take(first, at.Add(time.Second))
	require.Equal(t, []uint64{1, 2}, []uint64{second.attempts, second.orphans})
	require.Zero(t, first.attempts, "a picture does not change")
	require.Same(t, &first.ended[0], &second.ended[0])

	s.add(made(2, 1, record.Passive, record.OK))
	third := s.take(second, at.Add(2*time.Second))
	require.Len(t, third.ended, 2)
	require.Len(t, second.ended, 1)
	require.NotSame(t, &second.ended[0], &third.ended[0])
}

func TestStanding(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	p := &shot{at: at}
	require.Zero(t, p.lag())
	require.Zero(t, p.stillOpen())
	p.now = &analyze.Status{Now: flow.Time(at.Add(-3 * time.Second).UnixNano()), Open: 7}
	require.Equal(t, 3*time.Second, p.lag())
	require.EqualValues(t, 7, p.stillOpen(), "more are open than have a record")
	p.open = make([]*entry, 9)
	require.EqualValues(t, 9, p.stillOpen())
}

func TestWarningsAreBounded(t *testing.T) {
	var s store
	s.init(false)
	at := time.Unix(1_700_000_000, 0)
	s.warn("a\x1b[31m bell\a", at)
	require.NotContains(t, s.warnings()[0], "\x1b", "a terminal obeys nothing that the wire says")
	require.NotContains(t, s.warnings()[0], "\a")
	s.warn(strings.Repeat("x", 10*maxSentence), at)
	require.LessOrEqual(t, len([]rune(s.warnings()[1])), maxSentence)
	for range maxMessages {
		s.warn("again", at)
	}
	list := s.warnings()
	require.Len(t, list, maxMessages+1)
	require.Equal(t, "2 earlier messages not kept", list[0])
}

func TestText(t *testing.T) {
	for _, x := range []struct {
		name, in string
		width    int
		want     string
	}{
		{"fits", "abc", 3, "abc"},
		{"cut", "abcdef", 4, "abc…"},
		{"one column", "abcdef", 1, "…"},
		{"wide runes count twice", "日本語", 4, "日…"},
		{"nothing", "", 0, ""},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, clip(x.in, x.width)) })
	}
	require.Equal(t, "ab  ", pad("ab", 4))
	require.Equal(t, "abcde", pad("abcde", 4))
	painted := newScreen(80, 24, true).paint(red, "ab") + "c"
	require.Equal(t, "abc", prose.Unpainted(painted))
	require.Equal(t, 3, width(painted))
	require.Equal(t, "ab", newScreen(80, 24, false).paint(red, "ab"), "without colour")
	require.Empty(t, newScreen(80, 24, true).paint(red, ""))
}

// An empty list says why it is empty.
func TestNothing(t *testing.T) {
	for _, x := range []struct {
		name  string
		show  show
		words string
		open  int
		want  string
	}{
		{"at first", all, "", 0, "no FTP sessions yet"},
		{"connections without a record", all, "", 2, "2 control connections open; sessions are listed as soon as there is more to say"},
		{"open ones without a record", open, "", 1, "1 control connection open, of which no record came yet"},
		{"no open ones", open, "", 0, "no open sessions"},
		{"none ended", ended, "", 3, "no session has ended yet"},
		{"no findings", found, "", 3, "no findings"},
		{"words", found, "a\x1bb", 3, "no session with a"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newScreen(80, 24, false)
			s.store.status(&analyze.Status{Open: x.open})
			s.at(1)
			s.show, s.words = x.show, x.words
			got := s.nothing()
			require.True(t, strings.HasPrefix(got, x.want), got)
			require.NotContains(t, got, "\x1b")
		})
	}
}

// The keys that are named are those that work now, as many as fit.
func TestFoot(t *testing.T) {
	s := newScreen(200, 24, false)
	s.at(1)
	require.Contains(t, s.foot(), "p pause · f follow · tab show: all · / find")
	s.press("p")
	require.Contains(t, s.foot(), "p go on")
	s.press("/")
	require.Equal(t, "enter keep · esc all sessions", s.foot())
	s.press("esc", "?")
	require.Equal(t, "q quit · esc back · ↑↓ scroll", s.foot())
	s.press("esc")
	for _, columns := range []int{1, 6, 10, 40, 79} {
		s.width = columns
		require.LessOrEqual(t, width(s.foot()), columns)
	}
}

// What the wire named is kept no longer than anybody reads.
func TestShorten(t *testing.T) {
	var s store
	s.init(true)
	s.add(hostile())
	e := s.ended[0]
	require.LessOrEqual(t, width(e.User), maxText)
	for i := range e.Transfers {
		require.LessOrEqual(t, width(e.Transfers[i].Name), maxText)
	}
	for i := range e.Findings {
		require.LessOrEqual(t, width(e.Findings[i].Message), maxSentence)
	}
}
