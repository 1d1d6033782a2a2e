package control

import (
	"path"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// directory is where the session stands on the server.
type directory struct {
	working workingDirectory
	home    string // the login directory, if PWD named it
	texts   *ftp.Texts
}

// move is CWD and CDUP; not known: the argument or the reply was not seen.
func (d *directory) move(to string, known bool) {
	if known {
		d.working = d.working.change(to)
	} else {
		d.working = workingDirectory{}
	}
}

// lose says that commands may have changed it.
func (d *directory) lose() { d.working = workingDirectory{} }

// named is the reply to PWD: the working directory in the server's own words.
func (d *directory) named(r *record.Reply) {
	if dir, ok := ftp.ParsePath257(r.Text); ok && !r.Cut && isAbsolute(dir) {
		if d.working.known && d.working.dir == "" && len(dir) <= maxDir {
			d.home = path.Clean(dir)
		}
		d.working = d.working.change(dir)
	}
}

// workingDirectory is the working directory as the control connection tells it. Until PWD
// or an absolute CWD names it, it is known relative to the login directory only, and in a
// capture that began after the login not at all.
type workingDirectory struct {
	dir   string // "" is the login directory, or the unknown one
	known bool   // dir is absolute, or relative to the login directory
}

// maxDir bounds a working directory's name, as PATH_MAX does: a hostile client could send
// CWD for ever. Beyond it the place counts as unknown.
const maxDir = 4096

// resolve returns the path that an argument names, empty when it cannot be told.
func (d *directory) resolve(arg string) string {
	if !isAbsolute(arg) {
		if !d.working.known {
			return ""
		}
		arg = join(d.texts, d.working.dir, arg)
	} else {
		arg = path.Clean(arg)
	}
	if arg == "" {
		arg = "."
	}
	return arg
}

func isAbsolute(p string) bool { return strings.HasPrefix(p, "/") }

// join appends arg to dir; a path relative to the login directory stays so, also where
// ".." climbs above it.
func join(texts *ftp.Texts, dir, arg string) string {
	if arg == "" {
		return dir
	}
	joined := arg
	if dir != "" {
		var room [128]byte
		b := append(room[:0], dir...)
		if dir != "/" {
			b = append(b, '/')
		}
		joined = texts.Keep(append(b, arg...))
	}
	if joined = path.Clean(joined); joined == "." {
		return ""
	}
	return joined
}

// change is CWD.
func (p workingDirectory) change(arg string) workingDirectory {
	dir := ""
	switch {
	case isAbsolute(arg):
		dir = path.Clean(arg)
	case !p.known, strings.HasPrefix(arg, "~"):
		return workingDirectory{}
	default:
		dir = join(nil, p.dir, arg)
	}
	if len(dir) > maxDir {
		return workingDirectory{}
	}
	return workingDirectory{dir, true}
}

// listed takes the options off the argument of LIST and NLST, as servers do: "-la /pub"
// lists /pub.
func listed(arg string) string {
	for strings.HasPrefix(arg, "-") {
		_, rest, _ := strings.Cut(arg, " ")
		arg = strings.TrimLeft(rest, " ")
	}
	return arg
}

// takesPath lists the commands whose argument is a path.
func takesPath(v ftp.Verb) bool {
	switch v {
	case ftp.CWD, ftp.XCWD, ftp.SMNT, ftp.DELE, ftp.RMD, ftp.XRMD, ftp.RMDA, ftp.MKD, ftp.XMKD, ftp.RNFR, ftp.RNTO, ftp.SIZE, ftp.MDTM, ftp.STAT,
		ftp.MLST, ftp.MFMT, ftp.MFCT, ftp.MFF, ftp.HASH, ftp.MD5, ftp.XCRC, ftp.XMD5, ftp.XSHA, ftp.XSHA1, ftp.XSHA256, ftp.XSHA512:
		return true
	}
	return v.IsTransfer()
}

// mayClimb is a quick look that most paths do not pass.
func mayClimb(path string) bool {
	return strings.Contains(path, "..") || strings.Contains(path, "%2")
}

// climbs reports whether an argument leads above the login directory by "..": home is
// that directory if PWD named it. Where the working directory is not known, only paths
// count that no client which merely walks about would send.
func (p workingDirectory) climbs(home, arg string) bool {
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

// hiddenClimb reports whether ".." is followed or made by characters in disguise
// (percent, twice percent, overlong UTF-8).
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

// farUp reports whether a path climbs by so much that hardly any working directory
// explains it, and goes down again; by Windows' separators any climb counts, for clients
// do not use them.
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

// walk follows a path through the directories; at and home are absolute, or both relative
// to the login directory (then home has no elements).
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
