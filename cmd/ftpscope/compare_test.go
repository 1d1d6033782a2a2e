package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report/schema"
	"ftpscope/capture/capturetest"
)

// comparisonOf is what compare prints of two sides.
func comparisonOf(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, run(append([]string{"compare", "-q"}, args...), strings.NewReader(""), &out, &errs), errs.String())
	return strings.ReplaceAll(out.String(), filepath.ToSlash(pcaps)+"/", "")
}

// TestPairOutputs holds what every format says of every pair of sample captures; -update rewrites it. The order of the sides
// and the number of workers change nothing but what says so, and each record is as the schema says.
func TestPairOutputs(t *testing.T) {
	pairs, err := filepath.Glob(filepath.Join(pcaps, "*.pair.json"))
	require.NoError(t, err)
	require.NotEmpty(t, pairs)
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.ComparisonText()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("comparison.json", text))
	valid, err := c.Compile("comparison.json")
	require.NoError(t, err)
	for _, pair := range pairs {
		stem := strings.TrimSuffix(pair, ".pair.json")
		for _, format := range []string{"table", "json", "explain"} {
			t.Run(filepath.Base(stem)+"/"+format, func(t *testing.T) {
				client, server := stem+"-client.pcap", stem+"-server.pcap"
				got := comparisonOf(t, "-o", format, client, server)
				require.Equal(t, got, comparisonOf(t, "-o", format, "--workers", "8", client, server), "1 worker and 8 differ")
				golden(t, filepath.Join("testdata", "compare", filepath.Base(stem)+"."+format), got)
				if format != "json" {
					return
				}
				lines := strings.Split(strings.TrimSpace(got), "\n")
				for _, line := range lines {
					v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
					require.NoError(t, err)
					require.NoError(t, valid.Validate(v), line)
				}
				if strings.Contains(lines[len(lines)-1], `"order_known":false`) {
					return
				}
				swapped := strings.Split(strings.TrimSpace(comparisonOf(t, "-o", format, server, client)), "\n")
				require.Equal(t, lines[:len(lines)-1], swapped[:len(swapped)-1])
				require.Contains(t, swapped[len(swapped)-1], `"swapped":true`)
			})
		}
	}
}

// TestPairRotated: a side in pieces, named by commas or as a directory, is the same side.
func TestPairRotated(t *testing.T) {
	dir := t.TempDir()
	frames, err := capturetest.ReadPcap(filepath.Join(pcaps, "pair-rst-between-server.pcap"))
	require.NoError(t, err)
	var names []string
	for i, part := range capturetest.Rotate(frames, 3) {
		name := filepath.Join(dir, "part"+strconv.Itoa(i)+".pcap")
		var b bytes.Buffer
		require.NoError(t, capturetest.WritePcap(&b, part, capturetest.PcapOptions{}))
		require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
		names = append(names, name)
	}
	verdict := func(server string) (message string) {
		out := comparisonOf(t, "-o", "json", filepath.Join(pcaps, "pair-rst-between-client.pcap"), server)
		var record struct {
			Message     string
			Differences []struct {
				Kind   string
				Frames struct{ There []int }
				Files  *struct{ There []int } `json:"frame_files"`
			}
		}
		require.NoError(t, json.Unmarshal([]byte(out[:strings.IndexByte(out, '\n')]), &record))
		if record.Differences[0].Files != nil {
			require.Len(t, record.Differences[0].Files.There, len(record.Differences[0].Frames.There))
		}
		return record.Message
	}
	want := verdict(filepath.Join(pcaps, "pair-rst-between-server.pcap"))
	require.Equal(t, want, verdict(strings.Join(names, ",")))
	require.Equal(t, want, verdict(dir))
}
