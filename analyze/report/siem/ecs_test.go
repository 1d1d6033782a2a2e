package siem

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report/reporttest"
)

// ecsField is a field as the schema's reference has it: its type, and the values that are
// allowed.
type ecsField struct {
	kind   string
	values []string
}

// ecsFields reads testdata/ecs.fields: the fields of ECS 8.17 that are used, "name type
// allowed values…", by its reference.
func ecsFields(t *testing.T) map[string]ecsField {
	t.Helper()
	b, err := os.ReadFile("testdata/ecs.fields")
	require.NoError(t, err)
	fields := map[string]ecsField{}
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		fields[words[0]] = ecsField{words[1], words[2:]}
	}
	return fields
}

// flatten calls visit with each leaf's dotted name.
func flatten(prefix string, v any, visit func(string, any)) {
	object, ok := v.(map[string]any)
	if !ok {
		visit(prefix, v)
		return
	}
	for key, value := range object {
		flatten(strings.TrimPrefix(prefix+"."+key, "."), value, visit)
	}
}

func checkECS(t *testing.T, fields map[string]ecsField, name string, v any) {
	t.Helper()
	f, known := fields[name]
	require.True(t, known, "%s is no field of the schema", name)
	if kind, isList := strings.CutSuffix(f.kind, "[]"); isList {
		for _, x := range v.([]any) {
			checkECSValue(t, name, kind, f.values, x)
		}
		return
	}
	checkECSValue(t, name, f.kind, f.values, v)
}

func checkECSValue(t *testing.T, name, kind string, values []string, v any) {
	t.Helper()
	switch kind {
	case "keyword", "match_only_text":
		s, ok := v.(string)
		require.True(t, ok, name)
		require.True(t, len(values) == 0 || slices.Contains(values, s), "%s: %q is not allowed", name, s)
	case "ip":
		_, err := netip.ParseAddr(v.(string))
		require.NoError(t, err, name)
	case "date":
		_, err := time.Parse(time.RFC3339Nano, v.(string))
		require.NoError(t, err, name)
	case "long":
		_, err := v.(json.Number).Int64()
		require.NoError(t, err, name)
	case "boolean":
		require.IsType(t, true, v, name)
	default:
		t.Fatalf("no type %s", kind)
	}
}

// TestECSFields: outside "ftpscope" all fields are the schema's, with its types and
// values; each of the list is used.
func TestECSFields(t *testing.T) {
	fields := ecsFields(t)
	used := map[string]bool{}
	hashed := reporttest.Ipv6Session()
	hashed.Transfers[0].SHA256, hashed.Transfers[0].MIMEType, hashed.Transfers[0].Notes.Size = reporttest.Ptr("00"), reporttest.Ptr("text/plain"), reporttest.Ptr(uint64(1))
	sessions := append(reporttest.HostileSessions(), reporttest.ActiveSession(), reporttest.BlockedSession(), hashed)
	for _, o := range objects(t, reporttest.WriteAll(t, Formats(), "ecs", sessions...)) {
		require.IsType(t, map[string]any{}, o["ftpscope"])
		delete(o, "ftpscope")
		for _, must := range []string{"@timestamp", "ecs", "event", "message", "network", "related"} {
			require.Contains(t, o, must)
		}
		flatten("", o, func(name string, v any) {
			checkECS(t, fields, name, v)
			used[name] = true
		})
	}
	require.Len(t, used, len(fields))
}

func TestECS(t *testing.T) {
	var got [][]any
	for _, o := range objects(t, reporttest.WriteAll(t, Formats(), "ecs", reporttest.ActiveSession(), reporttest.BlockedSession())) {
		got = append(got, digAll(o, "event.kind", "event.action", "event.outcome", "source.ip", "destination.port", "destination.bytes", "user.name", "file.name", "rule.id"))
	}
	require.Equal(t, [][]any{
		{"event", "ftp-session", nil, "192.0.2.10", "21", "0", "anonymous", nil, nil},
		{"event", "ftp-login", "success", "192.0.2.10", "21", nil, "anonymous", nil, nil},
		{"event", "ftp-list", "success", "192.0.2.21", "43591", "0", "anonymous", nil, nil},
		{"event", "ftp-retr", "success", "192.0.2.21", "43677", "0", "anonymous", "photo.bin", nil},
		{"event", "ftp-session", nil, "203.0.113.10", "21", "0", "labuser", nil, nil},
		{"event", "ftp-data-channel", "failure", "203.0.113.10", "50001", nil, "labuser", nil, nil},
		{"alert", "ftp-finding", nil, "203.0.113.10", "21", nil, "labuser", nil, "data-unanswered"},
		{"event", "ftp-connection-attempt", "failure", "192.0.2.1", "21", nil, nil, nil, nil},
		{"event", "ftp-data-channel", "unknown", "192.0.2.21", "40000", nil, nil, nil, nil},
	}, got)
}
