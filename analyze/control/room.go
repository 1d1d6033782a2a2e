package control

import (
	"unsafe"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Lists and texts of one session have limits of their own, but thousands of sessions that reach them would need gigabytes, for
// a few bytes of capture each. So the control connections of a shard share room, and when it is used up, what comes is
// counted and left out. By shard, since shards are the same for any number of workers.
const (
	// maxRoom is what the open control connections of one shard may hold, 512 MiB over all 16: five mirrors at a time of 10,000
	// files each between the same two hosts, 6 MB each.
	maxRoom = 32 << 20
	// ownRoom is what each may hold whatever the others do: as many negotiations and transfers as most have.
	ownRoom = 2 << 10
)

// Bytes of what the lists hold, texts left out.
const (
	pendingSize     = int(unsafe.Sizeof(pending{}))
	negotiationSize = int(unsafe.Sizeof(Negotiation{}))
	stepSize        = int(unsafe.Sizeof(TransferCommand{}))
	exchangeSize    = int(unsafe.Sizeof(record.Exchange{}))
	replySize       = int(unsafe.Sizeof(record.Reply{}))
	loginSize       = int(unsafe.Sizeof(record.Login{}))
	spanSize        = int(unsafe.Sizeof(Span{}))
	oddSize         = int(unsafe.Sizeof(record.Oddity{}))
	siteSize        = int(unsafe.Sizeof(record.SiteCommand{}))
	climbSize       = int(unsafe.Sizeof(record.Climb{}))
	controlSize     = int(unsafe.Sizeof(Transcript{}))
)

// hold takes room for n bytes; false: there is none.
func (f *Conversation) hold(n int) bool {
	if int(f.held)+n > ownRoom && f.opt.held+n > maxRoom {
		return false
	}
	f.held += int32(n)
	f.opt.held += n
	return true
}

// refund gives room back.
func (f *Conversation) refund(n int) {
	f.held -= int32(n)
	f.opt.held -= n
}

// holdPending takes room for a command that waits for its reply.
func (f *Conversation) holdPending(p *pending) bool {
	n := pendingSize + len(p.line.Text)
	if p.verb == ftp.PASS {
		n += len(p.arg)
	}
	if !f.hold(n) {
		return false
	}
	p.held = int32(n)
	return true
}

// holdBuffers takes room for unfinished lines and replies, which grow but do not shrink. Where there is none they end here.
func (f *Conversation) holdBuffers() {
	n := f.framer[0].Held() + f.framer[1].Held() + f.replies.Held()
	more := n - int(f.buffers)
	if more == 0 {
		return
	}
	if f.hold(more) {
		f.buffers = int32(n)
		return
	}
	f.limits++
	for side := range f.framer {
		if line, ok := f.framer[side].Drop(); ok {
			f.line(flow.Direction(side), line)
		}
	}
	f.interrupt()
	f.replies.Drop()
	f.refund(int(f.buffers))
	f.buffers = 0
}

// lasting is the reply as it is kept: without its text where there is no room for it.
func (f *Conversation) lasting(r *record.Reply) record.Reply {
	kept := *r
	if !f.hold(len(r.Text)) {
		kept.Text, kept.Cut = "", true
		f.limits++
	}
	return kept
}
