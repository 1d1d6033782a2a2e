package extract

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// aSide is a direction that is hashed.
func aSide(tls bool) *side {
	return newSide(&Extractor{opt: Options{Hashes: Hashes()}}, key{}, &want{tls: tls})
}

// Places that came with two contents are told in order, those that touch as one.
func TestConflicts(t *testing.T) {
	for _, x := range []struct {
		name string
		list []Gap // as they come, counted from the beginning
		want []Gap
	}{
		{"one", []Gap{{5, 9}}, []Gap{{5, 9}}},
		{"the same again", []Gap{{5, 9}, {5, 9}}, []Gap{{5, 9}}},
		{"apart", []Gap{{5, 9}, {20, 30}}, []Gap{{5, 9}, {20, 30}}},
		{"one goes on", []Gap{{5, 9}, {9, 12}}, []Gap{{5, 12}}},
		{"one within another", []Gap{{5, 20}, {7, 9}}, []Gap{{5, 20}}},
		{"one joins two", []Gap{{0, 10}, {20, 30}, {5, 25}}, []Gap{{0, 30}}},
		{"one joins all", []Gap{{20, 30}, {0, 10}, {40, 50}, {8, 41}}, []Gap{{0, 50}}},
		{"an earlier one comes later", []Gap{{20, 30}, {5, 9}}, []Gap{{5, 9}, {20, 30}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := aSide(false)
			s.data(make([]byte, 50))
			for _, c := range x.list {
				s.conflict(int64(c.From)-50, c.To-c.From)
			}
			require.Equal(t, x.want, s.res.conflicts)
		})
	}
	s := aSide(false)
	s.conflict(-7, 3)
	require.Equal(t, []Gap{{0, 3}}, s.res.conflicts, "nothing is before the beginning")
	for i := range 2 * maxGaps {
		s.conflict(int64(10*i+10), 1)
	}
	require.Len(t, s.res.conflicts, maxGaps)
}

// Gaps that follow each other are one, and what comes after a gap is not hashed.
func TestGaps(t *testing.T) {
	s := aSide(false)
	s.data([]byte("abc"))
	s.gap(2)
	s.gap(3)
	before := s.sums[0].Sum(nil)
	s.data([]byte("d"))
	s.gap(1)
	require.Equal(t, []Gap{{3, 8}, {9, 10}}, s.res.gaps)
	require.Equal(t, []uint64{10, 6}, []uint64{s.res.size, s.res.missing})
	require.Equal(t, before, s.sums[0].Sum(nil))
	for range 2 * maxGaps {
		s.data([]byte("x"))
		s.gap(1)
	}
	require.Len(t, s.res.gaps, maxGaps)
	require.EqualValues(t, 6+2*maxGaps, s.res.missing, "all of them count")
}

// A direction under TLS is told by its first bytes, in however small pieces they come, and its
// data are not looked at.
func TestSideUnderTLS(t *testing.T) {
	for name, pieces := range map[string][]string{"whole": {"\x16\x03\x03ab"}, "byte by byte": {"\x16", "\x03", "\x03", "a", "b"}} {
		s := aSide(true)
		for _, p := range pieces {
			s.data([]byte(p))
		}
		require.True(t, s.res.encrypted, name)
		clear := aSide(false)
		for _, p := range pieces {
			clear.data([]byte(p))
		}
		require.False(t, clear.res.encrypted, "where none is to be expected it is data")
		require.EqualValues(t, 5, clear.res.size)
	}
}

// A connection is read in the directions that are wanted, to its end.
func TestStreamOfSides(t *testing.T) {
	s := &stream{of: &Extractor{}}
	s.sides[flow.In] = aSide(false)
	require.True(t, s.Compares())
	for dir := range flow.Direction(2) {
		require.True(t, s.Data(dir, []byte("abcd"), flow.Mark{}))
		s.Gap(dir, 3, flow.Mark{})
		s.Conflict(dir, -7, 2, flow.Mark{})
	}
	r := s.sides[flow.In].res
	require.Equal(t, []any{uint64(7), uint64(3), []Gap{{0, 2}}}, []any{r.size, r.missing, r.conflicts})
	require.Equal(t, []string{"sha256", "sha1", "md5"}, Hashes())
}
