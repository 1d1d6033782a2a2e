package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"ftpscope/analyze/prose"

	"golang.org/x/term"
)

// console is standard error: messages, and on terminals a status line that messages push away.
type console struct {
	mu     sync.Mutex
	w      io.Writer
	quiet  bool              // no warnings, no progress
	status bool              // the status line is on the screen
	owner  func(text string) // has the terminal and shows messages itself; nil: nobody
}

func (c *console) error(format string, args ...any) { c.message("error", format, args) }

func (c *console) hint(format string, args ...any) { c.message("hint", format, args) }

func (c *console) warning(format string, args ...any) {
	if !c.quiet {
		c.message("warning", format, args)
	}
}

// message writes one line. File names and what quotes them come from outside: they are escaped.
func (c *console) message(kind, format string, args []any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if c.owner != nil {
		c.owner(text)
		return
	}
	c.wipe()
	fmt.Fprintf(c.w, "ftpscope: %s: %s\n", kind, prose.Escape(text))
}

// lend gives the terminal to somebody who shows messages in his own way; nil takes it back.
func (c *console) lend(owner func(text string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owner = owner
}

// suggest hints at the known word nearest to an unknown one, or says something else when none is near.
func (c *console) suggest(word string, known []string, prefix, otherwise string) {
	if near := nearest(word, known); near != "" {
		c.hint("did you mean %s%s?", prefix, near)
		return
	}
	c.hint("%s", otherwise)
}

// show puts text on the status line.
func (c *console) show(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.w, "\r\x1b[K%s", text)
	c.status = true
}

// clear takes the status line away.
func (c *console) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
}

func (c *console) wipe() {
	if c.status {
		io.WriteString(c.w, "\r\x1b[K")
		c.status = false
	}
}

// clearing is a writer to the terminal that the status line may stand on.
type clearing struct {
	w io.Writer
	c *console
}

func (t clearing) Write(b []byte) (int, error) {
	t.c.clear()
	return t.w.Write(b)
}

// terminal reports whether w is one, and how many columns it has.
func terminal(w any) (columns int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		columns = 0
	}
	return columns, true
}
