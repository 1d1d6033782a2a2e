package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// newTerminal is a terminal of so many columns that nobody looks at.
func newTerminal(t *testing.T, columns uint16) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { master.Close() })
	ioctl := func(request uintptr, value unsafe.Pointer) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(value))
		require.Zero(t, errno)
	}
	unlock, number := int32(0), uint32(0)
	ioctl(syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctl(syscall.TIOCGPTN, unsafe.Pointer(&number))
	ioctl(syscall.TIOCSWINSZ, unsafe.Pointer(&[4]uint16{24, columns}))
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { slave.Close() })
	return slave
}

// A pager takes what is written through a pipe: the page is as wide as the terminal that
// the user looks at. A file has no such reader.
func TestPageWidth(t *testing.T) {
	t.Setenv("COLUMNS", "")
	wide, narrow := newTerminal(t, 133), newTerminal(t, 90)
	pipe, _, err := os.Pipe()
	require.NoError(t, err)
	defer pipe.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	for name, c := range map[string]struct {
		stdout, stderr *os.File
		columns        string
		want           int
	}{
		"terminal":               {wide, narrow, "", 133},
		"pager":                  {pipe, narrow, "", 90},
		"nobody looks":           {pipe, file, "", 0},
		"file":                   {file, narrow, "", 0},
		"COLUMNS":                {wide, wide, "72", 72},
		"COLUMNS of a pager":     {pipe, wide, "72", 72},
		"COLUMNS without number": {wide, wide, "x", 133},
	} {
		t.Setenv("COLUMNS", c.columns)
		e := &env{stdout: c.stdout, console: &console{w: c.stderr}}
		require.Equal(t, c.want, e.pageWidth(), name)
	}
}
