package extract_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/extract"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// extracted is what a run wrote.
type extracted struct {
	files    map[string]string // by name
	manifest []extract.Entry
	errors   []string
}

// setup is how a capture is extracted; the zero value asks for SHA-256 and files.
type setup struct {
	limits   extract.Limits
	listings bool
	passing  bool // read once, as a live capture is
	workers  int
	dir      string // empty: a new one
}

// nowhere takes what an analysis finds, and drops it.
type nowhere struct{}

func (nowhere) Session(*record.Session) error { return nil }
func (nowhere) Attempt(*record.Attempt) error { return nil }
func (nowhere) Orphan(*record.Orphan) error   { return nil }
func (nowhere) Summary(*record.Summary) error { return nil }

// extracting runs an extraction over frames, in two passes or as they pass.
func (how setup) extracting(t testing.TB, frames []capturetest.Frame) extracted {
	t.Helper()
	x := extracted{files: map[string]string{}}
	if how.dir == "" {
		how.dir = filepath.Join(t.TempDir(), "out")
	}
	if how.limits == (extract.Limits{}) {
		how.limits = extract.DefaultLimits
	}
	folder, err := extract.OpenFolder(how.dir, false)
	require.NoError(t, err)
	opt := extract.Options{Hashes: []string{"sha256"}, Listings: how.listings, Limits: how.limits}
	problem := func(err error) { x.errors = append(x.errors, err.Error()) }
	if how.passing {
		live := extract.NewLive(extract.LiveOptions{
			Options: opt, Control: func(port uint16) bool { return port == 21 },
			Chosen: func(*record.Session) bool { return true },
		}, folder, problem)
		how.pass(t, frames, live, live.Records(nowhere{}))
	} else {
		plan := extract.NewPlan(opt, true)
		how.pass(t, frames, nil, plan)
		e := extract.New(plan, folder, problem)
		how.pass(t, frames, e, e.Records(nowhere{}))
	}
	require.NoError(t, folder.Close())
	x.read(t, how.dir)
	x.check(t)
	return x
}

func (how setup) pass(t testing.TB, frames []capturetest.Frame, follow analyze.Follower, out analyze.Records) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &b})
	require.NoError(t, err)
	defer c.Close()
	opt := analyze.Options{Workers: how.workers, Follow: follow}
	if live, ok := follow.(*extract.Live); ok {
		opt.Claims = live
	}
	_, err = analyze.Run(c, opt, out)
	require.NoError(t, err)
}

// read reads the directory.
func (x *extracted) read(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		if !info.Mode().IsRegular() {
			continue // planted
		}
		require.Zero(t, info.Mode().Perm()&0o111, "execute bit")
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		if e.Name() != extract.ManifestName {
			x.files[e.Name()] = string(b)
			continue
		}
		for line := range bytes.Lines(b) {
			var m extract.Entry
			require.NoError(t, json.Unmarshal(line, &m))
			x.manifest = append(x.manifest, m)
		}
	}
}

