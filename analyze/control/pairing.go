package control

import (
	"slices"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// pairing finds the command that a reply answers. Replies come in the order of the
// commands (RFC 959 section 5.4), so it is the first of those that wait; this is what can
// come between:
//
//   - A code that only a later command can have says that the earlier ones went unanswered,
//     or that their replies are missing from the capture.
//   - While a transfer runs (began), the reply to NOOP, STAT or ABOR behind it comes first.
//   - After a gap in the server's bytes the replies to the commands before it may be lost
//     (replyDoubtful): a command sent later has its reply still to come.
//   - After a gap in the client's bytes a reply may answer a command that nobody saw
//     (replyOwed). Once further commands wait, which reply is whose is uncertain: then only
//     replies that name their command by their code are believed. So it is in a capture that
//     begins late, as long as several commands wait from the first on.
type pairing struct {
	pending         []pending
	replyOwed       bool // the reply to a command that the capture lacks may still come
	uncertain       bool // it may be among those to the commands that wait
	settled         bool // all commands had their replies, once
	pipelined       bool // until then, in a capture that begins late, several wait
	serverSpokeLast bool // the server replied since the last command
}

// maxPending bounds commands that wait for their reply: pipelining clients send a few;
// beyond, the oldest is taken as never answered.
const maxPending = 1024

// pending is a command that waits for its final reply.
type pending struct {
	verb          ftp.Verb
	replyDoubtful bool  // a gap may hold its reply
	began         bool  // a transfer command: its preliminary reply came
	overtaken     bool  // a transfer command: one behind it was answered first
	answeredAhead bool  // a transfer command: it was answered before the PORT or EPRT in front of it
	cut           bool  // the capture lacks its end
	hasTerms      bool  // a transfer command that has its terms
	transfer      int32 // transfer commands: index of the TransferCommand, else none
	negotiation   int32 // negotiations: index, else none
	dialogue      int32 // index in the dialogue, none: not kept
	held          int32 // bytes of the budget
	noted         int32 // SITE, or a path that climbs: its place in the notes, from 1; 0: none
	line          record.Line
	arg           string
	user          string // PASS: whose
}

// none is an index of nothing.
const none = -1

// onCommand says that a command follows; late: the capture lacks the beginning. After USER
// clients wait: the capture lacks the reply.
func (w *pairing) onCommand(late bool) {
	w.serverSpokeLast = false
	n := len(w.pending)
	w.pipelined = late && !w.settled && (w.pipelined || n > 0 && w.pending[n-1].verb != ftp.USER)
	w.uncertain, w.replyOwed = w.uncertain || w.replyOwed, false
}

// doubtAll says that a gap may hold the replies to what waits.
func (w *pairing) doubtAll() {
	for i := range w.pending {
		w.pending[i].replyDoubtful = true
	}
}

// believes reports whether the final reply to a command is taken for its own. A gap tells
// that replies are missing, so that the client may have waited for each.
func (w *pairing) believes(p *pending, code int) bool {
	if !w.uncertain && (!w.pipelined || p.replyDoubtful) {
		return true
	}
	v := p.verb
	specific, _ := suits(v, code)
	return specific && v != ftp.PWD && v != ftp.XPWD && !(code >= 400 && v.IsNegotiation())
}

// losses is what the capture lacks, as far as pairing needs to know.
type losses struct {
	lossy      bool // bytes of either side are missing
	commands   bool // bytes of the client are
	unseenRuns bool // a transfer runs whose command was not seen
}

// matchReply returns the index of the pending command that a reply answers, none for
// none.
func (w *pairing) matchReply(code int, text string, l losses) int {
	if len(w.pending) == 0 {
		return none
	}
	head := &w.pending[0]
	endsData := code == 425 || code == 426 || code == 451
	switch {
	case l.commands && head.transfer >= 0 && answersAbort(code, text) && !w.waits(ftp.ABOR):
		return none // of an ABOR that the capture lacks
	case w.replyOwed && (head.verb == ftp.EPSV && code == 227 || head.verb == ftp.PASV && code == 229):
		return none // of a PASV that the capture lacks
	case head.transfer >= 0 && len(w.pending) > 1 && w.pending[1].verb == ftp.ABOR:
		if answersAbort(code, text) || head.replyDoubtful && code/10 == 22 {
			return 1
		} else if endsData {
			return 0
		}
	case l.unseenRuns && endsData && w.waits(ftp.ABOR):
		return none // of the transfer whose command was not seen
	}
	if head.replyDoubtful {
		if w.isOfTheLost(code) {
			return none
		}
		return w.matchDoubtful(code)
	}
	if w.isAside(code) {
		return 1
	} else if (l.lossy || head.answeredAhead) && w.runsOn(code) {
		return none // of a NOOP that the capture lacks, or of PORT
	}
	specific, fits := suits(head.verb, code)
	if fits && !(head.overtaken && code < 200 && len(w.pending) > 1) {
		return 0
	}
	for i := 1; i < len(w.pending); i++ {
		if _, ok := suits(w.pending[i].verb, code); ok {
			return i
		}
	}
	if specific && l.lossy {
		return none
	}
	return 0
}

// waits reports whether such a command waits for its reply.
func (w *pairing) waits(v ftp.Verb) bool {
	return slices.ContainsFunc(w.pending, func(p pending) bool { return p.verb == v })
}

// isOfTheLost reports whether a reply, after a gap that may hold the first command's, is
// most likely none of it: of a command that the capture lacks, if that was sent since, or
// 421, which servers also send by themselves when nothing was asked for long (RFC 959
// section 5.4).
func (w *pairing) isOfTheLost(code int) bool {
	if code == 421 {
		return w.pending[len(w.pending)-1].replyDoubtful
	}
	last := &w.pending[len(w.pending)-1]
	specific, fits := suits(last.verb, code)
	return w.replyOwed && last.replyDoubtful && !(specific && fits && code < 400)
}

// matchDoubtful is matchReply after a gap that may hold the first replies. A command that
// was sent later has its reply still to come, and a client that waits for replies had
// those before: where the gap may hold the replies to all that waits, a code that many
// commands have is the last one's.
func (w *pairing) matchDoubtful(code int) int {
	first := none
	for i := range w.pending {
		specific, fits := suits(w.pending[i].verb, code)
		if fits && !w.pending[i].replyDoubtful {
			return i
		}
		if fits && first < 0 && (specific || i == len(w.pending)-1) {
			first = i
		}
	}
	return first
}

// isAside reports whether a reply is of the NOOP or STAT behind a transfer that runs:
// clients keep the control connection busy by them, and servers answer at once, some by
// 500.
func (w *pairing) isAside(code int) bool {
	if len(w.pending) < 2 || !w.runsOn(code) {
		return false
	}
	v := w.pending[1].verb
	return v == ftp.NOOP || v == ftp.STAT || v == ftp.VerbUnknown
}

// runsOn reports whether a transfer runs that no such code ends.
func (w *pairing) runsOn(code int) bool {
	head := &w.pending[0]
	return !endsTransfer(code) && !head.replyDoubtful && head.began
}

// takeSecond takes out the command behind a transfer whose own reply may still come.
func (w *pairing) takeSecond(isAside bool, b *budget) {
	head := &w.pending[0]
	head.overtaken, head.replyDoubtful = isAside, !isAside
	b.release(int(w.pending[1].held))
	w.pending = append(w.pending[:1], w.pending[2:]...)
}

// pop forgets the first n pending commands. Few are moved down, so that the memory is
// used again; of many that would cost more than what they are for.
func (w *pairing) pop(n int, b *budget) {
	const few = 32
	for i := range n {
		b.release(int(w.pending[i].held))
	}
	if len(w.pending)-n <= few {
		w.pending = append(w.pending[:0], w.pending[n:]...)
	} else {
		w.pending = w.pending[n:]
	}
}

// endsTransfer reports whether a code can end a transfer that began (RFC 959 section 5.4,
// and what is met besides): the answers to NOOP and STAT and errors of syntax cannot.
func endsTransfer(code int) bool {
	switch code {
	case 200, 211, 212, 213, 500, 501, 502, 503, 504:
		return false
	}
	return true
}

// answersAbort tells a server that answers ABOR alone, and not the transfer that it
// ended, from one that answers both.
func answersAbort(code int, text string) bool {
	return code == 225 || code == 226 && strings.Contains(strings.ToLower(text), "abor")
}

// suits reports whether a command can have a reply of this code, and whether the code
// says much: 331 does, 200 does not.
func suits(v ftp.Verb, code int) (specific, fits bool) {
	switch code {
	case 110, 125, 150, 425, 426:
		return true, v.IsTransfer() || code > 400 && (v == ftp.ABOR || v.IsNegotiation())
	case 211, 212, 214:
		return true, v == ftp.STAT || v == ftp.FEAT || v == ftp.HELP || v == ftp.SITE || v == ftp.SYST || v == ftp.VerbUnknown || v == ftp.OPTS
	case 213:
		return true, v == ftp.SIZE || v == ftp.MDTM || v == ftp.STAT || v == ftp.VerbUnknown
	case 200:
		return false, !v.IsTransfer() && v != ftp.PASV && v != ftp.LPSV && v != ftp.SPAS && v != ftp.PWD && v != ftp.XPWD
	case 215:
		return true, v == ftp.SYST
	case 221:
		return true, v == ftp.QUIT || v == ftp.REIN
	case 225:
		return true, v == ftp.ABOR || v.IsTransfer()
	case 226:
		return true, v == ftp.ABOR || v.IsTransfer()
	case 227, 229:
		return true, v == ftp.PASV || v == ftp.EPSV || v == ftp.SPAS
	case 228:
		return true, v == ftp.LPSV
	case 230:
		return true, v == ftp.USER || v == ftp.PASS || v == ftp.ACCT
	case 234, 334:
		return true, v == ftp.AUTH
	case 235, 335:
		return true, v == ftp.ADAT
	case 257:
		return true, v == ftp.PWD || v == ftp.XPWD || v == ftp.MKD || v == ftp.XMKD
	case 331:
		return true, v == ftp.USER || v == ftp.PASS
	case 332:
		return true, v == ftp.USER || v == ftp.PASS || v == ftp.ACCT
	case 350:
		return true, v == ftp.REST || v == ftp.RNFR
	}
	if v == ftp.ABOR {
		return false, code >= 400
	}
	return false, true
}
