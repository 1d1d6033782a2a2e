package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // --tz works on machines that know no zones

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report"
	"ftpscope/capture"
	"ftpscope/cmd/ftpscope/mistakes"
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

// wrote says what was written, and where.
func (c *console) wrote(place, format string, args ...any) {
	c.say("wrote "+strings.ReplaceAll(place, "%", "%%")+": "+format, args...)
}

// say tells who sits at a terminal what is being done.
func (c *console) say(format string, args ...any) {
	if _, ok := terminal(c.w); ok && !c.quiet {
		c.message("", format, args)
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
	if kind != "" {
		kind += ": "
	}
	fmt.Fprintf(c.w, "ftpscope: %s%s\n", kind, prose.Escape(text))
}

// lend gives the terminal to somebody who shows messages in his own way; nil takes it back.
func (c *console) lend(owner func(text string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owner = owner
}

// suggest hints at the known word nearest to an unknown one, or says something else when none is near.
func (c *console) suggest(word string, known []string, prefix, otherwise string) {
	if near := mistakes.Nearest(word, known); near != "" {
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

// looks are the flags that say how results for people look.
type looks struct {
	color string
	title string
	width int
	zone  zone
}

func (l *looks) add(s *pflag.FlagSet) {
	s.StringVar(&l.color, "color", "auto", "use colour: `WHEN` is auto, always or never")
	s.IntVar(&l.width, "width", 0, "make pages `N` columns wide (default: COLUMNS, else the terminal)")
	s.StringVar(&l.title, "title", "", "html, markdown: head the report with `TEXT`")
	s.Var(&l.zone, "tz", "show times in `ZONE`: UTC, local or a name such as Europe/Berlin")
}

func (l *looks) check() error {
	const least, most = 60, 1000
	switch {
	case l.color != "auto" && l.color != "always" && l.color != "never":
		return fmt.Errorf("--color takes auto, always or never, got %q", l.color)
	case l.width != 0 && (l.width < least || l.width > most):
		return fmt.Errorf("--width takes a number of columns from %d to %d, got %d", least, most, l.width)
	}
	return nil
}

// options are those of a result that goes to a file; onto says where else it goes.
func (l *looks) options() report.Options {
	return report.Options{Width: l.width, Color: l.color == "always", Rich: richTerminal(), Zone: l.zone.Zone, Title: l.title}
}

// onto makes the options of a result on standard output.
func (e *env) onto(o report.Options, l *looks) report.Options {
	_, isTerminal := terminal(e.stdout)
	o.Color = l.colored(isTerminal)
	if o.Width == 0 {
		o.Width = e.pageWidth()
	}
	return o
}

// colored decides on colours for standard output: the flag, else NO_COLOR (no-color.org) and the terminal.
func (l *looks) colored(onTerminal bool) bool {
	if l.color != "auto" {
		return l.color == "always"
	}
	return onTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// richTerminal reports whether the terminal has 256 colours, as far as it says so.
func richTerminal() bool {
	return strings.Contains(os.Getenv("TERM"), "256color") || os.Getenv("COLORTERM") != ""
}

// zone is a flag of a time zone.
type zone struct {
	prose.Zone
	text string
}

func (z *zone) Set(text string) (err error) {
	z.text = text
	if z.Zone, err = prose.ReadZone(text); err != nil {
		return errors.New("it takes UTC, local or a zone such as Europe/Berlin")
	}
	z.Clock(0) // reads what the system knows of it, before files may no longer be opened
	return nil
}

func (z *zone) String() string { return z.text }

func (z *zone) Type() string { return "zone" }

// pageWidth is how wide pages on standard output are to be: as COLUMNS says, else as wide as the terminal. A pipe leads to
// a pager: then standard error may be on the terminal. 0 for what is none.
func (e *env) pageWidth() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	columns, ok := terminal(e.stdout)
	if f, isFile := e.stdout.(*os.File); !ok && isFile {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
			columns, _ = terminal(e.w)
		}
	}
	return columns
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

const (
	progressAfter = time.Second // shorter runs need none
	progressEvery = 200 * time.Millisecond
)

// progress shows how far the reading is, on terminals; the result ends it.
func (j *job) progress(doing string, c *capture.Capture, sessions func() int64) (stop func()) {
	columns, ok := terminal(j.w)
	if !ok || j.quiet {
		return func() {}
	}
	if columns == 0 {
		columns = report.DefaultWidth
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		begin := time.Now()
		wait := time.NewTimer(progressAfter)
		defer wait.Stop()
		for {
			select {
			case <-done:
				j.clear()
				return
			case <-wait.C:
			}
			s := c.Stats()
			p := pace{doing, j.what(), s.BytesRead, s.BytesTotal, sessions(), time.Since(begin)}
			j.show(prose.Cut(p.String(), columns-1))
			wait.Reset(progressEvery)
		}
	})
	return func() {
		close(done)
		running.Wait()
	}
}

// what names the input in a few columns.
func (j *job) what() string {
	name := prose.Cut(prose.Escape(filepath.Base(j.files[0])), 30)
	if more := len(j.files) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more", name, more)
	}
	return name
}

// pace is one moment of a run.
type pace struct {
	doing       string
	name        string
	read, total int64
	sessions    int64
	elapsed     time.Duration
}

// String is the status line: "analyzing a.pcap   41 %  12.3 GB of 30.1 GB   2.1 GB/s   8 s left   1,204 sessions".
func (p pace) String() string {
	rate := float64(p.read) / max(p.elapsed.Seconds(), 0.001)
	line := p.doing + " " + p.name + "   "
	if p.total > 0 {
		line += fmt.Sprintf("%d %%  %s of %s   ", 100*p.read/p.total, prose.Size(uint64(p.read)), prose.Size(uint64(p.total)))
	} else {
		line += prose.Size(uint64(p.read)) + "   "
	}
	line += prose.Size(uint64(rate)) + "/s   "
	if left := p.total - p.read; p.total > 0 && rate > 0 {
		line += prose.Span(time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second)) + " left   "
	}
	if p.sessions == 0 {
		return strings.TrimRight(line, " ")
	}
	return line + prose.Many(uint64(p.sessions), "session")
}
