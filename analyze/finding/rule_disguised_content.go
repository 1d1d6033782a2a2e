package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var disguisedContent = Rule{
	ID: "disguised-content", Severity: record.Medium,
	Title:   "content that does not match the name",
	Meaning: "With --hash or --extract: the content of a file is a program or a script, but its name says picture, document, recording or text.",
	judge:   each(disguised),
}

var (
	harmlessNames = set(".jpg .jpeg .png .gif .bmp .ico .webp .tif .tiff .svg .mp3 .mp4 .wav .avi .mov .mkv .ogg .pdf .doc .docx .xls .xlsx .ppt .pptx .odt .rtf .txt .csv .log .xml .json .html .htm .css")
	programTypes  = []string{"application/vnd.microsoft.portable-executable", "application/x-elf", "application/x-executable", "application/x-sharedlib", "application/x-object",
		"application/x-mach-binary", "application/x-msdownload", "application/java-archive", "application/jar", "text/x-php", "text/x-python", "text/x-perl", "text/x-shellscript", "text/x-sh"}
)

func disguised(c *Case, t *record.Transfer) (draft, bool) {
	if t.MIMEType == nil || !t.OfFile() || !harmlessNames[path.Ext(strings.ToLower(t.FileName()))] {
		return draft{}, false
	}
	kind, _, _ := strings.Cut(*t.MIMEType, ";")
	for _, p := range programTypes {
		if kind == p {
			return draft{
				message: nameOf(t) + " is a program by its content (" + prose.Quote(kind) + ")" + c.packets(t.Frames.Command, t.Frames.FirstData),
				frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
				advice:  "treat the file as malicious until you know what it is (--extract, its hash), and check who received it",
			}, true
		}
	}
	return draft{}, false
}
