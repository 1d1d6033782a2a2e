package extract

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftpscope/analyze/record"
)

const (
	// maxName bounds a file's name in bytes; with a number and .partial it stays under
	// the 255 that file systems allow.
	maxName = 180
	// maxExtension is the longest ending that is kept when a name is cut.
	maxExtension = 24
	// partial is the ending of files that are not whole.
	partial = ".partial"
)

// nameOf is a name for the file of a transfer, by what the wire called it.
func nameOf(t *record.Transfer) string {
	name := ""
	switch {
	case t.Path != nil:
		name = *t.Path
	case t.Argument != nil:
		name = *t.Argument
	default:
		name = unique(t)
	}
	name = strings.TrimRight(name, "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	if isListing(t) {
		name = strings.TrimSuffix(*t.Command+"-"+name, "-") + ".txt"
	}
	return clean(name)
}

// unique is the name that the server gave a file of STOU.
func unique(t *record.Transfer) string {
	for _, r := range [2]*record.Reply{t.Preliminary, t.Reply} {
		if r == nil {
			continue
		}
		if at := strings.Index(strings.ToUpper(r.Text), "FILE: "); at >= 0 {
			name, _, _ := strings.Cut(r.Text[at+len("FILE: "):], "\n")
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// clean makes a name that is only a name, on every system: one element, valid UTF-8,
// nothing that is not seen or changes the order of what is seen, no name that means a
// device, no end that systems cut off, bounded.
func clean(name string) string {
	name = strings.ToValidUTF8(name, "_")
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r), r == utf8.RuneError:
			return '_'
		case r == ' ':
			return r
		case !unicode.IsGraphic(r), unicode.In(r, unicode.Cf, unicode.Zs, unicode.Variation_Selector):
			return '_'
		}
		return r
	}, name)
	name = shorten(name)
	if kept := strings.TrimRight(name, ". "); kept != name { // Windows cuts them off
		name = kept + "_"
	}
	switch {
	case name == "":
		return "unnamed"
	case strings.HasSuffix(strings.ToLower(name), partial):
		name += "_" // only what is not whole ends so
	}
	if isDevice(name) || strings.IndexByte(".-~ ", name[0]) >= 0 { // hidden, an option, a home directory, trimmed
		name = "_" + name
	}
	return name
}

// isDevice reports whether Windows takes a name, whatever its ending, for a device.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, port := range [2]string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(stem, port); ok && utf8.RuneCountInString(rest) == 1 && strings.ContainsAny(rest, "0123456789¹²³") {
			return true
		}
	}
	return false
}

// shorten cuts a name in front of its ending.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	stem, ending := split(name)
	cut := maxName - len(ending)
	for cut > 0 && !utf8.RuneStart(stem[cut]) {
		cut--
	}
	return stem[:cut] + ending
}

// split divides a name before its ending.
func split(name string) (stem, ending string) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || len(name)-dot > maxExtension {
		return name, ""
	}
	return name[:dot], name[dot:]
}

// names numbers names that are the same, or would be where letter case does not count.
type names struct{ used map[string]int }

func (n *names) take(name string) {
	if n.used == nil {
		n.used = map[string]int{}
	}
	n.used[strings.ToLower(name)]++
}

// next is the first of a.txt, a-2.txt, a-3.txt, … that was not given yet, with an ending
// behind.
func (n *names) next(name, ending string) string {
	stem, extension := split(name)
	for {
		n.take(name)
		try := name
		if count := n.used[strings.ToLower(name)]; count > 1 {
			try = fmt.Sprintf("%s-%d%s", stem, count, extension)
			if n.used[strings.ToLower(try)] > 0 {
				continue
			}
			n.take(try)
		}
		return try + ending
	}
}
