package compare

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ftpscope/analyze/prose"
	"ftpscope/capture/flow"
)

// What differences are in words. Here is the client's side, there the server's.

func where(side int) string { return [...]string{"here", "there"}[side] }

func sideName(side int) string { return [...]string{"the client's side", "the server's side"}[side] }

func sender(w Way) string { return [...]string{"client", "server"}[w] }

// Why something is unknown.
const (
	whyFilter  = "filter"
	whyDropped = "dropped"
	whyClocks  = "clocks"
	whyGaps    = "gaps"
	whyNumbers = "numbers"
)

// judge is the verdict over differences, and the sentence of what decided it.
func judge(list []Difference) (verdict, message string) {
	verdict = Same
	var worst []*Difference
	for i := range list {
		v := VerdictOf(list[i].Kind)
		if rank(v) < rank(verdict) {
			verdict, worst = v, nil
		}
		if v == verdict {
			worst = append(worst, &list[i])
		}
	}
	switch verdict {
	case Same:
		return Same, same(list)
	case Repaired:
		return Repaired, allRepaired(worst)
	}
	slices.SortStableFunc(worst, func(x, y *Difference) int { return cmp.Compare(order(x.Kind), order(y.Kind)) })
	first := worst[0]
	words := []string{first.Message}
	if verdict == Between { // the SYN that it answered did not arrive
		for i := range list {
			if list[i].Kind == SYNLost && list[i].Transfer == first.Transfer {
				words = []string{list[i].Message, first.Message}
			}
		}
	}
	if n := len(worst) - 1; n > 0 {
		more := "one more of that kind"
		if n > 1 {
			more = strconv.Itoa(n) + " more of that kind"
		}
		words = append(words, more)
	}
	return verdict, strings.Join(words, "; ") + "."
}

// allRepaired sums up what was lost and sent again, each way.
func allRepaired(list []*Difference) string {
	var sum [2]Difference
	for _, d := range list {
		s := &sum[*d.Way]
		s.Packets, s.Bytes, s.RTOs = s.Packets+d.Packets, s.Bytes+d.Bytes, s.RTOs+d.RTOs
	}
	var words []string
	for _, w := range ways {
		if d := &sum[w]; d.Packets > 0 {
			words = append(words, d.amount()+" of the "+sender(w)+"'s left "+where(int(w))+" and never arrived "+where(int(1-w)))
		}
	}
	return strings.Join(words, ", ") + "; what they carried was sent again."
}

func order(kind string) int {
	return slices.IndexFunc(Kinds(), func(k Kind) bool { return k.Name == kind })
}

// same says what changed where nothing of consequence did.
func same(list []Difference) string {
	var words []string
	for _, k := range []struct{ kind, word string }{
		{Addresses, "addresses or ports (NAT)"}, {Numbers, "TCP sequence numbers"}, {OptionsOf, "TCP options"}, {Duplicated, "packets that arrived twice"},
	} {
		if slices.ContainsFunc(list, func(d Difference) bool { return d.Kind == k.kind }) {
			words = append(words, k.word)
		}
	}
	if len(words) == 0 {
		return "the same on both sides."
	}
	return "the same on both sides except for " + strings.Join(words, ", ") + "."
}

// finish gives the differences of one transfer, or the control connection, their words.
func finish(list []Difference, transfer int, what string, j *connPair) {
	for i := range list {
		d := &list[i]
		d.Transfer = transfer
		d.Message, d.Short = d.words(what, j), d.short(j)
		switch d.detail.why {
		case whyClocks:
			d.Message += " (if the clocks of both sides agree, which no packet shows)"
		case whyNumbers:
			d.Message += " (unless as another connection: sequence numbers are changed on the way)"
		case whyGaps:
			d.Message += " (as far as the capture of " + sideName(d.detail.lacks) + " tells, which lacks packets that passed)"
		}
	}
	slices.SortStableFunc(list, func(x, y Difference) int { return cmp.Compare(order(x.Kind), order(y.Kind)) })
}

// plural is the word for one packet, or for several.
func (d *Difference) plural(one, several string) string {
	if d.Packets == 1 {
		return one
	}
	return several
}

