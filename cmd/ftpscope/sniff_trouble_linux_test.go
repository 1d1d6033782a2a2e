package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The disk is full for a while: records are lost, which is said; whole ones are there, and it goes on.
func testDiskFull(t *testing.T) {
	lab := newLab(t, 1)
	require.NoError(t, syscall.Mount("lab", lab.folder, "tmpfs", 0, "size=512k,uid=65534,mode=755"))
	t.Cleanup(func() { syscall.Unmount(lab.folder, syscall.MNT_DETACH) })
	ballast := filepath.Join(lab.folder, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 496<<10), 0o644))

	out := filepath.Join(lab.folder, "records.jsonl")
	s := start(t, "-i", "b0", "-o", "json="+out)
	for warned := func() bool { return strings.HasSuffix(s.errs.String(), "\n") }; !warned(); { // a record after the other, until one has no room
		had := sessionsIn(out)
		lab.send(0)
		eventually(t, "a record or a warning", func() bool { return sessionsIn(out) > had || warned() })
	}
	require.Equal(t, "ftpscope: warning: "+out+": no space left on device; records are lost until it can be written again\n", s.errs.String())
	parse(t, read(t, out))
	require.NoError(t, os.Remove(ballast))
	lab.send(0)
	eventually(t, "records again", func() bool { return strings.Contains(s.errs.String(), "written again") })
	s.stop(t)
	list := parse(t, read(t, out))
	require.Equal(t, "summary", list[len(list)-1].Type)
	require.Greater(t, list[len(list)-1].Sessions, sessionsIn(out), "some were lost")
	require.Regexp(t, `written again; [0-9]+ records? lost\n$`, s.errs.String())
}

// An interface that goes down and comes back is sniffed on; the last one's removal ends it.
func testInterfaceTrouble(t *testing.T) {
	lab := newLab(t, 2)
	out := filepath.Join(lab.folder, "records.jsonl")
	s := start(t, "-i", "b0", "-i", "b1", "-o", "json="+out)
	says := func(what string) {
		t.Helper()
		eventually(t, what, func() bool { return strings.HasSuffix(s.errs.String(), "ftpscope: warning: "+what+"\n") })
	}
	client := lab.visit(0)
	client.send(half)
	require.NoError(t, ip("link set b0 down\n"))
	says("b0: the interface is down")
	require.NoError(t, ip("link set b0 up\n"))
	says("b0: the interface is up again")
	client.send(0)
	eventually(t, "the session", func() bool { return sessionsIn(out) == 1 })
	require.NoError(t, ip("link del b0\n"))
	says("b0: the interface was removed")
	lab.send(1)
	eventually(t, "the other interface's session", func() bool { return sessionsIn(out) == 2 })
	require.NoError(t, ip("link del b1\n"))
	code, err := s.wait()
	require.NoError(t, err)
	require.Equal(t, exitRead, code)
	require.Regexp(t, "ftpscope: warning: b1: the interface was removed\nftpscope: error: no interface is left to listen on\n$", s.errs.String())
	list := parse(t, read(t, out))
	require.Equal(t, "summary", list[len(list)-1].Type)
	require.Equal(t, "quit", list[0].Closing)
}
