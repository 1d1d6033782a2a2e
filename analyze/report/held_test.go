package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is held comes after the line; what cannot be held comes at once, and so does all of
// a live page.
func TestHeld(t *testing.T) {
	for name, test := range map[string]struct {
		opt    Options
		before string
		above  bool
		want   string
	}{
		"short": {Options{}, "rows\n", true, "answer\nrows\nfoot\n"},
		"live":  {Options{Live: true}, "rows\n", false, "rows\nfoot\n"},
		"long":  {Options{}, strings.Repeat("x", maxHeld) + "\n", false, "the answer for the whole capture stands at the end\n\n" + strings.Repeat("x", maxHeld) + "\nfoot\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := test.opt.Hold(&out)
			_, err := h.Write([]byte(test.before))
			require.NoError(t, err)
			above, err := h.Open("answer\n")
			require.NoError(t, err)
			require.Equal(t, test.above, above)
			_, err = h.Write([]byte("foot\n"))
			require.NoError(t, err)
			require.Equal(t, test.want, out.String())
		})
	}
	full := Options{}.Hold(full{})
	_, err := full.Write([]byte("rows"))
	require.NoError(t, err)
	_, err = full.Open("answer")
	require.EqualError(t, err, "disk full")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }
