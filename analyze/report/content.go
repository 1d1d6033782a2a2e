package report

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// sum is a hash of a transfer's data.
type sum struct{ name, key, hex string }

// sumsOf are the hashes that were asked for.
func sumsOf(t *record.Transfer) (list []sum) {
	for _, s := range []sum{{"SHA-256", "sha256", valueOf(t.SHA256)}, {"SHA-1", "sha1", valueOf(t.SHA1)}, {"MD5", "md5", valueOf(t.MD5)}} {
		if s.hex != "" {
			list = append(list, s)
		}
	}
	return list
}

// contentParts say what --hash and --extract found out of a transfer's data: "text/plain", "sha256:9f…", "file a.txt".
func contentParts(t *record.Transfer) (parts []string) {
	if t.MIMEType != nil {
		parts = append(parts, prose.Escape(*t.MIMEType))
	}
	for _, s := range sumsOf(t) {
		parts = append(parts, s.key+":"+s.hex)
	}
	if t.File != nil {
		parts = append(parts, "file "+prose.Escape(*t.File))
	}
	return parts
}

// contentSentence is the same in a sentence: "Its content is text/plain, SHA-256 9f…; it was written to a.txt."
func contentSentence(t *record.Transfer) string {
	var parts []string
	if t.MIMEType != nil {
		parts = append(parts, "its content is "+prose.Escape(*t.MIMEType))
	}
	for _, s := range sumsOf(t) {
		parts = append(parts, "its "+s.name+" is "+s.hex)
	}
	if t.File != nil {
		parts = append(parts, "it was written to "+prose.Escape(*t.File))
	}
	return prose.Sentence(strings.Join(parts, ", "))
}
