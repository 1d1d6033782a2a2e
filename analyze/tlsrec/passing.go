package tlsrec

import (
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Passing reads TLS as it passes, without keys: the handshake, and what the lengths of
// records tell of the rest. Records of an AEAD suite have the length of their content and
// some bytes that are always as many; those of CBC are padded.
//
// A side of TLS 1.2 says in clear which of its records are application data. Under TLS 1.3
// all say so (RFC 8446 section 5.2), so what they are is told by their place:
//
//	of the handshake   up to Finished, which has a length of its own
//	data               after that; the server's first may be tickets, which it sends when
//	                   it likes (section 4.6.1); the last may be an alert of 2 bytes
//
// A side is told by itself: a capture may show what the other one said to it sooner or
// later.
type Passing struct {
	Handshake
	sides [2]passingSide
}

// passingSide is one direction.
type passingSide struct {
	records recordReader
	lost    bool // where records begin is not known
	any     bool // a record began
	changed bool // its cipher did
	sealed  bool // a handshake message came after that: Finished of TLS 1.2
	data    bool // the record that passes is application data
	passes  int  // its length
	count   int  // of those that are whole
	sum     uint64
	last    int
	odd     uint8 // see oddities
	first   [maxFirst]uint16
	alert   flow.Mark            // an encrypted alert of TLS 1.2 where Finished was due, or the last record of TLS 1.3
	latest  []record.SealedReply // records with all that they have; of a data connection none
}

const (
	// maxFirst is how many records are known by themselves: six of a handshake, and tickets.
	maxFirst, maxEarly = 12, 4
	// maxLatest is how many of the last records are known by themselves.
	maxLatest = 64
	// Contents of TLS 1.3's records that are no data (RFC 8446 sections 4.6.3 and 6).
	keyUpdate = 4 + 1
	alertSize = 2
	// over13 is Overhead of most suites of TLS 1.3, over8 that of TLS_AES_128_CCM_8_SHA256.
	over13, over8 = 17, 9
)

// NewData makes the Passing of a data connection: what the certificate says in words was
// said on the control connection. Open messages of the handshake take room.
func NewData(room *flow.Budget) Passing {
	return Passing{Handshake: Handshake{room: room, info: facts{noTexts: true}}}
}

// Data takes the next bytes of a direction.
func (p *Passing) Data(dir flow.Direction, b []byte, at flow.Mark) {
	p.Handshake.Data(dir, b, at)
	for x := &p.sides[dir]; len(b) > 0 && !x.lost; {
		var begins bool
		if _, b, begins = x.records.next(b); begins {
			x.record(at)
		}
		if x.pass(at) && !p.info.noTexts {
			x.note(at)
		}
	}
}

// note keeps a record of a control connection, for whom its length tells something.
func (x *passingSide) note(at flow.Mark) {
	if len(x.latest) == maxLatest {
		x.latest = x.latest[:copy(x.latest, x.latest[maxLatest/2:])]
	}
	x.latest = append(x.latest, record.SealedReply{At: at, Size: x.last})
}

// Gap says that n bytes of a direction are missing. Within a record that has begun they
// cost nothing.
func (p *Passing) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	p.Handshake.Gap(dir)
	x := &p.sides[dir]
	if x.records.have > 0 || n > uint64(x.records.left) {
		x.lost = true
		return
	}
	x.records.left -= int(n)
	x.pass(at)
}

// record takes a record's header.
func (x *passingSide) record(at flow.Mark) {
	kind := x.records.kind()
	if kind < changeCipherSpec || kind > heartbeat || !x.records.isTLS() || !x.any && kind != handshakeRecord && kind != alertRecord {
		x.lost = true
		return
	}
	x.any = true
	x.data, x.passes = kind == applicationData, x.records.left
	switch {
	case kind == changeCipherSpec:
		x.changed = true
	case kind == handshakeRecord:
		x.sealed = x.changed
	case kind == alertRecord && x.changed && !x.sealed && x.passes > alertSize:
		x.alert = at
	}
}

