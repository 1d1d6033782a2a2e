package analyze_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
)

// A capture that lacks one packet may know less, but nothing that it says may be false.
func TestDropOne(t *testing.T) {
	for _, c := range []analyzetest.Conversation{
		{Name: "passive", Script: "login\nC: TYPE A\nS: 200 ok\nC: CWD /pub\nS: 250 ok\nC: TYPE I\nS: 200 ok\nC: CWD x\nS: 250 ok\nC: REST 10\nS: 350 ok\n" + analyzetest.Passed("RETR a", "9000") +
			"C: CWD y\nS: 550 no\n" + pushed2 + "C: PASV\nS: 227 ok (192,0,2,21,195,82)\nC: LIST\nS: 550 no\nbye"},
		{Name: "active", Script: "login\nC: TYPE I\nS: 200 ok\nport\nC: RETR a\nS: 150 here (5000 bytes)\ndata d1 S:20 > C:50000\nd1> 5000 fin\nd1 fin <\nS: 226 done\nC: PORT 192,0,2,10,195,81\nS: 200 ok\nC: STOR b\nS: 150 go\ndata d2 S:20 > C:50001\nd2< 3000\nd2 fin <\nS: 226 done\nC: NOOP\nS: 200 ok\nC: LIST -l\nS: 150 go\nseed two\ndata d3 S:20 > C:50001\nd3> 300\nd3 fin >\nS: 226 done\nbye"},
		{Name: "pipelined", Script: varied[2].Script},
		{Name: "aborted", Script: varied[3].Script},
		{Name: "refused and tried again", Script: varied[4].Script},
		{Name: "multi-line", Script: varied[9].Script},
	} {
		t.Run(c.Name, func(t *testing.T) {
			requireNoneFalse(t, c.Frames(t))
		})
	}
}

func TestDropOneOfSamples(t *testing.T) {
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) { requireNoneFalse(t, s.frames) })
	}
}

// requireNoneFalse leaves out each packet in turn.
func requireNoneFalse(t *testing.T, frames []capturetest.Frame) {
	full := analyzetest.Analyzed(t, frames, options)
	for i := range frames {
		part := analyzetest.Analyzed(t, capturetest.Drop(frames, i), options)
		analyzetest.RequireSane(t, part)
		if d := append(contradictions(full, part), othersAccused(full, part)...); len(d) > 0 {
			t.Errorf("without packet %d: %q\n%s\nfull:\n%s\npart:\n%s", i+1, d, capturetest.Dump(frames[i:i+1]), full.Facts(), part.Facts())
		}
	}
}

// contradictions lists what a part says that the whole denies. A part may lack sessions.
func contradictions(full, part *analyzetest.Records) (list []string) {
	for _, p := range part.Sessions {
		least := []string{"session " + p.Client.String() + " " + p.Server.String()}
		for _, f := range full.Sessions {
			if f.Client == p.Client && f.Server == p.Server {
				if d := contradicted(f, p); len(least) == 1 && least[0][:8] == "session " || len(d) < len(least) {
					least = d
				}
			}
		}
		list = append(list, least...)
	}
	return list
}

// othersAccused lists the causes that a part is certain of and the whole does not name. A
// part may be less certain, or know of nothing.
func othersAccused(full, part *analyzetest.Records) (list []string) {
	var known []string
	for _, f := range full.Sessions {
		for _, v := range verdictsOf(f) {
			known = append(known, f.Client.String()+" "+v.Cause)
		}
	}
	for _, p := range part.Sessions {
		for _, v := range verdictsOf(p) {
			if cause := p.Client.String() + " " + v.Cause; v.Certainty == record.Certain && !slices.Contains(known, cause) {
				list = append(list, "certain of "+v.Cause)
			}
		}
	}
	return list
}

// verdictsOf are those of a session and its transfers.
func verdictsOf(s *record.Session) []*record.Verdict {
	list := []*record.Verdict{s.Verdict}
	for i := range s.Transfers {
		if v := s.Transfers[i].Verdict; v != nil {
			list = append(list, v)
		}
	}
	return list
}

