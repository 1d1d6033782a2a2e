package finding

import (
	"net/netip"
	"testing"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestOverlapConflict(t *testing.T) {
	odd := func(list ...record.Oddity) func(*record.Session) {
		return func(s *record.Session) { s.Notes.Oddities = list }
	}
	conflicting := func(at *flow.Mark) func(*flow.Conn) { return func(c *flow.Conn) { c.Conflict = at } }
	mark := at(21)
	check(t, "overlap-conflict", []row{
		{"none", sess(odd(record.Oddity{Kind: record.OddLine, Mark: at(7)}), with(passive(met(flow.Established), worked(5)))), ""},
		{"the capture lacks ", sess(odd(record.Oddity{Kind: record.OddConflict, Mark: at(7), Detail: record.Client}, record.Oddity{Kind: record.OddConflict, Mark: at(9), Detail: record.Server})),
			"medium 0 2 segments of the control connection had different bytes for sequence numbers that the client and the server had sent already (packets 7, 9)" +
				"; ftpscope uses the first content, the receiver may have used the other"},
		{"of a data connection", sess(with(passive(worked(5), met(flow.Established, conflicting(&mark)))), with(passive(worked(5)))),
			"medium 1 bytes of RETR \"a.bin\" came again with different content (packet 21); the receiver may have used either, so there is no hash"},
	})
}

// Where nothing went over a third host's connection and the capture lacks words, the server
// may have refused it.
func TestThirdPartyOfAGap(t *testing.T) {
	stranger := func(c *flow.Conn) { c.Src = netip.AddrPortFrom(another, 5000) }
	idle := func(t *record.Transfer) {
		t.Initiator, t.Outcome, t.Command, t.Reply = record.ThirdParty, record.Incomplete, nil, nil
	}
	for name, s := range map[string]*record.Session{
		record.Critical: sess(with(passive(met(flow.Established, stranger), idle))),
		record.Low:      sess(gappy, with(passive(met(flow.Established, stranger), idle))),
	} {
		for _, f := range Judge(s, Options{}) {
			if f.ID == thirdParty.ID && f.Severity != name {
				t.Errorf("%s, want %s", f.Severity, name)
			}
		}
	}
}
