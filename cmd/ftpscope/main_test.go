package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
)

var update = flag.Bool("update", false, "rewrite what scripts and goldens expect")

func TestMain(m *testing.M) {
	if os.Getenv("XDG_CONFIG_HOME") == "" {
		os.Setenv("XDG_CONFIG_HOME", "/nowhere") // whoever runs the tests may have flags of his own
	}
	testscript.Main(m, map[string]func(){"ftpscope": main})
}

const pcaps = "../../pcaps"

func TestScripts(t *testing.T) {
	samples, err := filepath.Abs(pcaps)
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PCAPS", samples)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"capture": makeCapture, "vxlan": wrapped, "fill": fill, "exits": exits, "zip": zipped},
	})
}

// makeCapture is the script command "capture KIND FILE": a small pcap of that kind.
func makeCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture KIND FILE")
	}
	link := uint32(1)
	switch args[0] {
	case "strange-link":
		link = 147 // LINKTYPE_USER0
	case "wifi":
		link = 105 // LINKTYPE_IEEE802_11
	}
	b := header(link)
	switch args[0] {
	case "header", "empty":
	case "syn", "strange-link", "wifi":
		b = append(pcapRecord(b, 0, syn), pcapRecord(nil, 1, syn)...)
	case "esp", "some-esp": // most packets, and two of five
		esp, other := slices.Clone(syn), slices.Clone(syn)
		esp[14+9], other[12], other[13] = 50, 0x88, 0xb5
		for i, p := range map[string][][]byte{"esp": {syn, esp, esp}, "some-esp": {syn, esp, syn, other, syn}}[args[0]] {
			b = pcapRecord(b, uint32(i), p)
		}
	case "cut":
		b = pcapRecord(pcapRecord(b, 0, syn), 1, syn)
		b = b[:len(b)-10]
	case "lying":
		b = pcapRecord(b, 0, syn)
		bad := pcapRecord(nil, 1, syn)
		binary.LittleEndian.PutUint32(bad[8:], 3<<30)
		binary.LittleEndian.PutUint32(bad[12:], 3<<30)
		b = append(b, bad...)
	default:
		ts.Fatalf("capture: no kind %q", args[0])
	}
	if args[0] == "empty" {
		b = nil
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}

// wrapped is the script command "vxlan PORT FROM TO": a capture in VXLAN over that UDP port.
func wrapped(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: vxlan PORT FROM TO")
	}
	port, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	frames, err := capturetest.ReadPcap(ts.MkAbs(args[1]))
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(capturetest.WritePcap(&b, capturetest.VXLAN(uint16(port)).Wrap(frames), capturetest.PcapOptions{}))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b.Bytes(), 0o644))
}

// zipped is the script command "zip TO NAME=FROM…": an archive of those files.
func zipped(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, arg := range args[1:] {
		name, from, _ := strings.Cut(arg, "=")
		w, err := z.Create(name)
		ts.Check(err)
		_, err = w.Write([]byte(ts.ReadFile(from)))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// fill is the script command "fill FILE TEXT…": a file of text without a newline, for what is no capture.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	var b []byte
	for _, word := range args[1:] {
		b = append(b, word...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// exits is the script command "exits N COMMAND…": the command must end with exactly this status.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// header is a little-endian pcap header with microseconds.
func header(link uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 262144)
	return binary.LittleEndian.AppendUint32(b, link)
}

func pcapRecord(b []byte, second uint32, packet []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, 1709287335+second)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(packet)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(packet)))
	return append(b, packet...)
}

// syn is an Ethernet frame with a SYN from 192.0.2.10:40000 to 192.0.2.21:80.
var syn = []byte{
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0xb6, 0xa6, 192, 0, 2, 10, 192, 0, 2, 21,
	0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0,
}

// TestSampleCaptures holds what every format says of every sample capture; -update rewrites it.
func TestSampleCaptures(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join(pcaps, "*.pcap*"))
	require.NoError(t, err)
	require.NotEmpty(t, samples)
	for _, sample := range samples {
		name := filepath.Base(sample)
		for _, format := range []string{"table", "json", "explain"} {
			t.Run(name+"/"+format, func(t *testing.T) {
				got := rendered(t, format, "1", sample)
				require.Equal(t, got, rendered(t, format, "8", sample), "1 worker and 8 differ")
				golden(t, filepath.Join("testdata", "pcaps", name+"."+format), got)
			})
		}
	}
}

// rendered is what one run prints in a format. The capture's folder is no part of it.
func rendered(t *testing.T, format, workers, path string) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, run([]string{"analyze", "-o", format, "--workers", workers, path}, strings.NewReader(""), &out, &errs), errs.String())
	return strings.ReplaceAll(out.String(), filepath.ToSlash(path), filepath.Base(path))
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test with -update once")
	require.Equal(t, string(want), got)
}
