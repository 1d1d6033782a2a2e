package carve

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/flow"
	"ftpscope/capture/rewrite"
)

// say adds text to a stream at an offset.
func say(s *stream, at uint32, text string) int {
	return s.add(&flow.Segment{Seq: 1000 + at, Flags: flow.ACK, Length: uint32(len(text)), Payload: []byte(text)})
}

func begun() stream {
	var s stream
	s.add(&flow.Segment{Seq: 999, Flags: flow.SYN})
	return s
}

// The first copy of a byte counts, whatever comes when.
func TestStream(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		s := begun()
		first, known := make([]byte, 50), make([]bool, 50)
		size := 0
		for range 30 {
			from := random.IntN(50)
			text := make([]byte, random.IntN(50-from+1))
			grown := 0
			for i := range text {
				text[i] = byte('a' + random.IntN(3))
				if !known[from+i] {
					first[from+i], known[from+i] = text[i], true
					grown++
				}
			}
			size += grown
			pieces, conflicts, others := len(s.pieces), len(s.conflicts), len(s.others)
			got := say(&s, uint32(from), string(text))
			if len(s.others) > others {
				grown += len(text)
			}
			require.Equal(t, grown+pieceCost*(len(s.pieces)-pieces+len(s.conflicts)-conflicts), got)
		}
		held, at := 0, int64(0)
		for _, p := range s.pieces {
			require.LessOrEqual(t, at, p.at)
			require.Equal(t, first[p.at:p.end()], p.data)
			at = p.end()
			held += len(p.data)
		}
		require.Equal(t, size, held)
		for _, c := range s.conflicts {
			require.Equal(t, first[c.At:c.At+1], c.New)
		}
	}
}

// cleaned is what a segment becomes.
func cleaned(t *testing.T, c *cleaner, d *dialogue, side int, at int64, text string) string {
	t.Helper()
	conn := c.clean(d, false)
	r := rewrite.Rewriter{}
	packet := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}
	packet = append(packet, 0, 1, 0, 2, 0, 0, byte((1000+at)>>8), byte(1000+at), 0, 0, 0, 0, 0x50, 0x18, 0, 0, 0, 0, 0, 0)
	packet = append(packet, text...)
	packet[3] = byte(len(packet))
	f, err := r.Packet(rewrite.Frame{Data: packet, Length: uint32(len(packet)), Link: 101}, conn, side)
	require.NoError(t, err)
	return string(f.Data[40:])
}

