package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
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

// extract runs analyze --extract over frames, or over what args name.
func extractFrom(t testing.TB, frames []capturetest.Frame, args ...string) extracted {
	t.Helper()
	if frames != nil {
		args = append(args, pcapFile(t, frames))
	}
	return extractBy(t, nil, args...)
}

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

func pcapFile(t testing.TB, frames []capturetest.Frame) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
	path := filepath.Join(t.TempDir(), "a.pcap")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	return path
}

func digest(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

// facts is the manifest in short: a transfer a line.
func (x extracted) facts() string {
	var lines []string
	for _, m := range x.manifest {
		name := "none"
		if m.File != nil {
			name = fmt.Sprintf("%s %d", *m.File, len(x.files[*m.File]))
		}
		line := fmt.Sprintf("%d.%d %s", m.Session, m.Transfer, name)
		for _, g := range m.Gaps {
			line += fmt.Sprintf(" gap %d-%d", g.From, g.To)
		}
		if m.MissingBytes > 0 {
			line += fmt.Sprintf(" missing %d", m.MissingBytes)
		}
		if m.Joined != nil {
			line += fmt.Sprintf(" after %d.%d", m.Joined.Session, m.Joined.Transfer)
		}
		if len(m.Why) > 0 {
			line += " (" + strings.Join(m.Why, "; ") + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// login and pasv begin the scripts of these tests; port counts the passive ports.
const loginScript = "S: 220 ready\nC: USER bob\nS: 331 password\nC: PASS secret\nS: 230 in\n"

func passive(n int, command string, data ...string) string {
	port := 50000 + n
	return fmt.Sprintf("C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,%d,%d)\ndata d%d 192.0.2.10:%d > 192.0.2.21:%d\nC! %s\\r\\n\nS: 150 go\n",
		port/256, port%256, n, 40000+n, port, command) + strings.Join(data, "\n") + "\n"
}

const quitScript = "C: QUIT\nS: 221 bye\nclose S\n"

// beforeEnd cuts a script off where it says END.
func beforeEnd(script string) string {
	script, _, _ = strings.Cut(script, "END")
	return script
}

func TestExtract(t *testing.T) {
	for _, test := range []struct {
		name, script, want string
		args               []string
	}{
		{"down, up, unique", passive(1, "RETR a/b.txt", "d1< 5000 fin", "d1 close >", "S: 226 done") +
			passive(2, "STOR b.txt", "d2> 70000 fin", "d2 close <", "S: 226 done") +
			passive(3, "STOU", "d3> 10 fin", "d3 close <", "S: 226 FILE: new.1"),
			"1.1 b.txt 5000\n1.2 b-2.txt 70000\n1.3 new.1 10", nil},
		{"ASCII", "C: TYPE A\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 3000", "d1 close <", "S: 226 done"), "1.1 b.txt 3000", nil},
		{"compressed", "C: MODE Z\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 300 fin", "d1 close >", "S: 226 done") + "C: MODE S\nS: 200 ok\n" + passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 300 (it was sent by MODE Z, B or C and is as it was sent: compressed, or in blocks)\n1.2 b-2.txt 500", nil},
		{"empty", passive(1, "RETR b.txt", "d1 close <", "S: 226 done"), "1.1 b.txt 0", nil},
		{"no such file", passive(1, "RETR b.txt", "d1 close <", "S: 550 no"), "1.1 none (the transfer was aborted)", nil},
		{"resumed", "C: REST 1000\nS: 350 ok\n" + passive(1, "RETR b.txt", "d1< 500 fin", "d1 close >", "S: 226 done"),
			"1.1 b.txt.partial 1500 gap 0-1000 (what is before the offset of REST was not transferred with it)", nil},
		{"resumed beyond all measure", "C: REST 9223372036854775807\nS: 350 ok\n" + passive(1, "RETR b.txt", "d1< 500 fin", "d1 close >", "S: 226 done"),
			"1.1 none gap 0-9223372036854775807 (REST names an offset beyond the limit on a file; what is before the offset of REST was not transferred with it)", nil},
		{"appended", passive(1, "APPE b.txt", "d1> 500 fin", "d1 close <", "S: 226 done"), "1.1 b.txt 500", nil},
		{"resumed after a part", "C: TYPE I\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt 1500 after 1.1", nil},
		{"resumed after something else", "C: TYPE I\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 900\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1400 gap 0-900 (what is before the offset of REST was not transferred with it)", nil},
		{"resumed with a gap", "C: TYPE I\nS: 200 ok\n" + passive(1, "STOR b.txt", "d1> 1000", "d1 rst >", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "STOR b.txt", "d2> 100", "lost d2> 200", "d2> 300 fin", "d2 close <", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1600 gap 1100-1300 missing 200 after 1.1 (the capture lacks some of the bytes)", nil},
		{"appended to what is known", "C: TYPE I\nS: 200 ok\n" + passive(1, "STOR b.txt", "d1> 1000 fin", "d1 close <", "S: 226 done") +
			passive(2, "APPE b.txt", "d2> 500 fin", "d2 close <", "S: 226 done") + passive(3, "APPE b.txt", "d3> 70 fin", "d3 close <", "S: 226 done"),
			"1.1 b.txt 1000\n1.2 b-2.txt 1500 after 1.1\n1.3 b-3.txt 1570 after 1.2", nil},
		{"resumed in ASCII mode", "C: TYPE A\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1500 gap 0-1000 (what is before the offset of REST was not transferred with it)", nil},
		{"aborted", passive(1, "RETR b.txt", "d1< 500", "C: ABOR", "d1 rst <", "S: 426 aborted", "S: 226 abort done"),
			"1.1 b.txt.partial 500 (the transfer was aborted)", nil},
		{"lost in the middle", passive(1, "RETR b.txt", "d1< 1000", "lost d1< 2000", "d1< 3000 fin", "d1 close >", "S: 226 done"),
			"1.1 b.txt.partial 6000 gap 1000-3000 missing 2000 (the capture lacks some of the bytes)", nil},
		{"lost at the end", passive(1, "RETR b.txt", "d1< 1000", "lost d1< 2000", "ack d1>", "S: 226 done"),
			"1.1 b.txt.partial 3000 gap 1000-3000 missing 2000 (the capture lacks some of the bytes)", nil},
		{"the capture ends", passive(1, "RETR b.txt", "d1< 1000", "END"), "1.1 b.txt.partial 1000 (the capture ends before the transfer does)", nil},
		{"the reply is not in it", passive(1, "RETR b.txt", "d1< 1000 fin", "d1 close >", "lost S: 226 done"), "1.1 b.txt 1000", nil},
		{"begun before the capture", strings.Replace(passive(1, "RETR b.txt", "d1< 1000 fin", "d1 close >", "S: 226 done"), ":50001", ":50001 none", 1),
			"1.1 b.txt.partial 1000 (the capture lacks the beginning of the connection)", nil},
		{"listings are none", passive(1, "NLST", "d1< 100 fin", "d1 close >", "S: 226 done"), "", nil},
		{"listings asked for", passive(1, "LIST docs", "d1< 100 fin", "d1 close >", "S: 226 done"), "1.1 LIST-docs.txt 100", []string{"--extract-listings"}},
		{"clear data under TLS", "C: AUTH TLS\nS: 234 go\nC! \\x16\\x03\\x01\\x00\\x05hello\nS! \\x16\\x03\\x03\\x00\\x05hello\ndata d1 192.0.2.10:40001 > 192.0.2.21:50001\nd1< 900 fin\nd1 close >\n",
			"1.1 unnamed 900", nil},
		{"larger than the limit", passive(1, "RETR b.txt", "d1< 5000 fin", "d1 close >", "S: 226 done"),
			"1.1 b.txt.partial 1024 (the file is larger than the limit on a file)", []string{"--extract-limit", "size=1K"}},
		{"more than the limits", passive(1, "RETR a", "d1< 1000 fin", "d1 close >", "S: 226 done") + passive(2, "RETR b", "d2< 1000 fin", "d2 close >", "S: 226 done") +
			passive(3, "RETR c", "d3< 1000 fin", "d3 close >", "S: 226 done") + passive(4, "RETR d", "d4< 1 fin", "d4 close >", "S: 226 done"),
			"1.1 a 1000\n1.2 b.partial 500 (the limit on the bytes of all files was reached)\n1.3 none (the limit on the bytes of all files was reached)\n" +
				"1.4 none (the limit on the bytes of all files was reached)", []string{"--extract-limit", "total=1500,files=3"}},
		{"more files than the limit", passive(1, "RETR a", "d1< 1000 fin", "d1 close >", "S: 226 done") + passive(2, "RETR b", "d2< 1000 fin", "d2 close >", "S: 226 done"),
			"1.1 a 1000\n1.2 none (the limit on the number of files was reached)", []string{"--extract-limit", "files=1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, loginScript+beforeEnd(test.script+quitScript))
			x := extractFrom(t, frames, test.args...)
			require.Equal(t, test.want, x.facts())
			if len(test.args) == 0 { // as they pass
				b, err := os.ReadFile(pcapFile(t, frames))
				require.NoError(t, err)
				require.Equal(t, x.parts(), extractBy(t, b, "--follow", "-").parts())
			}
			for i, m := range x.manifest {
				if m.File == nil {
					continue
				}
				sent := string(capturetest.Stream(frames, fmt.Sprintf("d%d", i+1), flow.In)) + string(capturetest.Stream(frames, fmt.Sprintf("d%d", i+1), flow.Out))
				if m.Complete {
					require.True(t, sent == x.files[*m.File][m.Offset:], *m.File)
				}
				if m.Joined != nil {
					before := x.manifest[m.Joined.Transfer-1]
					require.Equal(t, x.files[*before.File][:m.Offset], x.files[*m.File][:m.Offset])
				}
			}
		})
	}
}

// TestExtractAccidents: files are the same however their packets were cut, doubled and shuffled, and whatever the workers.
func TestExtractAccidents(t *testing.T) {
	frames := capturetest.MustFrames(t, "isn d1< 4294960000\n"+loginScript+
		passive(1, "RETR a.bin", "d1< 200000 fin", "d1 close >", "S: 226 done")+
		passive(2, "STOR b.bin", "d2> 100000 fin", "d2 close <", "S: 226 done")+
		"C: PORT 192,0,2,10,195,80\nS: 200 ok\nC: RETR c.bin\nS: 150 go\ndata d3 192.0.2.21:20 > 192.0.2.10:50000\nd3> 50000 fin\nd3 close <\nS: 226 done\n"+quitScript)
	want := extractFrom(t, frames)
	require.Equal(t, "1.1 a.bin 200000\n1.2 b.bin 100000\n1.3 c.bin 50000", want.facts())
	require.Equal(t, string(capturetest.Stream(frames, "d1", flow.In)), want.files["a.bin"])
	require.Equal(t, string(capturetest.Stream(frames, "d2", flow.Out)), want.files["b.bin"])
	require.Equal(t, string(capturetest.Stream(frames, "d3", flow.Out)), want.files["c.bin"])
	for name, variant := range map[string][]capturetest.Frame{
		"retransmitted": capturetest.Retransmit(frames, 3),
		"reordered":     capturetest.Reorder(frames, 8, 4),
		"doubled":       capturetest.Duplicate(frames),
		"in pieces":     capturetest.SplitRandomly(frames, 500, 5),
		"merged":        capturetest.Merge(frames, 60000),
		"all of it":     capturetest.Reorder(capturetest.Duplicate(capturetest.Retransmit(capturetest.SplitRandomly(frames, 900, 6), 7)), 8, 8),
	} {
		got := extractFrom(t, variant, "--workers", "2")
		require.Equal(t, want.facts(), got.facts(), name)
		require.True(t, fmt.Sprint(want.files) == fmt.Sprint(got.files), name)
	}
}

// TestExtractFXP: data between two servers are of two sessions and one file.
func TestExtractFXP(t *testing.T) {
	frames := capturetest.MustFrames(t, `
control c2 192.0.2.10:51000 > 192.0.2.31:21
S: 220 a
c2S: 220 b
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80)
c2C: PORT 192,0,2,21,195,80
c2S: 200 ok
C: STOR in.bin
c2C: RETR out.bin
data d1 192.0.2.31:20 > 192.0.2.21:50000
S: 150 go
c2S: 150 go
d1> 4000 fin
d1 close <
S: 226 done
c2S: 226 done
close S
c2 close
`)
	x := extractFrom(t, frames)
	require.Equal(t, "1.1 in.bin 4000\n2.1 in.bin 4000", x.facts())
	require.Len(t, x.files, 1)
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
		x := extractFrom(t, nil, files...)
		got := sessionsOf(t, x.records)
		for _, s := range truth.Sessions {
			for i, want := range s.Transfers {
				if want.SHA256 == "" {
					continue
				}
				transfer := got[s.Client][i]
				if transfer.MissingBytes > 0 {
					require.Nil(t, transfer.SHA256, "%s: there is no hash of what is not there", stem)
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
	want := extractFrom(t, nil, "--extract-listings", pcaps)
	require.Greater(t, len(want.files), 100)
	for _, workers := range []string{"2", "8"} {
		got := extractFrom(t, nil, "--extract-listings", "--workers", workers, pcaps)
		require.Equal(t, want.files, got.files)
		require.Equal(t, want.manifest, got.manifest)
	}
}

// TestExtractHostileNames: nothing is written outside of the directory, or over what is in it.
func TestExtractHostileNames(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "deep", "out")
	require.NoError(t, os.MkdirAll(dir, 0o777))
	victim := filepath.Join(outside, "victim")
	require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "there.txt"), []byte("precious"), 0o666))
	planted := []string{"link", "link-2", "dangling", "dirlink", ".ftpscope-x"}
	require.NoError(t, os.Symlink(victim, filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("../../victim", filepath.Join(dir, "link-2")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "made"), filepath.Join(dir, "dangling")))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "dirlink")))
	require.NoError(t, os.Symlink(victim, filepath.Join(dir, ".ftpscope-x")))

	names := []string{
		"link", "link", "dangling", "dirlink", "dirlink/made", "there.txt", "manifest.jsonl", "../victim", "../../victim", "..", ".", "/", "//", "...",
		"/etc/passwd", "/dev/null", "/proc/self/mem", `..\\..\\victim`, `C:\\victim`, `\\\\?\\C:\\victim`, `\\\\host\\share\\x`, "a/../../../victim", "./../victim",
		"CON", "con.txt", "NUL", "nul.tar.gz", "AUX ", "COM1", "LPT9.x", "PRN.", "CLOCK$", "trail.", "trail..", "trail ", "trail . .", " lead", "-rf", "~", ".hidden",
		`nul\x00byte`, `\x00`, `bell\x07`, `esc\x1b[2J`, `tab\x09`, `\x7f`, `lf\\nx`, `\xe2\x80\xaegpj.exe`, `\xe2\x80\x8fx`, `\xef\xbb\xbfbom`, `\xff\xfe`, `\xc0\xaf`, `\xed\xa0\x80`,
		"a:stream", "a*?<>|b", `q\x22q`, "%2e%2e%2fvictim", "..;/victim", "$(touch made)", "`touch made`", ";touch made", "&", "x.partial", ".ftpscope-1-1-1.part",
		strings.Repeat("A", 3000), strings.Repeat("../", 900) + "victim", strings.Repeat("/", 2000), strings.Repeat(".", 2000), strings.Repeat("é", 1500) + ".txt",
	}
	for i := len(names); i < 200; i++ {
		names = append(names, names[i%60]+strings.Repeat("/..", i%3)+strings.Repeat(".", i%4)+strings.Repeat(" ", i%2))
	}
	var script strings.Builder
	script.WriteString(loginScript)
	for i, name := range names {
		script.WriteString(passive(i, "RETR "+name, fmt.Sprintf("d%d< 20 fin", i), fmt.Sprintf("d%d close >", i), "S: 226 done"))
	}
	path := pcapFile(t, capturetest.MustFrames(t, script.String()+quitScript))
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, run([]string{"analyze", "-o", "json", "--extract", dir, path}, strings.NewReader(""), &out, &errs), errs.String())

	var written, links int
	require.NoError(t, filepath.WalkDir(outside, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		inside := filepath.Dir(path) == dir
		switch {
		case d.IsDir():
		case d.Type()&fs.ModeSymlink != 0:
			require.True(t, inside && slices.Contains(planted, d.Name()), path)
			links++
		case path == victim, path == filepath.Join(dir, "there.txt"):
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "precious", string(b))
		default:
			require.True(t, inside, path)
			written++
		}
		return nil
	}))
	require.Equal(t, len(planted), links)
	require.Equal(t, 200+1, written, "files and manifest")

	errs.Reset()
	require.Equal(t, exitRead, run([]string{"analyze", "-o", "json", "--extract", dir, path}, strings.NewReader(""), &out, &errs))
	require.Contains(t, errs.String(), "holds the files of another run (manifest.jsonl)")
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
		want := extractFrom(t, nil, "--extract-listings", file)
		got := extractBy(t, b, "--follow", "--extract-listings", "--workers", fmt.Sprint(1+i%2), "-")
		require.Equal(t, want.parts(), got.parts(), file)
		require.Len(t, got.files, len(want.files), "no temporary files are left")
	}
}
