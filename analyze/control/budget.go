package control

import (
	"unsafe"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Lists and texts of one session have limits of their own, but thousands of sessions that
// reach them would need gigabytes, for a few bytes of capture each. So the control
// connections of a shard share a budget: what is kept reserves its bytes, and when the
// budget is used up, what comes is counted and left out. It is the shard's, for shards
// are the same for any number of workers.
const (
	// maxShared is what the open control connections of one shard may hold, 512 MiB over
	// all 16: five mirrors at a time of 10,000 files each between the same two hosts, 6
	// MB each.
	maxShared = 32 << 20
	// maxOwn is what each may hold whatever the others do: as many negotiations and
	// transfers as most have.
	maxOwn = 2 << 10
)

// Bytes of what the lists hold, texts left out.
const (
	pendingSize     = int(unsafe.Sizeof(pending{}))
	negotiationSize = int(unsafe.Sizeof(Negotiation{}))
	transferSize    = int(unsafe.Sizeof(TransferCommand{}))
	exchangeSize    = int(unsafe.Sizeof(record.Exchange{}))
	replySize       = int(unsafe.Sizeof(record.Reply{}))
	denialSize      = int(unsafe.Sizeof(record.Denial{}))
	loginSize       = int(unsafe.Sizeof(record.Login{}))
	spanSize        = int(unsafe.Sizeof(Span{}))
	oddSize         = int(unsafe.Sizeof(record.Oddity{}))
	siteSize        = int(unsafe.Sizeof(record.SiteCommand{}))
	climbSize       = int(unsafe.Sizeof(record.Climb{}))
	operationSize   = int(unsafe.Sizeof(record.Operation{}))
	transcriptSize  = int(unsafe.Sizeof(Transcript{}))
)

// budget is what one control connection holds of its shard's.
type budget struct {
	shard   *int  // bytes that the shard's control connections hold
	held    int32 // bytes of this one
	buffers int32 // of them, for lines and replies that are not finished
	struck  int   // what did not fit, here or in a list
}

// reserve takes n bytes; false: there are none.
func (b *budget) reserve(n int) bool {
	if int(b.held)+n > maxOwn && *b.shard+n > maxShared {
		return false
	}
	b.held += int32(n)
	*b.shard += n
	return true
}

// release gives bytes back.
func (b *budget) release(n int) {
	b.held -= int32(n)
	*b.shard -= n
}

// reservePending takes the bytes of a command that waits for its reply.
func (b *budget) reservePending(p *pending) bool {
	n := pendingSize + len(p.line.Text)
	if p.verb == ftp.PASS {
		n += len(p.arg)
	}
	if !b.reserve(n) {
		return false
	}
	p.held = int32(n)
	return true
}

// lasting is the reply as it is kept: without its text where there is no room for it.
func (b *budget) lasting(r *record.Reply) record.Reply {
	kept := *r
	if !b.reserve(len(r.Text)) {
		kept.Text, kept.Cut = "", true
		b.struck++
	}
	return kept
}

// holdBuffers reserves room for unfinished lines and replies, which grow but do not
// shrink. Where there is none they end here.
func (c *Conversation) holdBuffers() {
	n := c.sides[0].framer.Held() + c.sides[1].framer.Held() + c.replies.Held()
	more := n - int(c.budget.buffers)
	if more == 0 {
		return
	}
	if c.budget.reserve(more) {
		c.budget.buffers = int32(n)
		return
	}
	c.budget.struck++
	for dir := range c.sides {
		if line, ok := c.sides[dir].framer.Drop(); ok {
			c.line(flow.Direction(dir), line)
		}
	}
	c.interrupt()
	c.replies.Drop()
	c.budget.release(int(c.budget.buffers))
	c.budget.buffers = 0
}
