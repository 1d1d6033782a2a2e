package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"ftpscope/cmd/ftpscope/manual"
)

// block is a piece of code in a page.
type block struct{ language, text string }

func blocks(page string) (list []block) {
	for i, b := range strings.Split(page, "```") {
		if language, text, _ := strings.Cut(b, "\n"); i%2 == 1 {
			list = append(list, block{language, text})
		}
	}
	return list
}

// pages are the README and the manual.
func pages(t *testing.T) map[string]string {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	all := map[string]string{"README": string(readme)}
	for _, topic := range manual.Topics() {
		all[topic.Name] = topic.Text
	}
	return all
}

// TestReadme runs the examples of the README and of the manual and wants their output. A line
// "…" there stands for any lines.
func TestReadme(t *testing.T) {
	all := pages(t)
	t.Chdir("../..")
	ran := 0
	for page, text := range all {
		for _, b := range blocks(text) {
			command, want, _ := strings.Cut(b.text, "\n")
			args, isExample := strings.CutPrefix(command, "$ ftpscope ")
			if !isExample {
				continue
			}
			ran++
			t.Run(page+"/"+args, func(t *testing.T) {
				if strings.Contains(args, "|") {
					needs(t, "sh", "jq")
					out, err := exec.Command("sh", "-c", "ftpscope "+args).Output()
					require.NoError(t, err)
					require.Regexp(t, pattern(want), string(out))
					return
				}
				var out, errs bytes.Buffer
				require.Equal(t, exitDone, run(strings.Fields(args), strings.NewReader(""), &out, &errs))
				require.Empty(t, errs.String())
				require.Regexp(t, pattern(want), out.String())
			})
		}
	}
	require.Greater(t, ran, 5)
}

func pattern(example string) string {
	return `\A` + regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(regexp.QuoteMeta(example), `(?s:.*)`) + `\z`
}

func needs(t *testing.T, tools ...string) {
	for _, name := range tools {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("needs " + name)
		}
	}
}

// stands are what stands for programs that are not here, or must not run.
var stands = map[string]string{
	"sudo": `exec "$@"`,
	"ssh":  "cat capture.pcap",
	"curl": "", "duckdb": "", "make": "", "timesketch_importer": "",
	"gh": "cat >/dev/null", "jq": "cat >/dev/null", "sqlite3": "cat >/dev/null", "check-jsonschema": "cat >/dev/null",
	"timeout": `shift; exec "$@"`,
}

// TestManualCommands runs every command line of the README and of the manual, with captures of
// the names that are in it: none may be wrong usage, or fail.
func TestManualCommands(t *testing.T) {
	needs(t, "sh", "timeout")
	for page, text := range pages(t) {
		for _, b := range blocks(text) {
			if b.language != "" || !strings.Contains(b.text, "ftpscope ") || strings.HasPrefix(b.text, "$ ") || strings.HasPrefix(b.text, "go ") {
				continue
			}
			dir := bench(t)
			for line := range strings.Lines(b.text) {
				if strings.Contains(line, "fleet serve") {
					serveHub(t, dir, line)
					continue
				}
				t.Run(page+"/"+strings.TrimSpace(line), func(t *testing.T) { runLine(t, dir, line) })
			}
		}
	}
}

