package facts_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/facts"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
)

// samples are the captures of the project, and archives of them.
func samples(t *testing.T) (list []string) {
	require.NoError(t, filepath.WalkDir("../../pcaps", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(filepath.Base(name), ".pcap") {
			list = append(list, name)
		}
		return err
	}))
	require.Greater(t, len(list), 50)
	return list
}

func open(t *testing.T, names ...string) *capture.Capture {
	c, err := capture.Open(names, capture.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// outputs are writers of several formats into one buffer.
func outputs(t *testing.T, b *bytes.Buffer, files int) report.Writer {
	var writers []report.Writer
	for _, name := range []string{"json", "explain", "html"} {
		f, ok := formats.Find(name)
		require.True(t, ok)
		writers = append(writers, f.New(b, report.Options{Files: files, Version: "test"}))
	}
	return report.NewTee(writers...)
}

var all = analyze.Options{Dialogue: true, Curves: true}

func analyzed(t *testing.T, names ...string) string {
	var b bytes.Buffer
	_, err := analyze.Run(open(t, names...), all, outputs(t, &b, len(names)))
	require.NoError(t, err)
	return b.String()
}

// written are the facts of captures.
func written(t *testing.T, opt facts.Options, names ...string) []byte {
	var b bytes.Buffer
	n, err := facts.Write(t.Context(), &b, facts.Set{Source: open(t, names...), Point: "lab", Program: "test"}, facts.Piece{}, opt)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n.Bytes)
	return b.Bytes()
}

func joined(t *testing.T, inputs int, files ...[]byte) string {
	var readers []*facts.Reader
	for _, f := range files {
		r, err := facts.NewReader(bytes.NewReader(f), "x.facts")
		require.NoError(t, err)
		t.Cleanup(r.Close)
		readers = append(readers, r)
	}
	var b bytes.Buffer
	_, err := facts.Join(t.Context(), readers, analyze.Options{}, outputs(t, &b, inputs))
	require.NoError(t, err)
	return b.String()
}

// What was shipped as facts says what an analysis says, whatever the capture.
func TestWhole(t *testing.T) {
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			opt := facts.Options{Analyze: all}
			b := written(t, opt, name)
			require.Equal(t, analyzed(t, name), joined(t, 1, b))
			opt.Analyze.Workers = 3
			require.Equal(t, b, written(t, opt, name), "workers change nothing")
		})
	}
}

func TestWholeSet(t *testing.T) {
	if _, err := os.Stat("../../pcaps"); err != nil {
		t.Skip(err)
	}
	require.Equal(t, analyzed(t, samples(t)...), joined(t, len(samples(t)), written(t, facts.Options{Analyze: all}, samples(t)...)))
}
