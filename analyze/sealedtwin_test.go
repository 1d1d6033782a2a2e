package analyze_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/keylog"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest/tlspair"
)

// sealer writes what both ends of connections under TLS say as lines of a conversation in text.
type sealer struct {
	strings.Builder
	client, server *tls.Config
}

func newSealer(t *testing.T, version uint16, log io.Writer) *sealer {
	t.Helper()
	own, err := tlspair.Certificate("")
	require.NoError(t, err)
	return &sealer{
		server: &tls.Config{Certificates: []tls.Certificate{own}, MaxVersion: version},                                                         //nolint:gosec // a test
		client: &tls.Config{InsecureSkipVerify: true, KeyLogWriter: log, ClientSessionCache: tls.NewLRUClientSessionCache(4), ServerName: "x"}, //nolint:gosec // a test
	}
}

// shake makes a connection whose lines begin with these words, the client's first.
func (s *sealer) shake(t *testing.T, client, server string) tlspair.Pair {
	t.Helper()
	p := tlspair.New(s.client, s.server, func(side int, b []byte) {
		s.WriteString([2]string{client, server}[side] + "! ")
		for _, c := range b {
			fmt.Fprintf(s, `\x%02x`, c)
		}
		s.WriteByte('\n')
	})
	require.NoError(t, p.Shake())
	return p
}

// say lets a side say a text.
func say(t *testing.T, p tlspair.Pair, side int, text string) {
	t.Helper()
	require.NoError(t, p.Say(side, []byte(text)))
}

// twinLines are what both sessions say after AUTH; "data" is the transfer.
var twinLines = []string{
	"C: USER bob", "S: 331 password", "C: PASS secret-word", "S: 230 in", "C: TYPE I", "S: 200 ok", "C: CWD docs", "S: 250 ok",
	"C: PASV", "S: 227 Entering (192,0,2,21,195,80)", "data d1 C:40000 > S:50000", "C: RETR a.bin", "S: 150 here (5000 bytes)", "d1 down", "S: 226 done",
	"C: PORT 192,0,2,10,195,81", "S: 200 ok", "C: STOR b.bin", "S: 150 go", "data d2 S:20 > C:50001", "d2 up", "S: 226 done",
	"C: RETR none", "S: 550 no such file", "C: SITE CHMOD 600 b.bin", "S: 200 ok", "C: QUIT", "S: 221 bye",
}

// clearTwin says it in clear, after a server that refused AUTH.
func clearTwin() string {
	script := "S: 220 ready\nC: AUTH TLS\nS: 502 go\n" + strings.Join(twinLines, "\n") + "\nclose C\n"
	return strings.NewReplacer("d1 down", "d1< 5000\nd1 close <", "d2 up", "d2< 700\nd2 close <").Replace(script)
}

// sealedTwin says it under TLS.
func sealedTwin(t *testing.T, version uint16, log io.Writer) string {
	t.Helper()
	script := newSealer(t, version, log)
	script.WriteString("S: 220 ready\nC: AUTH TLS\nS: 234 go\n")
	control := script.shake(t, "C", "S")
	for _, line := range twinLines {
		side, text := line[:2], line[min(3, len(line)):]
		switch {
		case side == "C:":
			say(t, control, 0, text+"\r\n")
		case side == "S:":
			say(t, control, 1, text+"\r\n")
		case line == "d1 down":
			p := script.shake(t, "d1>", "d1<")
			say(t, p, 1, strings.Repeat("x", 5000))
			require.NoError(t, p[1].CloseWrite())
			script.WriteString("d1 close <\n")
		case line == "d2 up":
			p := script.shake(t, "d2<", "d2>")
			say(t, p, 0, strings.Repeat("x", 700))
			require.NoError(t, p[0].CloseWrite())
			script.WriteString("d2 close <\n")
		default:
			script.WriteString(line + "\n")
		}
	}
	return script.String() + "close C\n"
}

var packetNumbers = regexp.MustCompile(` \(packets? [^)]*\)`)

