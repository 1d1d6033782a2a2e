package keylog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// digits are n bytes as a log has them.
func digits(b byte, n int) string {
	return strings.Repeat(string([]byte{"0123456789abcdef"[b>>4], "0123456789ABCDEF"[b&15]}), n)
}

func bytesOf(b byte, n int) []byte { return []byte(strings.Repeat(string([]byte{b}), n)) }

func randomOf(b byte) *Random { return (*Random)(bytesOf(b, 32)) }

func line(label string, random, secret byte, n int) string {
	return label + " " + digits(random, 32) + " " + digits(secret, n) + "\n"
}

// What lines of a log say, and which are none.
func TestLines(t *testing.T) {
	for _, test := range []struct {
		name   string
		log    string
		want   Secrets
		kept   uint64
		unread uint64
	}{
		{"TLS 1.2", line("CLIENT_RANDOM", 0xa1, 0x5e, 48), Secrets{Master: bytesOf(0x5e, 48)}, 1, 0},
		{"TLS 1.3", line("SERVER_HANDSHAKE_TRAFFIC_SECRET", 0xa1, 1, 32) + line("CLIENT_TRAFFIC_SECRET_0", 0xa1, 2, 48),
			Secrets{Handshake: [2][]byte{nil, bytesOf(1, 32)}, Traffic: [2][]byte{bytesOf(2, 48), nil}}, 2, 0},
		{"comments, empty lines, CR LF", "# a log\r\n\r\n" + strings.ReplaceAll(line("CLIENT_RANDOM", 0xa1, 7, 48), "\n", "\r\n"), Secrets{Master: bytesOf(7, 48)}, 1, 0},
		{"without an end", strings.TrimSpace(line("CLIENT_RANDOM", 0xa1, 7, 48)), Secrets{Master: bytesOf(7, 48)}, 1, 0},
		{"labels that are of no use", line("EXPORTER_SECRET", 0xa1, 7, 32) + line("CLIENT_TRAFFIC_SECRET_N", 0xa1, 7, 32) + "RSA 0011223344556677 " + digits(1, 48) + "\n", Secrets{}, 0, 0},
		{"half a line", line("CLIENT_RANDOM", 0xa1, 7, 48)[:100] + "\n", Secrets{}, 0, 1},
		{"a secret too short", line("CLIENT_RANDOM", 0xa1, 7, 32), Secrets{}, 0, 1},
		{"a random too short", "CLIENT_RANDOM aabb " + digits(7, 48) + "\n", Secrets{}, 0, 1},
		{"no log", "\x00\x01 hello\nand goodbye\n", Secrets{}, 0, 2},
		{"a line without end", strings.Repeat("a", 3*maxLine) + "\n" + line("CLIENT_RANDOM", 0xa1, 7, 48), Secrets{Master: bytesOf(7, 48)}, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 1 << 20} {
				s := New()
				r := s.NewReader(0)
				for b := []byte(test.log); len(b) > 0; b = b[min(n, len(b)):] {
					_, _ = r.Write(b[:min(n, len(b))])
				}
				r.End()
				got, known := s.Lookup(randomOf(0xa1), 1)
				require.Equal(t, test.want, got)
				require.Equal(t, test.kept > 0, known)
				require.Equal(t, Stats{Secrets: test.kept, Unread: test.unread}, s.Stats())
			}
		})
	}
}

// A block's secrets are not known to the packets before it.
func TestBlock(t *testing.T) {
	s := New()
	s.Block([]byte(line("CLIENT_RANDOM", 3, 7, 48)), 100)
	_, known := s.Lookup(randomOf(3), 99)
	require.False(t, known)
	_, known = s.Lookup(randomOf(3), 100)
	require.True(t, known)
}

