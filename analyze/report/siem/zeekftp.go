package siem

import (
	"io"
	"net/netip"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

var zeekFTPColumns = append(zeekID[:len(zeekID):len(zeekID)], []zeekColumn{
	{"user", "string"}, {"password", "string"}, {"command", "string"}, {"arg", "string"}, {"mime_type", "string"}, {"file_size", "count"},
	{"reply_code", "count"}, {"reply_msg", "string"}, {"data_channel.passive", "bool"}, {"data_channel.orig_h", "addr"},
	{"data_channel.resp_h", "addr"}, {"data_channel.resp_p", "port"}, {"fuid", "string"},
}...)

// zeekLogged are the commands that Zeek logs, FTP::logged_commands, and AUTH, which it
// logs when TLS follows.
var zeekLogged = map[string]bool{
	"APPE": true, "DELE": true, "RETR": true, "STOR": true, "STOU": true, "ACCT": true, "PORT": true, "PASV": true, "EPRT": true, "EPSV": true, "AUTH": true,
}

// zeekFiles are those of them whose argument Zeek writes as a URL.
var zeekFiles = map[string]bool{"APPE": true, "DELE": true, "RETR": true, "STOR": true, "STOU": true}

const zeekHidden = "<hidden>"

// zeekSession stands for a command in the row of a session of which no command is logged.
const zeekSession = "<session>"

func newZeekFTP(json bool) func(io.Writer, report.Options) report.Writer {
	return func(w io.Writer, o report.Options) report.Writer {
		return &zeekLog{Lines: jsonl.Lines{W: w}, opt: o, heading: o.OwnHeading(), json: json, path: "ftp", columns: zeekFTPColumns, session: zeekCommands}
	}
}

// zeekCommands writes a row a command; of a session that only tried to log in, one for
// all, as Zeek does since version 9.
func zeekCommands(z *zeekLog, s *record.Session) {
	uid := zeekUID(s.Client, s.Server, s.Start.Time, s.Network)
	all, logged := commandsOf(s), false
	for i := range all {
		c := &all[i]
		if !zeekLogged[c.verb] {
			continue
		}
		logged = true
		z.id(c.at.Time, uid, s.Client, s.Server)
		z.account(s, userAt(s, c.at.Time))
		z.word(c.verb)
		z.word(zeekArgument(s, c))
		t := c.transfer
		if c.negotiates || t == nil {
			z.unset(2)
		} else {
			z.text(t.MIMEType)
			z.size(t)
		}
		z.reply(c.lastReply())
		if c.negotiates && t.Announced != nil {
			z.channel(s, t)
		} else {
			z.unset(4)
		}
		z.unset(1) // fuid: there is no files.log
		z.endRow()
	}
	if !logged {
		z.login(s, uid)
	}
}

// login writes the row of a session that only tried to log in: the reply is that to the
// last try.
func (z *zeekLog) login(s *record.Session, uid string) {
	if s.User == nil {
		return
	}
	z.id(s.Start.Time, uid, s.Client, s.Server)
	z.account(s, s.User)
	z.word(zeekSession)
	z.unset(3) // arg, mime_type, file_size
	z.reply(lastLogin(s))
	z.unset(5) // data_channel, fuid
	z.endRow()
}

// lastLogin is the reply to the last login; nil: the capture has none.
func lastLogin(s *record.Session) *record.Reply {
	n := len(s.Notes.Logins)
	if n == 0 {
		return nil
	}
	return loginReply(&s.Notes.Logins[n-1])
}

// loginReply is the reply to a login. The text of one that accepted it is not kept.
func loginReply(l *record.Login) *record.Reply {
	switch {
	case l.Reply != nil:
		return l.Reply
	case l.Code > 0:
		return &record.Reply{Code: l.Code}
	}
	return nil
}

// account writes the user and the password.
func (z *zeekLog) account(s *record.Session, user *string) {
	if user == nil {
		z.word("<unknown>")
	} else {
		z.text(user)
	}
	if s.Password != nil && z.opt.ShowPasswords && s.User != nil && user != nil && *user != *s.User {
		z.text(nil) // the record keeps the last one only
	} else {
		z.text(z.opt.ShownPassword(s, zeekHidden))
	}
}

// size is what the server said of a file that it sends.
func (z *zeekLog) size(t *record.Transfer) {
	if known := t.Notes.Size != nil && *t.Command == "RETR"; known {
		z.count(*t.Notes.Size, true)
		return
	}
	z.unset(1)
}

// reply writes code and text; of several lines the last, as Zeek does.
func (z *zeekLog) reply(r *record.Reply) {
	if r == nil {
		z.unset(2)
		return
	}
	z.count(uint64(max(r.Code, 0)), r.Code > 0)
	z.word(r.Text[strings.LastIndexByte(r.Text, '\n')+1:])
}

// channel writes the data connection as it was announced: orig is who should open it.
func (z *zeekLog) channel(s *record.Session, t *record.Transfer) {
	passive := t.Mode == record.Passive
	opener := s.Server.Addr()
	if passive {
		opener = s.Client.Addr()
	}
	z.boolean(passive)
	z.addr(opener, true)
	z.endpoint(*t.Announced)
}

// zeekArgument is a command's argument, of a file command as a URL: an unknown or the
// login directory is ".".
func zeekArgument(s *record.Session, c *exchange) string {
	if c.argument == nil {
		return ""
	}
	arg := *c.argument
	if !zeekFiles[c.verb] || arg == "" {
		return arg
	}
	path := arg
	if c.transfer != nil && c.transfer.Path != nil {
		path = *c.transfer.Path
	}
	if !strings.HasPrefix(path, "/") {
		path = "/./" + path
	}
	return "ftp://" + uriHost(s.Server.Addr()) + path
}

func uriHost(a netip.Addr) string {
	if a.Unmap().Is6() {
		return "[" + prose.Plain(a).String() + "]"
	}
	return prose.Plain(a).String()
}

// between is the time from one mark to another.
func between(from, to flow.Mark) flow.Time { return max(to.Time-from.Time, 0) }
