// Package view shows a live analysis on a terminal: how the capture stands, the sessions
// that are open and those that ended, with their transfers and findings. It is the table
// format for what has no end yet.
//
// The analysis hands over records and is never kept waiting: they go into a bounded
// store, and the terminal's own goroutine looks into it a few times a second.
package view

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"

	"ftpscope/analyze"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// Options of a View.
type Options struct {
	Interfaces    []string
	Files         bool // they are files: who is behind them loses nothing
	Color         bool
	ShowPasswords bool
	In            io.Reader
	Out           io.Writer
	Zone          prose.Zone
	Now           func() time.Time // time.Now if nil
}

const (
	look       = 200 * time.Millisecond // how often the display looks for news
	maxRedraws = 10                     // a second, keys included
	closeWait  = 2 * time.Second        // a terminal that takes nothing (Ctrl+S) must not keep the program
)

// View is a report.Writer whose display runs between Run and Close.
type View struct {
	opt    Options
	store  store
	mu     sync.Mutex
	failed error
	tea    *tea.Program
	model  *model
	done   chan struct{}
	before *term.State // of the terminal
	fd     int
}

// New returns a View that shows nothing yet.
func New(o Options) *View {
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &View{opt: o}
	v.store.init(o.ShowPasswords)
	return v
}

// Suits reports whether a view can be shown: both ends are a terminal that can do more
// than print lines.
func Suits(in, out any) bool {
	const leastWidth, leastHeight = 30, 8
	i, okIn := in.(*os.File)
	o, okOut := out.(*os.File)
	if name := os.Getenv("TERM"); !okIn || !okOut || name == "" || name == "dumb" {
		return false
	}
	if !term.IsTerminal(int(i.Fd())) || !term.IsTerminal(int(o.Fd())) {
		return false
	}
	width, height, err := term.GetSize(int(o.Fd()))
	return err == nil && width >= leastWidth && height >= leastHeight
}

// Run takes the terminal and shows what comes. stop is called when the user wants to quit
// or closes the terminal, and once more, the terminal given back, when they cannot wait
// for it.
func (v *View) Run(stop func()) {
	in := v.opt.In
	if f, ok := in.(*os.File); ok {
		v.fd = int(f.Fd())
		v.before, _ = term.GetState(v.fd)
		in = &keyboard{File: f, gone: sync.OnceFunc(func() {
			v.fail(errGone)
			go stop()
		})}
	}
	m := newModel(v.opt, &v.store)
	m.stop, v.model = stop, m
	profile := colorprofile.NoTTY
	if v.opt.Color {
		profile = colorprofile.ANSI
	}
	v.tea = tea.NewProgram(&guard{m, v}, tea.WithInput(in), tea.WithOutput(v.opt.Out), tea.WithFPS(maxRedraws),
		tea.WithoutSignalHandler(), tea.WithColorProfile(profile))
	v.done = make(chan struct{})
	go func() {
		defer close(v.done)
		if _, err := v.tea.Run(); err != nil {
			v.fail(err)
		}
		if m.impatient {
			stop()
		}
	}()
}

// keyboard notices that the terminal is closed, which the signal SIGHUP does not tell: it
// is for output files.
type keyboard struct {
	*os.File
	gone func()
}

var errGone = errors.New("the terminal was closed")

// Read passes on.
func (k *keyboard) Read(b []byte) (int, error) {
	n, err := k.File.Read(b)
	if err != nil && len(b) > 0 {
		k.gone()
	}
	return n, err
}

// Close gives the terminal back as it was, with what was last to be seen on it. The error
// is why the display ended early, if it did.
func (v *View) Close() error {
	if v.tea != nil {
		go v.tea.Quit()
		select {
		case <-v.done:
			v.leave()
		case <-time.After(closeWait):
			if v.before != nil {
				term.Restore(v.fd, v.before)
			}
		}
		v.tea = nil
	}
	return v.err()
}

// leave writes the last frame, so that it can be read and scrolled to when all is over.
func (v *View) leave() {
	if v.err() == nil && !v.model.impatient {
		_, _ = io.WriteString(v.opt.Out, lastFrame(v.model)) // who took the terminal away does not read it
	}
}

// Warn shows a message.
func (v *View) Warn(text string) { v.store.warn(text, v.opt.Now()) }

// Warnings are the messages so far, to be read when the terminal is given back.
func (v *View) Warnings() []string { return v.store.warnings() }

// Status tells how the analysis stands.
func (v *View) Status(s *analyze.Status) { v.store.status(s) }

// Session shows a session; a snapshot is replaced by the next and by the record of the
// session's end. It fails, as do the other records, once the display has.
func (v *View) Session(s *record.Session) error {
	v.store.add(s)
	return v.err()
}

// Attempt counts an attempt.
func (v *View) Attempt(*record.Attempt) error {
	v.store.attempt()
	return v.err()
}

// Orphan counts a data connection without a session.
func (v *View) Orphan(*record.Orphan) error {
	v.store.orphan()
	return v.err()
}

// Summary shows nothing: it comes when all is over.
func (v *View) Summary(*record.Summary) error { return v.err() }

func (v *View) err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.failed
}

func (v *View) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failed == nil {
		v.failed = fmt.Errorf("live view: %w", err)
	}
}

// guard ends the display when it has a bug, with the terminal given back and without a
// stack on it; the analysis goes on.
type guard struct {
	*model
	v *View
}

// Update passes on.
func (g *guard) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			g.v.fail(fmt.Errorf("%v", r))
			next, cmd = g, tea.Quit
		}
	}()
	if err := g.v.err(); err != nil {
		return g, tea.Quit
	}
	return g, g.update(msg)
}

// View draws the frame.
func (g *guard) View() (frame tea.View) {
	defer func() {
		if r := recover(); r != nil {
			g.v.fail(fmt.Errorf("%v", r))
			frame = tea.View{AltScreen: true}
		}
	}()
	frame = tea.NewView(g.frame())
	frame.AltScreen = true
	return frame
}
