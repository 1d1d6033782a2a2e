package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The first SIGINT ends the reading: what was found is told, as of a capture that is cut there, and no file is taken for a
// whole result. So it is with a pipe that has more to give, and with one whose writer has stopped.
func TestInterrupted(t *testing.T) {
	sample, err := os.ReadFile(pcaps + "/passive-refused.pcap")
	require.NoError(t, err)
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	for _, test := range []struct {
		name, input, file string
		stops             bool
	}{{"pipe", "-", "stdin", false}, {"pipe that waits", "-", "stdin", true}, {"fifo that waits", fifo, fifo, true}} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.jsonl")
			c := exec.Command("ftpscope", "-o", "json", "-o", "json="+file, test.input)
			var out, errs bytes.Buffer
			c.Stdout, c.Stderr = &out, &errs
			in, err := c.StdinPipe()
			require.NoError(t, err)
			require.NoError(t, c.Start())
			if test.input == fifo {
				in, err = os.OpenFile(fifo, os.O_WRONLY, 0)
				require.NoError(t, err)
			}
			_, err = in.Write(sample)
			require.NoError(t, err)
			padding := pcapRecord(nil, 90_000_000, syn) // after all others, and more than pipes and buffers hold
			for n := 0; err == nil && (n <= 50 || !test.stops); n++ {
				if _, err = in.Write(bytes.Repeat(padding, 1000)); n == 50 {
					require.NoError(t, c.Process.Signal(os.Interrupt))
				}
			}
			var exit *exec.ExitError
			require.True(t, errors.As(c.Wait(), &exit))
			in.Close()
			require.Equal(t, exitInterrupted, exit.ExitCode())
			require.Contains(t, out.String(), `"cause":"data-refused"`)
			require.Contains(t, out.String(), `"truncated_files":["`+test.file+`"]`)
			require.Regexp(t, `^ftpscope: warning: interrupted: the result is of the first [0-9,]+ packets \([0-9.]+ .?B\)
ftpscope: error: .*a.jsonl: interrupted: nothing was written
$`, errs.String())
			require.NoFileExists(t, file)
		})
	}
}

// On a terminal each command says what it wrote.
func TestWrote(t *testing.T) {
	s := startShell(t, "sh -i", t.TempDir())
	s.types(t, "PS1=@; p="+mustAbs(t, pcaps)+"; echo re''ady\n", "ready")
	s.types(t, "ftpscope -o html=r.html --extract files $p/active-port.pcap\n", "ftpscope: wrote files: 2 files, 31.8 kB; manifest.jsonl lists every transfer")
	s.types(t, "ls\n", "r.html")
	s.types(t, "ftpscope -o json=r.jsonl $p/active-port.pcap\n", "ftpscope: wrote r.jsonl: json, ")
	s.types(t, "ftpscope carve -w o.pcapng --session 1 $p/active-port.pcap\n", "ftpscope: wrote o.pcapng: 105 packets, 39.7 kB")
}

// On a terminal sniff says that it listens, and at the end what came.
func TestListening(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	s := startShell(t, "sh -i", t.TempDir())
	s.types(t, "ftpscope sniff -i lo -f 'port 21' -o json=a.jsonl -w k --user root\n", `ftpscope: listening on lo, filter "port 21", packets to k.pcapng; Ctrl-C ends it`)
	s.types(t, "\x03", "ftpscope: No FTP session was found")
}

func mustAbs(t *testing.T, path string) string {
	abs, err := filepath.Abs(path)
	require.NoError(t, err)
	return abs
}
