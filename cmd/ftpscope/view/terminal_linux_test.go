package view

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"ftpscope/analyze/record"
)

// pty is a terminal: what is written on it, and its other end.
type pty struct {
	*os.File // the program's end
	master   *os.File
	mu       sync.Mutex
	text     strings.Builder
	more     chan struct{}
}

// openPTY makes a terminal of this size.
func openPTY(t *testing.T, width, height uint16) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	var number, unlock uint32
	control(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	control(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	size := [4]uint16{height, width}
	control(t, master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	file, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	p := &pty{File: file, master: master, more: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			p.mu.Lock()
			p.text.Write(buf[:n])
			p.mu.Unlock()
			select {
			case p.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { file.Close(); master.Close() })
	return p
}

func control(t *testing.T, f *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	raw, err := f.SyscallConn()
	require.NoError(t, err)
	var errno syscall.Errno
	require.NoError(t, raw.Control(func(fd uintptr) { _, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)) }))
	require.Zero(t, errno)
}

func (p *pty) shown() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// wait waits until the terminal was sent a text.
func (p *pty) wait(text string) {
	for !strings.Contains(p.shown(), text) {
		<-p.more
	}
}

// after waits until the terminal was sent a text after the last time that it was sent what
// comes before, and returns all that followed that.
func (p *pty) after(before, text string) string {
	for {
		shown := p.shown()
		if i := strings.LastIndex(shown, before); i >= 0 && strings.Contains(shown[i:], text) {
			return shown[i:]
		}
		<-p.more
	}
}

// attributes are the terminal's: raw or not, echoing or not.
func attributes(t *testing.T, f *os.File) *term.State {
	t.Helper()
	s, err := term.GetState(int(f.Fd()))
	require.NoError(t, err)
	return s
}

const (
	altScreen  = "\x1b[?1049h"
	mainScreen = "\x1b[?1049l"
	showCursor = "\x1b[?25h"
)

func requireGivenBack(t *testing.T, p *pty, before *term.State) {
	t.Helper()
	p.wait(mainScreen)
	text := p.shown()
	require.Equal(t, before, attributes(t, p.File))
	require.Equal(t, strings.Count(text, altScreen), strings.Count(text, mainScreen))
	require.Greater(t, strings.LastIndex(text, showCursor), strings.LastIndex(text, "\x1b[?25l"))
}

func TestTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	p := openPTY(t, 100, 30)
	before := attributes(t, p.File)
	require.True(t, Suits(p.File, p.File))

	stopped := make(chan bool, 1)
	v := New(Options{Interfaces: []string{"eth0"}, Color: true, In: p.File, Out: p.File, Now: func() time.Time { return began }})
	v.Run(func() { stopped <- true })
	p.wait("no FTP sessions yet")
	require.NotEqual(t, before, attributes(t, p.File))
	require.NoError(t, v.Session(made(7, 3, record.Passive, record.NoConnection)))
	x := hostile()
	require.NoError(t, v.Session(x))
	v.Warn("eth0: \x1b]0;owned\x07 went down")
	p.wait(`eth0: \x1b]0;owned\x07 went down`)
	p.wait("192.0.2.17")
	p.master.WriteString("q")
	require.True(t, <-stopped)
	require.NoError(t, v.Close())
	require.NoError(t, v.Close())
	requireGivenBack(t, p, before)
	stays := p.after(mainScreen, "192.0.2.17") // the sessions stay on the terminal
	require.NotContains(t, stays, "STOPPING")
	require.NotContains(t, p.shown(), "\x1b]0;owned")
	require.NotContains(t, p.shown(), "\x1b[2J\x1b]")
	require.Equal(t, []string{`eth0: \x1b]0;owned\x07 went down`}, v.Warnings())
}

func TestTerminalAfterPanic(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	p := openPTY(t, 100, 30)
	before := attributes(t, p.File)
	calls := 0
	v := New(Options{In: p.File, Out: p.File, Now: func() time.Time {
		if calls++; calls > 4 {
			panic("a bug")
		}
		return began
	}})
	v.Run(func() {})
	<-v.done
	requireGivenBack(t, p, before)
	require.EqualError(t, v.Session(made(1, 1, record.Active)), "live view: a bug")
	require.EqualError(t, v.Close(), "live view: a bug")
	require.NotContains(t, p.shown(), "goroutine")
}

func TestTerminalImpatient(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	p := openPTY(t, 100, 30)
	before := attributes(t, p.File)
	stopped := make(chan bool, 2)
	v := New(Options{In: p.File, Out: p.File})
	v.Run(func() { stopped <- true })
	p.wait("no FTP sessions yet")
	p.master.WriteString("\x03")
	p.wait("STOPPING")
	require.True(t, <-stopped)
	p.master.WriteString("q")
	require.True(t, <-stopped)
	requireGivenBack(t, p, before)
	require.NoError(t, v.Close())
}

// TestTerminalGone: a window that is closed takes its signal along (SIGHUP is for the outputs), so the display must notice.
func TestTerminalGone(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	p := openPTY(t, 100, 30)
	stopped := make(chan bool, 1)
	v := New(Options{In: p.File, Out: p.File})
	v.Run(func() { stopped <- true })
	p.wait("no FTP sessions yet")
	require.NoError(t, p.master.Close())
	require.True(t, <-stopped)
	<-v.done
	require.EqualError(t, v.Session(made(1, 1, record.Active)), "live view: the terminal was closed")
	require.EqualError(t, v.Close(), "live view: the terminal was closed")
}

func TestSuits(t *testing.T) {
	p := openPTY(t, 29, 30)
	t.Setenv("TERM", "xterm")
	require.False(t, Suits(p.File, p.File), "too narrow")
	p = openPTY(t, 30, 8)
	require.True(t, Suits(p.File, p.File))
	require.False(t, Suits(os.Stdin, &strings.Builder{}))
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	require.False(t, Suits(null, p.File))
	t.Setenv("TERM", "dumb")
	require.False(t, Suits(p.File, p.File))
}