// pass counts application data when the record is whole, and reports whether it is. It
// notes those that may be a KeyUpdate, or 5 bytes of data, unless they are the last but for
// an alert.
func (x *passingSide) pass(at flow.Mark) bool {
	if !x.data || x.records.left > 0 {
		return false
	}
	for bit, over := range [...]int{over13, over8} {
		if x.count > 0 && x.last == keyUpdate+over && x.passes != alertSize+over {
			x.odd |= 1 << bit
		}
	}
	if x.count < maxFirst {
		x.first[x.count] = uint16(x.passes)
	}
	x.count++
	x.sum += uint64(x.passes)
	x.data, x.last, x.alert = false, x.passes, at
	return true
}

// carried is what a side sent of application data.
type carried struct {
	count  int // records
	plain  *uint64
	early  []int     // under TLS 1.3 the sizes of the first records
	shaken bool      // under TLS 1.3: Finished was seen
	alert  flow.Mark // one that is encrypted came where Finished was due
	only   flow.Mark // under TLS 1.3: nothing but a record as long as an alert came after Finished
}

func (p *Passing) carried(dir flow.Direction) (c carried) {
	x := &p.sides[dir]
	if p.info.version == 0 {
		return c
	}
	over, known := Overhead(uint16(p.info.version), p.info.Cipher)
	count, sum := x.count, x.sum
	if p.info.Encrypted {
		from := x.finished(messageHeader + p.hashSize() + over)
		if c.shaken = from > 0; !c.shaken {
			isAlert := count == 1 && x.last == alertSize+over
			if isAlert {
				c.alert = x.alert
			}
			if other := &p.sides[dir^1]; !x.lost && !p.info.early && (count == 0 || isAlert || !other.lost && other.count == 0) {
				c.plain = new(uint64) // the handshake did not come to its end
			}
			return c
		}
		for _, n := range x.first[:from] {
			count, sum = count-1, sum-uint64(n)
		}
		if count > 0 && x.last == alertSize+over {
			if count == 1 {
				c.only = x.alert
			}
			count, sum = count-1, sum-uint64(x.last)
		}
		for _, n := range x.first[from:min(from+count, from+maxEarly, maxFirst)] {
			c.early = append(c.early, int(n)-over)
		}
		if p.info.early && p.Handshake.sides[dir].asks {
			c.count = count
			return c // what is early data, only the keys tell
		}
		known = known && !(x.odd&1 != 0 && over == over13) && !(x.odd&2 != 0 && over == over8)
	} else if !x.sealed {
		c.alert = x.alert
	}
	c.count = count
	if plain := sum - uint64(count*over); !x.lost && (known || count == 0) && plain <= sum {
		c.plain = &plain
	}
	return c
}

// finished is how many records a side's handshake has, if its Finished has this length; 0:
// it was not seen. Before it come the server's extensions at least, or nothing.
func (x *passingSide) finished(length int) int {
	for i, n := range x.first[:min(x.count, maxFirst)] {
		if int(n) == length {
			return i + 1
		}
	}
	return 0
}

// hashSize is that of the suite's hash, and of TLS 1.3's Finished (RFC 8446 section 4.4.4).
func (p *Passing) hashSize() int {
	if strings.HasSuffix(p.info.Cipher, "_SHA384") {
		return 48
	}
	return 32
}

// client is the side that asked for TLS, or whose hello was answered; known is false as
// long as there is none.
func (p *Passing) client() (dir flow.Direction, known bool) {
	for dir := range flow.Direction(2) {
		if p.Handshake.sides[dir].asks || p.Handshake.sides[dir^1].hello {
			return dir, true
		}
	}
	return 0, false
}

