package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/capture/capturetest"
	"ftpscope/cmd/ftpscope/metrics"
)

// No output, message, metric or file name shows a password in any spelling, and carve --redact-passwords leaves none in
// packets. With --show-passwords the field of the password has it.
func TestNoSecretIsShown(t *testing.T) {
	frames := analyzetest.Conversation{Script: analyzetest.Secrets}.Frames(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	var b bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
	require.NoError(t, os.WriteFile(at("in.pcap"), b.Bytes(), 0o600))
	out := at("out")
	require.NoError(t, os.Mkdir(out, 0o700))
	for _, dialogue := range []string{"--commands", "--all"} {
		args := []string{"analyze", dialogue, "--color", "never", "--extract", filepath.Join(out, "files"+dialogue)}
		for _, f := range allFormats() {
			args = append(args, "-o", f.Name+"="+filepath.Join(out, f.Name+dialogue))
		}
		var stdout, stderr bytes.Buffer
		require.Zero(t, run(append(args, at("in.pcap")), strings.NewReader(""), &stdout, &stderr), stderr.String())
		analyzetest.RequireNoSecret(t, "messages", stdout.String()+stderr.String())
	}
	inProcess(t, "carve", "--all-ftp", "--redact-passwords", "-w", filepath.Join(out, "carved.pcapng"), at("in.pcap"))
	files := 0
	require.NoError(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		analyzetest.RequireNoSecret(t, "file name", path)
		if d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			analyzetest.RequireNoSecret(t, path, string(content))
			files++
		}
		return nil
	}))
	require.Equal(t, 2*(len(allFormats())+2)+1, files)

	var session struct{ Password, User string }
	for _, path := range []string{at("in.pcap"), filepath.Join(out, "carved.pcapng")} {
		record := inProcess(t, "analyze", "-o", "json", "--show-passwords", path)
		require.NoError(t, json.NewDecoder(strings.NewReader(record)).Decode(&session))
		if path == at("in.pcap") {
			require.Equal(t, analyzetest.LastPassword, session.Password)
		}
		require.True(t, strings.HasPrefix(session.User, "u7:"), session.User)
	}
}

// What is told of sessions, live views and metrics included, comes from records: they have no secret.
func TestNoSecretInRecords(t *testing.T) {
	got := analyzetest.Analyzed(t, analyzetest.Conversation{Script: analyzetest.Secrets}.Frames(t), analyze.Options{Dialogue: true})
	m, err := metrics.Listen("127.0.0.1:0")
	require.NoError(t, err)
	go m.Serve()
	defer m.Close()
	for _, s := range got.Sessions {
		require.NoError(t, m.Session(s))
		texts := analyzetest.Texts(s)
		require.Contains(t, texts, "Password required for (hidden)")
		analyzetest.RequireNoSecret(t, "record", texts)
	}
	response, err := http.Get("http://" + m.Addr() + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	analyzetest.RequireNoSecret(t, "metrics", string(text))
}
