package html

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/ladder"
	"ftpscope/capture/flow"
)

// What the details of a session say of its connections, and the filters that show them in
// Wireshark.

// dataPackets counts the packets of a session's data connections.
func dataPackets(s *record.Session) (n uint64) {
	for i := range s.Transfers {
		if c := s.Transfers[i].Notes.Conn; c != nil {
			n += packetsOf(c)
		}
	}
	return n
}

// endedBy is how the control connection ended, and by whom.
func endedBy(s *record.Session) string {
	switch s.Closing {
	case record.ClosingQuit:
		return "QUIT of the client"
	case "fin":
		if who, _ := diagnosis.Ender(s, func(h *flow.Half) flow.Mark { return h.FIN }); who != "" {
			return "FIN of the " + who + ", without QUIT"
		}
		return "FIN, without QUIT"
	case "rst":
		if who, _ := diagnosis.Ender(s, func(h *flow.Half) flow.Mark { return h.RST }); who != "" {
			return "RST of the " + who
		}
		return "RST"
	}
	return "not in the capture"
}

// connectionFacts are when the data connection was, who ended it and how fast it was.
func connectionFacts(s *record.Session, t *record.Transfer, files bool) (list facts) {
	c := t.Notes.Conn
	if c == nil || !t.Opened() {
		return nil
	}
	first, last := c.Start, c.Last
	if first.Seen() && last.Seen() {
		list.add("Its packets", prose.Number(packetsOf(c))+", "+prose.Packet(first.Pos, files)+"–"+prose.Packet(last.Pos, files && last.Pos.File() != first.Pos.File()))
		list.add("Lasted", lasting(last.Time-first.Time))
		list = append(list, fact{"Last packet", microseconds(last.Time)})
	}
	if who, how, at, _ := ladder.Closer(s, t); who != "" {
		if who == record.Client || who == record.Server {
			who = "the " + who
		}
		list.add("Ended by", how+" of "+who+", "+prose.Packet(at.Pos, files))
	}
	if r := ladder.Rate(t); r != "" {
		list.add("Rate", r)
	}
	return append(list, courseFacts(t.TCP)...)
}

// courseFacts are what became of the data on the way; what the capture does not tell is
// left out, and so is what did not happen.
func courseFacts(c *record.TCP) (list facts) {
	if c == nil {
		return nil
	}
	add := list.add
	if c.Acknowledged != nil {
		add("Acknowledged", prose.Many(*c.Acknowledged, "byte"))
	}
	if a := c.Again; a != nil && a.Segments > 0 {
		add("Sent again", prose.Many(a.Segments, "segment")+", "+prose.Many(a.Bytes, "byte"))
	}
	if c.RTT != nil {
		add("Round trip", roundTrip(*c.RTT)+", seen from the place of capture")
	}
	if c.ZeroWindow != nil && *c.ZeroWindow > 0 {
		add("Window 0", lasting(*c.ZeroWindow))
	}
	if s := c.Stall; s != nil && s.Lasted() > 0 {
		text := lasting(s.Lasted()) + ", after " + prose.Many(s.After, "byte")
		if why := stallWords[s.Why]; why != "" {
			text += ": " + why
		}
		add("Longest stall", text)
	}
	for _, m := range record.Limits {
		if m.Word == c.Limit && c.Limit != record.LimitShort {
			add("Held back by", m.Meaning)
		}
	}
	return list
}

// roundTrip is one in milliseconds, those within a room with two digits after the point.
func roundTrip(t flow.Time) string {
	if t < 10*flow.Millisecond {
		return strconv.FormatFloat(float64(t)/float64(flow.Millisecond), 'f', 2, 64) + " ms"
	}
	return prose.Span(t)
}

// stallWords say why nothing new went over a connection.
var stallWords = map[string]string{
	flow.WhyZeroWindow.String(): "the receiver's window was 0", flow.WhyLoss.String(): "segments were lost", flow.WhyMTU.String(): "full-size segments were lost",
	flow.WhySender.String(): "the sender had nothing to send",
}