// runLine runs a line as a shell does. An interface that it names is not there: it gets as far
// as looking for it; what follows captures is stopped.
func runLine(t *testing.T, dir, line string) {
	sniffs := strings.Contains(line, " sniff ")
	line = strings.ReplaceAll(line, "-i eth0", "-i nosuch0")
	line = strings.ReplaceAll(line, "/var/lib/ftpscope/", "")
	line = strings.ReplaceAll(line, hubAddress, testHub)
	if strings.Contains(line, "--follow") || strings.Contains(line, "fleet collect") {
		line = strings.Replace(line, "ftpscope ", "timeout -s INT 2 ftpscope ", 1)
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err := cmd.Run()
	var exit *exec.ExitError
	switch status := errors.As(err, &exit); {
	case sniffs:
		require.Contains(t, errs.String(), "nosuch0: no such interface")
	case status && exit.ExitCode() == 124: // timeout's
	case status && exit.ExitCode() == exitFound && strings.Contains(line, "--fail-on"):
	default:
		require.NoError(t, err, errs.String())
		require.NotContains(t, errs.String(), "ftpscope: error")
	}
}

// The hub of the manual's examples, and where it is while they are tested.
const (
	hubAddress = "127.0.0.1:4222"
	testHub    = "127.0.0.1:42227"
)

// serveHub runs the hub of examples beside those that follow.
func serveHub(t *testing.T, dir, line string) {
	cmd := exec.Command("sh", "-c", "exec "+strings.TrimSpace(line)+" --listen "+testHub)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", testHub)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, patient, 50*time.Millisecond)
}

// bench is a directory with what the manual's commands work on.
func bench(t *testing.T) string {
	dir := t.TempDir()
	for name, sample := range map[string]string{
		"capture.pcap": "active-425-rejected.pcap", "a.pcap": "active-425-rejected.pcap",
		"ring-buffer/1.pcap": "pair-passive-dropped-client.pcap", "ring-buffer/2.pcap": "active-port.pcap",
		"evidence/1.pcap": "active-port.pcap", "evidence/2.pcap": "active-425-rejected.pcap",
		"client-side.pcap": "pair-passive-dropped-client.pcap", "server-side.pcap": "pair-passive-dropped-server.pcap",
		"huge.pcap.gz": "one-byte-segments.pcap.gz", "trace_00001_20261124150405.pcapng": "mixed-modes.pcapng",
	} {
		b, err := os.ReadFile(filepath.Join(pcaps, sample))
		require.NoError(t, err)
		putFile(t, filepath.Join(dir, name), b, 0o644)
	}
	putFile(t, filepath.Join(dir, "key"), []byte("some words"), 0o600)
	putFile(t, filepath.Join(dir, "keys.log"), []byte("CLIENT_RANDOM "+strings.Repeat("ab", 32)+" "+strings.Repeat("cd", 48)+"\n"), 0o600)
	for name, does := range stands {
		_, err := exec.LookPath(name)
		if always := []string{"sudo", "ssh", "curl", "gh", "make"}; err != nil || slices.Contains(always, name) {
			putFile(t, filepath.Join(dir, "bin", name), []byte("#!/bin/sh\n"+does+"\n"), 0o755)
		}
	}
	return dir
}

func putFile(t *testing.T, name string, b []byte, mode os.FileMode) {
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, b, mode))
}

// TestManualFlags wants the tables of flags in the manual to be the program's.
func TestManualFlags(t *testing.T) {
	var choice choiceFlags
	var judge judgeFlags
	var read readFlags
	var keys keyFlags
	var extract extractFlags
	var look looks
	want := map[string]*pflag.FlagSet{}
	for _, topic := range []string{"choosing", "judging", "reading", "extracting", "looks"} {
		want[topic] = newSet(topic)
	}
	choice.add(want["choosing"], "user")
	judge.add(want["judging"])
	look.add(want["looks"])
	read.add(want["reading"])
	keys.add(want["reading"])
	extract.add(want["extracting"])
	extract.addMore(want["extracting"])
	for _, topic := range manual.Topics() {
		for _, b := range blocks(topic.Text) {
			if b.language != "flags" {
				continue
			}
			usage := want[topic.Name].FlagUsagesWrapped(100)
			if *update {
				page := strings.Replace(topic.Text, "```flags\n"+b.text+"```", "```flags\n"+usage+"```", 1)
				require.NoError(t, os.WriteFile(filepath.Join("manual", topic.Name+".md"), []byte(page), 0o644))
				continue
			}
			require.Equal(t, usage, b.text, topic.Name)
			delete(want, topic.Name)
		}
	}
	require.True(t, *update || len(want) == 0, want)
}

// Words that are no topics lead to the pages that have them, and topics that stand where a
// command does to help.
func TestManualHints(t *testing.T) {
	for args, hint := range map[string]string{
		"help elasticsearch": "hint: the manual mentions it in exporting",
		"help limitz":        "hint: did you mean limits?",
		"limits":             "hint: ftpscope help limits",
	} {
		var out, errs bytes.Buffer
		require.Equal(t, exitUsage, run(strings.Fields(args), strings.NewReader(""), &out, &errs))
		require.Empty(t, out.String())
		require.Contains(t, errs.String(), hint)
	}
	require.Empty(t, manual.Mentioning("no such word at all"))
}

// TestManualNames wants help to know what is meant by a name.
func TestManualNames(t *testing.T) {
	for _, topic := range manual.Topics() {
		require.NotContains(t, commandNames(), topic.Name)
	}
}
