package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme runs the README's examples and wants their output. A line "…" there stands for any lines; what goes through a
// pipe is not run.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	t.Chdir("../..")
	ran := 0
	for i, block := range strings.Split(string(text), "```\n") {
		command, want, _ := strings.Cut(block, "\n")
		args, isExample := strings.CutPrefix(command, "$ ftpscope ")
		if i%2 == 0 || !isExample || strings.Contains(args, "|") {
			continue
		}
		ran++
		t.Run(args, func(t *testing.T) {
			var out, errs bytes.Buffer
			require.Equal(t, exitDone, run(strings.Fields(args), strings.NewReader(""), &out, &errs))
			require.Empty(t, errs.String())
			require.Regexp(t, pattern(want), out.String())
		})
	}
	require.Greater(t, ran, 4)
}

func pattern(example string) string {
	return `\A` + regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(regexp.QuoteMeta(example), `(?s:.*)`) + `\z`
}
