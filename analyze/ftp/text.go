package ftp

import (
	"strconv"
	"strings"
)

// ParsePath257 reads the path of a reply to PWD or MKD: quoted, quotes in it doubled (RFC
// 959 appendix II).
func ParsePath257(text string) (string, bool) {
	_, s, ok := strings.Cut(text, `"`)
	if !ok {
		return "", false
	}
	var path strings.Builder
	for {
		part, rest, ok := strings.Cut(s, `"`)
		if !ok {
			return "", false
		}
		path.WriteString(part)
		if !strings.HasPrefix(rest, `"`) {
			return path.String(), true
		}
		path.WriteByte('"')
		s = rest[1:]
	}
}

// ParseUnique reads the name that the server gave a file of STOU: "FILE: pppp" (RFC 1123
// section 4.1.2.9), in 226 of older servers "(unique file name:pppp)". It is empty when
// there is none.
func ParseUnique(text string) string {
	upper := strings.ToUpper(text)
	if at := strings.Index(upper, "FILE: "); at >= 0 && len(upper) == len(text) {
		name, _, _ := strings.Cut(text[at+len("FILE: "):], "\n")
		return strings.TrimSpace(name)
	}
	const old = "(UNIQUE FILE NAME:"
	if at := strings.Index(upper, old); at >= 0 && len(upper) == len(text) {
		name, _, _ := strings.Cut(text[at+len(old):], "\n")
		if end := strings.LastIndexByte(name, ')'); end >= 0 {
			return strings.TrimSpace(name[:end])
		}
	}
	return ""
}

// ParseSize213 reads the reply to SIZE (RFC 3659 section 4.1): a number and nothing else.
func ParseSize213(text string) (uint64, bool) {
	return parseSize(strings.TrimSpace(text))
}

// ParseSize150 reads the size that most servers add to a 150: "(39424 bytes)", "39424
// bytes to download". The last mention counts, for the file's name comes before it and
// may have any form; rounded sizes ("38.5 kbytes") do not.
func ParseSize150(text string) (uint64, bool) {
	i := lastByteWord(text)
	if i < 0 {
		return 0, false
	}
	head := strings.TrimRight(text[:i], " ")
	start := len(head)
	for start > 0 && isDigit(head[start-1]) {
		start--
	}
	if start > 0 && strings.IndexByte(" (\n[=:", head[start-1]) < 0 {
		return 0, false // "1.5 bytes", "12,345 bytes"
	}
	return parseSize(head[start:])
}

// lastByteWord is where the last "byte" or "bytes" begins, in any letter case; -1:
// nowhere.
func lastByteWord(text string) int {
	for i := len(text) - len("byte"); i >= 0; i-- {
		if strings.EqualFold(text[i:i+len("byte")], "byte") {
			return i
		}
	}
	return -1
}

func parseSize(digits string) (uint64, bool) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}
