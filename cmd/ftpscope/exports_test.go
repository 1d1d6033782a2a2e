package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report/markdown"
	"ftpscope/analyze/report/siem"
)

// TestExports holds what the formats for other programs say of a few sample captures; -update rewrites it.
func TestExports(t *testing.T) {
	for _, name := range []string{"active-port.pcap", "mixed-modes.pcapng", "nat-private-address.pcap", "third-party-download.pcap"} {
		for _, format := range append(siem.Formats(), markdown.Format()) {
			if strings.HasPrefix(format.Name, "zeek-ssl") {
				continue // of sessions without TLS nothing; package siem holds what it says of TLS
			}
			t.Run(name+"/"+format.Name, func(t *testing.T) {
				sample := filepath.Join(pcaps, name)
				got := rendered(t, format.Name, "1", sample)
				require.Equal(t, got, rendered(t, format.Name, "8", sample), "1 worker and 8 differ")
				golden(t, filepath.Join("testdata", "exports", name+"."+format.Name), got)
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
			var tables []string
			for _, format := range siem.Formats() {
				if format.Separator == ',' {
					tables = append(tables, filepath.Join(dir, format.Name))
					args = append(args, "-o", format.Name+"="+filepath.Join(dir, format.Name))
				}
			}
			var out, errs strings.Builder
			require.Equal(t, exitDone, run(append(args, sample), strings.NewReader(""), &out, &errs), errs.String())
			for line := range strings.Lines(read(t, filepath.Join(dir, "eve.json"))) {
				v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
				require.NoError(t, err)
				require.NoError(t, schema.Validate(v), line)
			}
			for _, table := range tables {
				_, err := csv.NewReader(strings.NewReader(read(t, table))).ReadAll()
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
