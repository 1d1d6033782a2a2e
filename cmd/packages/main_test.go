package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/cmd/ftpscope/manual"
)

var date = time.Date(2026, 11, 30, 21, 42, 18, 0, time.UTC)

func TestVersion(t *testing.T) {
	tests := []struct{ name, described, number, prerelease, file string }{
		{"no tag", "", "0.0.0", "git20261130214218", "0.0.0-git20261130214218"},
		{"a release", "v1.2.3-0-gabc123", "1.2.3", "", "1.2.3"},
		{"after a release", "v1.2.3-7-gabc123", "1.2.4", "git20261130214218", "1.2.4-git20261130214218"},
		{"another tag", "vnext-1-gabc", "0.0.0", "git20261130214218", "0.0.0-git20261130214218"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := versionOf(test.described, date)
			require.Equal(t, version{test.number, test.prerelease, date}, v)
			require.Equal(t, test.file, v.name())
			require.Subset(t, v.env(), []string{"VERSION=" + test.number, "PRERELEASE=" + test.prerelease, "SOURCE_DATE_EPOCH=1796074938"})
		})
	}
	_, err := output(nil, "git", "nonsense")
	require.ErrorContains(t, err, "git nonsense: exit status 1\ngit: 'nonsense'")
}

// Every command and every topic has a man page that says what help says.
func TestManPages(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ftpscope.exe")
	b := build{}
	require.NoError(t, b.command(nil, "go", "build", "-o", program, "../ftpscope"))
	ask := func(args ...string) (string, error) { return output(nil, program, args...) }
	pages, err := manPages(ask, versionOf("", date))
	require.NoError(t, err)
	overview, err := ask("help")
	require.NoError(t, err)
	commands := commandsOf(overview)
	require.Greater(t, len(commands), 8)
	_, err = whole("some words", []byte("some\n"))
	require.EqualError(t, err, `the man page lacks words of help: ["words"]`)
	require.Len(t, pages, 1+len(commands)+len(manual.Topics()))
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip(err)
	}
	for name, text := range pages {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, text, 0o600))
		c := exec.Command("man", "--warnings", "-l", path)
		c.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=100", "PAGER=cat")
		var errs bytes.Buffer
		c.Stderr = &errs
		shown, err := c.Output()
		require.NoError(t, err, name)
		require.Contains(t, string(shown), "ftpscope")
		require.Empty(t, regexp.MustCompile(`(?m)^.*(can't break line|cannot break line|adjust line).*\n`).ReplaceAllString(errs.String(), ""), name)
	}
}

func TestArchives(t *testing.T) {
	b := &build{stage: t.TempDir(), version: versionOf("", date)}
	for _, name := range []string{"ftpscope", "README.md", "CHANGELOG.md", "ftpscope-sniff@.service", "man/man1/ftpscope.1.gz", "completions/_ftpscope"} {
		require.NoError(t, b.put(name, []byte("text of "+name)))
	}
	out := t.TempDir()
	for _, name := range []string{"a", "b"} {
		require.NoError(t, writeTar(filepath.Join(out, name+".tar.gz"), b.archive("top", "ftpscope", "linux"), date))
		require.NoError(t, writeZip(filepath.Join(out, name+".zip"), b.archive("top", "ftpscope", "windows"), date))
	}
	require.NoError(t, writeSums(out, []string{"a.tar.gz", "b.tar.gz", "a.zip", "b.zip"}))
	sums, err := os.ReadFile(filepath.Join(out, sumsName))
	require.NoError(t, err)
	lines := strings.Split(string(sums), "\n")
	require.Equal(t, lines[0][:64], lines[1][:64])
	require.Equal(t, lines[2][:64], lines[3][:64])
	require.True(t, strings.HasSuffix(lines[0], "  a.tar.gz"))

	require.Equal(t, "0755 top/ftpscope: text of ftpscope|0644 top/README.md: text of README.md|0644 top/CHANGELOG.md: text of CHANGELOG.md|"+
		"0644 top/ftpscope-sniff@.service: text of ftpscope-sniff@.service|0644 top/completions/_ftpscope: text of completions/_ftpscope|0644 top/man/man1/ftpscope.1.gz: text of man/man1/ftpscope.1.gz|",
		untar(t, filepath.Join(out, "a.tar.gz")))
	z, err := zip.OpenReader(filepath.Join(out, "a.zip"))
	require.NoError(t, err)
	defer z.Close()
	require.Len(t, z.File, 3)
	require.Equal(t, os.FileMode(0o755), z.File[0].Mode())
	require.Error(t, writeTar(filepath.Join(out, "c"), []member{{"x", filepath.Join(out, "missing"), 0o644}}, date))
	require.Error(t, writeZip(filepath.Join(out, "c"), []member{{"x", filepath.Join(out, "missing"), 0o644}}, date))
}

func untar(t *testing.T, path string) string {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	var b strings.Builder
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return b.String()
		}
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, date, h.ModTime.UTC())
		fmt.Fprintf(&b, "%04o %s: %s|", h.Mode, h.Name, text)
	}
}

func TestUsage(t *testing.T) {
	var errs bytes.Buffer
	require.Equal(t, 2, run([]string{"-nonsense"}, io.Discard, &errs))
	require.Contains(t, errs.String(), "flag provided but not defined")
}
