//go:build unix

package main

import (
	"bytes"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hang is how long tests wait for what should come at once: a guard, no result depends on it.
const hang = 10 * time.Minute

// TestFollow: a session is told when the packets after it have come, in another file of the directory, and SIGINT ends the
// run with a summary and without an error, though a record is half written.
func TestFollow(t *testing.T) {
	sample := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(pcaps, name))
		require.NoError(t, err)
		return b
	}
	dir, result := t.TempDir(), filepath.Join(t.TempDir(), "out.jsonl")
	write := func(name string, b []byte) { require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600)) }
	write("1.pcap", sample("active-port.pcap"))
	var out, errs bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run([]string{"analyze", "--follow", "-o", "json=" + result, "-o", "lines", dir}, strings.NewReader(""), &out, &errs)
	}()
	b := sample("upload.pcap")
	write("2.pcap", b[:len(b)-10])
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(result)
		return err == nil && bytes.Count(b, []byte("\n")) > 0
	}, hang, 10*time.Millisecond)
	mine := make(chan os.Signal, 1)
	signal.Notify(mine, syscall.SIGINT)
	defer signal.Stop(mine)
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
	require.Equal(t, exitDone, <-code)
	require.Empty(t, errs.String())
	require.Contains(t, out.String(), "RETR photo.bin  PORT  server opened")
	require.Contains(t, out.String(), "In total, 2 sessions")
	records, err := os.ReadFile(result)
	require.NoError(t, err)
	require.Equal(t, 3, bytes.Count(records, []byte("\n")))
	require.Contains(t, string(records), `"type":"summary","files":["`+filepath.Join(dir, "1.pcap")+`","`+filepath.Join(dir, "2.pcap")+`"],"packets":205`)
}

// shut is standard output whose reader has gone.
type shut struct{}

func (shut) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// TestGoesOn: when nobody reads the records any more, the files are extracted anyway, to the last.
func TestGoesOn(t *testing.T) {
	dir, files := t.TempDir(), filepath.Join(t.TempDir(), "files")
	for _, name := range []string{"active-port.pcap", "upload.pcap"} { // minutes apart: the first session is told before the second comes
		b, err := os.ReadFile(filepath.Join(pcaps, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	var errs bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run([]string{"analyze", "--follow", "-o", "json", "--extract", files, dir}, strings.NewReader(""), shut{}, &errs)
	}()
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(filepath.Join(files, "manifest.jsonl"))
		return err == nil && bytes.Count(b, []byte("\n")) == 4
	}, hang, 10*time.Millisecond)
	mine := make(chan os.Signal, 1)
	signal.Notify(mine, syscall.SIGINT)
	defer signal.Stop(mine)
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
	require.Equal(t, exitDone, <-code)
	require.Empty(t, errs.String())
}
