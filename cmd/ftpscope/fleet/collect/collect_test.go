package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/formats"
	"ftpscope/cmd/ftpscope/fleet/hub"
	"ftpscope/cmd/ftpscope/fleet/link"
	"ftpscope/cmd/ftpscope/fleet/wire"
)

// lab is a hub, what a sensor sends, and a collector that collects what is there.
type lab struct {
	t      *testing.T
	server *server.Server
	js     jetstream.JetStream
	dir    string
	mu     sync.Mutex
	warned []string
	stdout bytes.Buffer
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, dir: t.TempDir()}
	l.start("hub")
	return l
}

func (l *lab) start(store string) {
	o := hub.Options{Store: filepath.Join(l.dir, store), Listen: "127.0.0.1:0"}
	s, err := hub.Start(o)
	require.NoError(l.t, err)
	conn, err := o.Connect(s)
	require.NoError(l.t, err)
	l.server = s
	l.t.Cleanup(func() { conn.Close(); hub.Stop(s) })
	l.js, err = jetstream.New(conn)
	require.NoError(l.t, err)
	require.NoError(l.t, link.Streams(l.t.Context(), l.js, link.Keep{Bytes: 64 << 20}))
}

const (
	storeA = "aaaaaaaaaaaaaaaa"
	storeB = "bbbbbbbbbbbbbbbb"
)

// top is the head of a block.
func top(store string, number, first uint64) wire.Top {
	return wire.Top{Format: wire.FormatNow, Version: "v1", Store: store, Number: number, Run: 1, First: first}
}

// send sends a block with attempts, which these numbers tell apart.
func (l *lab) send(sensor string, head wire.Top, counts ...int) {
	l.t.Helper()
	b := wire.AppendTop(nil, head)
	for _, n := range counts {
		payload, err := wire.Encode(wire.Record{Attempt: &record.Attempt{Count: n}}, false)
		require.NoError(l.t, err)
		b = wire.AppendFrame(b, wire.Whole, payload)
	}
	l.publish(sensor, wire.Pack(b))
}

func (l *lab) publish(sensor string, b []byte) {
	l.t.Helper()
	_, err := l.js.Publish(l.t.Context(), link.RecordSubject(sensor), b)
	require.NoError(l.t, err)
}

func (l *lab) options(outputs ...string) Options {
	o := Options{Where: link.Where{URLs: "nats://" + l.server.Addr().String()}, Name: "main", State: filepath.Join(l.dir, "state"), Once: true, Version: "v1", Stdout: &l.stdout,
		Warn: func(format string, args ...any) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.warned = append(l.warned, fmt.Sprintf(format, args...))
		}}
	for _, x := range outputs {
		name, path, _ := strings.Cut(x, "=")
		f, ok := formats.Find(name)
		require.True(l.t, ok)
		if path != "" {
			path = filepath.Join(l.dir, path)
		}
		o.Outputs = append(o.Outputs, Output{f, path})
	}
	return o
}

// collect collects what is there, and returns the numbers of attempts in a file, with
// gaps as "gap 3".
func (l *lab) collect() string {
	l.t.Helper()
	require.NoError(l.t, Run(context.Background(), l.options("json=all.jsonl")))
	return l.read("all.jsonl")
}

func (l *lab) read(name string) string {
	l.t.Helper()
	b, err := os.ReadFile(filepath.Join(l.dir, name))
	require.NoError(l.t, err)
	var list []string
	for line := range bytes.Lines(b) {
		var r struct {
			Type, Sensor   string
			Count, Records int
		}
		require.NoError(l.t, json.Unmarshal(line, &r), string(line))
		switch r.Type {
		case "gap":
			list = append(list, fmt.Sprintf("%s:gap %d", r.Sensor, r.Records))
		default:
			list = append(list, fmt.Sprintf("%s:%d", r.Sensor, r.Count))
		}
	}
	return strings.Join(list, " ")
}

// warnings are what was said since the last call.
func (l *lab) warnings() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.Join(l.warned, "\n")
	l.warned = nil
	return text
}

