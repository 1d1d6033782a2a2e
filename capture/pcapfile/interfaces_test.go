package pcapfile

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Interfaces are found among many without a look at each, and what is kept of them is
// bounded in a file and over all files.
func TestManyInterfaces(t *testing.T) {
	all := 0
	a, b := Interfaces{all: &all}, Interfaces{all: &all}
	name := func(i int) Interface {
		return Interface{Name: strconv.Itoa(i), Description: strings.Repeat("x", 3*maxDescription)}
	}
	for range 2 {
		for i := range maxDescribed + 10 {
			require.EqualValues(t, min(i, maxDescribed-1), a.add(name(i)))
		}
	}
	require.Len(t, a.index, maxDescribed)
	for i := range 2 * maxDescribed {
		b.add(name(i))
	}
	require.LessOrEqual(t, all, maxAllDescribed)
	c := Interfaces{all: &all}
	for i := range 10 {
		require.Less(t, int(c.add(name(i))), len(c.list))
	}

	var i Interface
	i.describe(optIfDescription, bytes.Repeat([]byte("ä"), maxDescription))
	require.Equal(t, strings.Repeat("ä", maxDescription/2), i.Description)
}
