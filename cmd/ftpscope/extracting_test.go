package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// extracted is what a run wrote.
type extracted struct {
	files    map[string]string // by name
	manifest []manifestLine
	records  []byte // -o json
	errors   string
}

// manifestLine is what tests look at of a line.
type manifestLine struct {
	Session, Transfer int
	File, SHA256      *string
	Offset, Bytes     uint64
	MissingBytes      uint64 `json:"missing_bytes"`
	Gaps              []struct{ From, To uint64 }
	Joined            *struct{ Session, Transfer int }
	FileSHA256        *string `json:"file_sha256"`
	MIMEType          *string `json:"mime_type"`
	Complete          bool
	Why               []string
}

// extractBy runs analyze --extract over what args name.
func extractBy(t testing.TB, stdin []byte, args ...string) extracted {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	var out, errs bytes.Buffer
	code := run(append([]string{"analyze", "-o", "json", "--extract", dir}, args...), bytes.NewReader(stdin), &out, &errs)
	require.Equal(t, exitDone, code, errs.String())
	x := extracted{files: map[string]string{}, records: out.Bytes(), errors: errs.String()}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular(), e.Name())
		require.Zero(t, info.Mode().Perm()&0o111, "execute bit")
		if e.Name() != "manifest.jsonl" {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			require.NoError(t, err)
			x.files[e.Name()] = string(b)
		}
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	require.NoError(t, err)
	for line := range strings.Lines(string(manifest)) {
		var m manifestLine
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		x.manifest = append(x.manifest, m)
	}
	for _, m := range x.manifest { // what must hold whatever was extracted
		require.Equal(t, m.Complete, len(m.Why) == 0)
		if m.File == nil {
			continue
		}
		data, there := x.files[*m.File]
		require.True(t, there, *m.File)
		require.NotEqual(t, m.Complete, strings.HasSuffix(*m.File, ".partial"), *m.File)
		if m.SHA256 != nil && m.Complete {
			require.Equal(t, *m.SHA256, digest(data[m.Offset:]))
			require.Len(t, data, int(m.Offset+m.Bytes))
		}
		if m.FileSHA256 != nil {
			require.Equal(t, *m.FileSHA256, digest(data))
		}
	}
	return x
}

func digest(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

// TestHashesOfSamples: what real servers and clients transferred has the hash that was recorded when it was sent.
func TestHashesOfSamples(t *testing.T) {
	truths, err := filepath.Glob(pcaps + "/*.truth.json")
	require.NoError(t, err)
	require.NotEmpty(t, truths)
	checked := 0
	for _, name := range truths {
		stem := strings.TrimSuffix(name, ".truth.json")
		var truth struct {
			Files    []string
			Findings []string `json:"expect_findings"`
			Sessions []struct {
				Client    string
				Transfers []struct{ SHA256 string }
			}
		}
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &truth))
		files, err := filepath.Glob(stem + ".pcap*")
		require.NoError(t, err)
		for _, f := range truth.Files {
			files = append(files, filepath.Join(pcaps, f))
		}
		if filepath.Base(stem) == "alg-both-sides" {
			continue // one session seen twice: hashed as two
		}
		x := extractBy(t, nil, files...)
		got := sessionsOf(t, x.records)
		for _, s := range truth.Sessions {
			for i, want := range s.Transfers {
				if want.SHA256 == "" {
					continue
				}
				transfer := got[s.Client][i]
				if transfer.MissingBytes > 0 || slices.Contains(truth.Findings, "overlap-conflict") {
					require.Nil(t, transfer.SHA256, "%s: there is no hash of what is not there, or there twice", stem)
					continue
				}
				require.NotNil(t, transfer.SHA256, stem)
				require.Equal(t, want.SHA256, *transfer.SHA256, stem)
				checked++
			}
		}
	}
	require.Greater(t, checked, 100)
}

type hashed1 struct {
	SHA256       *string
	MissingBytes uint64 `json:"missing_bytes"`
}

// sessionsOf reads the sessions of -o json, by their client's end: the transfers.
func sessionsOf(t testing.TB, records []byte) map[string][]hashed1 {
	t.Helper()
	list := map[string][]hashed1{}
	for line := range bytes.Lines(records) {
		var s struct {
			Type   string
			Client struct {
				IP   netip.Addr
				Port uint16
			}
			Transfers json.RawMessage
		}
		require.NoError(t, json.Unmarshal(line, &s))
		if s.Type == "session" {
			var transfers []hashed1
			require.NoError(t, json.Unmarshal(s.Transfers, &transfers))
			list[netip.AddrPortFrom(s.Client.IP, s.Client.Port).String()] = transfers
		}
	}
	return list
}

func TestExtractWorkers(t *testing.T) {
	want := extractBy(t, nil, "--extract-listings", pcaps)
	require.Greater(t, len(want.files), 100)
	for _, workers := range []string{"2", "8"} {
		got := extractBy(t, nil, "--extract-listings", "--workers", workers, pcaps)
		require.Equal(t, want.files, got.files)
		require.Equal(t, want.manifest, got.manifest)
	}
}

// TestExtractStdin: what can be read only once is copied, and the copy is gone at the end.
func TestExtractStdin(t *testing.T) {
	path := filepath.Join(pcaps, "upload.pcap")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var fromFile, fromStdin, errs bytes.Buffer
	require.Equal(t, exitDone, run([]string{"-o", "csv=transfers", "--hash", "SHA-256,md5", path}, strings.NewReader(""), &fromFile, &errs))
	require.Empty(t, errs.String())
	require.Equal(t, exitDone, run([]string{"-o", "csv=transfers", "--hash", "sha256,md5", "-"}, bytes.NewReader(data), &fromStdin, &errs))
	require.Equal(t, "ftpscope: hint: stdin is copied to a temporary file, because --hash and --extract read captures twice\n", errs.String())
	require.Equal(t, fromFile.String(), strings.ReplaceAll(fromStdin.String(), "stdin", path))
	require.Contains(t, fromFile.String(), "3587fa90cc0cac878287989c82561c8dcf4edc05236e15b07532c25fb81b9b1a")
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}

// parts are what was extracted, without the numbers of sessions, whose order is another one live.
func (x extracted) parts() []string {
	var list []string
	for _, m := range x.manifest {
		name, data := "none", ""
		if m.File != nil {
			name, data = filepath.Ext(*m.File), digest(x.files[*m.File])
		}
		sum := ""
		if m.SHA256 != nil {
			sum = *m.SHA256
		}
		list = append(list, fmt.Sprint(m.Transfer, name, data, sum, m.Offset, m.Bytes, m.MissingBytes, m.Gaps, m.Complete, m.Why))
	}
	slices.Sort(list)
	return list
}

// TestExtractLive: what is read as it passes is what is read afterwards.
func TestExtractLive(t *testing.T) {
	samples, err := filepath.Glob(pcaps + "/*.pcap*")
	require.NoError(t, err)
	some := regexp.MustCompile(`abort|append|loss|offload|late|resume|snaplen|tls|prot-c`)
	for i, file := range samples {
		if i%6 > 0 && !some.MatchString(file) {
			continue
		}
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		want := extractBy(t, nil, "--extract-listings", file)
		got := extractBy(t, b, "--follow", "--extract-listings", "--workers", fmt.Sprint(1+i%2), "-")
		require.Equal(t, want.parts(), got.parts(), file)
		require.Len(t, got.files, len(want.files), "no temporary files are left")
	}
}