func TestOnceEach(t *testing.T) {
	l := newLab(t)
	require.Empty(t, l.collect())
	l.send("dmz1", top(storeA, 1, 0), 1, 2)
	l.send("fw1", top(storeB, 1, 0), 10)
	require.Equal(t, "dmz1:1 dmz1:2 fw1:10", l.collect())
	l.send("dmz1", top(storeA, 1, 0), 1, 2) // its acknowledgment was lost
	l.send("dmz1", top(storeA, 2, 2), 3)
	l.send("dmz1", top(storeA, 1, 0), 1, 2)
	require.Equal(t, "dmz1:1 dmz1:2 fw1:10 dmz1:3", l.collect())
	require.Equal(t, "dmz1:1 dmz1:2 fw1:10 dmz1:3", l.collect())
	require.Empty(t, l.warnings())
	l.send("dmz1", top(storeB, 1, 0), 4) // its disk was made anew
	require.Equal(t, "dmz1:1 dmz1:2 fw1:10 dmz1:3 dmz1:4", l.collect())
}

func TestGaps(t *testing.T) {
	l := newLab(t)
	l.send("dmz1", top(storeA, 1, 0), 1, 2)
	l.send("dmz1", top(storeA, 5, 9), 3) // the store was full
	l.send("dmz1", top(storeA, 7, 10), 4)
	require.Equal(t, "dmz1:1 dmz1:2 dmz1:gap 7 dmz1:3 dmz1:4", l.collect())
	require.Equal(t, "sensor dmz1: 7 records lost on the way: its store or the hub's was full, or its disk failed", l.warnings())
	whole, err := wire.Encode(wire.Record{Attempt: &record.Attempt{Count: 5}}, false)
	require.NoError(t, err)
	part := func(kind wire.Kind, number, first uint64, b []byte) {
		l.publish("dmz1", wire.Pack(wire.AppendFrame(wire.AppendTop(nil, top(storeA, number, first)), kind, b)))
	}
	part(wire.Begin, 8, 11, whole[:9])
	require.Contains(t, l.collect(), "dmz1:4")
	part(wire.End, 9, 12, whole[9:]) // the collector was started anew in the midst of a record
	require.Equal(t, "dmz1:1 dmz1:2 dmz1:gap 7 dmz1:3 dmz1:4 dmz1:5", l.collect())
	part(wire.Begin, 10, 12, whole[:9])
	part(wire.End, 12, 13, whole[9:])
	l.send("dmz1", top(storeA, 13, 13), 6)
	require.Equal(t, "dmz1:1 dmz1:2 dmz1:gap 7 dmz1:3 dmz1:4 dmz1:5 dmz1:gap 1 dmz1:6", l.collect())
}

// TestUncommitted wants what was written and not committed to be taken back: a kill comes
// at any place.
func TestUncommitted(t *testing.T) {
	l := newLab(t)
	l.send("dmz1", top(storeA, 1, 0), 1)
	l.collect()
	name := filepath.Join(l.dir, "all.jsonl")
	committed, err := os.ReadFile(name)
	require.NoError(t, err)
	l.send("dmz1", top(storeA, 2, 1), 2)
	state, err := os.ReadFile(filepath.Join(l.dir, "state", stateFile))
	require.NoError(t, err)
	l.collect()
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	for cut := len(committed); cut <= len(whole); cut += 7 {
		require.NoError(t, os.WriteFile(name, whole[:cut], 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(l.dir, "state", stateFile), state, 0o600))
		require.Equal(t, "dmz1:1 dmz1:2", l.collect())
	}
	require.Empty(t, l.warnings())
	require.NoError(t, os.WriteFile(name, []byte(`{"type":"attempt","count":9}`+"\n"), 0o600)) // somebody else's
	l.send("dmz1", top(storeA, 3, 2), 3)
	require.Equal(t, ":9 dmz1:3", l.collect())
	require.Contains(t, l.warnings(), "not as the last run left it; records are appended")
}

