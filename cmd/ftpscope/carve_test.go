package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/cryptopan"
	"ftpscope/capture/flow"
)

// inProcess runs ftpscope in this process.
func inProcess(t testing.TB, args ...string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	require.Zero(t, run(args, strings.NewReader(""), &out, &errs), "%v: %s", args, errs.String())
	return out.String()
}

// samples are the captures of pcaps/; those of a rotated set are one.
func samples(t testing.TB) map[string][]string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(pcaps, "*.pcap*"))
	require.NoError(t, err)
	require.Greater(t, len(list), 80)
	sets := map[string][]string{}
	for i, path := range list {
		name := filepath.Base(path)
		set := strings.HasPrefix(name, "rotated-") || strings.HasPrefix(name, "alg-both-sides-")
		if raceEnabled && i%4 != 0 && !set { // the race detector sees the same accesses in few captures as in many
			continue
		}
		if set {
			name = strings.TrimRight(strings.TrimSuffix(name, ".pcap"), "-0123456789")
		}
		sets[name] = append(sets[name], path)
	}
	return sets
}

// carvedRecord is a line of -o json without what differs in a capture of fewer packets.
type carvedRecord map[string]any

var (
	packetNumbers = regexp.MustCompile(`packets? \d+(?:(:#\d+| of [\w./-]+)?(, | and |–| to |, …, )\d+(:#\d+)?)*( of [\w./-]+)?(:#\d+)?`)
	frameNumbers  = regexp.MustCompile(` and frame\.number [<>]= \d+`)
)

func records(t testing.TB, output string) (sessions, others []string) {
	t.Helper()
	for line := range strings.Lines(output) {
		var r carvedRecord
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		kind := r["type"]
		strip(r)
		b, err := json.Marshal(r)
		require.NoError(t, err)
		switch kind {
		case "session":
			sessions = append(sessions, string(b))
		case "orphan", "attempt":
			others = append(others, string(b))
		}
	}
	return sessions, others
}

func strip(v any) {
	switch v := v.(type) {
	case carvedRecord:
		strip(map[string]any(v))
	case map[string]any:
		for _, key := range []string{"id", "community_id", "frame", "frames", "frame_files", "network"} {
			if _, isNumber := v[key].(string); key != "id" || !isNumber {
				delete(v, key)
			}
		}
		for key, x := range v {
			if s, ok := x.(string); ok {
				v[key] = frameNumbers.ReplaceAllString(packetNumbers.ReplaceAllString(s, "packet N"), "")
				continue
			}
			strip(x)
		}
	case []any:
		for _, x := range v {
			strip(x)
		}
	}
}

// Carved alone, a session says the same as in the whole capture.
func TestCarveSessions(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.pcapng")
	for name, files := range samples(t) {
		want, _ := records(t, inProcess(t, append([]string{"-q", "-o", "json"}, files...)...))
		several := len(want) > 1
		for i := range want {
			inProcess(t, append([]string{"carve", "-q", "-w", out, "--session", strconv.Itoa(i + 1)}, files...)...)
			got, _ := records(t, inProcess(t, "-q", "-o", "json", out))
			require.Len(t, got, 1, name)
			w, g := want[i], got[0]
			if several {
				w, g = sessionsTogether.ReplaceAllString(twins.ReplaceAllString(w, ""), ""), sessionsTogether.ReplaceAllString(g, "")
			}
			if w != g {
				t.Errorf("%s session %d: %s", name, i+1, difference(w, g))
			}
		}
	}
}

var conflicts = regexp.MustCompile(`\{"advice":"(?:[^"\\]|\\.)*","id":"overlap-conflict"[^{}]*\},?`)

// sessionsTogether are findings about several sessions: of one alone they tell something else, or nothing.
var sessionsTogether = regexp.MustCompile(`\{"advice":"(?:[^"\\]|\\.)*","id":"(brute-force|cleartext-credentials|fxp-transfer|bounce-attempt|third-party-data-connection|nat-mismatch|negotiation-rejected)"[^{}]*\},?`)

