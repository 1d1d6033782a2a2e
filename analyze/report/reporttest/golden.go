package reporttest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// New returns a writer of the format with this name.
func New(t *testing.T, list []report.Format, name string, o report.Options) (report.Writer, *bytes.Buffer) {
	t.Helper()
	i := slices.IndexFunc(list, func(f report.Format) bool { return f.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	out := &bytes.Buffer{}
	return list[i].New(out, o), out
}

// Write renders sessions in the format with this name.
func Write(t *testing.T, list []report.Format, name string, o report.Options, sessions ...*record.Session) string {
	t.Helper()
	w, out := New(t, list, name, o)
	for _, s := range sessions {
		require.NoError(t, w.Session(s))
	}
	require.NoError(t, w.Summary(SummaryOf(sessions...)))
	return out.String()
}

// WriteAll renders the records beside sessions, too.
func WriteAll(t *testing.T, list []report.Format, name string, sessions ...*record.Session) string {
	t.Helper()
	w, out := New(t, list, name, report.Options{})
	for _, s := range sessions {
		require.NoError(t, w.Session(s))
	}
	a, o := OtherRecords()
	require.NoError(t, w.Attempt(a))
	require.NoError(t, w.Orphan(o))
	require.NoError(t, w.Summary(SummaryOf(sessions...)))
	return out.String()
}

// Golden compares with a file of testdata, which -update rewrites.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if strings.HasSuffix(name, ".html") {
		got = WithoutAssets(got)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "if the sample is new: go test -update in this package, then read the file")
	require.Equal(t, string(want), got)
}

// WithoutAssets leaves of a page what depends on the records: the style, the script and
// their hashes have their own tests.
func WithoutAssets(page string) string {
	page = regexp.MustCompile(`(?s)<(style|script)>.*?</`).ReplaceAllString(page, "<$1>…</")
	return regexp.MustCompile(`sha256-.*?&#39;`).ReplaceAllString(page, "sha256-…&#39;")
}

// Goldens holds each format to what it writes of a few sessions, of all failures and of
// hostile text.
func Goldens(t *testing.T, list []report.Format) {
	for _, f := range list {
		for name, sessions := range map[string][]*record.Session{
			"active": {ActiveSession()}, "blocked": {BlockedSession()}, "mixed": {ActiveSession(), Ipv6Session(), BlockedSession()}, "none": nil, "failures": Failures(),
		} {
			t.Run(f.Name+"/"+name, func(t *testing.T) {
				got := Write(t, list, f.Name, report.Options{}, sessions...)
				Golden(t, name+"."+f.Name, got)
				require.Equal(t, got, Write(t, list, f.Name, report.Options{}, sessions...), "two runs differ")
				inWidth(t, f.Name, got)
			})
		}
		t.Run(f.Name+"/hostile", func(t *testing.T) {
			got := Write(t, list, f.Name, report.Options{}, Takeover(), &record.Session{}, &record.Session{Transfers: []record.Transfer{{}}})
			Harmless(t, got, f.Separator)
			inWidth(t, f.Name, got)
		})
	}
}

// Harmless holds that a text has nothing that a terminal would obey or hide, but for its
// format's separator of columns, which may be a tab.
func Harmless(t *testing.T, text string, separator rune) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	bad := strings.IndexFunc(text, func(r rune) bool { return prose.Hidden(r) && r != '\n' && r != separator })
	require.Negative(t, bad, "%q: escape it, or name the format's Separator", text[max(bad, 0):])
}

// inWidth holds that pages are no wider than they should be.
func inWidth(t *testing.T, format, text string) {
	t.Helper()
	if format != "table" && format != "explain" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		require.LessOrEqual(t, prose.Columns(line), report.DefaultWidth, line)
	}
}
