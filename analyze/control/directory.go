package control

import (
	"path"
	"strings"
)

// place is the working directory as the control connection tells it. Until PWD or an absolute CWD names it, it is
// known relative to the login directory only, and in a capture that began after the login not at all.
type place struct {
	dir   string // "" is the login directory, or the unknown one
	known bool   // dir is absolute, or relative to the login directory
}

// maxDir bounds a working directory's name, as PATH_MAX does: a hostile client could send CWD for ever. Beyond it the
// place counts as unknown.
const maxDir = 4096

// resolve returns the path that an argument names, empty when it cannot be told.
func (p place) resolve(arg string) string {
	if !isAbsolute(arg) {
		if !p.known {
			return ""
		}
		arg = join(p.dir, arg)
	} else {
		arg = path.Clean(arg)
	}
	if arg == "" {
		arg = "."
	}
	return arg
}

func isAbsolute(p string) bool { return strings.HasPrefix(p, "/") }

// join appends arg to dir; a path relative to the login directory stays so, also where ".." climbs above it.
func join(dir, arg string) string {
	if arg == "" {
		return dir
	}
	if dir == "/" {
		return path.Clean(dir + arg)
	}
	joined := path.Join(dir, arg)
	if joined == "." {
		return ""
	}
	return joined
}

// change is CWD.
func (p place) change(arg string) place {
	dir := ""
	switch {
	case isAbsolute(arg):
		dir = path.Clean(arg)
	case !p.known, strings.HasPrefix(arg, "~"):
		return place{}
	default:
		dir = join(p.dir, arg)
	}
	if len(dir) > maxDir {
		return place{}
	}
	return place{dir, true}
}

// listed takes the options off the argument of LIST and NLST, as servers do: "-la /pub" lists /pub.
func listed(arg string) string {
	for strings.HasPrefix(arg, "-") {
		_, rest, _ := strings.Cut(arg, " ")
		arg = strings.TrimLeft(rest, " ")
	}
	return arg
}
