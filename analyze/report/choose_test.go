package report

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// counter counts records.
type counter struct{ sessions, attempts, orphans, hidden int }

func (c *counter) Session(*record.Session) error { c.sessions++; return nil }
func (c *counter) Attempt(*record.Attempt) error { c.attempts++; return nil }
func (c *counter) Orphan(*record.Orphan) error   { c.orphans++; return nil }
func (c *counter) Summary(s *record.Summary) error {
	if s.Hidden != nil {
		c.hidden = s.Hidden.Sessions + s.Hidden.Attempts + s.Hidden.Orphans
	}
	return nil
}

func TestChoose(t *testing.T) {
	at := func(second int) record.Stamp { return record.Stamp{Time: flow.Time(second) * flow.Second} }
	end := netip.MustParseAddrPort
	user, announced := "bob", end("192.0.2.99:5000")
	s := &record.Session{
		Start: at(10), End: at(20), Client: end("10.0.0.1:40000"), Server: end("192.0.2.21:21"), User: &user, Mode: record.Active, Initiator: record.Server,
		Transfers: []record.Transfer{
			{Outcome: record.OK, Connection: &record.Connection{Src: end("172.16.0.1:20"), Dst: end("10.0.0.1:50000")}},
			{Outcome: record.Denied, Announced: &announced},
		},
		Findings: []record.Finding{{ID: "data-refused", Severity: "medium"}},
		Verdict:  &record.Verdict{Cause: record.CauseDataRefused, At: record.AtClient},
	}
	s.Transfers[1].Verdict = &record.Verdict{Cause: record.CauseFileDenied, At: record.AtServer}
	a := &record.Attempt{ClientIP: netip.MustParseAddr("10.0.0.1"), Server: end("192.0.2.21:21"), First: at(10), Last: at(20),
		Verdict: &record.Verdict{Cause: record.CauseServerRefused, At: record.AtServer}}
	o := &record.Orphan{Mode: record.Active, Initiator: record.Server, Connection: record.Connection{Src: end("10.0.0.1:20"), Dst: end("10.0.0.2:50000"), Start: at(10), End: at(20)}}
	host := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	for name, x := range map[string]struct {
		Choice
		sessions, attempts, orphans int
	}{
		"all":                {Choice{}, 1, 1, 1},
		"client":             {Choice{Hosts: host("10.0.0.1/32")}, 1, 1, 1},
		"data":               {Choice{Hosts: host("172.16.0.0/12")}, 1, 0, 0},
		"announced":          {Choice{Hosts: host("192.0.2.99/32")}, 1, 0, 0},
		"nobody":             {Choice{Hosts: host("8.8.8.8/32")}, 0, 0, 0},
		"one of two":         {Choice{Hosts: append(host("8.8.8.8/32"), host("192.0.2.21/32")...)}, 1, 1, 0},
		"user":               {Choice{Users: []string{"bob"}}, 1, 0, 0},
		"another user":       {Choice{Users: []string{"alice"}}, 0, 0, 0},
		"mode":               {Choice{Modes: []string{"active"}}, 1, 0, 1},
		"another mode":       {Choice{Modes: []string{"passive", "mixed"}}, 0, 0, 0},
		"initiator":          {Choice{Initiators: []string{"server"}}, 1, 0, 1},
		"outcome":            {Choice{Outcomes: []string{"denied"}}, 1, 0, 0},
		"another outcome":    {Choice{Outcomes: []string{"aborted"}}, 0, 0, 0},
		"finding":            {Choice{Findings: []string{"data-refused"}}, 1, 0, 0},
		"another finding":    {Choice{Findings: []string{"data-late"}}, 0, 0, 0},
		"severity":           {Choice{MinSeverity: "low"}, 1, 0, 0},
		"its own severity":   {Choice{MinSeverity: "medium"}, 1, 0, 0},
		"a graver one":       {Choice{MinSeverity: "high"}, 0, 0, 0},
		"cause":              {Choice{Causes: []string{"data-refused"}}, 1, 0, 0},
		"a transfer's":       {Choice{Causes: []string{"file-denied"}}, 1, 0, 0},
		"an attempt's":       {Choice{Causes: []string{"server-refused"}}, 0, 1, 0},
		"place":              {Choice{Places: []string{"server"}}, 1, 1, 0},
		"cause and place":    {Choice{Causes: []string{"data-refused"}, Places: []string{"client", "nat"}}, 1, 0, 0},
		"of two verdicts":    {Choice{Causes: []string{"data-refused"}, Places: []string{"server"}}, 0, 0, 0},
		"cause and mode":     {Choice{Causes: []string{"server-refused"}, Modes: []string{"active"}}, 0, 0, 0},
		"since its end":      {Choice{Since: 20 * flow.Second}, 1, 1, 1},
		"after its end":      {Choice{Since: 20*flow.Second + 1}, 0, 0, 0},
		"until its start":    {Choice{Until: 10 * flow.Second}, 0, 0, 0},
		"until a bit later":  {Choice{Until: 10*flow.Second + 1}, 1, 1, 1},
		"one met, one unmet": {Choice{Users: []string{"bob"}, Modes: []string{"passive"}}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var got counter
			w := x.Choose(&got)
			require.NoError(t, w.Session(s))
			require.NoError(t, w.Attempt(a))
			require.NoError(t, w.Orphan(o))
			require.NoError(t, w.Summary(&record.Summary{}))
			require.Equal(t, counter{x.sessions, x.attempts, x.orphans, 3 - x.sessions - x.attempts - x.orphans}, got)
		})
	}
}
