package jsonl

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// What a session did to the server's files, in full and with nothing known of it.
func TestOperations(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Operations = []record.Operation{
		{Time: reporttest.At(1), Pos: flow.At(0, 9), What: "RNTO", Path: reporttest.Ptr("/b\x1b"), From: reporttest.Ptr("/a"), Reply: &record.Reply{Code: 250, Text: "ok"}},
		{Time: reporttest.At(2), Pos: flow.At(0, 11), What: "SITE CHMOD", Argument: reporttest.Ptr("777")},
	}
	for files, want := range map[int]string{
		1: `[{"time":"2024-03-01T10:02:15.001000Z","frame":9,"what":"RNTO","path":"/b\u001b","from":"/a","argument":null,"reply":{"code":250,"text":"ok"}},
		     {"time":"2024-03-01T10:02:15.002000Z","frame":11,"what":"SITE CHMOD","path":null,"from":null,"argument":"777","reply":null}]`,
		2: `[{"time":"2024-03-01T10:02:15.001000Z","frame":9,"frame_file":0,"what":"RNTO","path":"/b\u001b","from":"/a","argument":null,"reply":{"code":250,"text":"ok"}},
		     {"time":"2024-03-01T10:02:15.002000Z","frame":11,"frame_file":0,"what":"SITE CHMOD","path":null,"from":null,"argument":"777","reply":null}]`,
	} {
		got, err := json.Marshal(encode(t, s, report.Options{Files: files})["operations"])
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}

// What a handshake says, and null for what it does not.
func TestHandshake(t *testing.T) {
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, x := range []struct {
		name string
		h    record.TLSInfo
		want map[string]any // of its keys
	}{
		{"nothing", record.TLSInfo{}, map[string]any{"version": nil, "cipher": nil, "resumed": nil, "server_name": nil, "protocol": nil, "ja3": nil, "certificate": nil, "alert": nil}},
		{"whole", record.TLSInfo{Version: "TLS 1.2", Cipher: "0x1234", ServerName: "a\x00b", Resumption: record.Resumption{Full: true}, Offered: []string{"TLS 1.2"}},
			map[string]any{"version": "TLS 1.2", "resumed": false, "server_name": "a\x00b", "offered_versions": []any{"TLS 1.2"}, "offered_protocols": []any{}}},
		{"resumed", record.TLSInfo{Resumption: record.Resumption{Resumed: true}}, map[string]any{"resumed": true}},
		{"a certificate that cannot be read", record.TLSInfo{Certificate: &record.Certificate{SHA256: [32]byte{0xab}}},
			map[string]any{"certificate": map[string]any{"sha256": "ab00000000000000000000000000000000000000000000000000000000000000"}}},
		{"an alert of the server", record.TLSInfo{Alert: record.TLSAlert{Mark: reporttest.MarkAt(5, 7), Name: "unknown CA", Fatal: true, ByServer: true}},
			map[string]any{"alert": map[string]any{"by": "server", "name": "unknown CA", "fatal": true, "frame": 7.}}},
		{"an encrypted alert", record.TLSInfo{Alert: record.TLSAlert{Mark: reporttest.MarkAt(5, 7)}},
			map[string]any{"alert": map[string]any{"by": "client", "name": nil, "fatal": false, "frame": 7.}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := reporttest.ActiveSession()
			s.Handshake = &x.h
			got := encode(t, s, report.Options{})["handshake"].(map[string]any)
			for key, want := range x.want {
				require.Contains(t, got, key)
				require.Equal(t, want, got[key], key)
			}
		})
	}
	s := reporttest.ActiveSession()
	require.NotContains(t, encode(t, s, report.Options{}), "handshake", "none was seen")
	s.Transfers[0].Handshake = &record.TLSInfo{Certificate: &record.Certificate{Serial: "1f", Subject: "CN=a", Issuer: "CN=b", NotBefore: day, NotAfter: day.AddDate(1, 0, 0), SelfSigned: true}}
	c := encode(t, s, report.Options{})["transfers"].([]any)[0].(map[string]any)["handshake"].(map[string]any)["certificate"].(map[string]any)
	require.Equal(t, []any{"2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z", "1f", []any{}, true}, []any{c["not_before"], c["not_after"], c["serial"], c["names"], c["self_signed"]})
}

// Networks have their steps, the plain one of several is a path without any.
func TestNetworks(t *testing.T) {
	s := reporttest.ActiveSession()
	require.Nil(t, encode(t, s, report.Options{})["network"])
	s.Network = reporttest.InVLANs([]uint64{10, 0}, nil)
	s.Network.Paths[0].Steps = append(s.Network.Paths[0].Steps, record.NetworkStep{Kind: "ip", Ends: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")}})
	got, err := json.Marshal(encode(t, s, report.Options{})["network"])
	require.NoError(t, err)
	require.JSONEq(t, `[{"name":"VLAN 10, VLAN 0","path":[{"kind":"vlan","id":10,"ends":[]},{"kind":"vlan","id":0,"ends":[]},{"kind":"ip","id":null,"ends":["10.0.0.1","2001:db8::1"]}]},
		{"name":"untagged","path":[]}]`, string(got))
}

// Keys that most sessions have no use for are left out, not null.
func TestRareKeys(t *testing.T) {
	s := reporttest.ActiveSession()
	got := encode(t, s, report.Options{})
	for _, key := range []string{"open", "twin", "real_client", "real_server", "decrypted"} {
		require.NotContains(t, got, key)
	}
	s.Open, s.Twin, s.RealClient, s.RealServer, s.Capture.Decrypted = true, 2, "192.0.2.9:1", "ftp\x1b:21", true
	got = encode(t, s, report.Options{})
	require.Equal(t, []any{true, 2., "192.0.2.9:1", "ftp\x1b:21", true}, []any{got["open"], got["twin"], got["real_client"], got["real_server"], got["decrypted"]})
	x := &s.Transfers[0]
	x.PlainBytes, x.MD5, x.SHA1 = reporttest.Ptr(uint64(0)), reporttest.Ptr("m"), reporttest.Ptr("s")
	transfer := encode(t, s, report.Options{})["transfers"].([]any)[0].(map[string]any)
	require.Equal(t, []any{0., "m", "s"}, []any{transfer["plain_bytes"], transfer["md5"], transfer["sha1"]}, "none is not unknown")
}