func TestClean(t *testing.T) {
	rename := &ftp.Renamer{
		Name:  func(netip.Addr) netip.Addr { return netip.MustParseAddr("9.9.9.99") },
		Known: map[netip.Addr]bool{netip.MustParseAddr("10.13.10.7"): true},
	}
	for _, test := range []struct {
		name           string
		client, server []string // in order; "…" is a gap of five bytes
		side           int
		text, want     string // what of it becomes what
	}{
		{"password", []string{"USER bob\r\nPASS secret\r\nQUIT\r\n"}, nil, 0, "USER bob\r\nPASS secret\r\nQUIT\r\n", "USER bob\r\nPASS xxxxxx\r\nQUIT\r\n"},
		{"a part of it", []string{"PASS secret\r\n"}, nil, 0, "PASS se", "PASS xx"},
		{"the end is lost", []string{"PASS sec", "…", "t\r\nQUIT\r\n"}, nil, 0, "PASS sec", "PASS xxx"},
		{"a verb that the password ends with, after a gap", []string{"USER bob\r\n", "…", "PASS labpass\r\n"}, nil, 0, "PASS labpass", "PASS xxxxxxx"},
		{"a piece, after a gap, that is such a verb", []string{"PASS labpass\r\n", "…", "pass\r\n"}, nil, 0, "pass\r\n", "xxxx\r\n"},
		{"the verb is lost", []string{"SS secret\r\nQUIT\r\n"}, nil, 0, "SS secret", "xxxxxxxxx"},
		{"control bytes", []string{"PASS a\x00b\x03c\r\n"}, nil, 0, "PASS a\x00b\x03c", "PASS x\x00x\x01x"},
		{"Telnet", []string{"PASS a\xff\xf1b\r\n"}, nil, 0, "PASS a\xff\xf1b", "PASS x\xff\xf1x"},
		{"said again", []string{"PASS hunter2\r\n"}, []string{"530 hunter2? no.\r\n"}, 1, "530 hunter2? no.", "530 xxxxxxx? no."},
		{"everyday words", []string{"PASS password\r\n"}, []string{"331 Please specify the password.\r\n"}, 1, "the password.", "the password."},
		{"said again within a word, in other case", []string{"PASS hunter2\r\n"}, []string{"530 pw=xHUNTER2x\r\n"}, 1, "pw=xHUNTER2x", "pw=xxxxxxxxx"},
		{"a short one said again", []string{"PASS Zq7\r\n"}, []string{"530 zq7, not Zq77\r\n"}, 1, "530 zq7, not Zq77", "530 xxx, not Zq77"},
		{"digits are addresses elsewhere", []string{"PASS 1300\r\n"}, []string{"227 ok (1,1,1,1,1300,1)\r\n530 1300\r\n"}, 1, ",1300,1)\r\n530 1300", ",1300,1)\r\n530 xxxx"},
		{"several blanks", []string{"PASS   hunter2\r\nSITE  PSWD  other77 new77\r\n"}, []string{"530 hunter2, new77\r\n"}, 1, "530 hunter2, new77", "530 xxxxxxx, xxxxx"},
		{"the user stays", []string{"USER hunter2\r\nPASS other77\r\nUSER other77\r\nPASS hunter22\r\n"}, nil, 0, "USER hunter2\r\nPASS other77\r\nUSER other77\r\n", "USER hunter2\r\nPASS xxxxxxx\r\nUSER xxxxxxx\r\n"},
		{"behind the user", []string{"USER bob hunter2\r\nhunter3\r\n"}, nil, 0, "USER bob hunter2\r\nhunter3", "USER bob xxxxxxx\r\nxxxxxxx"},
		{"an address", nil, []string{"227 ok (10,13,10,7,1,2)\r\n"}, 1, "227 ok (10,13,10,7,1,2)", "227 ok (9,9,9,99,1,2)"},
		{"a piece of one", nil, []string{"227 ok (10,13,1"}, 1, "227 ok (10,13,1", "227 ok (00,00,0"},
		{"under TLS, with line ends in it", []string{"AUTH TLS\r\n\x16\x03\x01\x00\x0610\n\x0d\n\x07", "\x15\x03\x01\x00\x02ab", "PORT 10,13,10,7,1,2\r\n"}, nil, 0,
			"\x16\x03\x01\x00\x0610\n\x0d\n\x07", "\x16\x03\x01\x00\x0610\x09\x09\x09\x63"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &dialogue{}
			for i, list := range [2][]string{test.client, test.server} {
				if test.name != "the verb is lost" {
					d.side[i] = begun()
				}
				at := uint32(0)
				for _, text := range list {
					if text != "…" {
						say(&d.side[i], at, text)
					} else {
						text = "....."
					}
					at += uint32(len(text))
				}
			}
			all := bytes.Join([][]byte{[]byte(join(test.client)), []byte(join(test.server))}[test.side:test.side+1], nil)
			at := bytes.Index(all, []byte(test.text))
			require.GreaterOrEqual(t, at, 0)
			require.Equal(t, test.want, cleaned(t, &cleaner{redact: true, rename: rename}, d, test.side, int64(at), test.text))
		})
	}
}

func join(list []string) (all string) {
	for _, s := range list {
		if s == "…" {
			s = "....."
		}
		all += s
	}
	return all
}

