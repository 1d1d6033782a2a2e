package control

import (
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What rules read besides the record: few sessions have any of it, and those that have none pay a comparison.

// site keeps a SITE command.
func (f *Conversation) site(p *pending) {
	list := f.notes.Site
	if len(list) >= record.MaxSite {
		return
	}
	word, alike := firstWord(p.arg), 0
	for i := range list {
		if strings.EqualFold(firstWord(list[i].Text), word) {
			alike++
		}
	}
	if alike >= record.MaxSiteAlike || !f.hold(siteSize+len(p.arg)) {
		return
	}
	f.notes.Site = append(list, record.SiteCommand{Mark: p.line.Mark, Text: p.arg})
	p.noted = int32(len(f.notes.Site))
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	return word
}

// climb keeps a command whose path climbs above the login directory. It is asked when the command is settled, for only then
// is the working directory known that the path is relative to.
func (f *Conversation) climb(p *pending) {
	if !takesPath(p.verb) || p.cut || len(f.notes.Climbs) >= record.MaxClimbs {
		return
	}
	arg := p.arg
	if p.verb == ftp.LIST || p.verb == ftp.NLST {
		arg = listed(arg)
	}
	if !mayClimb(arg) || (p.verb == ftp.CWD || p.verb == ftp.XCWD) && strings.TrimRight(arg, "/") == ".." || !f.place.climbs(f.home, arg) ||
		!f.hold(climbSize+len(p.arg)) {
		return // CWD .. is CDUP in other words: how people walk about
	}
	anyway := place{f.place.dir, f.place.known && isAbsolute(f.place.dir)}
	f.notes.Climbs = append(f.notes.Climbs, record.Climb{Mark: p.line.Mark, Verb: p.verb.String(), Argument: p.arg, FromLogin: !anyway.climbs("", arg)})
	p.noted = int32(len(f.notes.Climbs))
}

// noteReply adds the final reply to what was kept of the command.
func (f *Conversation) noteReply(p *pending, r *record.Reply) {
	switch {
	case p.noted == 0:
	case p.verb == ftp.SITE:
		f.notes.Site[p.noted-1].Reply = keptReply(r)
	default:
		f.notes.Climbs[p.noted-1].Reply = keptReply(r)
	}
}

// takesPath lists the commands whose argument is a path.
func takesPath(v ftp.Verb) bool {
	switch v {
	case ftp.CWD, ftp.XCWD, ftp.SMNT, ftp.DELE, ftp.RMD, ftp.XRMD, ftp.RMDA, ftp.MKD, ftp.XMKD, ftp.RNFR, ftp.RNTO, ftp.SIZE, ftp.MDTM, ftp.STAT,
		ftp.MLST, ftp.MFMT, ftp.MFCT, ftp.MFF, ftp.HASH, ftp.MD5, ftp.XCRC, ftp.XMD5, ftp.XSHA, ftp.XSHA1, ftp.XSHA256, ftp.XSHA512:
		return true
	}
	return v.IsTransfer()
}

// transferMode is the mode that MODE names (RFC 959 section 3.4: S, B, C; Z of deflate); empty when it names none.
func transferMode(arg string) string {
	switch mode := strings.ToUpper(strings.TrimSpace(arg)); mode {
	case "S", "B", "C", "Z":
		return mode
	}
	return ""
}

// defaultMode is what MODE is before the client sets it (RFC 959 section 5.1); Finish knows whether the beginning was seen.
const defaultMode = "S"

// silences measures how long nobody spoke at the end of the control connection.
type silences struct {
	last    flow.Time // when either side spoke last
	longest flow.Time // without a word since the server last spoke
	asked   bool      // the client spoke since
}

// spoke notes that a side sent something.
func (s *silences) spoke(byClient bool, at flow.Time) {
	if byClient {
		s.longest, s.asked = max(s.longest, at-s.last), s.last != 0
	} else {
		s.longest, s.asked = 0, false
	}
	s.last = at
}

// end is the longest silence since the server last spoke; if the client did not speak since either, that until the end.
func (s *silences) end(at flow.Time) flow.Time {
	if s.asked || s.last == 0 {
		return s.longest
	}
	return max(0, at-s.last)
}
