package main

import (
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shells are how those that are here begin without anybody's settings, and ftpscope's script with them.
var shells = map[string]string{
	"bash": "bash --norc --noprofile -i",
	"zsh":  "zsh -f -i",
	"fish": "fish --no-config -i",
}

var installed = flag.Bool("installed", false, "complete by what an installed package brought")

var packaged = map[string]string{
	"bash": "PS1=@; . /usr/share/bash-completion/bash_completion\n",
	"zsh":  "PS1=@; autoload -U compinit; compinit -u -D\n",
	"fish": "source /usr/share/fish/vendor_completions.d/ftpscope.fish\n", // which it does not without settings
}

var shellSetup = map[string]string{
	"bash": "PS1=@; eval \"$(ftpscope completion bash)\"\n",
	"zsh":  "PS1=@; autoload -U compinit; compinit -u -D; source <(ftpscope completion zsh)\n",
	"fish": "ftpscope completion fish | source\n",
}

// TestShells types into real shells on a terminal and wants what they make of the key Tab.
func TestShells(t *testing.T) {
	tests := []struct{ name, typed, want string }{
		{"command", "ftpscope anal", "ftpscope analyze"},
		{"flag", "ftpscope analyze --show-p", "ftpscope analyze --show-passwords"},
		{"flag without a command", "ftpscope --extract-l", "ftpscope --extract-li"},
		{"format", "ftpscope analyze -o mark", "ftpscope analyze -o markdown"},
		{"second of a list", "ftpscope analyze --cause data-cut,data-z", "ftpscope analyze --cause data-cut,data-zero-window"},
		{"value after =", "ftpscope analyze --color=alw", "ftpscope analyze --color=always"},
		{"finding", "ftpscope findings data-half", "ftpscope findings data-half-closed"},
		{"interface", "ftpscope sniff -i an", "ftpscope sniff -i any"},
		{"capture", "ftpscope analyze only-c", "ftpscope analyze only-capture.pcap"},
		{"capture, no command", "ftpscope only-c", "ftpscope only-capture.pcap"},
		{"output file", "ftpscope analyze -o json=only-t", "ftpscope analyze -o json=only-text.txt"},
		{"folder", "ftpscope analyze --extract some-f", "ftpscope analyze --extract some-folder"},
	}
	for shell, start := range shells {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip(err)
			}
			dir := t.TempDir()
			for _, name := range []string{"only-capture.pcap", "only-cat.png", "only-text.txt"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
			}
			require.NoError(t, os.Mkdir(filepath.Join(dir, "some-folder"), 0o700))
			s := startShell(t, start, dir)
			setup := shellSetup
			if *installed {
				setup = packaged
			}
			s.types(t, setup[shell]+"echo re''ady\n", "ready")
			for _, test := range tests {
				s.types(t, test.typed+"\t\x01echo re''ady \n", "ready "+test.want) // the line is shown, not run
			}
		})
	}
}

// terminalShell is a shell on a terminal.
type terminalShell struct {
	in   io.Writer
	mu   sync.Mutex
	seen strings.Builder
}

func startShell(t *testing.T, command, dir string) *terminalShell {
	t.Helper()
	c := exec.Command("script", "-qefc", command, "/dev/null")
	c.Dir, c.Env = dir, append(os.Environ(), "TERM=vt100", "COLUMNS=300", "HOME="+dir)
	in, err := c.StdinPipe()
	require.NoError(t, err)
	s := &terminalShell{in: in}
	c.Stdout = s
	require.NoError(t, c.Start())
	t.Cleanup(func() { // a shell that is killed may still write its history, into a folder that is taken away
		_, _ = io.WriteString(in, "\x03\nexit\n")
		hangs := time.AfterFunc(20*time.Second, func() { _ = c.Process.Kill() })
		_ = c.Wait() // its status is that of a line that was given up
		hangs.Stop()
	})
	return s
}

func (s *terminalShell) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.Write(b)
}

// types types a text and waits until the terminal shows another, however slow the machine is.
func (s *terminalShell) types(t *testing.T, text, want string) {
	t.Helper()
	s.mu.Lock()
	s.seen.Reset()
	s.mu.Unlock()
	_, err := io.WriteString(s.in, text)
	require.NoError(t, err)
	for wait := time.Millisecond; ; wait *= 2 {
		s.mu.Lock()
		shown := s.seen.String()
		s.mu.Unlock()
		if strings.Contains(shown, want) {
			return
		}
		require.Less(t, wait, 20*time.Second, "typed %q, wanted %q, saw %q", text, want, shown)
		time.Sleep(wait)
	}
}
