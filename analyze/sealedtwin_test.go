package analyze_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/keylog"
	"ftpscope/analyze/record"
)

// tlsEnd is an end of a TLS connection within the test; what it sends becomes lines of a
// conversation in text.
type tlsEnd struct {
	net.Conn // nil: what it has besides nobody calls
	mu       *sync.Mutex
	come     *sync.Cond
	unread   [2]*bytes.Buffer // by who wrote it
	side     int
	prefix   [2]string // of a side's lines
	script   *strings.Builder
}

func (e *tlsEnd) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.script.WriteString(e.prefix[e.side] + "! ")
	for _, c := range b {
		fmt.Fprintf(e.script, `\x%02x`, c)
	}
	e.script.WriteByte('\n')
	e.come.Broadcast()
	return e.unread[e.side].Write(b)
}

func (e *tlsEnd) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.unread[e.side^1].Len() == 0 {
		e.come.Wait()
	}
	return e.unread[e.side^1].Read(b)
}

func (*tlsEnd) SetWriteDeadline(time.Time) error { return nil }
func (*tlsEnd) Close() error                     { return nil }

// tlsPair is both ends of a connection under TLS, the client's first.
type tlsPair [2]*tls.Conn

// shakeHands makes the pair; its handshake is in the script then.
func shakeHands(t *testing.T, script *strings.Builder, client, server *tls.Config, prefix [2]string) tlsPair {
	t.Helper()
	mu := &sync.Mutex{}
	one := tlsEnd{mu: mu, come: sync.NewCond(mu), unread: [2]*bytes.Buffer{{}, {}}, prefix: prefix, script: script}
	other := one
	other.side = 1
	p := tlsPair{tls.Client(&one, client), tls.Server(&other, server)}
	done := make(chan error, 1)
	go func() { done <- p[1].Handshake() }()
	require.NoError(t, p[0].Handshake())
	require.NoError(t, <-done)
	return p
}

// say lets a side say a text.
func (p tlsPair) say(t *testing.T, side int, text string) {
	t.Helper()
	_, err := p[side].Write([]byte(text))
	require.NoError(t, err)
	_, err = io.ReadFull(p[side^1], make([]byte, len(text)))
	require.NoError(t, err)
}

func tlsConfigs(t *testing.T, version uint16, log io.Writer) (client, server *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: version}               //nolint:gosec // a test
	client = &tls.Config{InsecureSkipVerify: true, KeyLogWriter: log, ClientSessionCache: tls.NewLRUClientSessionCache(4), ServerName: "x"} //nolint:gosec // a test
	return client, server
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
	var script strings.Builder
	script.WriteString("S: 220 ready\nC: AUTH TLS\nS: 234 go\n")
	client, server := tlsConfigs(t, version, log)
	control := shakeHands(t, &script, client, server, [2]string{"C", "S"})
	for _, line := range twinLines {
		side, text := line[:2], line[min(3, len(line)):]
		switch {
		case side == "C:":
			control.say(t, 0, text+"\r\n")
		case side == "S:":
			control.say(t, 1, text+"\r\n")
		case line == "d1 down":
			p := shakeHands(t, &script, client, server, [2]string{"d1>", "d1<"})
			p.say(t, 1, strings.Repeat("x", 5000))
			require.NoError(t, p[1].CloseWrite())
			script.WriteString("d1 close <\n")
		case line == "d2 up":
			p := shakeHands(t, &script, client, server, [2]string{"d2<", "d2>"})
			p.say(t, 0, strings.Repeat("x", 700))
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
			var script strings.Builder
			script.WriteString("S: 220 " + test.greeting + "\nC: AUTH TLS\nS: 234 go\n")
			client, server := tlsConfigs(t, tls.VersionTLS12, io.Discard)
			control := shakeHands(t, &script, client, server, [2]string{"C", "S"})
			client.ClientSessionCache = nil // it does not resume
			for i, data := range []string{test.first, ""} {
				if i == 0 && data == "" {
					continue
				}
				conn := fmt.Sprintf("d%d", i)
				script.WriteString(fmt.Sprintf("data %s C:4000%d > S:5000%d\n", conn, i, i))
				control.say(t, 0, "RETR a\r\n")
				control.say(t, 1, "150 here\r\n")
				p := shakeHands(t, &script, client, server, [2]string{conn + ">", conn + "<"})
				if data != "" {
					p.say(t, 1, data)
				}
				require.NoError(t, p[1].CloseWrite())
				script.WriteString(conn + " close <\n")
				reply := done
				if data == "" {
					reply = test.reply
				}
				control.say(t, 1, reply+"\r\n")
			}
			control.say(t, 0, "QUIT\r\n")
			control.say(t, 1, "221 Goodbye.\r\n")
			script.WriteString("close C\n")
			s := analyzetest.Analyzed(t, analyzetest.Conversation{Script: script.String()}.Frames(t), analyze.Options{}).Sessions[0]
			require.Equal(t, test.want, s.Verdict.Cause, s.Verdict.Text)
			if test.want != record.CauseNone {
				require.Equal(t, record.Likely, s.Verdict.Certainty)
			}
		})
	}
}
