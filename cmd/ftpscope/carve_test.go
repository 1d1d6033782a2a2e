package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/cryptopan"
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
	for _, path := range list {
		name := filepath.Base(path)
		if base, _, ok := strings.Cut(name, "-1.pcap"); ok || strings.HasPrefix(name, "rotated-") || strings.HasPrefix(name, "alg-both-sides") {
			_ = base
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
		case "orphan":
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
		for _, key := range []string{"id", "community_id", "frames", "frame_files", "network"} {
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
				w, g = sessionsTogether.ReplaceAllString(w, ""), sessionsTogether.ReplaceAllString(g, "")
			}
			if w != g {
				t.Errorf("%s session %d: %s", name, i+1, difference(w, g))
			}
		}
	}
}

// sessionsTogether are findings about several sessions: of one alone they tell something else, or nothing.
var sessionsTogether = regexp.MustCompile(`\{"advice":"(?:[^"\\]|\\.)*","id":"(brute-force|cleartext-credentials|fxp-transfer|bounce-attempt|third-party-data-connection|nat-mismatch|negotiation-rejected)"[^{}]*\},?`)

const testKey = "33322d636861722d7374722d666f722d4145532d6b65792d616e642d7061642e"

// renamer gives the addresses in a text the names that --anonymize testKey gives them.
func renamer(t testing.TB) func(text string) string {
	key, err := anonymizeKey(testKey)
	require.NoError(t, err)
	names := cryptopan.New(key)
	dotted, colons, commas := regexp.MustCompile(`\d+(?:\.\d+){3}`), regexp.MustCompile(`[0-9a-f]+:[0-9a-f:]*:[0-9a-f:]*[0-9a-f]`), regexp.MustCompile(`\d+(?:,\d+){5}`)
	rename := func(text string) string {
		if a, err := netip.ParseAddr(text); err == nil {
			return names.Addr(a).String()
		}
		return text
	}
	return func(text string) string {
		text = colons.ReplaceAllStringFunc(dotted.ReplaceAllStringFunc(text, rename), rename)
		return commas.ReplaceAllStringFunc(text, func(list string) string {
			n := strings.Split(list, ",")
			return strings.ReplaceAll(rename(strings.Join(n[:4], ".")), ".", ",") + "," + n[4] + "," + n[5]
		})
	}
}

// All sessions carved together say the same as before: as they are, with passwords overwritten, and with other addresses.
func TestCarveAll(t *testing.T) {
	rename := renamer(t)
	out := filepath.Join(t.TempDir(), "out.pcapng")
	for name, files := range samples(t) {
		want, others := records(t, inProcess(t, append([]string{"-q", "-o", "json"}, files...)...))
		if len(want) == 0 {
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
				if w != g {
					t.Errorf("%s %v session %d: %s", name, how, i+1, difference(w, g))
				}
			}
			require.Equal(t, expect(strings.Join(others, "\n")), strings.Join(gotOthers, "\n"), name)
			b, err := os.ReadFile(out)
			require.NoError(t, err)
			b = bytes.Replace(b, []byte("passwords overwritten"), nil, 1)
			if how[0] == "--redact-passwords" {
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
