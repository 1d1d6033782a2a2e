package control

import (
	"strconv"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// transferParams are what the next transfers take their terms from: TYPE, MODE, REST and
// what SIZE said. They change when a reply is there, not when a command is sent; see
// applyReply.
type transferParams struct {
	representation string // TYPE in force; empty: not known
	mode           string // MODE in force; empty: not known
	modeSaid       bool   // mode is not only what sessions begin with
	restart        number
	size           number // of the last SIZE
	sizeFrom       flow.Pos
	sizeOf         string
}

// number is a number that may not be known.
type number struct {
	value uint64
	known bool
}

// defaultMode is what MODE is before the client sets it (RFC 959 section 5.1); Finish
// knows whether the beginning was seen.
const defaultMode = "S"

// reset is REIN.
func (t *transferParams) reset() {
	t.representation, t.mode, t.modeSaid = "", defaultMode, true
}

// lose says that commands may have changed everything.
func (t *transferParams) lose() {
	t.representation, t.mode, t.restart, t.size = "", "", number{}, number{}
}

// onSize takes the reply to SIZE.
func (t *transferParams) onSize(of string, r *record.Reply) {
	if n, ok := ftp.ParseSize213(r.Text); ok && !r.Cut {
		t.size, t.sizeFrom, t.sizeOf = number{n, true}, r.Pos, of
	}
}

// onRest takes REST; its argument counts if the server agreed.
func (t *transferParams) onRest(arg string, agreed bool) {
	t.restart = number{}
	if n, err := strconv.ParseUint(strings.TrimSpace(arg), 10, 63); err == nil && agreed {
		t.restart = number{n, true}
	}
}

// applyReply applies what a command changes for those after it: the working directory,
// TYPE, REST. Replies come in the order of the commands, so it is done when the reply is
// there, and a transfer command finds its terms at its own first reply, however many
// commands the client sent ahead. r is nil when the capture lacks the reply: then nobody
// knows whether the server agreed.
func (c *Conversation) applyReply(p *pending, r *record.Reply) {
	refused := r != nil && r.Code >= 400
	agreed := r != nil && !refused && !p.cut
	if !p.hasTerms {
		p.noted = max(p.noted, c.notes.climb(&c.budget, &c.directory, p))
	}
	keepOperation(c, p, r)
	switch v := p.verb; {
	case v.IsTransfer():
		takeTerms(c, p)
	case refused && v != ftp.REST:
	case v == ftp.TYPE:
		c.params.representation = ""
		if agreed {
			c.params.representation = representation(p.arg)
		}
	case v == ftp.MODE:
		c.params.mode, c.params.modeSaid = "", true
		if agreed {
			c.params.mode = transferMode(p.arg)
		}
	case v == ftp.PASS && r == nil && !p.cut:
		c.notes.login(&c.budget, &c.login, p, record.Login{Sealed: c.tls.isUnderTLS(c.client)})
	case v == ftp.CWD || v == ftp.XCWD:
		c.directory.move(p.arg, agreed)
	case v == ftp.CDUP || v == ftp.XCUP:
		c.directory.move("..", r != nil)
	case v == ftp.REST:
		c.params.onRest(p.arg, agreed)
	}
}

// takeTerms gives a transfer its terms, once.
func takeTerms(c *Conversation, p *pending) {
	if p.hasTerms {
		return
	}
	p.hasTerms = true
	t := &c.params
	restart := t.restart
	t.restart = number{}
	if p.transfer < 0 {
		return
	}
	s := &c.transfers.commands[p.transfer]
	s.Representation, s.Restart, s.HasRestart = t.representation, restart.value, restart.known
	if s.modeSaid = t.modeSaid; t.mode != "" {
		s.Mode = t.mode[0]
	}
	arg := p.arg
	if p.verb == ftp.LIST || p.verb == ftp.NLST {
		arg = listed(arg)
	}
	if !p.cut && (p.verb != ftp.STOU || arg != "") {
		if s.Path = c.directory.resolve(arg); !c.budget.reserve(len(s.Path)) {
			s.Path = ""
			c.budget.struck++
		}
	}
	if t.size.known && t.sizeOf == p.arg && p.verb == ftp.RETR {
		s.Size, s.HasSize, s.SizeFrom = t.size.value, true, t.sizeFrom
	}
}

// nameUnique takes the name that the server gives what STOU stores, whatever the client
// named.
func (s *TransferCommand) nameUnique(d *directory, b *budget, r *record.Reply) {
	if s.Verb != ftp.STOU || r.Cut {
		return
	}
	if name := ftp.ParseUnique(r.Text); name != "" {
		if path := d.resolve(name); b.reserve(len(path)) {
			s.Path = path
		}
	}
}

// representation names a TYPE as the record does (RFC 959 section 3.1.1).
func representation(arg string) string {
	kind, size, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(arg)), " ")
	switch kind {
	case "A", "I", "E":
		return kind
	case "L":
		return "L" + strings.TrimSpace(size)
	}
	if strings.HasPrefix(kind, "L") && len(kind) <= 4 {
		return kind
	}
	return ""
}

// transferMode is the mode that MODE names (RFC 959 section 3.4: S, B, C; Z of deflate; E of
// GridFTP, whose transfers may use several connections);
// empty when it names none.
func transferMode(arg string) string {
	switch mode := strings.ToUpper(strings.TrimSpace(arg)); mode {
	case "S", "B", "C", "Z", record.ModeParallel:
		return mode
	}
	return ""
}