// twins says which session is the same on a NAT's other side: carved alone, a session has none.
var twins = regexp.MustCompile(`"twin":\d+,`)

// withoutLengths is a session without what depends on how long the texts of its control connection are: other addresses
// have other lengths, and the longest segment yet is always timed.
func withoutLengths(t testing.TB, session string) string {
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(session), &r))
	tcp := r["tcp"].(map[string]any)
	for _, key := range []string{"acknowledged", "rate", "retransmitted_bytes", "rtt"} {
		if tcp[key] != nil {
			tcp[key] = "known"
		}
	}
	if stall, ok := tcp["longest_stall"].(map[string]any); ok {
		delete(stall, "after_bytes")
	}
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return addressNames.ReplaceAllString(string(b), "")
}

// addressNames are addresses that clients name in TLS handshakes: another is cut where it is longer.
var addressNames = regexp.MustCompile(`"server_name":"[0-9.]+",`)

const testKey = "33322d636861722d7374722d666f722d4145532d6b65792d616e642d7061642e"

// renamer gives the addresses in a text the names that --anonymize testKey gives them.
func renamer(t testing.TB) func(text string) string {
	key, err := anonymizeKey(testKey)
	require.NoError(t, err)
	names := cryptopan.New(key)
	dotted, colons, commas := regexp.MustCompile(`\d+(?:\.\d+){3}`), regexp.MustCompile(`[0-9a-f]+:[0-9a-f:]*:[0-9a-f:]*[0-9a-f]`), regexp.MustCompile(`\d+(?:,\d+){5,}`)
	rename := func(text string) string {
		if a, err := netip.ParseAddr(text); err == nil {
			return names.Addr(a).String()
		}
		return text
	}
	return func(text string) string {
		text = colons.ReplaceAllStringFunc(dotted.ReplaceAllStringFunc(text, rename), rename)
		return commas.ReplaceAllStringFunc(text, func(list string) string {
			n, from := strings.Split(list, ","), 0
			if strings.HasPrefix(list, "4,4,") {
				from = 2
			}
			copy(n[from:], strings.Split(rename(strings.Join(n[from:from+4], ".")), "."))
			return strings.Join(n, ",")
		})
	}
}

// All sessions carved together say the same as before: as they are, with passwords overwritten, and with other addresses.
func TestCarveAll(t *testing.T) {
	rename := renamer(t)
	out := filepath.Join(t.TempDir(), "out.pcapng")
	for name, files := range samples(t) {
		want, others := records(t, inProcess(t, append([]string{"-q", "-o", "json"}, files...)...))
		if len(want)+len(others) == 0 {
			continue
		}
		for _, how := range [][]string{{"-q"}, {"--redact-passwords"}, {"--anonymize", testKey}, {"--redact-passwords", "--anonymize", testKey}} {
			inProcess(t, append(append([]string{"carve", "-w", out, "--all-ftp"}, how...), files...)...)
			got, gotOthers := records(t, inProcess(t, "-q", "-o", "json", out))
			anonymized := how[len(how)-1] == testKey
			expect := func(s string) string {
				if anonymized {
					return rename(s)
				}
				return s
			}
			require.Len(t, got, len(want), name)
			for i := range want {
				w, g := expect(want[i]), got[i]
				if name == "alg-both-sides" { // both sides of a NAT are told apart by their files, and are in one now
					w, g = sessionsTogether.ReplaceAllString(w, ""), sessionsTogether.ReplaceAllString(g, "")
				}
				if anonymized {
					w, g = withoutLengths(t, w), withoutLengths(t, g)
				}
				if how[0] != "-q" { // what is rewritten has one content: a second one could hold what is to be hidden
					w, g = conflicts.ReplaceAllString(w, ""), conflicts.ReplaceAllString(g, "")
				}
				if w != g {
					t.Errorf("%s %v session %d: %s", name, how, i+1, difference(w, g))
				}
			}
			require.Equal(t, expect(strings.Join(others, "\n")), strings.Join(gotOthers, "\n"), name)
			b, err := os.ReadFile(out)
			require.NoError(t, err)
			b = bytes.Replace(b, []byte("passwords overwritten"), nil, 1)
			if how[0] == "--redact-passwords" && name != "ftp-in-data.pcap" { // what a file holds is no password that was sent
				requireNone(t, b, passwordsOf(t, files), name)
			}
			if anonymized {
				requireNone(t, b, addressesOf(t, want), name)
			}
		}
	}
}

// requireNone checks that a file has none of these bytes.
func requireNone(t *testing.T, file []byte, secrets map[string]string, name string) {
	for secret, what := range secrets {
		if i := bytes.Index(file, []byte(secret)); i >= 0 {
			t.Errorf("%s: %s is in the file: %q", name, what, file[max(0, i-20):min(len(file), i+40)])
		}
	}
}

// passwordsOf are what PASS says in captures.
func passwordsOf(t *testing.T, files []string) map[string]string {
	all := map[string]string{}
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?i)PASS ([^ \r\n]{3,})\r\n`).FindAllSubmatch(b, -1) {
			if word := string(m[1]); word != "password" { // servers ask for it by that name
				all[word] = "password " + word
			}
		}
	}
	return all
}

// addressesOf are the addresses in records in all forms that FTP and packets have of them.
func addressesOf(t *testing.T, sessions []string) map[string]string {
	all := map[string]string{}
	for _, s := range sessions {
		for _, text := range regexp.MustCompile(`[0-9a-f:.]{7,}`).FindAllString(s, -1) {
			a, err := netip.ParseAddr(text)
			if err != nil || a.IsUnspecified() || a.IsLoopback() && a.Is6() {
				continue
			}
			all[string(a.AsSlice())] = "binary " + text
			all[a.String()] = text
			all[a.StringExpanded()] = "expanded " + text
			numbers := strings.ReplaceAll(strings.Trim(strings.Join(strings.Fields(fmt.Sprint(a.AsSlice())), ","), "[]"), " ", ",")
			all[numbers] = "numbers " + numbers
			all[hex.EncodeToString(a.AsSlice())] = "digits " + text
		}
	}
	return all
}

// talk is a session that says addresses and passwords, more than once.
const talk = `
client 86.75.30.9:51234
server 150.101.98.211:21
S: 220-Welcome 86.75.30.9
S: 220 to 150.101.98.211 [2001:db8:77::21]
C: USER bob
S: 331 Please specify the password.
C: PASS hunter2and3
S: 530 Not logged in, "PASS hunter2and3" is wrong.
C: pass hunter4and5
S: 230 in
C: ACCT 12345678
S: 230 in
C: EPRT |1|86.75.30.9|5001|
S: 200 ok
C: PORT 86,75,30,9,19,137
S: 200 ok
C: RETR a
data d1 150.101.98.211:20 > 86.75.30.9:5001
S: 150 here
d1> 3000 fin
d1 close
S: 226 done
C: LPRT 4,4,86,75,30,9,2,19,138
S: 200 ok
C: PASV
S: 227 Entering Passive Mode (150,101,98,211,195,80).
C: STOR b
data d2 86.75.30.9:6000 > 150.101.98.211:50000
S: 150 here
d2> 700 fin
d2 close
S: 226 done
C: PASV
S: 227 Entering Passive Mode (150,101,98,211,195,81).
C: LIST
data d3 86.75.30.9:6001 > 150.101.98.211:50001 unreachable 13
S: 425 nobody came from 86.75.30.9
C: QUIT
S: 221 bye
close
`

var said = map[string]string{"hunter2and3": "password", "hunter4and5": "password", "12345678": "account"}

// carved writes frames to a file, carves it with passwords overwritten and addresses renamed, and requires that the same is
// said of it, and no secret left.
func carved(t *testing.T, frames []capturetest.Frame, rename func(string) string) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
	var b bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
	hide := func(s string) string {
		for word := range said {
			s = strings.ReplaceAll(s, word, strings.Repeat("x", len(word)))
		}
		return rename(s)
	}
	want, _ := records(t, inProcess(t, "-q", "-o", "json", "--commands", in))
	inProcess(t, "carve", "-w", out, "--all-ftp", "--redact-passwords", "--anonymize", testKey, in)
	got, _ := records(t, inProcess(t, "-q", "-o", "json", "--commands", out))
	require.Len(t, got, len(want))
	for i := range want {
		if w, g := withoutLengths(t, hide(want[i])), withoutLengths(t, got[i]); w != g {
			t.Errorf("session %d: %s", i+1, difference(w, g))
		}
	}
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	requireNone(t, file, said, "out")
	requireNone(t, file, addressesOf(t, []string{"86.75.30.9 150.101.98.211 2001:db8:77::21"}), "out")
}

// However packets cut the session, repeat it and lose some of it, no secret is left and the same is said of it.
func TestCarveDisorder(t *testing.T) {
	rename, frames := renamer(t), capturetest.MustFrames(t, talk)
	for name, mutate := range map[string]func([]capturetest.Frame) []capturetest.Frame{
		"as sent":      func(f []capturetest.Frame) []capturetest.Frame { return f },
		"single bytes": func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Split(f, 1) },
		"cut anywhere": func(f []capturetest.Frame) []capturetest.Frame { return capturetest.SplitRandomly(f, 7, 1) },
		"repeated": func(f []capturetest.Frame) []capturetest.Frame {
			return capturetest.Retransmit(capturetest.Split(f, 11), 2)
		},
		"reordered": func(f []capturetest.Frame) []capturetest.Frame {
			return capturetest.Reorder(capturetest.Split(f, 9), 4, 3)
		},
		"each packet late": func(f []capturetest.Frame) []capturetest.Frame {
			return capturetest.Delay(capturetest.Split(f, 9), 1900*flow.Millisecond, 6)
		},
		"by queues":     func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Buffer(f, flow.Second, 3) },
		"client's side": func(f []capturetest.Frame) []capturetest.Frame { return capturetest.OneSided(f, flow.Out) },
		"server's side": func(f []capturetest.Frame) []capturetest.Frame { return capturetest.OneSided(f, flow.In) },
		"late":          func(f []capturetest.Frame) []capturetest.Frame { return f[4:] },
	} {
		t.Run(name, func(t *testing.T) { carved(t, mutate(frames), rename) })
	}
}

// A one-time password stays one: nobody is warned of it.
func TestCarveOneTime(t *testing.T) {
	for _, password := range []string{"GAFF WAIT SKID GIG SKY EYED", "D1854218EBBB0B51"} {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		in := filepath.Join(t.TempDir(), "in.pcap")
		var b bytes.Buffer
		frames := capturetest.MustFrames(t, "S: 220 ready\nC: USER bob\nS: 331 otp-md5 487 dog2\nC: PASS "+password+"\nS: 230 in\nC: QUIT\nS: 221 bye\nclose\n")
		require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
		require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
		inProcess(t, "carve", "-w", out, "--all-ftp", "--redact-passwords", in)
		require.Contains(t, inProcess(t, "-o", "json", in), `"findings":[]`)
		require.Contains(t, inProcess(t, "-o", "json", out), `"findings":[]`)
		file, err := os.ReadFile(out)
		require.NoError(t, err)
		requireNone(t, file, map[string]string{password: "password"}, "out")
	}
}

// Where packets are missing, or their ends, what is left of a password or an address tells nothing.
func TestCarvePieces(t *testing.T) {
	frames := capturetest.Split(capturetest.MustFrames(t, talk), 6)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
	pieces := map[string]string{}
	for word, what := range map[string]string{"hunter2and3": "password", "hunter4and5": "password", "150,101,98,211": "address", "150.101.98.211": "address", "86,75,30": "address"} {
		for n := 5; n <= len(word); n++ {
			for i := range len(word) - n + 1 {
				pieces[word[i:i+n]] = "piece of " + what
			}
		}
	}
	check := func(frames []capturetest.Frame) {
		var b bytes.Buffer
		require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
		require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
		inProcess(t, "carve", "-w", out, "--all-ftp", "--redact-passwords", "--anonymize", testKey, in)
		file, err := os.ReadFile(out)
		require.NoError(t, err)
		requireNone(t, file, pieces, "out")
	}
	for i := range frames {
		if f := &frames[i]; f.Conn == capturetest.Control && f.Meta.ICMP == nil && len(f.Meta.Payload) > 0 {
			check(capturetest.Drop(frames, i))
		}
	}
	for n := 54; n < 90; n++ {
		check(capturetest.Snap(capturetest.MustFrames(t, talk), n))
	}
}

// Fragments of data connections are renamed as they are; text in fragments cannot be rewritten, and that is said.
func TestCarveFragments(t *testing.T) {
	frames := capturetest.MustFrames(t, talk)
	t.Run("data", func(t *testing.T) { carved(t, slices.Concat(capturetest.Fragment(frames, 600, 0, 1)...), renamer(t)) })

	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
	var b, stderr bytes.Buffer
	const unread = 3 // the fragments of an ICMP error, of which none holds enough
	all := slices.Concat(capturetest.Fragment(frames, 24, 0, 1)...)
	require.NoError(t, capturetest.WritePcap(&b, all, capturetest.PcapOptions{}))
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
	inProcess(t, "carve", "-w", out, "--all-ftp", in)
	want, _ := records(t, inProcess(t, "-o", "json", in))
	got, _ := records(t, inProcess(t, "-o", "json", out))
	require.Equal(t, want, got)
	require.Contains(t, inProcess(t, "-o", "json", out), fmt.Sprintf(`"packets":%d,`, len(all)-unread))

	require.Equal(t, exitRead, run([]string{"carve", "-w", out, "--all-ftp", "--redact-passwords", in}, strings.NewReader(""), io.Discard, &stderr))
	require.Regexp(t, `^ftpscope: error: \d+ packets left out, the first is packet \d+ of .*in.pcap: an IP fragment of text that changes\n$`, stderr.String())
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	requireNone(t, file, said, "out")
}

// refused reports whether the encapsulation of frames cannot be rewritten, and requires that this is said and nothing written.
func refused(t *testing.T, frames []capturetest.Frame) bool {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
	var b, stderr bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
	if run([]string{"carve", "-w", out, "--all-ftp", "--anonymize", testKey, in}, strings.NewReader(""), io.Discard, &stderr) == exitDone {
		return false
	}
	require.Regexp(t, `^ftpscope: error: \d+ packets left out, the first is packet 1 of .*: in an encapsulation that cannot be rewritten\n$`, stderr.String())
	require.Contains(t, inProcess(t, "-o", "json", out), `"packets":0,`)
	run([]string{"carve", "-w", out, "--all-ftp", "--redact-passwords", in}, strings.NewReader(""), io.Discard, &stderr)
	require.NotContains(t, inProcess(t, "-o", "json", out), `"packets":0,`, "data connections have no passwords")
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	requireNone(t, file, said, "out")
	return true
}

// In whatever encapsulation, the same is said of the session.
func TestCarveWrapped(t *testing.T) {
	rename, frames := renamer(t), capturetest.MustFrames(t, talk)
	for _, w := range capturetest.Wrappings() {
		t.Run(w.Name, func(t *testing.T) {
			if wrapped := w.Wrap(frames); !refused(t, wrapped) { // capture/rewrite tests how many those are
				carved(t, wrapped, rename)
			}
		})
	}
}

// difference is what two texts differ in, with a few words around it.
func difference(want, got string) string {
	from := 0
	for from < min(len(want), len(got)) && want[from] == got[from] {
		from++
	}
	to := 0
	for to < min(len(want), len(got))-from && want[len(want)-1-to] == got[len(got)-1-to] {
		to++
	}
	around := func(s string) string { return s[max(0, from-60):min(len(s), len(s)-to+20)] }
	return "\nwant …" + around(want) + "…\ngot  …" + around(got) + "…"
}
