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
	Title:   "content that contradicts its name",
	Meaning: "With --hash or --extract: a file is a program or a script by its content, and a picture, a document, a recording or a text by its name.",
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
				message: nameOf(t) + " is by its content a program (" + prose.Quote(kind) + ")" + c.packets(t.Frames.Command, t.Frames.FirstData),
				frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
				advice:  "take the file for malicious until it is known what it is (--extract, its hash), and look at who got it",
			}, true
		}
	}
	return draft{}, false
}
