package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
)

// TestEveryNameHasAScene: what can be found can be explained, and nothing else is.
func TestEveryNameHasAScene(t *testing.T) {
	known := map[string]bool{}
	for _, x := range append(rules(), causes()...) {
		known[x.name] = true
		require.NotEmpty(t, sceneOf(x.name), x.name)
	}
	seen := map[string]bool{}
	for _, s := range scenes {
		for name := range strings.FieldsSeq(s.names) {
			require.True(t, known[name], "%s is neither a finding nor a cause", name)
			require.False(t, seen[name], "%s has two scenes", name)
			seen[name] = true
		}
		for line := range strings.Lines(drawn(s.steps)) {
			require.LessOrEqual(t, prose.Columns(strings.TrimRight(line, "\n")), 120, s.names)
		}
	}
}

func TestDrawn(t *testing.T) {
	require.Equal(t, ""+
		"    client                                server\n"+
		"       │── PASV ─────────────────────────▶│\n"+
		"       │◀──────────────────────── 227 … ──│   an endpoint\n"+
		"       │══ SYN ═════════════✕             │\n"+
		"       │                                  │   nothing\n", drawn("> PASV\n< 227 … | an endpoint\n>> SYN x\n- | nothing"))
}