// TestHostile wants what no sensor of ours sends to be told once, and to hurt nobody.
func TestHostile(t *testing.T) {
	l := newLab(t)
	l.publish("dmz1", []byte("nonsense"))
	l.publish("dmz1", wire.Pack([]byte("nonsense")))
	l.publish("dmz1", wire.Pack(make([]byte, wire.MaxBlock)))
	l.send("dmz1", top("../../etc", 1, 0), 9)
	l.send("dmz1", top(storeA, 0, 0), 9)
	bad := wire.AppendFrame(wire.AppendTop(nil, top(storeA, 1, 0)), wire.Whole, []byte("nonsense"))
	odd, err := wire.Encode(wire.Record{Session: &record.Session{Findings: []record.Finding{{Severity: "\x1b[2J", Transfer: 1 << 40}}, Start: record.Stamp{Digits: 255}}}, false)
	require.NoError(t, err)
	l.publish("dmz1", wire.Pack(wire.AppendFrame(bad, wire.Whole, odd)))
	l.send("dmz1", top(storeA, 2, 2), 3)
	for i := range 10 {
		l.send("dmz1", top(fmt.Sprintf("%016x", i), 1, 0), 4)
	}
	o := l.options("json=all.jsonl", "ecs=all.ecs", "eve=all.eve", "lines")
	require.NoError(t, Run(t.Context(), o))
	require.Contains(t, l.read("all.jsonl"), "dmz1:3 dmz1:4")
	require.NotContains(t, l.stdout.String(), "\x1b")
	require.Contains(t, l.stdout.String(), "dmz1–")
	warned := l.warnings()
	require.Equal(t, 1, strings.Count(warned, "cannot be unpacked"), warned)
	b, err := os.ReadFile(filepath.Join(l.dir, "state", stateFile))
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(b), "dmz1/"), maxStores)
	newer := top(storeA, 3, 3)
	newer.Format++
	l.send("dmz1", newer, 9)
	require.ErrorContains(t, Run(t.Context(), l.options("json=all.jsonl")), "sensor dmz1 runs a newer ftpscope (v1)")
}

// TestHubAnew wants a hub that lost everything to cost nothing that was collected, and to
// be told.
func TestHubAnew(t *testing.T) {
	l := newLab(t)
	l.send("dmz1", top(storeA, 1, 0), 1)
	l.send("dmz1", top(storeA, 2, 1), 2)
	l.collect()
	l.start("another")
	l.send("dmz1", top(storeA, 3, 2), 3)
	require.Equal(t, "dmz1:1 dmz1:2 dmz1:3", l.collect())
	require.Contains(t, l.warnings(), "the hub has lost what it stored")
}

// failing is an output that nobody can write to.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestErrors(t *testing.T) {
	l := newLab(t)
	l.send("dmz1", top(storeA, 1, 0), 1)
	o := l.options("json")
	o.Stdout = failing{}
	require.ErrorContains(t, Run(t.Context(), o), "standard output: no room")
	require.Equal(t, "dmz1:1", l.collect(), "nothing was committed")
	unlock, err := lock(o.State)
	require.NoError(t, err)
	require.ErrorContains(t, Run(t.Context(), o), "another collector uses it")
	unlock()
	require.ErrorContains(t, Run(t.Context(), l.options("json=no/such/folder")), "no such file or directory")
	for _, text := range []string{"nonsense", "{}", `{"Stores":{"a":null},"Outputs":{}}`} {
		require.NoError(t, os.WriteFile(filepath.Join(o.State, stateFile), []byte(text), 0o600))
		if text != "{}" {
			require.ErrorContains(t, Run(t.Context(), o), "not what a collector wrote")
		}
	}
	o.Where.URLs = "nats://127.0.0.1:1"
	require.NoError(t, os.Remove(filepath.Join(o.State, stateFile)))
	require.ErrorContains(t, Run(t.Context(), o), "no server answers there")
}

// TestReopen moves an output away while it is written, as logrotate does.
func TestReopen(t *testing.T) {
	l := newLab(t)
	o := l.options("json=all.jsonl")
	reopen := make(chan struct{})
	o.Once, o.Reopen = false, reopen
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Run(ctx, o) }()
	name := filepath.Join(l.dir, "all.jsonl")
	has := func(name, text string) {
		t.Helper()
		require.Eventually(t, func() bool { b, _ := os.ReadFile(name); return strings.Contains(string(b), text) }, time.Minute, 10*time.Millisecond)
	}
	l.send("dmz1", top(storeA, 1, 0), 41)
	has(name, `"count":41`)
	require.NoError(t, os.Rename(name, name+".1"))
	reopen <- struct{}{}
	l.send("dmz1", top(storeA, 2, 1), 42)
	has(name, `"count":42`)
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, "dmz1:41", l.read("all.jsonl.1"))
	require.Equal(t, "dmz1:42", l.collect())
}
