package match

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// parking keeps connections that no expectation explains yet, the newest maxParked of
// them, in a ring, chained by endpoint.
type parking struct {
	ring  []parked
	first uint64 // serial of the oldest
	next  uint64 // serial of the next
	heads map[endKey]uint64
	byID  map[uint64]uint64
}

type parked struct {
	conn flow.Conn
	keys [2]endKey // of Dst and Src as they were when parked: a SYN that comes late may turn the connection
	prev [2]uint64 // serial of the one before with the same key; 0: none
	gone bool
	kept bool // by a session, should it have a use for it
	open bool

	spoken *record.Spoken // what it said of FTP, if it is over
}

func (p *parking) at(serial uint64) *parked { return &p.ring[serial%maxParked] }

// full tells that the oldest must go before another is added.
func (p *parking) full() bool { return p.next-p.first == maxParked }

// add parks a connection, with the keys of Dst and Src. There must be room.
func (p *parking) add(c *flow.Conn, keys [2]endKey) {
	if p.heads == nil {
		p.heads, p.byID = map[endKey]uint64{}, map[uint64]uint64{}
		p.first, p.next = 1, 1
	}
	serial := p.next
	if len(p.ring) < maxParked {
		for uint64(len(p.ring)) <= serial%maxParked {
			p.ring = append(p.ring, parked{})
		}
	}
	p.next++
	e := parked{conn: *c, open: true, keys: keys}
	e.prev[0] = p.heads[keys[0]]
	p.heads[keys[0]] = serial
	if !c.OpenerKnown && keys[1] != keys[0] {
		e.prev[1] = p.heads[keys[1]]
		p.heads[keys[1]] = serial
	}
	*p.at(serial) = e
	p.byID[c.ID] = serial
}

// drop lets the oldest go; gone is told of it if it is over and was never claimed.
func (p *parking) drop(gone func(*flow.Conn)) {
	e := p.at(p.first)
	if !e.gone && !e.open && !e.kept {
		gone(&e.conn)
	}
	delete(p.byID, e.conn.ID)
	for _, key := range e.keys {
		if p.heads[key] == p.first {
			delete(p.heads, key)
		}
	}
	p.first++
}

// look offers take the connections to (or, with no SYN, from) an endpoint, the newest
// first, back to a time; take claims one.
func (p *parking) look(end endKey, since flow.Time, take func(c *flow.Conn, open bool) bool) {
	serial, ok := p.heads[end]
	for n := 0; ok && serial >= p.first && serial > 0 && n < maxLook; n++ {
		e := p.at(serial)
		if e.conn.Start.Time < since {
			return
		}
		if !e.gone && take(&e.conn, e.open) {
			e.gone = true
		}
		if e.keys[0] == end {
			serial = e.prev[0]
		} else {
			serial = e.prev[1]
		}
	}
}

// recent offers take the newest connections, back to a time.
func (p *parking) recent(since flow.Time, take func(c *flow.Conn, open bool) bool) {
	for serial, n := p.next, 0; serial > p.first && n < maxLook; n++ {
		serial--
		e := p.at(serial)
		if e.conn.Start.Time < since {
			return
		}
		if !e.gone && take(&e.conn, e.open) {
			e.gone = true
		}
	}
}

// update notes the end of a connection, and what it said; false when it is not parked.
func (p *parking) update(c *flow.Conn, spoken *record.Spoken) bool {
	serial, ok := p.byID[c.ID]
	if !ok {
		return false
	}
	e := p.at(serial)
	if e.gone {
		return true
	}
	e.conn, e.open, e.spoken = *c, false, spoken
	return true
}

// remove takes a connection out that turned out to be a control connection.
func (p *parking) remove(c *flow.Conn) {
	if serial, ok := p.byID[c.ID]; ok {
		p.at(serial).gone = true
	}
}

// spoken is what a parked connection said of FTP.
func (p *parking) spoken(c *flow.Conn) *record.Spoken {
	if serial, ok := p.byID[c.ID]; ok {
		return p.at(serial).spoken
	}
	return nil
}

// note says that a session keeps a connection, should it have a use for it: then it tells
// what becomes of it.
func (p *parking) note(c *flow.Conn) {
	if serial, ok := p.byID[c.ID]; ok {
		p.at(serial).kept = true
	}
}

// expire lets go what began before a time.
func (p *parking) expire(before flow.Time, gone func(*flow.Conn)) {
	for p.first < p.next && p.at(p.first).conn.Start.Time < before {
		p.drop(gone)
	}
}
