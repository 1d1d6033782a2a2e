package analyze_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/analyze/report/schema"
	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// recordSchema is the schema of the records, in the words of a validator that is not
// ours.
func recordSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.Text()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("records.json", text))
	s, err := c.Compile("records.json")
	require.NoError(t, err)
	return s
}

// checked analyzes a source and holds each line of -o json against the schema. It returns
// the lines.
func checked(t testing.TB, s *jsonschema.Schema, opt analyze.Options, choice report.Choice, source analyze.Source) string {
	t.Helper()
	format, _ := formats.Find("json")
	var out bytes.Buffer
	w := choice.Choose(format.New(&out, report.Options{ShowPasswords: opt.Dialogue, Files: len(source.Files())}))
	_, err := analyze.Run(source, opt, w)
	require.NoError(t, err)
	for text := range bytes.Lines(out.Bytes()) {
		record, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, s.Validate(record), "%s", text)
	}
	return out.String()
}

func opened(t testing.TB, files ...string) *capture.Capture {
	t.Helper()
	c, err := capture.Open(files, capture.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// TestSchema holds the records of all samples against the schema.
func TestSchema(t *testing.T) {
	s := recordSchema(t)
	all := report.Choice{}
	for _, file := range sampleCaptures(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			checked(t, s, analyze.Options{}, all, opened(t, file))
			checked(t, s, analyze.Options{Dialogue: true}, all, opened(t, file))
			live := &replay{Capture: opened(t, file), step: 100 * flow.Millisecond}
			checked(t, s, analyze.Options{Interval: flow.Second, Dialogue: true}, all, live)
		})
	}
	together := checked(t, s, analyze.Options{Dialogue: true}, all, opened(t, samplesDir))
	require.Contains(t, together, `"frame_files":{`)
	snapshots := checked(t, s, analyze.Options{Interval: flow.Second}, all, &replay{Capture: opened(t, samplesDir+"/data-cut-silence.pcap"), step: 100 * flow.Millisecond})
	require.Contains(t, snapshots, `{"type":"session","id":0,"open":true,`)
	for _, choice := range []report.Choice{
		{Hosts: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, {Modes: []string{record.Active}}, {MinSeverity: "high"},
	} {
		require.Contains(t, checked(t, s, analyze.Options{}, choice, opened(t, samplesDir)), `"hidden":{`)
	}
}

// piece is a capture that holds only some packets.
type piece struct {
	*capture.Capture
	keep func(packet int) bool
	n    int
}

func (p *piece) Next() ([]capture.Packet, error) {
	batch, err := p.Capture.Next()
	return slices.DeleteFunc(batch, func(capture.Packet) bool {
		p.n++
		return !p.keep(p.n)
	}), err
}

// TestSchemaOfPieces does it with what is left of the samples when packets are missing:
// more is unknown then.
func TestSchemaOfPieces(t *testing.T) {
	s := recordSchema(t)
	for _, file := range sampleCaptures(t) {
		for name, keep := range map[string]func(int) bool{
			"beginning": func(n int) bool { return n < 25 }, "middle": func(n int) bool { return n > 12 && n < 40 }, "rest": func(n int) bool { return n > 30 },
			"each third missing": func(n int) bool { return n%3 != 0 }, "each fifth missing": func(n int) bool { return n%5 != 1 },
			"each third": func(n int) bool { return n%3 == 0 },
		} {
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				checked(t, s, analyze.Options{Dialogue: true}, report.Choice{}, &piece{Capture: opened(t, file), keep: keep})
			})
		}
	}
}

// TestSchemaNamesTheVerbs holds its words for commands against those of package ftp.
func TestSchemaNamesTheVerbs(t *testing.T) {
	var doc struct {
		Defs map[string]struct {
			Properties map[string]struct{ Enum []string }
		} `json:"$defs"`
	}
	// null reads as an empty text.
	require.NoError(t, json.Unmarshal(schema.Text(), &doc))
	var commands, methods []string
	for v := range ftp.Verb(255) {
		if v.IsTransfer() {
			commands = append(commands, v.String())
		}
		if v.IsNegotiation() {
			methods = append(methods, v.String())
		}
	}
	upper := regexp.MustCompile("^[A-Z]+$")
	named := func(key string) []string {
		return slices.DeleteFunc(doc.Defs["transfer"].Properties[key].Enum, func(w string) bool { return !upper.MatchString(w) })
	}
	require.ElementsMatch(t, commands, named("command"))
	require.ElementsMatch(t, methods, named("method"))
}