func (d *Difference) words(what string, j *connPair) string {
	w := *d.Way
	who, from, to := sender(w), where(int(w)), where(int(1-w))
	switch d.Kind {
	case SYNLost:
		return "the " + who + "'s " + d.syns(j) + " left " + from + " and never arrived " + to
	case RSTLost, FINLost:
		return "the " + who + "'s " + strings.ToUpper(d.Kind[:3]) + " of " + what + " left " + from + " and never arrived " + to
	case ICMPLost:
		return "an ICMP error (" + d.icmpText() + ") left " + from + " and never arrived " + to
	case DataLost:
		return d.amount() + " of the " + who + "'s in " + what + " left " + from + " and never arrived " + to
	case Repeated:
		return d.amountOf(who) + " in " + what + " left " + from + " and never arrived " + to + "; " + repeated(d)
	case RSTBetween, FINBetween:
		name := strings.ToUpper(d.Kind[:3])
		return "the " + name + " came from between: it arrived " + to + " in the " + who + "'s name and was never sent " + from + d.ttlText(who)
	case SYNBetween:
		name := "SYN"
		if c := j.conn(d.detail.side); c != nil && c.opening() != w {
			name = "SYN-ACK"
		}
		return "the " + name + " came from between: it arrived " + to + " in the " + who + "'s name and was never sent " + from
	case DataBetween:
		return d.amount() + " in " + what + " came from between: " + d.plural("it arrived ", "they arrived ") + to + " in the " + who + "'s name and " +
			d.plural("was", "were") + " never sent " + from
	case ICMPBetween:
		return "the ICMP error (" + d.icmpText() + ") came from between: it arrived " + to + " and did not pass " + from
	}
	return d.otherWords(what, j)
}

func (d *Difference) otherWords(what string, j *connPair) string {
	w := *d.Way
	who := sender(w)
	switch d.Kind {
	case NotCaptured, NotCovered:
		return d.unknown(what, j)
	case NotCompared:
		return "only " + strconv.Itoa(MaxConnSegs) + " segments in each direction of " + what + " are compared"
	case Duplicated:
		return d.amount() + " of the " + who + "'s in " + what + " arrived " + where(int(1-w)) + " more often than " + d.plural("it", "they") + " left " + where(int(w))
	case Numbers:
		return "the TCP sequence numbers of the " + who + " were changed on the way: by a firewall that randomizes them, or by a proxy"
	case OptionsOf:
		return "of the " + who + "'s SYN " + *d.TextHere + " " + where(0) + " is " + *d.TextThere + " " + where(1)
	case Addresses:
		return "the " + who + "'s " + *d.TextHere + " " + where(0) + " is " + *d.TextThere + " " + where(1)
	case Lines:
		return d.line()
	}
	return ""
}

// line is a line that was changed, from the sender's to what arrived.
func (d *Difference) line() string {
	sent, got := *d.TextHere, *d.TextThere
	if *d.Way == ToClient {
		sent, got = got, sent
	}
	by := "something on the way changed "
	if announces(sent) || announces(got) {
		by = "the ALG changed "
	}
	switch {
	case got == "":
		return "something on the way removed " + quoted(sent)
	case sent == "":
		return "something on the way inserted " + quoted(got)
	}
	return by + quoted(sent) + " to " + quoted(got)
}

func quoted(s string) string {
	const longest = 200
	if len(s) > longest {
		cut := longest
		for cut > longest-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return "“" + s + "”"
}

// announces reports whether a line names an endpoint of a data connection.
func announces(line string) bool {
	verb, _, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "PORT", "EPRT", "LPRT", "227", "228", "229":
		return true
	}
	return false
}

func (d *Difference) syns(j *connPair) string {
	text := "SYN"
	if d.Packets > 1 {
		text = prose.Many(d.Packets, "SYN")
	}
	c := j.conn(d.detail.side)
	if c == nil {
		return text
	}
	if c.opening() != *d.Way {
		return "SYN-ACK"
	}
	return text + " to port " + strconv.Itoa(int(c.Dst.Port())) + " of " + c.Dst.Addr().String()
}

