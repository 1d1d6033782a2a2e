package control

import "strings"

// mayClimb is a quick look that most paths do not pass.
func mayClimb(path string) bool {
	return strings.Contains(path, "..") || strings.Contains(path, "%2")
}

// climbs reports whether an argument leads above the login directory by "..": home is that directory if PWD named it.
// Where the working directory is not known, only paths count that no client which merely walks about would send.
func (p place) climbs(home, arg string) bool {
	if hiddenClimb(arg) {
		return true
	}
	separators := arg
	if strings.Contains(arg, `..\`) || strings.Contains(arg, `\..`) {
		separators = strings.ReplaceAll(arg, `\`, "/")
	}
	switch {
	case isAbsolute(separators):
		return walk{home: elements(home)}.leaves(separators)
	case !p.known:
		return farUp(separators, separators != arg)
	case !isAbsolute(p.dir):
		return walk{at: elements(p.dir)}.leaves(separators)
	}
	return walk{at: elements(p.dir), home: elements(home)}.leaves(separators)
}

// hiddenClimb reports whether ".." is followed or made by characters in disguise (percent, twice percent, overlong UTF-8).
func hiddenClimb(arg string) bool {
	if !strings.Contains(arg, "%") {
		return false
	}
	lower := strings.ToLower(arg)
	for _, hidden := range [...]string{"%2e%2e", "..%2f", "..%5c", "..%c0%af", "..%c1%9c", "..%252f", "..%255c"} {
		if strings.Contains(lower, hidden) {
			return true
		}
	}
	return false
}

// farUp reports whether a path climbs by so much that hardly any working directory explains it, and goes down again; by
// Windows' separators any climb counts, for clients do not use them.
func farUp(path string, windows bool) bool {
	const far = 4 // levels
	depth, deepest, last := 0, 0, ""
	for element := range strings.SplitSeq(path, "/") {
		switch element {
		case "", ".":
		case "..":
			depth--
			deepest = min(deepest, depth)
		default:
			depth++
			last = element
		}
	}
	return windows && deepest < 0 || deepest <= -far && last != ""
}

// walk follows a path through the directories; at and home are absolute, or both relative to the login directory (then home
// has no elements).
type walk struct{ at, home []string }

// leaves reports whether ".." leads out of home from somewhere in it, or above the top.
func (w walk) leaves(path string) bool {
	for element := range strings.SplitSeq(path, "/") {
		switch n := len(w.at); {
		case element == "" || element == ".":
		case element != "..":
			w.at = append(w.at, element)
		case n == 0 || w.at[n-1] == "..":
			return true
		case n == len(w.home) && w.athome():
			return true
		default:
			w.at = w.at[:n-1]
		}
	}
	return false
}

func (w walk) athome() bool {
	for i, name := range w.home {
		if w.at[i] != name {
			return false
		}
	}
	return true
}

func elements(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}
