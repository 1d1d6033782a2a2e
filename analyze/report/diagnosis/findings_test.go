package diagnosis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

func TestRanked(t *testing.T) {
	found := func(id, severity string, transfer int) record.Finding {
		return record.Finding{ID: id, Severity: severity, Transfer: transfer}
	}
	s := &record.Session{Transfers: []record.Transfer{{N: 1, Outcome: record.OK}, {N: 2, Outcome: record.Aborted}}}
	for _, c := range []struct {
		name string
		list []record.Finding
		want []string
	}{
		{"none", nil, nil},
		{"gravest first", []record.Finding{found("a", "low", 1), found("b", "critical", 1), found("c", "high", 0)}, []string{"b", "c", "a"}},
		{"equals keep their order", []record.Finding{found("a", "high", 1), found("b", "high", 0)}, []string{"a", "b"}},
		{"password last among equals", []record.Finding{found(CleartextID, "medium", 0), found("a", "medium", 1)}, []string{"a", CleartextID}},
		{"password after a milder cause", []record.Finding{found(CleartextID, "medium", 0), found("a", "low", 1), found("b", "low", 2)}, []string{"a", "b", CleartextID}},
		{"password before what is milder and no cause", []record.Finding{found(CleartextID, "medium", 0), found("a", "low", 1)}, []string{CleartextID, "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Findings = c.list
			var got []string
			for _, f := range Ranked(s) {
				got = append(got, f.ID)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestProgress(t *testing.T) {
	of := func(bytes, size uint64) record.Transfer {
		return record.Transfer{Outcome: record.Aborted, Representation: reporttest.Ptr("I"), Bytes: &bytes, Initiator: record.Client,
			Connection: &record.Connection{State: record.Established}, Notes: record.TransferNotes{Size: &size}}
	}
	for _, c := range []struct {
		name   string
		t      record.Transfer
		change func(*record.Transfer)
		want   string
	}{
		{"part", of(38560, 900000), nil, "38,560 of 900,000 bytes (4 %)"},
		{"nothing", of(0, 10), nil, "0 of 10 bytes (0 %)"},
		{"hardly any", of(1, 1<<60), nil, "1 of 1,152,921,504,606,846,976 bytes (less than 1 %)"},
		{"nearly all", of(1<<63-2, 1<<63-1), nil, "9,223,372,036,854,775,806 of 9,223,372,036,854,775,807 bytes (99 %)"},
		{"all", of(10, 10), nil, "all 10 bytes that the server announced"},
		{"all, unconfirmed", of(1, 1), func(t *record.Transfer) { t.Outcome = record.Incomplete }, "the 1 byte that the server announced; only the final reply is missing"},
		{"more", of(11, 10), nil, ""},
		{"empty", of(0, 0), nil, ""},
		{"worked", of(5, 10), func(t *record.Transfer) { t.Outcome = record.OK }, ""},
		{"resumed", of(5, 10), func(t *record.Transfer) { t.Restart = reporttest.Ptr(uint64(3)) }, ""},
		{"text", of(5, 10), func(t *record.Transfer) { t.Representation = reporttest.Ptr("A") }, ""},
		{"compressed", of(5, 10), func(t *record.Transfer) { t.Notes.Mode = "Z" }, ""},
		{"another host", of(5, 10), func(t *record.Transfer) { t.Initiator = record.ThirdParty }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.t)
			}
			require.Equal(t, c.want, Progress(&c.t))
		})
	}
}

// TestHere: the ports that a firewall has to let in are all that were announced, or said
// to be more.
func TestHere(t *testing.T) {
	require.Equal(t, "", here(nil))
	require.Equal(t, " (here 50001)", here([]uint16{50001}))
	require.Equal(t, " (here 50001, 50002, 50003 and 50004)", here([]uint16{50001, 50002, 50003, 50004}))
	require.Equal(t, " (here 50001, 50002, 50003, 50004 and others)", here([]uint16{50001, 50002, 50003, 50004, 50005}))
}
