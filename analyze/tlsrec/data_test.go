package tlsrec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// tlsRecord is a TLS record: of handshake, its message's type comes first.
func tlsRecord(kind byte, length int, message byte) string {
	return string([]byte{kind, 3, 3, byte(length >> 8), byte(length), message}) + strings.Repeat("x", length-1)
}

// Who sent what a connection under TLS carried. The sizes are those of curl, lftp and
// Python's ftplib with vsftpd and proftpd.
func TestSealed(t *testing.T) {
	app := func(lengths ...int) (all string) {
		for _, n := range lengths {
			all += tlsRecord(23, n, 0)
		}
		return all
	}
	const ccs = "\x14\x03\x03\x00\x01\x01"
	hello, answer, retry := tlsRecord(22, 512, helloOfClient), tlsRecord(22, 122, helloOfServer), tlsRecord(22, 88, helloOfServer)
	flight := answer + ccs + app(23, 825, 281, 69)
	old := tlsRecord(22, 70, 2) + tlsRecord(22, 900, 11) + tlsRecord(22, 300, 12) + tlsRecord(22, 4, 14)
	oldKey := tlsRecord(22, 37, 16) + ccs + tlsRecord(22, 40, 99)
	oldEnd := ccs + tlsRecord(22, 40, 99)
	closing := tlsRecord(21, 26, 1)
	for _, test := range []struct {
		name string
		said []string // in turns, the client first
		want flow.Sent
		cut  bool // it may go on
	}{
		{"1.3 download", []string{hello, flight, ccs + app(69), app(282, 282, 117, 19), app(19)}, flow.SentIn, false},
		{"1.3 upload, then tickets", []string{hello, flight, ccs + app(69, 1517, 19), app(282, 282, 19)}, flow.SentOut, false},
		{"1.3 upload of 2 bytes", []string{hello, flight, ccs + app(69, 19, 19), app(282)}, flow.SentOut, false},
		{"1.3 upload of 52 bytes", []string{hello, flight, ccs + app(53, 69), app(282)}, flow.SentOut, false},
		{"1.3 with a retry", []string{hello, retry + ccs, ccs + hello, answer + app(825, 69), app(25, 69), app(250, 117, 19), app(19)}, flow.SentIn, false},
		{"1.3 with a retry, upload", []string{hello, retry + ccs, ccs + hello, answer + app(825, 69), app(25, 69, 117, 19), app(250, 19)}, flow.SentOut, false},
		{"1.3 with a client's certificate", []string{hello, flight, ccs + app(900, 281, 69), app(250, 117, 19), app(19)}, flow.SentUnknown, false},
		{"1.2 download", []string{hello, old, oldKey, oldEnd + app(124) + closing, closing}, flow.SentIn, false},
		{"1.2 upload", []string{hello, old, oldKey, oldEnd, app(124) + closing, closing}, flow.SentOut, false},
		{"1.2 resumed, upload", []string{hello, answer + oldEnd, oldEnd + app(69) + closing, closing}, flow.SentOut, false},
		{"a handshake that failed", []string{hello}, flow.SentNothing, false},
		{"an empty file, 1.2", []string{hello, old, oldKey, oldEnd + closing, closing}, flow.SentNothing, false},
		{"no TLS", []string{"\x16, and so on", "ok"}, flow.SentUnknown, false},
		{"a name that looks like it", []string{"\x16\x03\x01\x7f\xff", ""}, flow.SentUnknown, false},
		{"much", []string{hello, flight, ccs + app(69), app(16384)}, flow.SentUnknown, false},
		{"1.3, cut behind the server's flight", []string{hello, flight}, flow.SentUnknown, true},
		{"1.3, cut behind the retry", []string{hello, retry + ccs, ccs + hello, answer + app(825, 69)}, flow.SentUnknown, true},
		{"1.3, cut behind Finished", []string{hello, flight, ccs + app(69), app(282)}, flow.SentUnknown, true},
		{"1.3, cut while it uploads", []string{hello, flight, ccs + app(69, 1517)}, flow.SentOut, true},
		{"1.2, cut while it downloads", []string{hello, old, oldKey, oldEnd + app(124)}, flow.SentIn, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{1, 3, 7, 100, 1 << 20} {
				for first := range flow.Direction(2) { // passive and active mode: the client or the server opened the connection
					s := &DataReader{}
					for i, said := range test.said {
						for b := []byte(said); len(b) > 0; {
							n := min(size, len(b))
							s.Data(first^flow.Direction(i&1), b[:n], flow.Mark{})
							b = b[n:]
						}
					}
					want := test.want
					if first == flow.In {
						want = want.Swapped()
					}
					require.Equal(t, want, s.Sent(!test.cut), "%d bytes a segment", size)
				}
			}
		})
	}
}

// Another reader hears all, for as long as it likes; without one the DataReader is
// content with the beginning.
func TestSealedPassesOn(t *testing.T) {
	next := &listening{}
	s := &DataReader{Next: next}
	require.True(t, s.Data(flow.Out, []byte("\x16\x03\x01"), flow.Mark{}))
	require.True(t, s.Data(flow.Out, make([]byte, flow.Short), flow.Mark{}))
	s.Gap(flow.In, 5, flow.Mark{})
	next.enough = true
	require.False(t, s.Data(flow.In, []byte("x"), flow.Mark{}))
	require.Equal(t, listening{flow.Short + 4, 5, true, false}, *next)
	(&DataReader{Next: next}).Closed(&flow.Conn{})
	require.True(t, next.closed)
	require.False(t, (&DataReader{}).Data(flow.Out, []byte("plain"), flow.Mark{}))
}

type listening struct {
	bytes, missing int
	enough, closed bool
}

func (l *listening) Data(_ flow.Direction, b []byte, _ flow.Mark) bool {
	l.bytes += len(b)
	return !l.enough
}

func (l *listening) Closed(*flow.Conn) flow.Told {
	l.closed = true
	return flow.Told{Sent: flow.SentOut}
}

func (l *listening) Gap(_ flow.Direction, n uint64, _ flow.Mark) { l.missing += int(n) }
