package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var executableDownload = Rule{
	ID: "executable-download", Severity: record.Info,
	Title:   "program downloaded",
	Meaning: "A file was downloaded that is by its name a program or a script that systems run. Often that is what the server is for; it is also how tools get to a host that was broken into.",
	judge:   each(fetchesProgram),
}

// tools are what systems run; what only web servers run is no program to who downloads it.
var tools = set(".exe .dll .scr .com .bat .cmd .ps1 .vbs .vbe .jse .hta .msi .cpl .pif .elf .so .sh .jar .apk")

func fetchesProgram(c *Case, t *record.Transfer) (draft, bool) {
	if !t.OfFile() || t.Direction == nil || *t.Direction != record.Download || !moved(t) || !tools[path.Ext(strings.ToLower(t.FileName()))] {
		return draft{}, false
	}
	return draft{
		message: c.mover() + " downloaded " + nameOf(t) + ", by its name a program" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "is that program meant to get to " + c.Client.Addr().String() + "? --hash tells which it is",
	}, true
}
