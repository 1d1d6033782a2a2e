package report

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// broken is a writer that fails at sessions.
type broken struct{ counter }

func (*broken) Session(*record.Session) error { return errors.New("disk full") }

func TestTee(t *testing.T) {
	whole, bad := &counter{}, &broken{}
	tee := NewTee(bad, whole)
	require.NoError(t, tee.Session(&record.Session{}))
	require.NoError(t, tee.Session(&record.Session{}))
	require.NoError(t, tee.Attempt(&record.Attempt{}))
	require.NoError(t, tee.Orphan(&record.Orphan{}))
	require.NoError(t, tee.Summary(&record.Summary{Hidden: &record.Hidden{Orphans: 3}}))
	require.Equal(t, counter{2, 1, 1, 3}, *whole)
	require.Zero(t, bad.attempts, "a writer that failed is left out")
	require.EqualError(t, tee.Errs()[0], "disk full")
	require.NoError(t, tee.Errs()[1])
	require.EqualValues(t, 2, tee.Sessions())

	all := NewTee(&broken{}, &broken{})
	require.EqualError(t, all.Session(&record.Session{}), "disk full")
	require.EqualError(t, all.Summary(nil), "disk full", "nobody is asked again")
}

// What a session shows of passwords, files, widths and severities is decided once.
func TestOptions(t *testing.T) {
	password := "s3cret"
	s := &record.Session{Password: &password}
	require.Equal(t, record.HiddenText, *Options{}.ShownPassword(s, record.HiddenText))
	require.Equal(t, password, *Options{ShowPasswords: true}.ShownPassword(s, record.HiddenText))
	require.Nil(t, Options{}.ShownPassword(&record.Session{}, record.HiddenText))
	require.Equal(t, []int{DefaultWidth, minWidth, 140}, []int{Options{}.PageWidth(), Options{Width: 1}.PageWidth(), Options{Width: 140}.PageWidth()})
	require.Equal(t, []bool{true, true, false, false}, []bool{Secret("PASS"), Secret("pAsS"), Secret("PASV"), Secret("PASSWORD")})
	require.Equal(t, "x", Options{}.Paint(Red, "x"))
	require.Empty(t, Options{Color: true}.Paint(Red, ""))
	require.Equal(t, "\x1b[31mx\x1b[0m", Options{Color: true}.Paint(ColorOf(record.Gravity("high")), "x"))
	require.Equal(t, []string{"●", "○", "·"}, []string{Mark(record.Gravity("critical")), Mark(record.Gravity("medium")), Mark(record.Gravity("info"))})
	require.Equal(t, []Color{Red, Yellow, Dim}, []Color{ColorOf(record.Gravity("critical")), ColorOf(record.Gravity("medium")), ColorOf(record.Gravity("low"))})
}

// Packets are named with their file where a run, or a session, has several.
func TestFileNumbers(t *testing.T) {
	one := &record.Session{Transfers: make([]record.Transfer, 2)}
	require.False(t, Options{Files: 1}.FileNumbers(one))
	require.True(t, Options{Files: 2}.FileNumbers(one))
	one.Transfers[1].Frames.Reply = flow.At(1, 7)
	require.True(t, Options{}.FileNumbers(one))
}

// A heading is its file's: writers share what stands in it.
func TestOwnHeading(t *testing.T) {
	shared := &Heading{Written: true}
	require.Same(t, shared, Options{Heading: shared}.OwnHeading())
	require.False(t, Options{}.OwnHeading().Written)
}
