package tlsrec

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// tlsRecord is a TLS record: of handshake, its message's type comes first.
func tlsRecord(kind byte, length int, message byte) string {
	return string([]byte{kind, 3, 3, byte(length >> 8), byte(length), message}) + strings.Repeat("x", length-1)
}

func message(kind byte, body string) string {
	body = string([]byte{kind, 0, byte(len(body) >> 8), byte(len(body))}) + body
	return string([]byte{22, 3, 3, byte(len(body) >> 8), byte(len(body))}) + body
}

// vector has its length before it; extension is one of a hello.
func vector(text string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(text)))) + text
}

func extension(kind uint16, body string) string {
	return string(binary.BigEndian.AppendUint16(nil, kind)) + vector(body)
}

// clientSays and serverSays are hellos; the server's has a session ID if it is of TLS 1.2.
func clientSays(extensions ...string) string {
	return message(helloOfClient, "\x03\x03"+strings.Repeat("r", 32)+"\x00"+vector("\x13\x01\x13\x02\xc0\x2f")+"\x01\x00"+vector(strings.Join(extensions, "")))
}

func serverSays(suite string, extensions ...string) string {
	random := strings.Repeat("r", 32)
	if suite == "" { // a HelloRetryRequest
		suite, random = "\x13\x02", retry
	}
	return message(helloOfServer, "\x03\x03"+random+"\x01i"+suite+"\x00"+vector(strings.Join(extensions, "")))
}

func application(lengths ...int) (all string) {
	for _, n := range lengths {
		all += tlsRecord(23, n, 0)
	}
	return all
}

const cipherChanges = "\x14\x03\x03\x00\x01\x01"

// passed reads what both sides say in turns, the client first, in pieces of n bytes; first
// is the client's direction.
func passed(said []string, n int, first flow.Direction) *Passing {
	p := &Passing{}
	for i, said := range said {
		for b := []byte(said); len(b) > 0; b = b[min(n, len(b)):] {
			p.Data(first^flow.Direction(i&1), b[:min(n, len(b))], handshakeMark(uint64(i+1)))
		}
	}
	return p
}

