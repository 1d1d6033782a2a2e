// Package config reads the file of flags that a user always gives; the command line, which wins, takes them.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// maxSize bounds what is read of a file that should hold some flags.
const maxSize = 64 << 10

// None instead of a file's name stands for no file.
const None = "none"

// Line is a flag in the file.
type Line struct {
	File   string
	Number int
	Name   string
	Value  string
	given  bool // there is a value
}

// Error says where in the file something is wrong.
type Error struct {
	Line Line
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %v", e.Line.File, e.Line.Number, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Path is where the file is looked for, by the XDG Base Directory Specification; empty: nowhere.
func Path() string {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // which is to be ignored
		home, err := os.UserHomeDir()
		if err != nil || home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "ftpscope", "config")
}

// Read reads a file: a flag a line, as on the command line or without its dashes; # begins a comment. Without a name it is
// the one at Path, which need not be there.
func Read(name string) ([]Line, error) {
	path := name
	if name == None {
		return nil, nil
	}
	if name == "" {
		if path = Path(); path == "" {
			return nil, nil
		}
	}
	file, err := os.Open(path)
	if name == "" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
		return nil, nil // somebody else's home, under sudo
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parse(path, io.LimitReader(file, maxSize+1))
}

func parse(path string, r io.Reader) (list []Line, err error) {
	size := 0
	scanner := bufio.NewScanner(r)
	for n := 1; scanner.Scan(); n++ {
		if size += len(scanner.Bytes()) + 1; size > maxSize {
			return nil, fmt.Errorf("%s: larger than %d KiB", path, maxSize>>10)
		}
		text := strings.TrimSpace(scanner.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		l := Line{File: path, Number: n}
		at := strings.IndexAny(text, "= \t")
		if l.given = at >= 0; l.given {
			l.Value = strings.TrimSpace(text[at:])
			l.Value = unquoted(strings.TrimSpace(strings.TrimPrefix(l.Value, "=")))
			text = text[:at]
		}
		l.Name = strings.TrimPrefix(text, "--")
		list = append(list, l)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// unquoted takes quotes off that a shell would have.
func unquoted(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// allowed are the flags that may stand in the file, and the flag without which one means nothing. Not among them are those
// that choose what is read, shown and written: what hides a session is to be seen on the command line.
var allowed = map[string]string{
	"port": "", "vxlan-port": "", "merge-networks": "", "verify-checksums": "", "disable": "", "brute-failures": "", "brute-window": "",
	"workers": "", "quiet": "", "color": "", "width": "", "tz": "", "all": "", "keylog": "", "hash": "", "extract-limit": "extract", "extract-listings": "extract",
	"ring-size": "", "no-promisc": "", "idle-timeout": "follow", "interval": "follow", "rotate": "write", "keep": "write",
}

// Apply gives a command's flags what the file says of them and the command line does not. Flags of other commands are
// theirs. It returns the lines that it took.
func Apply(lines []Line, s *pflag.FlagSet) (taken []Line, err error) {
	given := map[string]bool{}
	s.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for _, l := range lines {
		needs, ok := allowed[l.Name]
		if !ok {
			return nil, &Error{l, fmt.Errorf("--%s cannot stand in this file", l.Name)}
		}
		f := s.Lookup(l.Name)
		if f == nil || given[l.Name] || needs != "" && s.Lookup(needs) != nil && !given[needs] {
			continue
		}
		if !l.given {
			if l.Value = f.NoOptDefVal; l.Value == "" {
				return nil, &Error{l, fmt.Errorf("--%s needs a value", l.Name)}
			}
		}
		if err := s.Set(l.Name, l.Value); err != nil {
			var bad *pflag.InvalidValueError
			if errors.As(err, &bad) && bad.Unwrap() != nil {
				err = fmt.Errorf("--%s: %w", l.Name, bad.Unwrap())
			}
			return nil, &Error{l, err}
		}
		taken = append(taken, l)
	}
	return taken, nil
}

// Names are the flags that may stand in the file.
func Names() (list []string) {
	for name := range allowed {
		list = append(list, name)
	}
	return list
}
