package analyze_test

import (
	"io"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// replay is a live source out of a capture: its packets come when the clock, which runs
// by step a call, has come to them.
type replay struct {
	*capture.Capture
	step, now flow.Time
	rest      []capture.Packet
	after     int32        // calls after the last packet, before the end
	silent    atomic.Int32 // those that were
}

func (r *replay) Now() flow.Time { return r.now }

func (r *replay) Next() ([]capture.Packet, error) {
	if len(r.rest) == 0 {
		batch, err := r.Capture.Next()
		switch {
		case err == nil:
			r.rest = batch
		case r.silent.Load() == r.after:
			return nil, io.EOF
		default:
			r.silent.Add(1)
		}
	}
	if r.now == 0 && len(r.rest) > 0 {
		r.now = r.rest[0].Time
	}
	r.now += r.step
	n := 0
	for n < len(r.rest) && r.rest[n].Time < r.now {
		n++
	}
	due := r.rest[:n]
	r.rest = r.rest[n:]
	return due, nil
}

func replayed(t *testing.T, opt analyze.Options, after int32, files ...string) (*analyzetest.Records, []*record.Session) {
	c, err := capture.Open(files, capture.Options{})
	require.NoError(t, err)
	defer c.Close()
	r := &analyzetest.Records{}
	_, err = analyze.Run(&replay{Capture: c, step: 100 * flow.Millisecond, after: after}, opt, r)
	require.NoError(t, err)
	var open []*record.Session
	r.Sessions = slices.DeleteFunc(r.Sessions, func(s *record.Session) bool {
		if s.Open {
			open = append(open, s)
		}
		return s.Open
	})
	return r.Ordered(), open
}

// TestLiveSaysTheSame replays the samples: what is live gives the records of the file, in
// another order.
func TestLiveSaysTheSame(t *testing.T) {
	for _, file := range sampleCaptures(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := analyzetest.Collect(t, analyze.Options{}, nil, file).JSON(t)
			for _, workers := range []int{1, 3} {
				for _, interval := range []flow.Time{0, flow.Second} {
					got, _ := replayed(t, analyze.Options{Workers: workers, Interval: interval, IdleTimeout: 3600 * flow.Second}, 0, file)
					require.Equal(t, want, got.JSON(t), "%d workers, snapshots every %d s", workers, interval/flow.Second)
				}
			}
		})
	}
}

// TestLiveLetsGo looks at when sessions come: soon after their end, though the source
// goes on.
func TestLiveLetsGo(t *testing.T) {
	for _, workers := range []int{1, 2} {
		c, err := capture.Open([]string{samplesDir + "/active-port.pcap"}, capture.Options{})
		require.NoError(t, err)
		defer c.Close()
		source := &replay{Capture: c, step: 100 * flow.Millisecond, after: 200}
		ended := flow.Time(0)
		r := &analyzetest.Records{}
		var told []analyze.Status
		opt := analyze.Options{Workers: workers, Status: func(s *analyze.Status) {
			told = append(told, *s)
			if len(r.Sessions) > 0 && ended == 0 {
				ended = s.Now
			}
		}}
		_, err = analyze.Run(source, opt, r)
		require.NoError(t, err)
		require.Len(t, r.Sessions, 1)
		late := ended - r.Sessions[0].End.Time
		require.Positive(t, late)
		require.Less(t, late, 6*flow.Second)
		require.Equal(t, r.Total.Packets, told[len(told)-1].Packets)
		require.Equal(t, r.Total.Bytes, told[len(told)-1].Bytes)
		require.Zero(t, told[len(told)-1].Open)
		require.True(t, slices.ContainsFunc(told, func(s analyze.Status) bool { return s.Open == 1 }))
	}
}

// TestSnapshots looks at a session while it goes on.
func TestSnapshots(t *testing.T) {
	for _, workers := range []int{1, 2} {
		got, open := replayed(t, analyze.Options{Workers: workers, Interval: flow.Second}, 0, samplesDir+"/data-cut-silence.pcap")
		require.Len(t, got.Sessions, 1)
		require.NotEmpty(t, open)
		for i, s := range open {
			require.Equal(t, got.Sessions[0].Client, s.Client)
			require.Equal(t, record.LoginOK, s.Login)
			require.Len(t, s.Transfers, 1)
			require.NotNil(t, s.Transfers[0].Bytes)
			if i > 0 {
				require.GreaterOrEqual(t, *s.Transfers[0].Bytes, *open[i-1].Transfers[0].Bytes)
				require.GreaterOrEqual(t, s.End.Time, open[i-1].End.Time)
			}
		}
		require.Positive(t, *open[len(open)-1].Transfers[0].Bytes)
	}
}

// TestLiveTellsOfAttempts looks at when tries of control connections come: before the end
// of the capture.
func TestLiveTellsOfAttempts(t *testing.T) {
	c, err := capture.Open([]string{samplesDir + "/control-dropped.pcap"}, capture.Options{})
	require.NoError(t, err)
	defer c.Close()
	r := &analyzetest.Records{}
	told := false
	opt := analyze.Options{Status: func(*analyze.Status) { told = told || len(r.Attempts) > 0 }}
	_, err = analyze.Run(&replay{Capture: c, step: flow.Second, after: 300}, opt, r)
	require.NoError(t, err)
	require.True(t, told)
	want := analyzetest.Collect(t, analyze.Options{}, nil, samplesDir+"/control-dropped.pcap")
	require.Equal(t, want.Attempts, r.Attempts)
	require.Equal(t, want.Total.Attempts, r.Total.Attempts)
}
