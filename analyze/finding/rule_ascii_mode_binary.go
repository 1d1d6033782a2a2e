package finding

import (
	"path"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var asciiBinary = Rule{
	ID: "ascii-mode-binary", Severity: record.Medium,
	Title:   "binary file in ASCII mode",
	Meaning: "A file that is binary by its name or content was transferred with TYPE A, which rewrites what looks like line ends: it is damaged unless both systems write lines alike.",
	judge:   each(asciiMode),
}

func asciiMode(c *Case, t *record.Transfer) (draft, bool) {
	how := asciiHow(c, t)
	if how == "" || t.Bytes == nil || *t.Bytes == 0 || !t.OfFile() || c.encrypted() {
		return draft{}, false
	}
	why := ""
	switch name := strings.ToLower(fileName(t)); {
	case t.MIMEType != nil && binaryType(*t.MIMEType):
		why = "by its content (" + prose.Quote(*t.MIMEType) + ")"
	case t.MIMEType != nil && strings.HasPrefix(*t.MIMEType, "text/"):
	case binaryNames[path.Ext(name)]:
		why = "by its name"
	}
	if why == "" {
		return draft{}, false
	}
	return draft{
		message: nameOf(t) + " was transferred in ASCII mode (" + how + ") though it is binary " + why + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData},
		advice:  "transfer it again in binary mode (TYPE I) and compare checksums",
	}, true
}

// asciiHow says why a transfer was in ASCII mode; empty: it was not, as far as one can tell.
// ASCII is what sessions begin with (RFC 959 section 5.1), but servers differ: of one in
// which no TYPE was sent, the server's 150 tells.
func asciiHow(c *Case, t *record.Transfer) string {
	switch {
	case t.Representation != nil && *t.Representation == "A":
		return "TYPE A"
	case t.Representation != nil || t.Preliminary == nil || !strings.Contains(strings.ToLower(t.Preliminary.Text), "ascii mode"):
		return ""
	}
	return "as the server replied: " + strconv.Itoa(t.Preliminary.Code) + " " + prose.Quote(t.Preliminary.Text) + c.packets(t.Preliminary.Pos)
}

func binaryType(mime string) bool {
	for _, prefix := range []string{"image/", "audio/", "video/", "font/", "application/zip", "application/gzip", "application/x-", "application/pdf", "application/vnd."} {
		if strings.HasPrefix(mime, prefix) && mime != "image/svg+xml" {
			return true
		}
	}
	return false
}

var binaryNames = set(".7z .a .apk .avi .bin .bmp .bz2 .cab .class .db .deb .dll .dmg .doc .docx .ear .exe .flac .gif .gz .ico .img .iso .jar .jpeg .jpg .lz4 " +
	".m4a .mdb .mkv .mov .mp3 .mp4 .mpg .msi .o .ogg .pcap .pcapng .pdf .png .ppt .pptx .pyc .rar .rpm .so .sqlite .swf .tar .tgz .tif .tiff .vmdk .war .wav .webp " +
	".whl .wma .wmv .xls .xlsx .xz .z .zip .zst")
