package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
)

// situation is a conversation, and what the session's verdict has to say of it: the cause, the
// place, the certainty and the other causes that fit ("cause at certainty or…"), the transfer
// that it is about, what the sentence or the steps say, and what no step may say, for the
// conversation refutes it. Of words apart by a bar one is enough.
type situation struct {
	name, script, want string
	transfer           int // 0: none
	says, never        []string
}

// situate plays situations.
func situate(t *testing.T, list []situation) {
	t.Helper()
	for _, x := range list {
		t.Run(x.name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, x.script)
			r := analyzed(t, frames)
			require.NotEmpty(t, r.sessions)
			v := r.sessions[0].Verdict
			require.Equal(t, x.want, short(v), v.Text)
			require.Equal(t, x.transfer, v.Transfer, v.Text)
			sound(t, r.sessions[0], v)
			for _, s := range x.says {
				require.True(t, anyOf(v, s), "%q in %q, %q", s, v.Text, v.Next)
			}
			for _, s := range x.never {
				require.NotContains(t, strings.Join(v.Next, "; "), s)
			}
			lessOne(t, frames, v.Cause)
		})
	}
}

// anyOf reports whether a verdict says one of the words.
func anyOf(v *record.Verdict, words string) bool {
	all := v.Text + "\n" + strings.Join(v.Next, "\n")
	for _, w := range strings.Split(words, "|") {
		if strings.Contains(all, w) {
			return true
		}
	}
	return false
}

// sound is what holds of every verdict.
func sound(t *testing.T, s *record.Session, v *record.Verdict) {
	t.Helper()
	require.True(t, strings.HasSuffix(v.Text, "."), v.Text)
	require.NotContains(t, v.Text, "  ")
	require.Equal(t, v.Cause == record.CauseNone, v.At == record.AtNone)
	require.IsIncreasing(t, append([]int{-1}, positions(v)...), "packets in order, none twice")
	if v.Certainty != record.Open {
		return
	}
	require.NotEmpty(t, v.Or, "open: several causes fit")
	require.NotContains(t, v.Or, v.Cause)
}

func positions(v *record.Verdict) (list []int) {
	for _, p := range v.Frames {
		list = append(list, int(p))
	}
	return list
}
