package sensor

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/cmd/ftpscope/fleet/hub"
	"ftpscope/cmd/ftpscope/fleet/link"
	"ftpscope/cmd/ftpscope/fleet/wire"
)

// heard are warnings.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) warn(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, fmt.Sprintf(format, args...))
}

func (h *heard) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.list, "\n")
}

func start(t *testing.T, url, dir string, h *heard) *Sensor {
	t.Helper()
	s, err := Connect(Options{Where: link.Where{URLs: url}, Name: "dmz1", Dir: dir, Limit: 1 << 20, Version: "v1", Warn: h.warn})
	require.NoError(t, err)
	require.NoError(t, s.Open())
	return s
}

// TestSensor sends a record of each kind, some before the streams are there.
func TestSensor(t *testing.T) {
	o := hub.Options{Store: t.TempDir(), Listen: "127.0.0.1:0"}
	server, err := hub.Start(o)
	require.NoError(t, err)
	defer hub.Stop(server)
	var h heard
	dir := filepath.Join(t.TempDir(), "spool")
	s := start(t, "nats://"+server.Addr().String(), dir, &h)
	secret := "s3cret"
	require.NoError(t, s.Session(&record.Session{ID: 1, Password: &secret}))
	require.NoError(t, s.Session(&record.Session{ID: 2, Open: true}), "it goes on: nothing to tell yet")
	require.NoError(t, s.Attempt(&record.Attempt{Count: 3}))
	require.Eventually(t, func() bool { return strings.Contains(h.text(), "no stream for this yet; records wait in "+dir) }, time.Minute, 10*time.Millisecond)

	conn, err := o.Connect(server)
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	require.NoError(t, link.Streams(t.Context(), js, link.Keep{}))
	require.Eventually(t, func() bool { return strings.Contains(h.text(), "takes records again") }, time.Minute, 10*time.Millisecond)
	require.NoError(t, s.Orphan(&record.Orphan{Bytes: 4}))
	require.NoError(t, s.Summary(&record.Summary{Packets: 5}))
	s.Close()

	stream, err := js.Stream(t.Context(), link.RecordStream)
	require.NoError(t, err)
	var got []string
	var r wire.Reader
	for seq := range stream.CachedInfo().State.LastSeq {
		m, err := stream.GetMsg(t.Context(), seq+1)
		require.NoError(t, err)
		require.Equal(t, "ftpscope.records.dmz1", m.Subject)
		block, err := wire.Unpack(m.Data)
		require.NoError(t, err)
		require.NotContains(t, string(block), secret)
		top, frames, err := wire.ReadTop(block)
		require.NoError(t, err)
		require.Equal(t, []any{seq + 1, uint64(1), "v1"}, []any{top.Number, top.Run, top.Version})
		_, err = r.Add(frames, func(r wire.Record) error {
			switch {
			case r.Session != nil:
				got = append(got, fmt.Sprint("session ", r.Session.ID))
			case r.Attempt != nil:
				got = append(got, fmt.Sprint("attempt ", r.Attempt.Count))
			case r.Orphan != nil:
				got = append(got, fmt.Sprint("orphan ", r.Orphan.Bytes))
			default:
				got = append(got, fmt.Sprint("summary ", r.Summary.Packets))
			}
			return nil
		}, func(err error) { require.NoError(t, err) })
		require.NoError(t, err)
	}
	require.Equal(t, []string{"session 1", "attempt 3", "orphan 4", "summary 5"}, got)
	status, err := js.Stream(t.Context(), link.StatusStream)
	require.NoError(t, err)
	word, err := status.GetLastMsgForSubject(t.Context(), "ftpscope.status.sensor.dmz1")
	require.NoError(t, err)
	require.Contains(t, string(word.Data), `"records":4,"waiting_blocks":0`)
	require.Contains(t, string(word.Data), `"ended":true`)
}

// TestNobodyThere keeps what nobody takes.
func TestNobodyThere(t *testing.T) {
	var h heard
	dir := t.TempDir()
	s := start(t, "nats://127.0.0.1:1", dir, &h)
	require.NoError(t, s.Session(&record.Session{ID: 1}))
	s.Close()
	require.Contains(t, h.text(), "nats://127.0.0.1:1: not connected; records wait in "+dir)
	require.Contains(t, h.text(), "wait in "+dir+", for the next run")
}

func TestConnectErrors(t *testing.T) {
	_, err := Connect(Options{Where: link.Where{URLs: "hub", Creds: filepath.Join(t.TempDir(), "none")}})
	require.ErrorContains(t, err, "no such file")
	s, err := Connect(Options{Where: link.Where{URLs: "nats://127.0.0.1:1"}, Dir: "/dev/null/x", Warn: new(heard).warn})
	require.NoError(t, err)
	require.Error(t, s.Open())
	s.Close()
}
