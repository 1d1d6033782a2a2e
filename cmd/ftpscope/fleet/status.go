//go:build !nofleet

package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/pflag"

	"ftpscope/analyze/prose"
	"ftpscope/cmd/ftpscope/fleet/collect"
	"ftpscope/cmd/ftpscope/fleet/link"
	"ftpscope/cmd/ftpscope/fleet/sensor"
)

// statusFlags are what status takes.
type statusFlags struct{ client }

func (f *statusFlags) set() *pflag.FlagSet {
	s := newSet("status")
	f.add(s)
	return s
}

func statusUsage() string {
	var f statusFlags
	return `Shows how the parts of a fleet stand: the hub, each sensor, each collector.

Usage:
  ftpscope fleet status --nats URL [flags]

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope fleet status --nats nats://hub:4222
  watch ftpscope fleet status --nats tls://hub:4222 --creds reader.creds
`
}

// statusTime is how long the hub may take to say how it stands.
const statusTime = 10 * time.Second

func runStatus(e *Env, args []string) int {
	var f statusFlags
	s := f.set()
	if code, done := e.Parse(s, args, &f.help, statusUsage, func() error { return f.check(s) }); done {
		return code
	}
	text, err := f.text()
	if err != nil {
		e.Error("%v", err)
		return exitRead
	}
	if _, err := io.WriteString(e.Stdout, text); err != nil {
		return exitRead
	}
	return exitDone
}

// text is the page.
func (f *statusFlags) text() (string, error) {
	conn, err := f.where.Connect(link.Options{Name: "ftpscope status"})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), statusTime)
	defer cancel()
	stream, err := js.Stream(ctx, link.RecordStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return "", fmt.Errorf("%s: no sensor and no collector was ever here", f.where.Names())
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.where.Names(), link.Plain(err))
	}
	state := stream.CachedInfo().State
	words, err := lastWords(ctx, js)
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.where.Names(), link.Plain(err))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "hub  %s, %s", prose.Many(state.Msgs, "block"), prose.Size(state.Bytes))
	if state.Msgs > 0 {
		fmt.Fprintf(&b, ", the last one %s", ago(state.LastTime))
	}
	b.WriteString("\n")
	writeParts(&b, "sensor", words, func(b []byte) (string, bool) { return sensorLine(b) })
	writeParts(&b, "collector", words, func(b []byte) (string, bool) { return collectorLine(b, state.LastSeq) })
	return b.String(), nil
}

const maxParts = 10_000 // of a kind, that are shown

// lastWords are the last words of all parts, by subject.
func lastWords(ctx context.Context, js jetstream.JetStream) (map[string][]byte, error) {
	stream, err := js.Stream(ctx, link.StatusStream)
	if err != nil {
		return nil, err
	}
	words := map[string][]byte{}
	if stream.CachedInfo().State.Msgs == 0 {
		return words, nil
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
	if err != nil {
		return nil, err
	}
	for left := min(stream.CachedInfo().State.NumSubjects, 2*maxParts); left > 0; {
		batch, err := consumer.Fetch(int(min(left, 500)), jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return nil, err
		}
		got := uint64(0)
		for m := range batch.Messages() {
			words[m.Subject()] = m.Data()
			got++
		}
		if got == 0 {
			break
		}
		left -= min(left, got)
	}
	return words, nil
}

// writeParts writes a line for each part of a kind.
func writeParts(b *strings.Builder, kind string, words map[string][]byte, line func([]byte) (string, bool)) {
	prefix := link.StatusSubject(kind, "")
	width := 0
	var names []string
	for _, subject := range slices.Sorted(maps.Keys(words)) {
		name, ok := strings.CutPrefix(subject, prefix)
		if ok && link.CheckName(kind, name) == nil && len(names) < maxParts {
			names, width = append(names, name), max(width, len(name))
		}
	}
	for _, name := range names {
		if text, ok := line(words[prefix+name]); ok {
			fmt.Fprintf(b, "%s  %s  %s\n", kind, prose.Pad(name, width), text)
		}
	}
}

func sensorLine(b []byte) (string, bool) {
	var s sensor.Status
	if json.Unmarshal(b, &s) != nil {
		return "", false
	}
	text := prose.Many(s.Records, "record")
	if s.Waiting > 0 {
		text += fmt.Sprintf(", %s (%s) wait", prose.Many(s.Waiting, "block"), prose.Size(uint64(max(s.Bytes, 0))))
	}
	if n := s.Discarded + s.Unwritten; n > 0 {
		text += ", " + prose.Many(n, "record") + " lost"
	}
	if s.Ended {
		return text + ", ended " + ago(s.At), true
	}
	return text + ", heard of " + ago(s.At), true
}

func collectorLine(b []byte, last uint64) (string, bool) {
	var s collect.Status
	if json.Unmarshal(b, &s) != nil {
		return "", false
	}
	text := prose.Many(s.Records, "record")
	if s.Lost > 0 {
		text += ", " + prose.Many(s.Lost, "record") + " lost"
	}
	if last > s.Sequence {
		text += ", " + prose.Many(last-s.Sequence, "block") + " behind"
	}
	return text + ", heard of " + ago(s.At), true
}

// ago is how long ago something was, by this machine's clock.
func ago(t time.Time) string {
	d := time.Since(t)
	if d < time.Second {
		return "just now"
	}
	return prose.Span(d.Truncate(time.Second)) + " ago"
}