// A later copy of bytes that is not the first one tells nothing: it becomes the first
// one.
func TestConflict(t *testing.T) {
	d := &dialogue{}
	d.side[0], d.side[1] = begun(), begun()
	say(&d.side[0], 0, "PASS aaaaaaaa\r\nNOOP\r\n")
	say(&d.side[0], 0, "PASS secret77\r\nQUIT\r\n")
	say(&d.side[1], 0, "530 secret77?\r\n")
	require.Equal(t, "530 xxxxxxxx?\r\n", cleaned(t, &cleaner{redact: true}, d, 1, 0, "530 secret77?\r\n"))
	require.Equal(t, "PASS xxxxxxxx\r\nNOOP\r\n", cleaned(t, &cleaner{redact: true}, d, 0, 0, "PASS secret77\r\nQUIT\r\n"))
}

// What came from before the SYN's number was on the wire, too; the byte of a keep-alive is no part of a line.
func TestBeforeTheStart(t *testing.T) {
	d := &dialogue{}
	d.side[0], d.side[1] = begun(), begun()
	say(&d.side[0], 0, "USER bob\r\nPASS secret\r\n")
	say(&d.side[0], ^uint32(99), "PASS secret\r\nSS secret\r\n")
	say(&d.side[0], ^uint32(0), "\x00")
	c := &cleaner{redact: true}
	require.Equal(t, "PASS xxxxxx\r\nSS xxxxxx\r\n", cleaned(t, c, d, 0, -100, "PASS secret\r\nSS secret\r\n"))
	require.Equal(t, "USER bob\r\nPASS xxxxxx\r\n", cleaned(t, c, d, 0, 0, "USER bob\r\nPASS secret\r\n"))
	require.Equal(t, "\x00", cleaned(t, c, d, 0, -1, "\x00"))
}

// After TLS ended (CCC) text is text again, and what was under it keeps its length.
func TestWalk(t *testing.T) {
	s := begun()
	say(&s, 0, "AUTH TLS\r\n\x16\x03\x01\x00\x04ab")
	say(&s, 17, "\r\n\x17\x03\x03\x00\x02xyPWD\r\n")
	var lines []string
	var hidden []byte
	s.walk(func(l *ftp.LocatedLine) { lines = append(lines, string(l.Text)) }, func(at int64, b []byte) { hidden = append(hidden, b...) })
	require.Equal(t, []string{"AUTH TLS", "PWD"}, lines)
	require.Equal(t, "\x16\x03\x01\x00\x04ab\r\n\x17\x03\x03\x00\x02xy", string(hidden))
}

// Edits come in order and do not overlap; of two that do, the one made first stands.
func TestSorted(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		var e editing
		for i := range 1 + random.IntN(12) {
			e.list = append(e.list, rewrite.Edit{At: int64(random.IntN(40)), Old: 1 + random.IntN(6), New: []byte{byte(i)}})
		}
		end := int64(-1)
		for _, x := range e.sorted() {
			require.GreaterOrEqual(t, x.At, end)
			end = x.At + int64(x.Old)
		}
		require.Contains(t, e.sorted(), e.list[0])
	}
}

// The lines are the same in whatever order the segments come: offsets are negative before
// the first one that the capture has.
func TestLinesInDisorder(t *testing.T) {
	list := []flow.Segment{{Seq: 999, Flags: flow.SYN}}
	for i, text := range []string{"USER bob\r\nPA", "SS secret\r", "\nPASS other\r\n", "QUIT\r\n"} {
		last := &list[i]
		seq := last.Seq + last.Length
		if i == 0 {
			seq++
		}
		list = append(list, flow.Segment{Seq: seq, Length: uint32(len(text)), Payload: []byte(text)})
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		var d dialogue
		for _, i := range random.Perm(len(list)) {
			d.side[0].add(&list[i])
		}
		require.Equal(t, [][]byte{[]byte("other"), []byte("secret")}, secretsOf(&d).List())
		conn := (&cleaner{redact: true}).clean(&d, false)
		require.NotEqual(t, rewrite.NewSide(d.side[0].base, nil), conn.Sides[0])
	}
}