// Sent is who sent what the connection carried, which is over or may go on, as far as
// records tell without knowing which are tickets.
func (p *Passing) Sent(over bool) flow.Sent {
	client, known := p.client()
	if !known || p.sides[client].lost || p.info.early {
		return flow.SentUnknown
	}
	mine, its := p.carried(client), p.carried(client^1)
	switch {
	case !p.sides[client].any && (p.info.Encrypted || its.count == 0): // the capture lacks it
	case p.sides[client].count+p.sides[client^1].count == 0 && !p.sides[client^1].lost && (p.info.version != 0 || !p.sides[client^1].any):
		return flow.SentNothing
	case p.info.version == 0:
	case mine.count > 0 && (its.count == 0 || p.info.Encrypted):
		return flow.SentBy(client)
	case mine.count > 0:
	case p.info.Encrypted && mine.shaken && over, !p.info.Encrypted && its.count > 0:
		return flow.SentBy(client ^ 1)
	case p.info.Encrypted && !mine.shaken && over:
		return flow.SentNothing
	}
	return flow.SentUnknown
}

// Lost reports whether nothing more can be told of either side: it is no TLS, or too much
// is missing.
func (p *Passing) Lost() bool {
	out, in := &p.sides[flow.Out], &p.sides[flow.In]
	return out.lost && (in.lost || !in.any) || in.lost && !out.any
}

// Drop gives back what open messages hold.
func (p *Passing) Drop() {
	for dir := range p.Handshake.sides {
		p.end(&p.Handshake.sides[dir])
	}
}

// Told is what was found out about a data connection; nil: nothing.
func (p *Passing) Told() *record.DataTLS {
	client, known := p.client()
	info := p.Info(client)
	if info == nil {
		return nil
	}
	d := &record.DataTLS{Info: info, Server: int(client ^ 1)}
	if !known {
		return d
	}
	mine, its := p.carried(client), p.carried(client^1)
	if d.Plain[client^1], d.Early = its.plain, its.early; p.sides[client].any {
		d.Plain[client] = mine.plain
	}
	return d
}

// Info is what the handshake tells, as far as it has come; nil when that is nothing.
func (p *Passing) Info(client flow.Direction) *record.TLSInfo {
	info := p.Handshake.Info(client)
	if info == nil {
		return nil
	}
	now := *info // a snapshot: the reading may go on
	mine, its := p.carried(client), p.carried(client^1)
	if p.info.Encrypted && its.shaken {
		now.Tickets = tickets(its.early)
		now.Resumable = len(now.Tickets) > 0
	}
	now.Replies = p.replies(client ^ 1)
	late := its.only // a server that says nothing to the client's first command
	if p.info.noTexts || mine.count == 0 {
		late = flow.Mark{}
	}
	for _, x := range [...]record.TLSAlert{{Mark: mine.alert}, {Mark: its.alert, ByServer: true}, {Mark: late, ByServer: true, Late: true}} {
		if !now.Alert.Mark.Seen() && x.Mark.Seen() {
			now.Alert = x
			now.Alert.Guessed = true
		}
	}
	return &now
}

// replies are what the server's last records held, where their lengths tell.
func (p *Passing) replies(server flow.Direction) (list []record.SealedReply) {
	over, known := Overhead(uint16(p.info.version), p.info.Cipher)
	for _, r := range p.sides[server].latest {
		if known && r.Size >= over {
			list = append(list, record.SealedReply{At: r.At, Size: r.Size - over})
		}
	}
	return list
}

// tickets are those of the server's first records that are tickets: a pair of one size, or
// one that is too long for a reply to a client's first words; nil: that cannot be told.
func tickets(early []int) []int {
	const shortest, longReply = 57, 120 // OpenSSL's without state of its own; what servers answer to USER and PBSZ is shorter
	switch {
	case len(early) == 0:
		return nil
	case len(early) > 1 && early[0] == early[1] && early[0] >= shortest:
		return early[:2]
	case early[0] >= longReply:
		return early[:1]
	case early[0] < shortest:
		return []int{}
	}
	return nil
}
