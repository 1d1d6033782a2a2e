package ftp

import "bytes"

// Command is a line of the client; its slices alias the line.
type Command struct {
	Verb   Verb
	Name   []byte // the verb as sent
	Arg    []byte // all after the one space: further and trailing spaces belong to file names
	HasArg bool   // a space followed the verb, if nothing else
}

// ParseCommand reads a command line, without its line end (RFC 959 section 5.3.1). Letter
// case does not matter. Spaces before the verb are skipped, and so are Telnet bytes, what
// is left of a Synch whose IAC was lost.
func ParseCommand(line []byte) Command {
	for len(line) > 0 && (line[0] == ' ' || line[0] >= lowest) {
		line = line[1:]
	}
	name, arg, hasArg := bytes.Cut(line, space)
	return Command{lookup(name), name, arg, hasArg}
}

var space = []byte{' '}
