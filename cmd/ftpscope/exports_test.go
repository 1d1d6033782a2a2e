package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// TestExports holds what the formats for other programs say of a few sample captures; -update rewrites it.
func TestExports(t *testing.T) {
	for _, name := range []string{"active-port.pcap", "mixed-modes.pcapng", "nat-private-address.pcap", "third-party-download.pcap"} {
		for _, format := range []string{"csv-sessions", "csv-transfers", "zeek-ftp", "zeek-ftp-json", "zeek-conn", "zeek-conn-json", "eve", "ecs",
			"timesketch-csv", "timesketch-jsonl", "markdown"} {
			t.Run(name+"/"+format, func(t *testing.T) {
				sample := filepath.Join(pcaps, name)
				got := rendered(t, format, "1", sample)
				require.Equal(t, got, rendered(t, format, "8", sample), "1 worker and 8 differ")
				golden(t, filepath.Join("testdata", "exports", name+"."+format), got)
			})
		}
	}
}

// TestExportsOfSamples: of every sample capture EVE's records follow its schema, and tables are tables.
func TestExportsOfSamples(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../analyze/report/siem/testdata/eve.schema.json")
	require.NoError(t, err)
	samples, err := filepath.Glob(filepath.Join(pcaps, "*.pcap*"))
	require.NoError(t, err)
	samples = append(samples, pcaps) // all of them as one capture
	for _, sample := range samples {
		t.Run(filepath.Base(sample), func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"analyze", "--commands", "-q", "-o", "eve=" + filepath.Join(dir, "eve.json")}
			for _, format := range []string{"csv-sessions", "csv-transfers", "timesketch-csv"} {
				args = append(args, "-o", format+"="+filepath.Join(dir, format))
			}
			var out, errs strings.Builder
			require.Equal(t, exitDone, run(append(args, sample), strings.NewReader(""), &out, &errs), errs.String())
			for line := range strings.Lines(read(t, filepath.Join(dir, "eve.json"))) {
				v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
				require.NoError(t, err)
				require.NoError(t, schema.Validate(v), line)
			}
			for _, format := range []string{"csv-sessions", "csv-transfers", "timesketch-csv"} {
				_, err := csv.NewReader(strings.NewReader(read(t, filepath.Join(dir, format)))).ReadAll()
				require.NoError(t, err)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}