// check holds what is true whatever was extracted.
func (x *extracted) check(t testing.TB) {
	t.Helper()
	for _, m := range x.manifest {
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
}

func digest(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
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

// parts are what was extracted, without the numbers of sessions, whose order is another
// one live.
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

func TestExtract(t *testing.T) {
	for _, test := range []struct {
		name, script, want string
		how                setup
	}{
		{"down, up, unique", passive(1, "RETR a/b.txt", "d1< 5000 fin", "d1 close >", "S: 226 done") +
			passive(2, "STOR b.txt", "d2> 70000 fin", "d2 close <", "S: 226 done") +
			passive(3, "STOU", "d3> 10 fin", "d3 close <", "S: 226 FILE: new.1"),
			"1.1 b.txt 5000\n1.2 b-2.txt 70000\n1.3 new.1 10", setup{}},
		{"reads like FTP", passive(1, "RETR b.txt", `d1<! 220 (vsFTPd 3.0.3)\r\nUSER eve\r\n331 p\r\nPASS x\r\n230 in\r\nPORT 192,0,2,10,195,82\r\n`, "d1< 900 fin", "d1 close >", "S: 226 done") +
			passive(2, "STOR c.txt", `d2>! 331 x\r\n`, "d2 close <", "S: 226 done") + passive(3, "STOR d.txt", `d3>! 220 FTP\r\nAUTH TLS\r\n234 go\r\n\x16\x03\x01\x00\x05hello`, "d3> 900 fin", "d3 close <", "S: 226 done"),
			"1.1 b.txt 977\n1.2 c.txt 7\n1.3 d.txt 937", setup{}},
		{"ASCII", "C: TYPE A\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 3000", "d1 close <", "S: 226 done"), "1.1 b.txt 3000", setup{}},
		{"compressed", "C: MODE Z\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 300 fin", "d1 close >", "S: 226 done") + "C: MODE S\nS: 200 ok\n" + passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 300 (it was sent by MODE Z, B or C and is as it was sent: compressed, or in blocks)\n1.2 b-2.txt 500", setup{}},
		{"empty", passive(1, "RETR b.txt", "d1 close <", "S: 226 done"), "1.1 b.txt 0", setup{}},
		{"no such file", passive(1, "RETR b.txt", "d1 close <", "S: 550 no"), "1.1 none", setup{}},
		{"resumed", "C: REST 1000\nS: 350 ok\n" + passive(1, "RETR b.txt", "d1< 500 fin", "d1 close >", "S: 226 done"),
			"1.1 b.txt.partial 1500 gap 0-1000 (what is before the offset of REST was not transferred with it)", setup{}},
		{"resumed beyond all measure", "C: REST 9223372036854775807\nS: 350 ok\n" + passive(1, "RETR b.txt", "d1< 500 fin", "d1 close >", "S: 226 done"),
			"1.1 none gap 0-9223372036854775807 (REST names an offset beyond the limit on a file; what is before the offset of REST was not transferred with it)", setup{}},
		{"appended", passive(1, "APPE b.txt", "d1> 500 fin", "d1 close <", "S: 226 done"), "1.1 b.txt 500", setup{}},
		{"resumed after a part", "C: TYPE I\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt 1500 after 1.1", setup{}},
		{"resumed after a part, without room for a copy", "C: TYPE I\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1500 gap 0-1000 (what is before the offset of REST was not transferred with it; the limit on the bytes of all files was reached)",
			setup{limits: extract.Limits{Size: 1 << 20, Total: 2400, Files: 9}}},
		{"resumed after something else", "C: TYPE I\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 900\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1400 gap 0-900 (what is before the offset of REST was not transferred with it)", setup{}},
		{"resumed with a gap", "C: TYPE I\nS: 200 ok\n" + passive(1, "STOR b.txt", "d1> 1000", "d1 rst >", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "STOR b.txt", "d2> 100", "lost d2> 200", "d2> 300 fin", "d2 close <", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1600 gap 1100-1300 missing 200 after 1.1 (the capture lacks some of the bytes)", setup{}},
		{"appended to what is known", "C: TYPE I\nS: 200 ok\n" + passive(1, "STOR b.txt", "d1> 1000 fin", "d1 close <", "S: 226 done") +
			passive(2, "APPE b.txt", "d2> 500 fin", "d2 close <", "S: 226 done") + passive(3, "APPE b.txt", "d3> 70 fin", "d3 close <", "S: 226 done"),
			"1.1 b.txt 1000\n1.2 b-2.txt 1500 after 1.1\n1.3 b-3.txt 1570 after 1.2", setup{}},
		{"resumed in ASCII mode", "C: TYPE A\nS: 200 ok\n" + passive(1, "RETR b.txt", "d1< 1000", "d1 rst <", "S: 426 no") + "C: REST 1000\nS: 350 ok\n" +
			passive(2, "RETR b.txt", "d2< 500 fin", "d2 close >", "S: 226 done"),
			"1.1 b.txt.partial 1000 (the transfer was aborted)\n1.2 b-2.txt.partial 1500 gap 0-1000 (what is before the offset of REST was not transferred with it)", setup{}},
		{"aborted", passive(1, "RETR b.txt", "d1< 500", "C: ABOR", "d1 rst <", "S: 426 aborted", "S: 226 abort done"),
			"1.1 b.txt.partial 500 (the transfer was aborted)", setup{}},
		{"lost in the middle", passive(1, "RETR b.txt", "d1< 1000", "lost d1< 2000", "d1< 3000 fin", "d1 close >", "S: 226 done"),
			"1.1 b.txt.partial 6000 gap 1000-3000 missing 2000 (the capture lacks some of the bytes)", setup{}},
		{"lost at the end", passive(1, "RETR b.txt", "d1< 1000", "lost d1< 2000", "ack d1>", "S: 226 done"),
			"1.1 b.txt.partial 3000 gap 1000-3000 missing 2000 (the capture lacks some of the bytes)", setup{}},
		{"the capture ends", passive(1, "RETR b.txt", "d1< 1000", "END"), "1.1 b.txt.partial 1000 (the capture ends before the transfer does)", setup{}},
		{"the reply is not in it", passive(1, "RETR b.txt", "d1< 1000 fin", "d1 close >", "lost S: 226 done"), "1.1 b.txt 1000", setup{}},
		{"begun before the capture", strings.Replace(passive(1, "RETR b.txt", "d1< 1000 fin", "d1 close >", "S: 226 done"), ":50001", ":50001 none", 1),
			"1.1 b.txt.partial 1000 (the capture lacks the beginning of the connection)", setup{}},
		{"listings are none", passive(1, "NLST", "d1< 100 fin", "d1 close >", "S: 226 done"), "", setup{}},
		{"listings asked for", passive(1, "LIST docs", "d1< 100 fin", "d1 close >", "S: 226 done"), "1.1 LIST-docs.txt 100", setup{listings: true}},
		{"clear data under TLS", "C: AUTH TLS\nS: 234 go\nC! \\x16\\x03\\x01\\x00\\x05hello\nS! \\x16\\x03\\x03\\x00\\x05hello\ndata d1 192.0.2.10:40001 > 192.0.2.21:50001\nd1< 900 fin\nd1 close >\n",
			"1.1 unnamed 900", setup{}},
		{"larger than the limit", passive(1, "RETR b.txt", "d1< 5000 fin", "d1 close >", "S: 226 done"),
			"1.1 b.txt.partial 1024 (the file is larger than the limit on a file)", setup{limits: extract.Limits{Size: 1 << 10, Total: 1 << 20, Files: 10}}},
		{"more than the limits", passive(1, "RETR a", "d1< 1000 fin", "d1 close >", "S: 226 done") + passive(2, "RETR b", "d2< 1000 fin", "d2 close >", "S: 226 done") +
			passive(3, "RETR c", "d3< 1000 fin", "d3 close >", "S: 226 done") + passive(4, "RETR d", "d4< 1 fin", "d4 close >", "S: 226 done"),
			"1.1 a 1000\n1.2 b.partial 500 (the limit on the bytes of all files was reached)\n1.3 none (the limit on the bytes of all files was reached)\n" +
				"1.4 none (the limit on the bytes of all files was reached)", setup{limits: extract.Limits{Size: 1 << 20, Total: 1500, Files: 3}}},
		{"more files than the limit", passive(1, "RETR a", "d1< 1000 fin", "d1 close >", "S: 226 done") + passive(2, "RETR b", "d2< 1000 fin", "d2 close >", "S: 226 done"),
			"1.1 a 1000\n1.2 none (the limit on the number of files was reached)", setup{limits: extract.Limits{Size: 1 << 20, Total: 1 << 20, Files: 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, loginScript+beforeEnd(test.script+quitScript))
			x := test.how.extracting(t, frames)
			require.Equal(t, test.want, x.facts())
			if test.how == (setup{}) {
				require.Equal(t, x.parts(), setup{passing: true}.extracting(t, frames).parts(), "as they pass")
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

// TestExtractAccidents: files are the same however their packets were cut, doubled and
// shuffled, and whatever the workers.
func TestExtractAccidents(t *testing.T) {
	frames := capturetest.MustFrames(t, "isn d1< 4294960000\n"+loginScript+
		passive(1, "RETR a.bin", "d1< 200000 fin", "d1 close >", "S: 226 done")+
		passive(2, "STOR b.bin", "d2> 100000 fin", "d2 close <", "S: 226 done")+
		"C: PORT 192,0,2,10,195,80\nS: 200 ok\nC: RETR c.bin\nS: 150 go\ndata d3 192.0.2.21:20 > 192.0.2.10:50000\nd3> 50000 fin\nd3 close <\nS: 226 done\n"+quitScript)
	want := setup{}.extracting(t, frames)
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
		got := setup{workers: 2}.extracting(t, variant)
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
	x := setup{}.extracting(t, frames)
	require.Equal(t, "1.1 in.bin 4000\n2.1 in.bin 4000", x.facts())
	require.Len(t, x.files, 1)
}

// TestExtractHostileNames: nothing is written outside of the directory, or over what is
// in it.
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
	x := setup{dir: dir}.extracting(t, capturetest.MustFrames(t, script.String()+quitScript))
	require.Empty(t, x.errors)

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

	_, err := extract.OpenFolder(dir, false)
	require.ErrorIs(t, err, extract.ErrUsed)
}
