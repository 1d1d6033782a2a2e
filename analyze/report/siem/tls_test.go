package siem_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture/flow"
)

// What a handshake says has the names of Suricata and of the Elastic Common Schema; texts
// of the wire are escaped.
func TestHandshake(t *testing.T) {
	at := flow.Mark{Time: 1709287335 * flow.Second, Ord: 1, Pos: flow.At(0, 14)}
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	s := record.Session{ID: 7, Client: netip.MustParseAddrPort("192.0.2.10:40000"), Server: netip.MustParseAddrPort("192.0.2.21:21"), TLS: record.TLSExplicit,
		Said: record.Said{Handshake: &record.TLSInfo{ClientHello: at, Version: "TLS 1.2", Cipher: "TLS_X", ServerName: "a\"b\x1b", Protocol: "FTP",
			Fingerprints: record.Fingerprints{JA3: "3", JA4: "4", JA3S: "5"}, Resumption: record.Resumption{Full: true},
			Certificate: &record.Certificate{Subject: "CN=a", Issuer: "CN=b", Serial: "0aff", NotBefore: day(1), NotAfter: day(9)}}}}
	written := func(name string, s *record.Session) (found map[string]any) {
		f, ok := formats.Find(name)
		require.True(t, ok)
		var b bytes.Buffer
		require.NoError(t, f.New(&b, report.Options{}).Session(s))
		for line := range bytes.Lines(b.Bytes()) {
			var v map[string]any
			require.NoError(t, json.Unmarshal(line, &v))
			if x, ok := v["tls"].(map[string]any); ok {
				found = x
			}
		}
		return found
	}
	zeros := "0000000000000000000000000000000000000000000000000000000000000000"
	require.Equal(t, map[string]any{"sni": "a\"b\x1b", "version": "TLS 1.2", "subject": "CN=a", "issuerdn": "CN=b", "serial": "0A:FF", "notbefore": "2026-01-01T00:00:00",
		"notafter": "2026-01-09T00:00:00", "ja3": map[string]any{"hash": "3"}, "ja3s": map[string]any{"hash": "5"}, "ja4": "4"}, written("eve", &s))
	require.Equal(t, map[string]any{"established": true, "version": "1.2", "version_protocol": "tls", "cipher": "TLS_X", "next_protocol": "ftp", "resumed": false,
		"client": map[string]any{"server_name": "a\"b\x1b", "ja3": "3"},
		"server": map[string]any{"ja3s": "5", "subject": "CN=a", "issuer": "CN=b", "not_before": "2026-01-01T00:00:00Z", "not_after": "2026-01-09T00:00:00Z",
			"hash": map[string]any{"sha256": zeros}}}, written("ecs", &s))
	zeek := func(format string) string {
		f, ok := formats.Find(format)
		require.True(t, ok)
		var b bytes.Buffer
		require.NoError(t, f.New(&b, report.Options{}).Session(&s))
		return b.String()[strings.LastIndex(strings.TrimSpace(b.String()), "\n")+1:]
	}
	row := zeek("zeek-ssl")
	require.Equal(t, "1709287335.000000", row[:17])
	require.Equal(t, "192.0.2.10\t40000\t192.0.2.21\t21\tTLSv12\tTLS_X\t-\ta\"b\\x1b\tF\t-\tFTP\tF\t-\t"+zeros+"\t-\tCN=a\tCN=b\t3\t5\n", row[strings.Index(row, "192"):])
	require.Contains(t, zeek("zeek-ssl-json"), `"cert_chain_fps":["`+zeros+`"],"subject":"CN=a"`)
	s.Handshake = &record.TLSInfo{Resumption: record.Resumption{Resumed: true}}
	require.Equal(t, map[string]any{"session_resumed": true}, written("eve", &s))
	s.Handshake = nil
	require.Nil(t, written("eve", &s))
	require.Equal(t, map[string]any{"established": true}, written("ecs", &s))
}
