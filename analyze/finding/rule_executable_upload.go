package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var executableUpload = Rule{
	ID: "executable-upload", Severity: record.Info,
	Title:   "program uploaded",
	Meaning: "An uploaded file is a program, a script or code that web servers run, by its name. Often that is what the server is for; it is also how stolen passwords are abused. Medium if a rename made it one, except from the usual temporary names (.part, .tmp).",
	judge:   func(c *Case) []draft { return append(each(uploads)(c), renamedToProgram(c)...) },
}

// programs are what systems and web servers run.
var programs = set(".exe .dll .scr .com .bat .cmd .ps1 .vbs .vbe .jse .hta .msi .cpl .pif .elf .so .sh .pl .py .rb .cgi .fcgi .jar .war .apk .deb .rpm " +
	".php .php3 .php4 .php5 .php7 .phtml .phar .asp .aspx .ashx .asmx .asa .cer .jsp .jspx .jspf .cfm .cfc .shtml")

// runs are names that make a server run or show other files.
var runs = set(".htaccess web.config .user.ini authorized_keys crontab .bashrc .profile .bash_profile .rhosts")

func uploads(c *Case, t *record.Transfer) (draft, bool) {
	if !t.OfFile() || t.Direction == nil || *t.Direction != record.Upload || !moved(t) {
		return draft{}, false
	}
	if !isProgram(t.FileName()) {
		return draft{}, false
	}
	return draft{
		message: c.mover() + " uploaded " + nameOf(t) + ", a program or code that a server runs, by its name" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "should that file be there, and does a web server run the files of that directory?",
	}, true
}

// underWay are endings that files have while they are uploaded.
var underWay = set(".part .filepart .partial .tmp .temp .upload .uploading .in .new .lftp .crdownload")

// renamedToProgram are the renames that made a program of what was none by its name.
func renamedToProgram(c *Case) (list []draft) {
	var uploaded map[string]*record.Transfer
	for _, o := range c.done("RNTO") {
		if o.Path == nil || o.From == nil || !isProgram(*o.Path) || isProgram(*o.From) {
			continue
		}
		if uploaded == nil {
			uploaded = c.uploaded()
		}
		v := draft{
			severity: record.Medium, frames: []flow.Pos{o.Pos, o.Reply.Pos},
			message: c.mover() + " renamed " + prose.Quote(*o.From) + " to " + prose.Quote(*o.Path) + ", a program or code that a server runs, by its name" + c.packets(o.Pos),
			advice:  "should that file be there, and does a web server run the files of that directory?",
		}
		if t := uploaded[*o.From]; t != nil {
			v.transfer, v.frames = t.N, append(v.frames, t.Frames.Command)
			v.message = prose.Clauses(v.message, "it had uploaded that file before"+c.packets(t.Frames.Command))
		}
		if from := strings.ToLower(*o.From); underWay[path.Ext(from)] && strings.EqualFold(strings.TrimSuffix(from, path.Ext(from)), *o.Path) {
			v.severity = record.Info
		}
		list = append(list, v)
	}
	return list
}
