//go:build !race

package analyze_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
)

// Limits strike by what the packets hold, not by who works.
func TestLimitsStrikeAlike(t *testing.T) {
	plainCollector(t)
	n := 250_000
	for name, make := range map[string]func(f *flood, i int){
		"room":   func(f *flood, i int) { f.passive(i, 0) },
		"before": func(f *flood, i int) { f.short(i, i == 0) },
	} {
		t.Run(name, func(t *testing.T) {
			var all [2]counting
			for i, workers := range []int{1, 3} {
				_, err := analyze.Run(&flood{n: n, make: make}, analyze.Options{Workers: workers}, &all[i])
				require.NoError(t, err)
			}
			require.NotEmpty(t, all[0].summary.Capture.Limits)
			require.Equal(t, all[0], all[1])
		})
	}
}
