package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
)

// Neither the list nor the details show a password.
func TestNoSecretIsShown(t *testing.T) {
	got := analyzetest.Analyzed(t, analyzetest.Conversation{Script: analyzetest.Secrets}.Frames(t), analyze.Options{Dialogue: true})
	s := newScreen(200, 200, false)
	for _, session := range got.Sessions {
		s.store.add(session)
	}
	s.at(1)
	analyzetest.RequireNoSecret(t, "list", s.frame())
	s.press("enter")
	require.Contains(t, s.frame(), "u7:(hidden)")
	analyzetest.RequireNoSecret(t, "details", s.frame())
}
