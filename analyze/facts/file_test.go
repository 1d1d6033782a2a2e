package facts_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/facts"
	"ftpscope/analyze/record"
	"ftpscope/capture"
)

const sample = "../../pcaps/nat-private-address.pcap"

// play reads a file to its end.
func play(t *testing.T, b []byte) error {
	r, err := facts.NewReader(bytes.NewReader(b), "x.facts")
	if err != nil {
		return err
	}
	t.Cleanup(r.Close)
	_, err = facts.Join(t.Context(), []*facts.Reader{r}, analyze.Options{}, &analyzetest.Records{})
	return err
}

// A file that is not whole, or not as it was written, is an error that says where.
func TestDamage(t *testing.T) {
	whole := written(t, facts.Options{Analyze: all}, sample)
	require.NoError(t, play(t, whole))
	footer := 16
	for n := range len(whole) - footer {
		require.Error(t, play(t, whole[:n]), n)
		b := bytes.Clone(whole)
		b[n] ^= 0x10
		require.Error(t, play(t, b), n)
	}
	var e *facts.Error
	require.ErrorAs(t, play(t, whole[:len(whole)/2]), &e)
	require.ErrorIs(t, e, facts.ErrCut)
	require.Regexp(t, `^x\.facts: offset \d+: cut short: it has no end$`, e.Error())
	require.ErrorIs(t, play(t, []byte("not a facts file at all")), facts.ErrNoFacts)
	b := bytes.Clone(whole)
	binary.LittleEndian.PutUint16(b[8:], facts.Format+1)
	var v *facts.VersionError
	require.ErrorAs(t, play(t, b), &v)
	require.Regexp(t, `^x\.facts: facts of format \d; this ftpscope reads format \d`, play(t, b).Error())
}

// failing is a disk that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteFails(t *testing.T) {
	_, err := facts.Write(t.Context(), failing{}, facts.Set{Source: open(t, sample)}, facts.Piece{}, facts.Options{})
	require.EqualError(t, err, "no space left")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = facts.Write(ctx, &bytes.Buffer{}, facts.Set{Source: open(t, sample)}, facts.Piece{}, facts.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func reader(t *testing.T, b []byte, name string) *facts.Reader {
	r, err := facts.NewReader(bytes.NewReader(b), name)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// What is no set is refused.
func TestSets(t *testing.T) {
	_, err := facts.Ordered(nil)
	require.ErrorIs(t, err, facts.ErrNone)
	one := written(t, facts.Options{Analyze: all}, sample)
	_, err = facts.Ordered([]*facts.Reader{reader(t, one, "a"), reader(t, one, "b")})
	require.EqualError(t, err, "a and b are both piece 1/1 of lab: leave one out")
	plain := written(t, facts.Options{}, sample)
	_, err = facts.Ordered([]*facts.Reader{reader(t, one, "a"), reader(t, plain, "b")})
	require.EqualError(t, err, "a and b are not pieces of one set: they were made with different flags, or of different files")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = facts.Join(ctx, []*facts.Reader{reader(t, one, "a")}, analyze.Options{}, &analyzetest.Records{})
	require.ErrorIs(t, err, context.Canceled)
}

// Without secrets no password is in the file, and what is said is as hidden ones are.
func TestNoSecrets(t *testing.T) {
	seen := 0
	for _, name := range samples(t) {
		var found, hidden analyzetest.Records
		_, err := analyze.Run(open(t, name), all, &found)
		require.NoError(t, err)
		r := reader(t, written(t, facts.Options{Analyze: all, NoSecrets: true}, name), name)
		require.True(t, r.NoSecrets)
		_, err = facts.Join(t.Context(), []*facts.Reader{r}, analyze.Options{}, &hidden)
		require.NoError(t, err)
		for _, s := range hidden.Sessions {
			if s.Password != nil {
				seen++
				require.Contains(t, *s.Password, record.HiddenText)
			}
		}
		halves := slices.ContainsFunc(found.Sessions, func(s *record.Session) bool { return s.Twin > 0 })
		if !halves {
			require.Equal(t, analyzed(t, name), joined(t, 1, written(t, facts.Options{Analyze: all, NoSecrets: true}, name)), name)
		}
	}
	require.Greater(t, seen, 50)
}

// FuzzRead holds that no file makes the reader or the join panic, or take memory without
// end. What is behind 0 is the content of a block, in a file that is whole.
func FuzzRead(f *testing.F) {
	for _, name := range []string{sample, "../../pcaps/auth-tls.pcap"} {
		c, err := capture.Open([]string{name}, capture.Options{})
		require.NoError(f, err)
		var b bytes.Buffer
		_, err = facts.Write(f.Context(), &b, facts.Set{Source: c}, facts.Piece{}, facts.Options{Analyze: all})
		require.NoError(f, err)
		f.Add(b.Bytes())
		for _, content := range facts.Blocks(b.Bytes()) {
			f.Add(append([]byte{0}, content...))
		}
		_ = c.Close()
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 0 && b[0] == 0 {
			b = facts.FileOf(b[1:])
		}
		_ = play(t, b)
	})
}
