package record

import (
	"path"
	"slices"
	"strings"
)

// FileName is the last part of what a transfer names.
func (t *Transfer) FileName() string {
	name := ""
	switch {
	case t.Path != nil:
		name = *t.Path
	case t.Argument != nil:
		name = *t.Argument
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// InASCII says of a transfer whether it was in ASCII mode, and whether it is the server that
// says so. ASCII is what sessions begin with (RFC 959 section 5.1), but servers differ: of
// one in which no TYPE was sent, the server's 150 tells.
func (t *Transfer) InASCII() (ascii, byServer bool) {
	if t.Representation != nil {
		return *t.Representation == "A", false
	}
	said := t.Preliminary != nil && strings.Contains(strings.ToLower(t.Preliminary.Text), "ascii mode")
	return said, said
}

// BinaryByName reports whether the name of a transfer's file is that of a binary one.
func (t *Transfer) BinaryByName() bool {
	ext := path.Ext(strings.ToLower(t.FileName()))
	return ext != "" && strings.Contains(binaryNames, " "+ext+" ")
}

const binaryNames = " .7z .a .apk .avi .bin .bmp .bz2 .cab .class .db .deb .dll .dmg .doc .docx .ear .exe .flac .gif .gz .ico .img .iso .jar .jpeg .jpg .lz4 .m4a .mdb .mkv " +
	".mov .mp3 .mp4 .mpg .msi .o .ogg .pcap .pcapng .pdf .png .ppt .pptx .pyc .rar .rpm .so .sqlite .swf .tar .tgz .tif .tiff .vmdk .war .wav .webp .whl .wma .wmv .xls " +
	".xlsx .xz .z .zip .zst "

// Findings that tell of connections to other hosts than the client.
const (
	BounceID = "bounce-attempt"
	FXPID    = "fxp-transfer"
	NATID    = "nat-mismatch"
)

// Bounces reports whether a transfer is of the bounce that a finding of its session tells: the
// server is to connect to another host than the client, and neither NAT nor FXP explains it.
func (s *Session) Bounces(t *Transfer) bool {
	if t.Mode != Active || t.Announced == nil || t.Announced.Addr() == s.Client.Addr() {
		return false
	}
	return slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.ID == BounceID }) &&
		!slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.Transfer == t.N && (f.ID == FXPID || f.ID == NATID) })
}