func (d *Difference) amount() string {
	text := prose.Many(d.Packets, "packet")
	if d.Bytes > 0 {
		text += " (" + prose.Number(d.Bytes) + " bytes)"
	}
	return text
}

func (d *Difference) amountOf(who string) string {
	if d.detail.syn {
		return prose.Many(d.Packets, "SYN") + " of the " + who + "'s"
	}
	return d.amount() + " of the " + who + "'s"
}

func repeated(d *Difference) string {
	if d.detail.syn {
		return "a later one did"
	}
	if d.RTOs == 0 {
		return "other copies did"
	}
	return prose.Many(d.RTOs, "retransmission") + " followed"
}

func (d *Difference) ttlText(who string) string {
	if !d.detail.hasUsual || d.detail.ttl == d.detail.usual {
		return ""
	}
	return " (its TTL is " + strconv.Itoa(int(d.detail.ttl)) + ", that of the " + who + "'s packets " + strconv.Itoa(int(d.detail.usual)) + ")"
}

func (d *Difference) icmpText() string {
	e := d.detail.icmp
	if e == nil {
		return "nothing more is known"
	}
	name := "type "
	if e.V6 {
		name = "ICMPv6 type "
	}
	return name + strconv.Itoa(int(e.Type)) + " code " + strconv.Itoa(int(e.Code)) + " from " + e.From.String()
}

// unknown says why nothing can be said.
func (d *Difference) unknown(what string, j *connPair) string {
	here, lacks := where(d.detail.side), sideName(1-d.detail.side)
	things := d.amount() + " of " + what
	if d.detail.syn {
		things = "the " + sender(*d.Way) + "'s " + d.syns(j)
	}
	if d.Kind == NotCaptured {
		lacks = sideName(d.detail.lacks)
	}
	switch {
	case d.detail.whole && d.Kind == NotCaptured:
		return "the data connection of " + what + " is seen " + here + " only: the capture of " + lacks +
			" does not hold it, because it went another way, a filter kept it out, or something on the way answers in the other end's name"
	case d.Kind == NotCaptured:
		return things + " passed, and the capture of " + lacks + " lacks " + d.plural("it", "them") + ": it is incomplete"
	case d.detail.why == whyFilter:
		return things + " seen " + here + " only: the capture of " + lacks +
			" holds nothing but control connections, as a filter (“port 21”) would leave them, so whether " + d.plural("it", "they") + " passed is unknown"
	case d.detail.why == whyDropped:
		return things + " seen " + here + " only: the capture of " + lacks + " lost packets itself, so whether " + d.plural("it", "they") + " passed is unknown"
	}
	return things + " seen " + here + " only: the capture of " + lacks + " does not cover that time, so whether " + d.plural("it", "they") + " passed is unknown"
}

func mssText(s *Seg) string {
	if s.MSS == 0 {
		return "no MSS"
	}
	return "MSS " + strconv.Itoa(int(s.MSS))
}

func scaleText(s *Seg) string {
	if s.Scale == flow.NoScale {
		return "no window scale"
	}
	return "window scale " + strconv.Itoa(int(s.Scale))
}

// short names the packets for a diagram.
func (d *Difference) short(j *connPair) string {
	times := ""
	if d.Packets > 1 {
		times = " (" + strconv.Itoa(d.Packets) + "×)"
	}
	switch d.Kind {
	case RSTBetween, RSTLost, FINBetween, FINLost:
		return strings.ToUpper(d.Kind[:3]) + times
	case ICMPBetween, ICMPLost:
		if e := d.detail.icmp; e != nil {
			return "ICMP " + strconv.Itoa(int(e.Type)) + "/" + strconv.Itoa(int(e.Code)) + times
		}
	case SYNLost, SYNBetween:
		if c := j.conn(d.detail.side); c != nil && c.opening() == *d.Way {
			return "SYN to port " + strconv.Itoa(int(c.Dst.Port())) + times
		}
		return "SYN-ACK" + times
	}
	if d.Bytes > 0 {
		return prose.Number(d.Bytes) + " bytes"
	}
	return prose.Many(d.Packets, "packet")
}