// without takes out of a record what TLS changes: its own keys, times, packet numbers, and
// what TCP carried.
func without(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if n, sealed := v["plain_bytes"]; sealed {
			v["bytes"] = n
		}
		for _, key := range []string{"tls", "decrypted", "plain_bytes", "handshake", "missing_bytes", "start", "end", "time", "first", "last", "frames", "frame", "filter", "findings", "tcp",
			"packets", "elapsed_seconds", "packets_per_second", "duration"} {
			delete(v, key)
		}
		if text, ok := v["text"].(string); ok {
			v["text"] = packetNumbers.ReplaceAllString(text, "")
		}
		for key := range v {
			v[key] = without(v[key])
		}
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
	}
	return v
}

// TestSealedTwin: the same session in clear and under TLS with keys gives the same record,
// but for TLS's own keys, times and packet numbers.
func TestSealedTwin(t *testing.T) {
	session := func(script string, opt analyze.Options) any {
		opt.Dialogue = true
		r := analyzetest.Analyzed(t, analyzetest.Conversation{Script: script}.Frames(t), opt)
		require.Len(t, r.Sessions, 1)
		line, _, _ := strings.Cut(strings.Replace(r.JSON(t), `"code":502`, `"code":234`, 1), "\n")
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		return without(v)
	}
	want := session(clearTwin(), analyze.Options{})
	for name, version := range map[string]uint16{"1.3": tls.VersionTLS13, "1.2": tls.VersionTLS12} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			script := sealedTwin(t, version, &log)
			store := keylog.New()
			store.Block(log.Bytes(), 0)
			for _, workers := range []int{1, 3} {
				require.Equal(t, want, session(script, analyze.Options{Keys: store, Workers: workers}))
			}
		})
	}
}

// TestEmptyOrRefused: without keys a handshake without data is an empty file or a refusal; the
// length of the reply tells which, where none of the session worked without resumption.
func TestEmptyOrRefused(t *testing.T) {
	const done, refused = "226 Transfer complete.", "425 Unable to build data connection: Operation not permitted"
	for name, test := range map[string]struct{ greeting, first, reply, want string }{
		"an empty file":              {"ready", "", done, record.CauseNone},
		"a refusal":                  {"ready", "", refused, record.CauseDataTLSFailed},
		"a refusal after a success":  {"ready", "some data", refused, record.CauseNone}, // which did not resume
		"a server of long successes": {"Welcome to Pure-FTPd", "", refused, record.CauseNone},
	} {
		t.Run(name, func(t *testing.T) {
			script := newSealer(t, tls.VersionTLS12, io.Discard)
			script.WriteString("S: 220 " + test.greeting + "\nC: AUTH TLS\nS: 234 go\n")
			control := script.shake(t, "C", "S")
			script.client.ClientSessionCache = nil // it does not resume
			for i, data := range []string{test.first, ""} {
				if i == 0 && data == "" {
					continue
				}
				conn := fmt.Sprintf("d%d", i)
				script.WriteString(fmt.Sprintf("data %s C:4000%d > S:5000%d\n", conn, i, i))
				say(t, control, 0, "RETR a\r\n")
				say(t, control, 1, "150 here\r\n")
				p := script.shake(t, conn+">", conn+"<")
				if data != "" {
					say(t, p, 1, data)
				}
				require.NoError(t, p[1].CloseWrite())
				script.WriteString(conn + " close <\n")
				reply := done
				if data == "" {
					reply = test.reply
				}
				say(t, control, 1, reply+"\r\n")
			}
			say(t, control, 0, "QUIT\r\n")
			say(t, control, 1, "221 Goodbye.\r\n")
			script.WriteString("close C\n")
			s := analyzetest.Analyzed(t, analyzetest.Conversation{Script: script.String()}.Frames(t), analyze.Options{}).Sessions[0]
			require.Equal(t, test.want, s.Verdict.Cause, s.Verdict.Text)
			if test.want != record.CauseNone {
				require.Equal(t, record.Likely, s.Verdict.Certainty)
			}
		})
	}
}
