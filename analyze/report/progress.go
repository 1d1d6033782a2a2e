package report

import (
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// progress says how much of a file came through before a transfer ended badly; empty where the capture does not tell.
// Only what can be compared is: a binary transfer from the file's start, between client and server, in stream mode.
func progress(t *record.Transfer) string {
	size, bytes := t.Notes.Size, t.Bytes
	if size == nil || bytes == nil || !opened(t) || t.Outcome != record.Incomplete && t.Outcome != record.Aborted ||
		t.Initiator == record.ThirdParty || t.Restart != nil && *t.Restart > 0 ||
		t.Representation == nil || *t.Representation != "I" || t.Notes.Mode != "" && t.Notes.Mode != "S" {
		return ""
	}
	switch {
	case *bytes > *size || *size == 0:
		return ""
	case *bytes < *size:
		return prose.Number(*bytes) + " of " + prose.Many(*size, "byte") + " (" + share(*bytes, *size) + ")"
	case t.Outcome == record.Incomplete:
		return allOf(*size) + " that the server announced; only the confirmation is missing"
	}
	return allOf(*size) + " that the server announced"
}

func allOf(size uint64) string {
	if size == 1 {
		return "the 1 byte"
	}
	return "all " + prose.Many(size, "byte")
}

// share is a part of a whole in percent, rounded down: what is not whole never reads 100 %.
func share(part, whole uint64) string {
	p := uint64(float64(part) / float64(whole) * 100)
	if p == 0 && part > 0 {
		return "less than 1 %"
	}
	return strconv.FormatUint(min(p, 99), 10) + " %"
}
