package analyze_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// strays are segments that no host takes for one of a living connection; each is made of one that is.
var strays = []struct {
	name string
	make func(m *capturetest.Meta)
}{
	{"SYN", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Ack, m.Payload = flow.SYN, m.Seq+100_000_000, 0, nil }},
	{"SYN in the window", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Ack, m.Payload = flow.SYN, m.Seq+500, 0, nil }},
	{"SYN-ACK", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Payload = flow.SYN|flow.ACK, m.Seq+12_345, nil }},
	{"FIN beyond the window", func(m *capturetest.Meta) {
		m.Flags, m.Seq, m.Payload = flow.FIN|flow.ACK, m.Seq+100_000_000, nil
	}},
	{"RST beyond the window", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Payload = flow.RST, m.Seq+100_000_000, nil }},
	{"data beyond the window", func(m *capturetest.Meta) { m.Seq, m.Payload = m.Seq+268_435_456, []byte("QUIT\r\n") }},
	{"data of long ago", func(m *capturetest.Meta) { m.Seq, m.Payload = m.Seq-1_000_000, []byte("QUIT\r\n") }},
	{"keep-alive", func(m *capturetest.Meta) { m.Flags, m.Seq, m.Payload = flow.ACK, m.Seq-1, []byte{0} }},
}

// TestStrays has each of them come between any two packets of a conversation: nothing changes.
func TestStrays(t *testing.T) {
	for _, c := range varied[:min(4, len(varied))] {
		t.Run(c.Name, func(t *testing.T) {
			frames := c.Frames(t)
			want := recordsOf(t, pcapOf(frames))
			ended := map[string]bool{} // what comes to an end leaves its ends free
			for i := range frames {
				m := frames[i].Meta
				if m == nil || m.ICMP != nil || len(m.Payload) == 0 || ended[frames[i].Conn] {
					if m != nil && m.Flags&(flow.FIN|flow.RST) != 0 {
						ended[frames[i].Conn] = true
					}
					continue
				}
				for _, stray := range strays {
					odd := capturetest.Change(frames[i:i+1], func(_ *capturetest.Frame, m *capturetest.Meta) bool {
						stray.make(m)
						return true
					})
					if d := differences(want, recordsOf(t, pcapOf(slices.Concat(frames[:i+1], odd, frames[i+1:])))); d != "" {
						require.Fail(t, "it changed something", "%s behind packet %d\n%s", stray.name, i+1, d)
					}
				}
			}
		})
	}
}
