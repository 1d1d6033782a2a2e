package main

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

const help = `Explains things.

Usage:
  ftpscope COMMAND

Commands:
  analyze   say what happened
  help      show this page
  carve     cut sessions out

More: ftpscope help TOPIC
`

func TestCommandsOf(t *testing.T) {
	for _, x := range []struct {
		name, page string
		want       []described
	}{
		{"help is this page", help, []described{{"analyze", "say what happened"}, {"carve", "cut sessions out"}}},
		{"no list", "Usage:\n  ftpscope\n", nil},
		{"a list at the end", "\nCommands:\n  one  first", []described{{"one", "first"}}},
		{"nothing is said of it", "\nCommands:\n  one\n\n  two\n", []described{{"one", ""}}},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, commandsOf(x.page)) })
	}
}

// A page that lacks words of help, or help that fails, ends the build.
func TestManPagesFail(t *testing.T) {
	broken := errors.New("broken")
	for _, failing := range []string{"help", "help carve"} {
		_, err := manPages(func(args ...string) (string, error) {
			if strings.Join(args, " ") == failing {
				return "", broken
			}
			return help, nil
		}, versionOf("", date))
		require.ErrorIs(t, err, broken)
	}
	pages, err := manPages(func(...string) (string, error) { return help, nil }, versionOf("v1.2.3-0-gabc", date))
	require.NoError(t, err)
	require.Contains(t, string(pages["ftpscope.1"]), `"ftpscope 1.2.3"`)
	require.Contains(t, string(pages["ftpscope.1"]), ".BR ftpscope\\-analyze (1),\n.BR ftpscope\\-carve (1),\n")
	require.Contains(t, string(pages["ftpscope-carve.1"]), ".SH \"SEE ALSO\"\n.BR ftpscope (1)\n")
	require.Contains(t, string(pages["ftpscope-carve.1"]), `ftpscope\-carve \- cut sessions out`)
}

// What a package holds is what its system has a use for, each file where it belongs.
func TestArchiveOf(t *testing.T) {
	b := &build{stage: t.TempDir(), version: versionOf("", date)}
	for _, name := range []string{"completions/ftpscope.fish", "completions/_ftpscope", "man/man1/b.1.gz", "man/man1/a.1.gz", "man/man7/c.7.gz", "man/other/d"} {
		require.NoError(t, b.put(name, nil))
	}
	read := []string{"top/README.md", "top/CHANGELOG.md"}
	pages := []string{"top/completions/_ftpscope", "top/completions/ftpscope.fish", "top/man/man1/a.1.gz", "top/man/man1/b.1.gz", "top/man/man7/c.7.gz"}
	for system, want := range map[string][]string{
		"windows": append([]string{"top/ftpscope"}, read...),
		"darwin":  slices.Concat([]string{"top/ftpscope"}, read, pages),
		"linux":   slices.Concat([]string{"top/ftpscope"}, read, []string{"top/ftpscope-sniff@.service"}, pages),
	} {
		var got []string
		for _, m := range b.archive("top", "ftpscope", system) {
			got = append(got, m.name)
			require.Equal(t, map[bool]fs.FileMode{true: 0o755, false: 0o644}[m.name == "top/ftpscope"], m.mode, "the program runs, nothing else does")
			require.Equal(t, filepath.Join(b.stage, filepath.FromSlash(strings.TrimPrefix(m.name, "top/"))), m.path)
		}
		require.Equal(t, want, got, system)
	}
}

// Whoever builds a commit gets the same bytes: nothing tells when or where that was.
func TestStage(t *testing.T) {
	one, two := gzipped([]byte("text")), gzipped([]byte("text"))
	require.Equal(t, one, two)
	require.Zero(t, one[4]|one[5]|one[6]|one[7], "no time in it")
	z, err := gzip.NewReader(strings.NewReader(string(one)))
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, "text", string(text))

	b := &build{stage: t.TempDir(), version: versionOf("", date)}
	require.NoError(t, b.put("a/b/c", []byte("text")))
	require.NoError(t, fstest.TestFS(os.DirFS(b.stage), "a/b/c"))
	info, err := os.Stat(filepath.Join(b.stage, "a/b/c"))
	require.NoError(t, err)
	require.True(t, info.ModTime().Equal(date), "the commit's time")
	require.Error(t, b.put("a/b/c/d", nil), "a file is no folder")

	for _, x := range targets {
		env := x.env()
		require.Subset(t, env, []string{"CGO_ENABLED=0", "GOOS=" + x.os, "GOARCH=" + x.arch})
	}
	require.Error(t, writeSums(b.stage, []string{"missing"}))
	require.Error(t, create(filepath.Join(b.stage, "missing", "x"), func(io.Writer) error { return nil }))
	broken := errors.New("broken")
	require.ErrorIs(t, create(filepath.Join(b.stage, "x"), func(io.Writer) error { return broken }), broken)
}

// Names of versions sort as packages compare them: what is not released yet comes before it.
func TestVersionsInOrder(t *testing.T) {
	later := date.Add(time.Hour)
	for _, x := range []struct {
		older, newer version
	}{
		{versionOf("v1.2.3-0-gabc", date), versionOf("v1.2.3-1-gabc", later)},
		{versionOf("v1.2.3-1-gabc", date), versionOf("v1.2.3-2-gabc", later)},
		{versionOf("v1.2.3-9-gabc", date), versionOf("v1.2.4-0-gabc", later)},
		{versionOf("v9.9.9-0-gabc", date), versionOf("v10.0.0-0-gabc", later)},
		{versionOf("", date), versionOf("v0.0.1-0-gabc", later)},
	} {
		require.True(t, before(x.older, x.newer), "%s, %s", x.older.name(), x.newer.name())
		require.False(t, before(x.newer, x.older), "%s, %s", x.newer.name(), x.older.name())
	}
	t.Setenv("MAINTAINER", "Somebody <a@example.org>")
	require.Contains(t, versionOf("", date).env(), "MAINTAINER=Somebody <a@example.org>")
	require.Contains(t, versionOf("", date).env(), "HOMEPAGE=")
}

// before compares as package managers do: numbers, and then what is no release before it.
func before(a, b version) bool {
	parts := func(v version) (list []int) {
		for field := range strings.SplitSeq(v.number, ".") {
			n := 0
			for _, c := range field {
				n = n*10 + int(c-'0')
			}
			list = append(list, n)
		}
		return list
	}
	if n := slices.Compare(parts(a), parts(b)); n != 0 {
		return n < 0
	}
	return a.prerelease != "" && (b.prerelease == "" || a.prerelease < b.prerelease)
}