// Who sent what a connection under TLS carried, and how much. The sizes are those of curl,
// lftp and Python's ftplib with vsftpd and ProFTPD.
func TestPassing(t *testing.T) {
	const sha384, gcm, cbc = "\x13\x02", "\xc0\x2f", "\xc0\x13"
	v13 := extension(extSupportedVersions, "\x03\x04")
	hello, answer, again := clientSays(), serverSays(sha384, v13), serverSays("", v13)
	flight := answer + cipherChanges + application(23, 825, 281, 69)
	old := func(suite string) string {
		return serverSays(suite) + tlsRecord(22, 900, certificate) + tlsRecord(22, 300, serverKeyExchange) + tlsRecord(22, 4, helloDone)
	}
	oldKey := tlsRecord(22, 37, 16) + cipherChanges + tlsRecord(22, 40, 99)
	oldEnd := cipherChanges + tlsRecord(22, 40, 99)
	closing := tlsRecord(21, 26, 1)
	no := uint64(math.MaxUint64)
	tickets := []int{233, 233}
	for _, test := range []struct {
		name   string
		said   []string // in turns, the client first
		sent   flow.Sent
		cut    bool // it may go on
		mine   uint64
		its    uint64
		ticket []int
	}{
		{"1.3 download", []string{hello, flight, cipherChanges + application(69), application(250, 250, 117, 19), application(19)}, flow.SentIn, false, 0, 100, tickets},
		{"1.3 download, tickets not known", []string{hello, flight, cipherChanges + application(69), application(250, 250, 117, 19), application(19)}, flow.SentIn, false, 0, no, nil},
		{"1.3 download without tickets", []string{hello, flight, cipherChanges + application(69), application(117, 19), application(19)}, flow.SentIn, false, 0, 100, []int{}},
		{"1.3 download, one ticket", []string{hello, flight, cipherChanges + application(69), application(250, 245, 19), application(19)}, flow.SentIn, false, 0, 228, tickets},
		{"1.3 upload, then tickets", []string{hello, flight, cipherChanges + application(69, 1517, 19), application(250, 250, 19)}, flow.SentOut, false, 1500, 0, tickets},
		{"1.3 upload of 2 bytes", []string{hello, flight, cipherChanges + application(69, 19, 19), application(250)}, flow.SentOut, false, 2, 0, tickets},
		{"1.3 upload of nothing", []string{hello, flight, cipherChanges + application(69, 19), application(250, 250, 19)}, flow.SentIn, false, 0, 0, tickets},
		{"1.3 upload of 52 bytes", []string{hello, flight, cipherChanges + application(69, 69), application(250)}, flow.SentOut, false, 52, 0, tickets},
		{"1.3 with a retry", []string{hello, again + cipherChanges, cipherChanges + hello, answer + application(825, 69), application(25, 69), application(250, 117, 19), application(19)}, flow.SentIn, false, 0, 100, tickets},
		{"1.3 with a retry, upload", []string{hello, again + cipherChanges, cipherChanges + hello, answer + application(825, 69), application(25, 69, 117, 19), application(250, 19)}, flow.SentOut, false, 100, 0, tickets},
		{"1.3 with a client's certificate", []string{hello, flight, cipherChanges + application(900, 281, 69), application(250, 117, 19), application(19)}, flow.SentIn, false, 0, 100, tickets},
		{"1.3 with early data", []string{clientSays(extension(extEarlyData, "")), flight, cipherChanges + application(900, 69), application(250, 117, 19), application(19)}, flow.SentUnknown, false, no, 100, tickets},
		{"1.3 with a KeyUpdate", []string{hello, flight, cipherChanges + application(69, 16401, 22, 117, 19), application(250)}, flow.SentOut, false, no, 0, tickets},
		{"1.2 download", []string{hello, old(gcm), oldKey, oldEnd + application(124) + closing, closing}, flow.SentIn, false, 0, 100, nil},
		{"1.2 upload", []string{hello, old(gcm), oldKey, oldEnd, application(124, 124) + closing, closing}, flow.SentOut, false, 200, 0, nil},
		{"1.2 resumed, upload", []string{hello, serverSays(gcm) + oldEnd, oldEnd + application(69) + closing, closing}, flow.SentOut, false, 45, 0, nil},
		{"1.2 with CBC", []string{hello, old(cbc), oldKey, oldEnd + application(124) + closing, closing}, flow.SentIn, false, 0, no, nil},
		{"an empty file, 1.2", []string{hello, old(cbc), oldKey, oldEnd + closing, closing}, flow.SentNothing, false, 0, 0, nil},
		{"a handshake that failed", []string{hello}, flow.SentNothing, false, no, no, nil},
		{"no TLS", []string{"\x16, and so on", "ok"}, flow.SentUnknown, false, no, no, nil},
		{"a name that looks like it", []string{"\x16\x03\x01\x7f\xff", ""}, flow.SentUnknown, false, no, no, nil},
		{"much", []string{hello, flight, cipherChanges + application(69), application(16384)}, flow.SentIn, false, 0, 16367, tickets},
		{"a record that is not whole", []string{hello, old(gcm), oldKey, oldEnd + application(124) + application(500)[:300]}, flow.SentIn, false, 0, 100, nil},
		{"1.3, cut behind the server's flight", []string{hello, flight}, flow.SentUnknown, true, 0, 0, nil},
		{"1.3, cut behind the retry", []string{hello, again + cipherChanges, cipherChanges + hello, answer + application(825, 69)}, flow.SentUnknown, true, 0, 0, nil},
		{"1.3, cut behind Finished", []string{hello, flight, cipherChanges + application(69), application(250)}, flow.SentUnknown, true, 0, 0, tickets},
		{"1.3, cut while it uploads", []string{hello, flight, cipherChanges + application(69, 1517)}, flow.SentOut, true, 1500, 0, nil},
		{"1.2, cut while it downloads", []string{hello, old(gcm), oldKey, oldEnd + application(124)}, flow.SentIn, true, 0, 100, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{1, 3, 7, 100, 1 << 20} {
				for first := range flow.Direction(2) { // passive and active mode: the client or the server opened the connection
					p := passed(test.said, size, first)
					want := test.sent
					if first == flow.In {
						want = want.Swapped()
					}
					require.Equal(t, want, p.Sent(!test.cut), "%d bytes a segment", size)
					got := [2]uint64{no, no}
					if d := p.Told(); d != nil {
						d.Ends = [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2")}
						for i := range got {
							if n := d.PlainFrom(d.Ends[i^int(first)], test.ticket); n != nil {
								got[i] = *n
							}
						}
					}
					require.Equal(t, [2]uint64{test.mine, test.its}, got)
				}
			}
		})
	}
}

// What the server says first under TLS 1.3 are tickets, if replies are shorter.
func TestTickets(t *testing.T) {
	hello, flight := clientSays(), serverSays("\x13\x01", extension(extSupportedVersions, "\x03\x04"))+application(23, 825, 281, 53)
	for name, test := range map[string]struct {
		said string
		want []int
	}{
		"two":                     {application(250, 250, 40), []int{233, 233}},
		"two of another kind":     {application(80, 80, 40), []int{63, 63}},
		"one":                     {application(250, 40), []int{233}},
		"none":                    {application(40, 50), []int{}},
		"a long reply, or one":    {application(100, 50), nil},
		"the server says nothing": {"", nil},
		"only close":              {application(19), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := passed([]string{hello, flight + test.said, application(53)}, 11, flow.Out).Info(flow.Out)
			require.Equal(t, test.want, got.Tickets)
			require.Equal(t, len(test.want) > 0, got.Resumable)
			require.True(t, got.Full)
		})
	}
}

