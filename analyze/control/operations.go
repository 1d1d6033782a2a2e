package control

import (
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// Operations: commands that change the server's files and carry none. They are taken when
// they are settled, for only then is the working directory known that their paths are
// relative to.

// keepOperation keeps a settled command that is one; r is nil when no reply was seen.
func keepOperation(c *Conversation, p *pending, r *record.Reply) {
	n := &c.notes
	o, ok := operationOf(&c.directory, p)
	if !ok {
		return
	}
	o.Time.Digits = c.digits
	size := operationSize + len(p.arg)
	if o.Path != nil {
		size += len(*o.Path)
	}
	if r != nil {
		size += replySize + len(r.Text)
	}
	if len(n.operations) >= record.MaxOperations || !c.budget.reserve(size) {
		n.OperationsLeft++
		return
	}
	if r != nil {
		kept := *r
		o.Reply = &kept
	}
	if last := len(n.operations) - 1; p.verb == ftp.RNTO && last >= 0 && n.operations[last].What == "RNFR" {
		o.From = n.operations[last].Path
		n.operations[last] = o
		return
	}
	n.operations = append(n.operations, o)
}

// operationOf reads a command that changes files: RFC 959 section 4.1.3, RFC 3659 section
// 3, and for MFMT, MFCT and MFF draft-somers-ftp-mfxx.
func operationOf(d *directory, p *pending) (record.Operation, bool) {
	o := record.Operation{Time: record.Stamp{Time: p.line.Mark.Time}, Pos: p.line.Mark.Pos, What: p.verb.String()}
	if p.cut {
		return o, p.verb == ftp.DELE || p.verb == ftp.RMD || p.verb == ftp.MKD || p.verb == ftp.RNTO
	}
	path, rest := p.arg, ""
	switch p.verb {
	case ftp.DELE, ftp.RMD, ftp.MKD, ftp.RNFR, ftp.RNTO:
	case ftp.XRMD, ftp.XMKD:
		o.What = o.What[1:]
	case ftp.RMDA:
	case ftp.MFMT, ftp.MFCT, ftp.MFF, ftp.MDTM:
		if rest, path, _ = strings.Cut(p.arg, " "); p.verb == ftp.MDTM && !isTime(rest) {
			return o, false
		}
	case ftp.SITE:
		o.What, path, rest = site(p.arg)
	default:
		return o, false
	}
	if resolved := d.resolve(path); path != "" && resolved != "" {
		path = resolved
	}
	o.Path, o.Argument = unlessEmpty(path), unlessEmpty(rest)
	return o, true
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// isTime reports whether a word is a time as MDTM writes it (RFC 3659 section 2.3).
func isTime(s string) bool {
	whole, _, _ := strings.Cut(s, ".")
	return len(whole) == len("20060102150405") && strings.Trim(whole, "0123456789") == ""
}

// site splits a SITE command: "SITE CHMOD", its path where servers agree on where it
// stands, the rest.
func site(arg string) (what, path, rest string) {
	word, rest, _ := strings.Cut(strings.TrimLeft(arg, " "), " ")
	word = strings.ToUpper(word)
	const longest = 16 // what is longer is no command
	if len(word) > longest {
		return "SITE", "", arg
	}
	switch word {
	case "CHMOD", "CHGRP":
		rest, path, _ = strings.Cut(rest, " ")
	case "CPFR", "CPTO", "MKDIR", "RMDIR":
		path, rest = rest, ""
	case "UTIME":
		if first, after, ok := strings.Cut(rest, " "); ok && len(first) >= len("200601021504") && strings.Trim(first, "0123456789") == "" {
			rest, path = first, after
		} else {
			path, rest = first, after
		}
	}
	return "SITE " + word, path, rest
}