// contradicted lists what a session of the part says that the whole one denies. Null, none, unknown and incomplete say nothing; a number
// of bytes may be smaller, a banner and a path lack their end or beginning; without QUIT a session ends as its connection does; and a
// transfer whose negotiation is missing is one by default, for SPEC.md has no other word.
func contradicted(f, p *record.Session) (list []string) {
	differ := func(what, want, got string, nothing ...string) {
		if want != got && !slices.Contains(append(nothing, "-"), got) {
			list = append(list, what+" "+got)
		}
	}
	differ("user", analyzetest.Text(f.User), analyzetest.Text(p.User))
	differ("login", f.Login, p.Login, "none")
	differ("tls", f.TLS, p.TLS, "none")
	if f.Mode != record.Mixed {
		differ("mode", f.Mode, p.Mode, "none")
		differ("initiator", f.Initiator, p.Initiator, "none")
	}
	if !strings.HasPrefix(analyzetest.Text(f.Banner), analyzetest.Text(p.Banner)) && !strings.HasSuffix(analyzetest.Text(f.Banner), "\n"+analyzetest.Text(p.Banner)) {
		differ("banner", analyzetest.Text(f.Banner), analyzetest.Text(p.Banner))
	}
	differ("closing", f.Closing, p.Closing, "fin", "rst", "cut")
	for i := range p.Transfers {
		list = append(list, explained(f, &p.Transfers[i])...)
	}
	return list
}

// explained finds the transfer of the whole session that a part's transfer contradicts least.
func explained(f *record.Session, p *record.Transfer) (list []string) {
	for i := range f.Transfers {
		if d := denied(&f.Transfers[i], p); i == 0 || len(d) < len(list) {
			list = d
		}
	}
	return list
}

// tried is the connection between two endpoints that a transfer has, or had before; nil: none.
func tried(f *record.Transfer, src, dst netip.AddrPort) *record.Connection {
	if f.Connection.Src == src && f.Connection.Dst == dst {
		return f.Connection
	}
	for i := range f.Notes.Tried {
		if c := &f.Notes.Tried[i]; c.Src == src && c.Dst == dst {
			return &record.Connection{State: c.State.String()}
		}
	}
	return nil
}

func denied(f, p *record.Transfer) (list []string) {
	differ := func(what, want, got string, nothing ...string) {
		if want != got && !slices.Contains(append(nothing, "-"), got) {
			list = append(list, fmt.Sprintf("%s %s", what, got))
		}
	}
	differ("command", analyzetest.Text(f.Command), analyzetest.Text(p.Command))
	differ("argument", analyzetest.Text(f.Argument), analyzetest.Text(p.Argument))
	if !strings.HasSuffix(analyzetest.Text(f.Path), "/"+analyzetest.Text(p.Path)) && analyzetest.Text(p.Path) != "." { // to be read from the login directory
		differ("path", analyzetest.Text(f.Path), analyzetest.Text(p.Path))
	}
	differ("direction", analyzetest.Text(f.Direction), analyzetest.Text(p.Direction))
	differ("representation", analyzetest.Text(f.Representation), analyzetest.Text(p.Representation))
	differ("restart", analyzetest.Number(f.Restart), analyzetest.Number(p.Restart))
	differ("method", f.Method, p.Method, "default")
	differ("mode", f.Mode, p.Mode, "unknown")
	differ("initiator", f.Initiator, p.Initiator, "none")
	differ("expected initiator", analyzetest.Text(f.ExpectedInitiator), analyzetest.Text(p.ExpectedInitiator))
	if f.Connection == nil || p.Connection != nil || p.Outcome != record.Unused { // of one that the capture lacks nothing tells
		differ("outcome", f.Outcome, p.Outcome, "incomplete", "unknown")
	}
	if f.Announced != nil && p.Announced != nil {
		differ("announced", f.Announced.String(), p.Announced.String())
	}
	if f.Connection != nil && p.Connection != nil {
		src, dst, of := p.Connection.Src, p.Connection.Dst, f.Connection
		if p.Evidence == record.None && src == of.Dst { // nobody knows who opened it
			src, dst = dst, src
		}
		if of = tried(f, src, dst); of == nil {
			list = append(list, "src "+src.String(), "dst "+dst.String())
		} else {
			differ("state", of.State, p.Connection.State, "unknown", "unanswered")
		}
	} else if p.Connection != nil {
		list = append(list, "a connection")
	}
	if f.Bytes != nil && p.Bytes != nil && *p.Bytes > *f.Bytes {
		list = append(list, fmt.Sprint("bytes ", *p.Bytes))
	}
	ofOffer := p.Command == nil && p.Reply != nil && f.Notes.Answer != nil && p.Reply.Code == f.Notes.Answer.Code // it is the offer's, where nobody knows of a command
	if f.Reply != nil && p.Reply != nil && (p.Command == nil) == (f.Command == nil) && !ofOffer {
		differ("reply", fmt.Sprint(f.Reply.Code), fmt.Sprint(p.Reply.Code))
	}
	return list
}