// takenSentence tells of a data connection that another host took: when, and what the
// client was told.
func takenSentence(s *record.Session, t *record.Transfer, files bool) string {
	c := t.Notes.Conn
	if !t.Opened() || t.Initiator != record.ThirdParty || c == nil || t.Connection == nil {
		return ""
	}
	text := "A third host, " + t.Connection.Src.Addr().String() + ", opened the data connection"
	var when []string
	if a := t.Notes.Answer; a != nil && c.Start.Time > a.Time.Time {
		when = append(when, lasting(c.Start.Time-a.Time.Time)+" after the server announced the port"+prose.Packets(files, a.Pos))
	}
	if r := t.Notes.Ran; r != nil && t.Command != nil {
		if d := r.Mark.Time - c.Start.Time; d >= 0 {
			when = append(when, lasting(d)+" before the client sent "+prose.Escape(*t.Command)+prose.Packets(files, r.Mark.Pos))
		} else {
			when = append(when, lasting(-d)+" after the client sent "+prose.Escape(*t.Command)+prose.Packets(files, r.Mark.Pos))
		}
	}
	if len(when) > 0 {
		text += ", " + prose.List(when)
	}
	text += "."
	if t.Mode != record.Passive {
		return text
	}
	told := ""
	if t.Reply != nil && t.Reply.Code/100 == 2 {
		told = " It got " + strconv.Itoa(t.Reply.Code) + " anyway."
	}
	switch own := ladder.OwnTry(s, t); {
	case own == nil:
		text += " The client itself sent no SYN to that port in this capture." + told
	case own.Half[flow.Out].Bytes+own.Half[flow.In].Bytes > 0:
	case own.Start.Time >= c.Start.Time:
		text += " The client's own connection to that port came " + lasting(own.Start.Time-c.Start.Time) + " later" + prose.Packets(files, own.Start.Pos) + " and carried nothing." + told
	default:
		text += " The client's own connection to that port came before" + prose.Packets(files, own.Start.Pos) + " and carried nothing." + told
	}
	return text
}

// controlSpan is the first packet that the control connection gave to a transfer and the
// last, if that is known: from the command that asked for the data connection on, as the
// ladder shows it.
func controlSpan(t *record.Transfer) []uint64 {
	f := &t.Frames
	all := []flow.Pos{f.Negotiation, f.Command, f.Reply}
	if t.Notes.Asked != nil {
		all = append(all, t.Notes.Asked.Mark.Pos)
	}
	var first flow.Pos
	for _, p := range all {
		switch {
		case !p.Seen():
		case first == 0:
			first = p
		case p.File() != first.File():
			return nil
		default:
			first = min(first, p)
		}
	}
	switch {
	case first == 0:
		return nil
	case f.Reply.Seen():
		return []uint64{first.Packet(), f.Reply.Packet()}
	}
	return []uint64{first.Packet()}
}

// framesFilter shows a finding's packets of one file, and which file that is, from 1.
func framesFilter(frames []flow.Pos) (filter string, file int) {
	var numbers []string
	for _, p := range frames {
		if !p.Seen() || file > 0 && p.File()+1 != file {
			continue
		}
		file = p.File() + 1
		numbers = append(numbers, strconv.FormatUint(p.Packet(), 10))
	}
	if len(numbers) == 0 {
		return "", 0
	}
	return "frame.number in {" + strings.Join(numbers, ", ") + "}", file
}

// fileOfTransfer is the file that a transfer's packets are in, from 1; 0 if they are in
// several, or unknown.
func fileOfTransfer(t *record.Transfer) (file int) {
	f := &t.Frames
	for _, p := range []flow.Pos{f.Negotiation, f.Command, f.SYN, f.FirstData, f.Reply} {
		switch {
		case !p.Seen():
		case file == 0:
			file = p.File() + 1
		case file != p.File()+1:
			return 0
		}
	}
	return file
}
