package capture

import (
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/pcapfile"
)

// maxLater bounds how much of a file is searched for secrets that stand behind their
// packets: 8 GiB, some seconds.
const maxLater = 8 << 30

// LaterSecrets reads ahead what the files hold of TLS key logs, for Options.Secrets: pcapng's
// blocks may stand behind the packets that they are for. They are known from the first packet
// on then. What can be read only once, or still grows, is left out. Any goroutine may call it.
func (c *Capture) LaterSecrets() {
	if c.secrets == nil {
		return
	}
	for _, e := range c.found {
		if e.started == nil && e.spool == nil && e.followed == nil && !e.empty {
			c.laterIn(e)
		}
	}
}

func (c *Capture) laterIn(e *entry) {
	file, err := e.open()
	if err != nil {
		return // whoever reads the packets says so
	}
	pool := buffer.Pool{Size: buffer.Small} // the Capture's are the reading goroutine's
	var dropped atomic.Uint64
	s, bad := newSource(input{name: e.name, file: file, pool: &pool, read: new(atomic.Int64), Shared: pcapfile.Shared{
		Dropped: &dropped, Secrets: func(log []byte) { c.secrets(log, 0) },
	}})
	if bad != nil {
		return
	}
	defer s.close()
	if !pcapfile.HoldsSecrets(s.Reader) {
		return
	}
	batch := make([]Packet, batchSize)
	for err = nil; err == nil && s.counts.own < maxLater; {
		_, err = s.Read(batch, 1)
	}
}