// A gap within a record costs nothing; one that hides a record's header costs its side.
func TestPassingGap(t *testing.T) {
	said := []string{clientSays(), serverSays("\xc0\x2f") + cipherChanges + tlsRecord(22, 40, 99), cipherChanges + tlsRecord(22, 40, 99) + application(1024)[:200]}
	for _, test := range []struct {
		gap   uint64
		known bool
	}{{829, true}, {700, true}, {830, false}, {5000, false}} {
		p := passed(said, 1<<20, flow.Out)
		p.Gap(flow.Out, test.gap, flow.Mark{})
		if test.gap == 700 {
			p.Data(flow.Out, make([]byte, 129), handshakeMark(4))
		}
		plain := p.Told().Plain
		require.Equal(t, test.known, plain[flow.Out] != nil)
		require.Zero(t, *plain[flow.In])
		if test.known {
			require.EqualValues(t, 1000, *plain[flow.Out])
		}
		require.False(t, p.Lost())
		p.Gap(flow.In, 1, flow.Mark{})
		require.Equal(t, !test.known, p.Lost())
	}
}

// An encrypted alert where Finished was due.
func TestGuessedAlert(t *testing.T) {
	hello, v13 := clientSays(), extension(extSupportedVersions, "\x03\x04")
	flight := serverSays("\x13\x01", v13) + application(23, 825, 281, 53)
	old := serverSays("\xc0\x2f") + tlsRecord(22, 900, certificate) + tlsRecord(22, 4, helloDone)
	for name, test := range map[string]struct {
		said     []string
		byServer bool
		want     uint64 // packet
	}{
		"1.3, by the client":         {[]string{hello, flight, cipherChanges + application(19)}, false, 3},
		"1.3, by the server":         {[]string{hello, serverSays("\x13\x01", v13) + application(19)}, true, 2},
		"1.3, close_notify":          {[]string{hello, flight, application(53), application(250, 19), application(19)}, false, 0},
		"1.2, instead of Finished":   {[]string{hello, old, tlsRecord(22, 37, 16) + cipherChanges + tlsRecord(21, 26, 1)}, false, 3},
		"1.2, close_notify":          {[]string{hello, old, cipherChanges + tlsRecord(22, 40, 99), cipherChanges + tlsRecord(22, 40, 99), tlsRecord(21, 26, 1)}, false, 0},
		"1.2, by the server instead": {[]string{hello, old, cipherChanges + tlsRecord(22, 40, 99), cipherChanges + tlsRecord(21, 26, 1)}, true, 4},
	} {
		t.Run(name, func(t *testing.T) {
			a := passed(test.said, 9, flow.Out).Info(flow.Out).Alert
			require.Equal(t, test.want > 0, a.Guessed)
			require.Equal(t, test.want, a.Mark.Ord)
			require.Equal(t, test.byServer, a.ByServer)
		})
	}
}

// Open messages take room, and give it back.
func TestRoom(t *testing.T) {
	room := flow.NewBudget(100)
	hello := clientSays()
	require.Less(t, len(hello), 105)
	p, q := NewData(&room), NewData(&room)
	p.Data(flow.Out, []byte(hello[:20]), handshakeMark(1))
	q.Data(flow.Out, []byte(hello), handshakeMark(1))
	require.Nil(t, q.Told())
	p.Data(flow.Out, []byte(hello[20:]), handshakeMark(2))
	require.NotNil(t, p.Told())
	again := NewData(&room)
	again.Data(flow.Out, []byte(hello[:50]), handshakeMark(1))
	again.Drop()
	last := NewData(&room)
	last.Data(flow.Out, []byte(hello), handshakeMark(1))
	require.NotNil(t, last.Told())
}

// FuzzPassing reads any bytes as both directions, whole and in pieces: the two say the
// same, and no side carries more than it sent.
func FuzzPassing(f *testing.F) {
	v13 := extension(extSupportedVersions, "\x03\x04")
	f.Add([]byte(clientSays()+cipherChanges+application(69, 19)), []byte(serverSays("\x13\x02", v13)+application(23, 825, 69, 250, 250, 117, 19)), 7)
	f.Add([]byte(clientSays()+cipherChanges+tlsRecord(22, 40, 99)+application(124)), []byte(serverSays("\xc0\x2f")+cipherChanges+tlsRecord(22, 40, 99)), 3)
	f.Fuzz(func(t *testing.T, out, in []byte, n int) {
		whole, pieces := passed([]string{string(out), string(in)}, 1<<30, flow.Out), passed([]string{string(out), string(in)}, min(max(1, n), 1<<20), flow.Out)
		require.Equal(t, whole.Told(), pieces.Told())
		require.Equal(t, whole.Sent(true), pieces.Sent(true))
		if d := whole.Told(); d != nil {
			for i, b := range [][]byte{out, in} {
				if d.Plain[i] != nil {
					require.LessOrEqual(t, *d.Plain[i], uint64(len(b)))
				}
			}
		}
	})
}
