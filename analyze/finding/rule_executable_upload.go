package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var executableUpload = Rule{
	ID: "executable-upload", Severity: record.Info,
	Title:   "program uploaded",
	Meaning: "A file was uploaded that is by its name a program, a script or code that web servers run. Often that is what the server is for; it is also how a stolen password is used.",
	judge:   each(uploads),
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
	name := strings.ToLower(t.FileName())
	if !runs[name] && !programs[path.Ext(strings.TrimRight(name, ". "))] {
		return draft{}, false
	}
	return draft{
		message: c.mover() + " uploaded " + nameOf(t) + ", by its name a program or code that a server runs" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "is that file meant to be there, and does a web server run what lies in that directory?",
	}, true
}
