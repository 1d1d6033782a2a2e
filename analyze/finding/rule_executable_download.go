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
	Meaning: "A downloaded file is a program or a script, by its name. Often that is what the server is for; it is also how tools get onto a compromised host.",
	judge:   each(fetchesProgram),
}

// tools are what systems run; what only web servers run is no program to who downloads it.
var tools = set(".exe .dll .scr .com .bat .cmd .ps1 .vbs .vbe .jse .hta .msi .cpl .pif .elf .so .sh .jar .apk")

func fetchesProgram(c *Case, t *record.Transfer) (draft, bool) {
	if !t.OfFile() || t.Direction == nil || *t.Direction != record.Download || !moved(t) || !tools[path.Ext(strings.ToLower(t.FileName()))] {
		return draft{}, false
	}
	return draft{
		message: c.mover() + " downloaded " + nameOf(t) + ", a program by its name" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "is " + c.Client.Addr().String() + " supposed to get that program? --hash identifies it",
	}, true
}
