package finding

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var asciiBinary = Rule{
	ID: "ascii-mode-binary", Severity: record.Medium,
	Title:   "binary file in ASCII mode",
	Meaning: "A file that is binary by its name or content was transferred with TYPE A, which rewrites what looks like line ends: the file is damaged, unless both systems use the same line ends.",
	judge:   each(asciiMode),
}

func asciiMode(c *Case, t *record.Transfer) (draft, bool) {
	how := asciiHow(c, t)
	if how == "" || t.Bytes == nil || *t.Bytes == 0 || !t.OfFile() || c.encrypted() || t.Carried() != nil && *t.Carried() == 0 {
		return draft{}, false
	}
	why := ""
	switch {
	case t.MIMEType != nil && binaryType(*t.MIMEType):
		why = "by its content (" + prose.Quote(*t.MIMEType) + ")"
	case t.MIMEType != nil && strings.HasPrefix(*t.MIMEType, "text/"):
	case t.BinaryByName():
		why = "by its name"
	}
	if why == "" {
		return draft{}, false
	}
	return draft{
		message: nameOf(t) + " was transferred in ASCII mode (" + how + "), although it is binary " + why + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData},
		advice:  "transfer it again in binary mode (TYPE I) and compare checksums",
	}, true
}

// asciiHow says why a transfer was in ASCII mode; empty: it was not, as far as one can tell.
func asciiHow(c *Case, t *record.Transfer) string {
	switch ascii, byServer := t.InASCII(); {
	case !ascii:
		return ""
	case byServer:
		return "according to the server's reply: " + strconv.Itoa(t.Preliminary.Code) + " " + prose.Quote(t.Preliminary.Text) + c.packets(t.Preliminary.Pos)
	}
	return "TYPE A"
}

func binaryType(mime string) bool {
	for _, prefix := range []string{"image/", "audio/", "video/", "font/", "application/zip", "application/gzip", "application/x-", "application/pdf", "application/vnd."} {
		if strings.HasPrefix(mime, prefix) && mime != "image/svg+xml" {
			return true
		}
	}
	return false
}
