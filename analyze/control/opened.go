package control

import (
	"bytes"
	"slices"

	"ftpscope/analyze/decrypt"
	"ftpscope/capture/flow"
)

// opened is what the Opener of a control connection tells: its commands and replies are
// read like those in clear. As long as it is not known whether it can be opened, nothing
// is said of it; that it cannot begins a span then, from where TLS began.
type opened struct{ *Conversation }

// Plain reads what a side said.
func (o opened) Plain(dir flow.Direction, b []byte, at flow.Mark) {
	c := o.Conversation
	now := c.at
	c.at, c.tls.reads = at, true
	c.quiet.spoke(dir == c.client, at.Time)
	c.read(dir, b)
	c.at = now
}

// Missing is a record that is lost.
func (o opened) Missing(dir flow.Direction, n uint64, _ flow.Mark) { loseSaid(o.Conversation, dir, n) }

// Shaken and Alert complete what the handshake tells.
func (o opened) Shaken(dir flow.Direction, b []byte, at flow.Mark) {
	o.tls.records.passing.Opened(dir, b, at)
}

func (o opened) Alert(dir flow.Direction, level, description byte, at flow.Mark) {
	o.tls.records.passing.OpenedAlert(dir, level, description, at)
}

// coverTLS notes that a side, or both, are under TLS from here on.
func coverTLS(c *Conversation, dir flow.Direction) {
	r := c.tls.records
	if c.opt.Keys == nil {
		c.protect()
		return
	}
	if r.opener == nil || r.opener.Ended(dir) {
		r.opener, r.began, r.state = c.opt.Keys.Open(opened{c}), Span{From: c.at}, decrypt.Waiting
		c.evidence.add(speaksFTP)
	} else if r.opener.State() == decrypt.Shut {
		c.protect()
	}
}

// openTLS opens what is under TLS, if it can be.
func openTLS(c *Conversation, dir flow.Direction, b []byte) {
	if o := c.tls.records.opener; o != nil {
		o.Data(dir, b, c.at)
		shutTLS(c)
		readClear(c)
	}
}

// shutTLS notes that what follows cannot be read, if that is news.
func shutTLS(c *Conversation) {
	r := c.tls.records
	before := r.state
	if r.state = r.opener.State(); r.state != decrypt.Shut || before == decrypt.Shut {
		return
	}
	from := c.at
	if before == decrypt.Waiting {
		from = r.began.From
	}
	protectFrom(c, from)
}

// gapUnderTLS says that bytes under TLS are missing.
func gapUnderTLS(c *Conversation, dir flow.Direction, n uint64) {
	r := c.tls.records
	if keepGap(r, dir, n, c.at) {
		return
	}
	r.sides[dir].Gap()
	r.passing.Gap(dir, n, c.at)
	if o := r.opener; o != nil {
		o.Gap(dir, n, c.at)
		shutTLS(c)
	}
}

// endTLS ends the wait for what opens a connection that is over.
func endTLS(c *Conversation) {
	r := c.tls.records
	switch {
	case r == nil || r.opener == nil:
	case c.opt.Keys != nil:
		r.opener.Close()
		shutTLS(c)
		readClear(c)
	case r.opener.State() == decrypt.Waiting: // of a Snapshot: the Opener goes on
		protectFrom(c, r.began.From)
	}
}

// Waits reports whether a connection that is over waits for what opens it.
func Waits(c *Conversation, now flow.Time) bool {
	r := c.tls.records
	return r != nil && r.opener != nil && r.opener.Waits(now)
}

// isRead reports whether what is under TLS is read, all of it.
func (t *tlsLayer) isRead() bool { return t.reads && len(t.spans) == 0 }

// decrypted reports whether records were opened.
func (t *tlsLayer) decrypted() bool {
	return t.reads || t.records != nil && t.records.opener != nil && t.records.opener.Opened()
}

// undecrypted is why keys do not open what is under TLS; empty: they do, there are none, or
// not its own.
func (t *tlsLayer) undecrypted(keys *decrypt.Keyring) string {
	if t.records == nil || t.records.opener == nil || keys == nil || !keys.Holds() {
		return ""
	}
	return t.records.opener.Why().String()
}

// isUnderTLS reports whether a command or a reply came under TLS.
func (t *tlsLayer) isUnderTLS(dir flow.Direction) bool {
	return t.records != nil && (t.records.sides[dir].On || t.state == protected)
}

// clearText is what a side says in clear again (CCC) while what it said under TLS waits for
// secrets: it is read after that.
type clearText struct {
	dir  flow.Direction
	text []byte
	gap  uint64 // missing bytes instead
	at   flow.Mark
}

// keepClear keeps clear text; false: nothing waits. Without room for it nothing waits any
// longer.
func keepClear(c *Conversation, dir flow.Direction, b []byte) bool {
	r := c.tls.records
	if r.opener == nil || !r.opener.Lacks() {
		return false
	}
	if !c.budget.reserve(len(b)) {
		endTLS(c)
		return false
	}
	r.clear = append(r.clear, clearText{dir: dir, text: bytes.Clone(b), at: c.at})
	r.sides[dir].On = true // as long as it is not read
	return true
}

// keepGap keeps a gap in clear text that is kept; false: there is none.
func keepGap(r *tlsRecords, dir flow.Direction, n uint64, at flow.Mark) bool {
	kept := slices.ContainsFunc(r.clear, func(x clearText) bool { return x.dir == dir })
	if kept {
		r.clear = append(r.clear, clearText{dir: dir, gap: n, at: at})
	}
	return kept
}

// readClear reads it, when nothing waits.
func readClear(c *Conversation) {
	r, now := c.tls.records, c.at
	if r.opener.Lacks() {
		return
	}
	list := r.clear
	r.clear = nil
	for i := range list {
		x := &list[i]
		c.budget.release(len(x.text))
		c.at, r.sides[x.dir].On = x.at, false
		if x.gap > 0 {
			loseSaid(c, x.dir, x.gap)
		} else {
			c.read(x.dir, endsTLS(c, x.text, x.at))
		}
	}
	c.at = now
}
