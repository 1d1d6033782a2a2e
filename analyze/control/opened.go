package control

import (
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
		r.opener, r.began = c.opt.Keys.Open(opened{c}), Span{From: c.at}
		c.evidence.add(speaksFTP)
	} else if r.opener.State() == decrypt.Shut {
		c.protect()
	}
}

// openTLS opens what is under TLS, if it can be.
func openTLS(c *Conversation, dir flow.Direction, b []byte) {
	if o := c.tls.records.opener; o != nil {
		before := o.State()
		o.Data(dir, b, c.at)
		shutTLS(c, before)
	}
}

// shutTLS notes that what follows cannot be read, if that is news.
func shutTLS(c *Conversation, before decrypt.State) {
	o := c.tls.records.opener
	if o.State() != decrypt.Shut || before == decrypt.Shut {
		return
	}
	from := c.at
	if before == decrypt.Waiting {
		from = c.tls.records.began.From
	}
	protectFrom(c, from)
}

// gapUnderTLS says that bytes under TLS are missing.
func gapUnderTLS(c *Conversation, dir flow.Direction, n uint64) {
	r := c.tls.records
	r.sides[dir].Gap()
	r.passing.Gap(dir, n, c.at)
	if o := r.opener; o != nil {
		before := o.State()
		o.Gap(dir, n, c.at)
		shutTLS(c, before)
	}
}

// endTLS ends the wait for what opens a connection that is over.
func endTLS(c *Conversation) {
	if r := c.tls.records; r != nil && r.opener != nil && r.opener.State() == decrypt.Waiting {
		protectFrom(c, r.began.From)
		if c.opt.Keys != nil { // a Snapshot has none, and its Opener goes on
			r.opener.Close()
		}
	}
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
