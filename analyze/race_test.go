//go:build race

package analyze_test

const (
	raceEnabled = true
	sampleStep  = 4
)