// Lines are those of some connections, also of one that resumed a session.
func TestSome(t *testing.T) {
	s := New()
	s.Block([]byte(line("CLIENT_RANDOM", 1, 7, 48)+line("CLIENT_RANDOM", 2, 8, 48)+line("SERVER_TRAFFIC_SECRET_0", 3, 9, 32)+line("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 3, 9, 32)), 0)
	s.Resumed(randomOf(4), bytesOf(7, 48))
	s.Resumed(randomOf(1), bytesOf(9, 48)) // the log knows better
	want := line("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 3, 9, 32) + line("CLIENT_RANDOM", 1, 7, 48) + line("CLIENT_RANDOM", 4, 7, 48) + line("SERVER_TRAFFIC_SECRET_0", 3, 9, 32)
	got := s.Lines([]Random{*randomOf(4), *randomOf(3), *randomOf(1), *randomOf(1), *randomOf(9)})
	require.Equal(t, strings.ToLower(want), strings.ToLower(string(got)))
	again := New()
	again.Block(got, 0)
	require.Equal(t, Stats{Secrets: 4}, again.Stats())
}

// The newest connections stay.
func TestLimit(t *testing.T) {
	s := New()
	s.most = 3
	for i := range byte(5) {
		s.Block([]byte(line("CLIENT_RANDOM", i, 7, 48)+line("CLIENT_RANDOM", i, 7, 48)), 0)
	}
	for i := range byte(5) {
		_, known := s.Lookup(randomOf(i), 1)
		require.Equal(t, i >= 2, known)
	}
	require.Equal(t, uint64(2), s.Stats().Dropped)
}

// A log that grows, also by half a line, and one that begins anew.
func TestGrowing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.log")
	write := func(text string, flag int) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flag, 0o600)
		require.NoError(t, err)
		_, err = f.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	first, second := line("CLIENT_RANDOM", 1, 7, 48), line("CLIENT_RANDOM", 2, 7, 48)
	write(first+second[:30], 0)
	s := New()
	f, err := s.Open(name, true)
	require.NoError(t, err)
	defer f.Close()
	s.Grows(func() { require.NoError(t, f.Read()) })
	require.True(t, s.Growing())
	known := func(b byte) bool { _, known := s.Lookup(randomOf(b), 1); return known }
	require.True(t, known(1))
	require.False(t, known(2))
	write(second[30:], os.O_APPEND)
	s.Poll()
	require.True(t, known(2))
	write(line("CLIENT_RANDOM", 3, 7, 48), os.O_TRUNC)
	s.Poll()
	require.True(t, known(3))
	other := name + ".new"
	require.NoError(t, os.WriteFile(other, []byte(line("CLIENT_RANDOM", 4, 7, 48)), 0o600))
	require.NoError(t, os.Rename(other, name))
	s.Poll()
	require.True(t, known(4))
	_, err = s.Open(name+".none", true)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// FuzzKeyLog reads any bytes as a log, whole and in pieces: the two say the same.
func FuzzKeyLog(f *testing.F) {
	f.Add([]byte(line("CLIENT_RANDOM", 1, 7, 48)+"# x\n"+line("SERVER_TRAFFIC_SECRET_0", 1, 7, 32)), 5)
	f.Add([]byte("CLIENT_RANDOM  \n\r\n"), 1)
	f.Fuzz(func(t *testing.T, log []byte, n int) {
		whole, pieces := New(), New()
		whole.Block(log, 0)
		r := pieces.NewReader(0)
		for b := log; len(b) > 0; {
			k := min(max(1, n), len(b))
			_, _ = r.Write(b[:k])
			require.LessOrEqual(t, len(r.half), maxLine)
			b = b[k:]
		}
		r.End()
		require.Equal(t, whole.Stats(), pieces.Stats())
		require.Equal(t, whole.byRandom, pieces.byRandom)
	})
}

// The newest connections come first, also when old ones were let go; what is not known yet
// at a packet is left out.
func TestNewest(t *testing.T) {
	s := New()
	s.most = 3
	for i := range byte(5) {
		s.Block([]byte(line("CLIENT_RANDOM", i, 7, 48)), uint64(i))
		require.Equal(t, *randomOf(i), s.Newest(1, 9)[0])
	}
	require.Equal(t, []Random{*randomOf(4), *randomOf(3), *randomOf(2)}, s.Newest(9, 4))
	require.Equal(t, []Random{*randomOf(3), *randomOf(2)}, s.Newest(2, 3))
	require.Empty(t, s.Newest(9, 1))
	require.Empty(t, New().Newest(9, 9))
}

// What stands further on in a capture is known from the beginning once it was searched.
func TestSearch(t *testing.T) {
	s, times := New(), 0
	s.Block([]byte(line("CLIENT_RANDOM", 1, 7, 48)), 100)
	s.Search()
	s.Searches(func() { t.Error("too late: nothing was there to be searched") })
	s.Search()

	s = New()
	s.Searches(func() {
		times++
		s.Block([]byte(line("CLIENT_RANDOM", 1, 7, 48)), 0)
	})
	s.Block([]byte(line("CLIENT_RANDOM", 1, 7, 48)), 100)
	_, known := s.Lookup(randomOf(1), 5)
	require.False(t, known)
	s.Search()
	s.Search()
	s.Block([]byte(line("CLIENT_RANDOM", 1, 7, 48)), 100) // its place is reached
	_, known = s.Lookup(randomOf(1), 5)
	require.True(t, known)
	require.Equal(t, 1, times)
}

// A log of other people's connections costs what its newest cost, however long it is.
func TestForeignLog(t *testing.T) {
	s := New()
	s.most = 100
	r := s.NewReader(0)
	own := line("CLIENT_RANDOM", 0xee, 7, 48)
	_, _ = r.Write([]byte(own))
	var b strings.Builder
	for i := range 500 {
		b.Reset()
		for j := range 20 {
			fmt.Fprintf(&b, "CLIENT_RANDOM %032x%032x %s\r\n", i, j, digits(7, 48))
		}
		_, _ = r.Write([]byte(b.String()))
		require.LessOrEqual(t, len(s.byRandom), 100)
		require.LessOrEqual(t, len(s.ring), 100)
	}
	_, known := s.Lookup(randomOf(0xee), 1)
	require.False(t, known)
	_, _ = r.Write([]byte(own))
	_, known = s.Lookup(randomOf(0xee), 1)
	require.True(t, known)
	require.Equal(t, Stats{Secrets: 10_002, Dropped: 9_902}, s.Stats())
}

// Who asks while the log is read gets all of a secret or nothing.
func TestTogether(t *testing.T) {
	s := New()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range byte(200) {
			s.Block([]byte(line("CLIENT_RANDOM", i, 7, 48)), 0)
			s.Resumed(randomOf(i), bytesOf(9, 48))
		}
	}()
	for i := range byte(200) {
		if x, known := s.Lookup(randomOf(i), 1); known {
			require.Equal(t, bytesOf(7, 48), x.Master)
		}
		_ = s.Lines(s.Newest(5, 1))
	}
	<-done
	require.Len(t, s.Newest(1000, 1), 200)
}
