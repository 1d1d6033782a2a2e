package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"ftpscope/analyze/prose"
)

// Keep says how streams are kept where they are made.
type Keep struct {
	Bytes    int64 // of records; the oldest go beyond it
	Replicas int   // servers of a cluster that have each record
}

// answerTime is how long a server may take to answer.
const answerTime = 10 * time.Second

// Streams makes the streams of sensors, unless they are there.
func Streams(ctx context.Context, js jetstream.JetStream, keep Keep) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	err := ensure(ctx, js, jetstream.StreamConfig{
		Name: RecordStream, Description: "blocks of records of sensors, ftpscope", Subjects: []string{recordSubjects},
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld, MaxBytes: keep.Bytes, Replicas: max(keep.Replicas, 1),
		Storage: jetstream.FileStorage, Duplicates: 2 * time.Minute, DenyDelete: true,
	})
	if err != nil {
		return err
	}
	return ensure(ctx, js, jetstream.StreamConfig{
		Name: StatusStream, Description: "the last word of each part of the fleet, ftpscope", Subjects: []string{statusSubjects},
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardOld, MaxBytes: 64 << 20, MaxAge: 30 * 24 * time.Hour,
		Replicas: max(keep.Replicas, 1), Storage: jetstream.FileStorage,
	})
}

// ensure makes a stream. One that is there stays as whoever made it wants it.
func ensure(ctx context.Context, js jetstream.JetStream, conf jetstream.StreamConfig) error {
	_, err := js.Stream(ctx, conf.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, conf)
	}
	var refused *jetstream.APIError
	switch {
	case err == nil, errors.Is(err, jetstream.ErrStreamNameAlreadyInUse): // by who came between
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the server did not answer in time")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("the server has no JetStream: it needs a folder to store in")
	case errors.As(err, &refused) && refused.ErrorCode == noRoom:
		return fmt.Errorf("the server's disk has no room for %s of records: --keep takes less", prose.Size(uint64(conf.MaxBytes)))
	}
	return fmt.Errorf("stream %s: %w", conf.Name, Plain(err))
}

// noRoom is nats-server's JSStorageResourcesExceededErr.
const noRoom jetstream.ErrorCode = 10047

// Tell publishes the last word of a part of the fleet.
func Tell(ctx context.Context, js jetstream.JetStream, kind, name string, word any) error {
	b, err := json.Marshal(word)
	if err != nil {
		return err
	}
	_, err = js.Publish(ctx, StatusSubject(kind, name), b)
	return err
}
