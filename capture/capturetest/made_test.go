package capturetest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the sample captures that are made of conversations")

// TestMadeSamples plays the conversations that sample captures are made of.
func TestMadeSamples(t *testing.T) {
	scripts, err := filepath.Glob("../../pcaps/lab/made/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, script := range scripts {
		name := strings.TrimSuffix(filepath.Base(script), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(script)
			require.NoError(t, err)
			var made bytes.Buffer
			require.NoError(t, WritePcap(&made, MustFrames(t, string(text)), PcapOptions{}))
			file := filepath.Join("../../pcaps", name+".pcap")
			if *update {
				require.NoError(t, os.WriteFile(file, made.Bytes(), 0o644))
			}
			have, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(made.Bytes(), have), "go test -update writes it again")
		})
	}
}
