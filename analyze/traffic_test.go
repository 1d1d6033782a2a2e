package analyze_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest/traffic"
)

// TestTraffic analyzes what the benchmarks are run on: what is found is what was written.
func TestTraffic(t *testing.T) {
	for _, p := range []traffic.Plan{
		{Kind: traffic.Bulk, Bytes: 8 << 20},
		{Kind: traffic.Mix, Bytes: 16 << 20, Concurrent: 200},
		{Kind: traffic.SYNFlood, SYNs: 20000, Sessions: 40},
		{Kind: traffic.Chatty, Sessions: 300, Concurrent: 100},
		{Kind: traffic.Brief, Sessions: 1000, Concurrent: 200},
		{Kind: traffic.Interleaved, Sessions: 200, Commands: 20},
		{Kind: traffic.LongSession, Commands: 5000},
		{Kind: traffic.Reorder, Bytes: 4 << 20},
		{Kind: traffic.Concurrent, Connections: 4000, Concurrent: 2000},
	} {
		t.Run(string(p.Kind), func(t *testing.T) {
			var file bytes.Buffer
			want, err := traffic.Write(&file, p)
			require.NoError(t, err)
			want.Bytes, want.Open = 0, 0 // the file's, and what no analysis says
			one := analyzetest.Collect(t, analyze.Options{}, file.Bytes())
			require.Equal(t, want, found(t, one))
			require.Equal(t, one, analyzetest.Collect(t, analyze.Options{Workers: 3}, file.Bytes()))
		})
	}
}

// found counts what the generator counts. Everything it writes works.
func found(t *testing.T, r *analyzetest.Records) traffic.Counts {
	t.Helper()
	require.Zero(t, r.Total.Capture.Undecoded)
	c := traffic.Counts{Packets: int64(r.Total.Packets), Captured: int64(r.Total.Bytes), Sessions: int64(len(r.Sessions))}
	method := map[string]*int64{"PORT": &c.PORT, "EPRT": &c.EPRT, "PASV": &c.PASV, "EPSV": &c.EPSV}
	for i := range r.Sessions {
		s := r.Sessions[i]
		require.Equal(t, record.LoginOK, s.Login)
		require.Equal(t, record.ClosingQuit, s.Closing)
		require.Zero(t, s.Capture.MissingBytes)
		c.Commands += int64(s.Commands)
		for n := range s.Transfers {
			x := &s.Transfers[n]
			require.Equal(t, record.OK, x.Outcome)
			require.Equal(t, record.EvidenceSYN, x.Evidence)
			require.Zero(t, *x.MissingBytes)
			*method[x.Method]++
			c.Data += int64(*x.Bytes)
			if x.Mode == record.Active {
				require.Equal(t, record.Server, x.Initiator)
				c.Active++
			} else {
				require.Equal(t, record.Client, x.Initiator)
				c.Passive++
			}
		}
	}
	return c
}
