package link

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestWhere(t *testing.T) {
	for name, x := range map[string]struct {
		args  string
		names string
		ports []uint16
		wrong string
	}{
		"a host":         {"hub", "nats://hub:4222", []uint16{4222}, ""},
		"several":        {"nats://a,tls://b:7422, c:7422", "nats://a:4222, tls://b:7422, nats://c:7422", []uint16{4222, 7422}, ""},
		"IPv6":           {"nats://[2001:db8::1]:5000", "nats://[2001:db8::1]:5000", []uint16{5000}, ""},
		"nothing":        {"", "", nil, `want URLs like nats://hub:4222, got ""`},
		"a path":         {"nats://hub/x", "", nil, "want URLs like"},
		"no URL":         {"nats://h ub", "", nil, "want URLs like"},
		"another scheme": {"http://hub", "", nil, `want nats:// or tls://, got "http://"`},
		"a password":     {"nats://me:secret@hub", "", nil, "others see a password on the command line: use --fleet-creds or --fleet-token"},
		"half a pair":    {"hub --fleet-tls-cert=a", "", nil, "--fleet-tls-cert and --fleet-tls-key belong together"},
		"two secrets":    {"hub --fleet-creds=a --fleet-token=b", "", nil, "--fleet-creds and --fleet-token: one of them is enough"},
	} {
		t.Run(name, func(t *testing.T) {
			var w Where
			s := pflag.NewFlagSet("x", pflag.ContinueOnError)
			w.Flags(s, "fleet-")
			url, flags, _ := strings.Cut(x.args, " --")
			if w.URLs = url; flags != "" {
				require.NoError(t, s.Parse(strings.Fields("--"+flags)))
			}
			if err := w.Check(); x.wrong != "" {
				require.ErrorContains(t, err, x.wrong)
				require.NotContains(t, err.Error(), "secret")
				return
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, x.names, w.Names())
			require.Equal(t, x.ports, w.Ports())
		})
	}
	require.Equal(t, Where{prefix: "--fleet-"}, Where{}.Prefixed("fleet-"))
}

func TestConnectErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	large := file("large", strings.Repeat("x", maxSecret+1))
	for name, x := range map[string]struct {
		w    Where
		says string
	}{
		"nobody there":   {Where{URLs: "nats://127.0.0.1:1"}, "nats://127.0.0.1:1: no server answers there"},
		"no credentials": {Where{URLs: "hub", Creds: filepath.Join(dir, "none")}, "no such file"},
		"no token":       {Where{URLs: "hub", Token: filepath.Join(dir, "none")}, "no such file"},
		"no authorities": {Where{URLs: "hub", CA: file("ca", "text")}, "ca: holds no certificate (PEM)"},
		"no certificate": {Where{URLs: "hub", Cert: file("crt", "text"), Key: file("key", "text")}, "crt, "},
		"a large file":   {Where{URLs: "hub", CA: large}, "it is too large"},
	} {
		_, err := x.w.Connect(Options{})
		require.ErrorContains(t, err, x.says, name)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"dmz1", "a", "A-b_9", strings.Repeat("x", 64)} {
		require.NoError(t, CheckName("sensor", name))
		require.Equal(t, name, SubjectName(RecordSubject(name)))
	}
	for _, name := range []string{"", ".", "..", "../x", "a/b", "a.b", "a*", ">", "a b", "-a", "\x1b[2J", "ä", strings.Repeat("x", 65)} {
		require.Error(t, CheckName("sensor", name), name)
		require.False(t, SubjectName(RecordSubject(name)) == name && name != "", name)
	}
	require.Equal(t, "ftpscope.status.sensor.dmz1", StatusSubject("sensor", "dmz1"))
}

func TestPlain(t *testing.T) {
	require.EqualError(t, Plain(nats.ErrNoServers), "no server answers there")
	require.EqualError(t, Plain(errors.Join(nats.ErrAuthorization)), "the server does not know these credentials")
	other := errors.New("other")
	require.Equal(t, other, Plain(other))
}
