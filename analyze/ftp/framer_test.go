package ftp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// framed is a Line that owns its text.
type framed struct {
	text  string
	flags LineFlags
}

// frame gives a Framer the chunks, flushes it and returns the lines. The chunks are overwritten after use, as a
// capture's buffer is.
func frame(chunks ...[]byte) (lines []framed) {
	var f Framer
	for _, c := range chunks {
		b := bytes.Clone(c)
		for line, rest, ok := f.Next(b); ok; line, rest, ok = f.Next(rest) {
			lines = append(lines, framed{string(line.Text), line.Flags})
		}
		for i := range b {
			b[i] = '#'
		}
	}
	if line, ok := f.Flush(); ok {
		lines = append(lines, framed{string(line.Text), line.Flags})
	}
	return lines
}

func TestFramer(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for _, tt := range []struct {
		name, in string
		want     []framed
	}{
		{"nothing", "", nil},
		{"CR LF", "USER a\r\nPASS b\r\n", []framed{{"USER a", 0}, {"PASS b", 0}}},
		{"LF alone", "USER a\nPASS b\n", []framed{{"USER a", BareLF}, {"PASS b", BareLF}}},
		{"CR alone", "USER a\rPASS b\r", []framed{{"USER a", 0}, {"PASS b", BareCR}}},
		{"CR NUL", "USER a\r\x00PASS b\r\n", []framed{{"USER a", 0}, {"PASS b", BareCR}}},
		{"CR CR LF", "PWD\r\r\nQUIT\r\n", []framed{{"PWD", 0}, {"", BareCR}, {"QUIT", 0}}},
		{"LF CR is two ends", "PWD\n\rQUIT\r\n", []framed{{"PWD", BareLF}, {"", 0}, {"QUIT", BareCR}}},
		{"empty lines", "\r\n\n\r\n", []framed{{"", 0}, {"", BareLF}, {"", 0}}},
		{"unterminated", "QUIT", []framed{{"QUIT", Unterminated}}},
		{"NUL within", "RETR a\x00b\r\n", []framed{{"RETR a\x00b", HasNUL}}},
		{"control bytes", "RETR a\x1b[31m\x7f\r\n", []framed{{"RETR a\x1b[31m\x7f", HasControl}}},
		{"TAB is text", "RETR a\tb\r\n", []framed{{"RETR a\tb", 0}}},
		{"flags end with their line", "A\x00\nB\r\n", []framed{{"A\x00", HasNUL | BareLF}, {"B", 0}}},
		{"as long as may be", long + "\r\n", []framed{{long, 0}}},
		{"too long", long + "yz\r\nQUIT\r\n", []framed{{long, Cut}, {"QUIT", 0}}},
		{"too long, unterminated", long + "yz", []framed{{long, Cut | Unterminated}}},
		{"flag of a dropped byte", long + "y\x00\r\n", []framed{{long, Cut | HasNUL}}},

		{"ABOR with IP and Synch", "\xff\xf4\xff\xf2ABOR\r\n", []framed{{"ABOR", HasTelnet}}},
		{"Synch whose IAC was lost", "\xff\xf4\xf2ABOR\r\n", []framed{{"ABOR", HasTelnet}}},
		{"IP alone", "\xff\xf4ABOR\r\n", []framed{{"ABOR", HasTelnet}}},
		{"DM alone", "\xff\xf2ABOR\r\n", []framed{{"ABOR", HasTelnet}}},
		{"Synch within a line", "AB\xff\xf4\xff\xf2OR\r\n", []framed{{"ABOR", HasTelnet}}},
		{"0xF2 elsewhere is text", "230 \xf2la\r\n", []framed{{"230 \xf2la", 0}}},
		{"options", "\xff\xfb\x01\xff\xfd\x03\xff\xfc\x06\xff\xfe\x18USER a\r\n", []framed{{"USER a", HasTelnet}}},
		{"subnegotiation", "\xff\xfa\x18\x00xterm\xff\xf0USER a\r\n", []framed{{"USER a", HasTelnet}}},
		{"IAC IAC in a subnegotiation", "\xff\xfa\x18\xff\xff\xf0\xff\xf0USER a\r\n", []framed{{"USER a", HasTelnet}}},
		{"subnegotiation ends with the line", "\xff\xfaabc\r\nUSER a\r\n", []framed{{"", HasTelnet}, {"USER a", 0}}},
		{"option may not be a line end", "A\xff\xfb\r\nB\r\n", []framed{{"A", HasTelnet}, {"B", 0}}},
		{"NOP and AYT", "\xff\xf1\xff\xf6NOOP\r\n", []framed{{"NOOP", HasTelnet}}},
		{"IAC IAC is a byte", "RETR a\xff\xffb\r\n", []framed{{"RETR a\xffb", HasTelnet}}},
		{"Latin-1 name", "RETR a\xffb\r\n", []framed{{"RETR a\xffb", 0}}},
		{"Latin-1 name at the end", "RETR a\xff\r\n", []framed{{"RETR a\xff", 0}}},
		{"Latin-1 name, upper half", "RETR \xff\xe9\r\n", []framed{{"RETR \xff\xe9", 0}}},
		{"IAC before the end of the stream", "RETR a\xff", []framed{{"RETR a\xff", Unterminated}}},
		{"Telnet and nothing else", "\xff\xf4\xff\xf2", nil},
		{"UTF-8", "RETR žluťoučký.txt\r\n", []framed{{"RETR žluťoučký.txt", 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, frame([]byte(tt.in)))
			single := make([][]byte, 0, len(tt.in))
			for i := range len(tt.in) {
				single = append(single, []byte(tt.in[i:i+1]))
			}
			require.Equal(t, tt.want, frame(single...), "byte by byte")
			for cut := range len(tt.in) {
				require.Equal(t, tt.want, frame([]byte(tt.in[:cut]), nil, []byte(tt.in[cut:])), "cut at %d", cut)
			}
		})
	}
}

const conversation = "220-Welcome\r\n220 ready\nUSER a\rPASS b\r\x00\xff\xf4\xff\xf2ABOR\r\n\xff\xfa\x01\xff\xf0\xff\xfb\x01" +
	"RETR \xff\xe9\xff\xff.txt\r\n\xff\xf4\xf2STAT\r\n\r\n\x00x\x1b\r\rLIST -a \r\nQUIT"

// Every way to cut a conversation into three chunks, and many random ones into more, gives the same lines.
func TestFramerChunks(t *testing.T) {
	b := []byte(conversation)
	want := frame(b)
	for i := range len(b) {
		for j := i; j < len(b); j++ {
			require.Equal(t, want, frame(b[:i], b[i:j], b[j:]), "cut at %d and %d", i, j)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var chunks [][]byte
		for rest := b; len(rest) > 0; {
			n := 1 + rnd.IntN(min(7, len(rest)))
			chunks = append(chunks, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, want, frame(chunks...))
	}
}

func TestFramerGap(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		lost                framed // what Gap returns
		want                []framed
	}{
		{"between lines", "A\r\n", "B\r\nC\r\n", framed{}, []framed{{"B", HeadLost}, {"C", 0}}},
		{"within a line", "RETR fi", "name\r\nC\r\n", framed{"RETR fi", Unterminated}, []framed{{"name", HeadLost}, {"C", 0}}},
		{"after CR", "A\r", "\nB\r\n", framed{}, []framed{{"", HeadLost | BareLF}, {"B", 0}}},
		{"within Telnet", "A\xff\xfa", "x\r\n", framed{"A", Unterminated | HasTelnet}, []framed{{"x", HeadLost}}},
		{"no line after it", "A", "B", framed{"A", Unterminated}, []framed{{"B", HeadLost | Unterminated}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f Framer
			for _, rest, ok := f.Next([]byte(tt.before)); ok; _, rest, ok = f.Next(rest) {
			}
			line, ok := f.Gap()
			require.Equal(t, tt.lost.text != "", ok)
			if ok {
				require.Equal(t, tt.lost, framed{string(line.Text), line.Flags})
			}
			require.Zero(t, f.Pending())
			var got []framed
			for line, rest, ok := f.Next([]byte(tt.after)); ok; line, rest, ok = f.Next(rest) {
				got = append(got, framed{string(line.Text), line.Flags})
			}
			if line, ok := f.Flush(); ok {
				got = append(got, framed{string(line.Text), line.Flags})
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestFramerMemory(t *testing.T) {
	var f Framer
	chunk := bytes.Repeat([]byte("x\xff\xfa"), 1000)
	for range 1000 {
		_, _, ok := f.Next(chunk)
		require.False(t, ok)
	}
	require.LessOrEqual(t, f.Pending(), MaxLine)
	require.LessOrEqual(t, cap(f.held), 2*MaxLine)
}

func TestFramerAllocations(t *testing.T) {
	whole := []byte("USER anonymous\r\nTYPE I\r\nPORT 10,0,0,1,200,21\r\nRETR dir/file.txt\r\n\xff\xf4\xff\xf2ABOR\r\nPASS ")
	rest := []byte("guest@\r\n")
	var f Framer
	verbs := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, b := range [...][]byte{whole, rest} {
			for line, rest, ok := f.Next(b); ok; line, rest, ok = f.Next(rest) {
				if c := ParseCommand(line.Text); c.Verb != VerbUnknown {
					verbs++
				}
				ParseReplyLine(line.Text)
			}
		}
	}))
	require.Equal(t, 101*6, verbs)
}

func FuzzFramer(f *testing.F) {
	f.Add([]byte(conversation), uint64(7))
	f.Add([]byte("\xff\xff\xff\xff\xf4\xf2\r\x00\xff\xfb\xff\xfa\xff\xff\xf0\r\n"), uint64(1))
	f.Add(append(bytes.Repeat([]byte("y"), MaxLine+3), "\r\nQUIT\r\n"...), uint64(99))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		want := frame(b)
		rnd := rand.New(rand.NewPCG(seed, 0))
		var chunks [][]byte
		for rest := b; len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			chunks = append(chunks, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, want, frame(chunks...))
		total := 0
		for _, l := range want {
			require.LessOrEqual(t, len(l.text), MaxLine)
			require.NotContains(t, l.text, "\n")
			require.NotContains(t, l.text, "\r")
			if l.flags&Cut == 0 {
				require.Equal(t, strings.Contains(l.text, "\x00"), l.flags&HasNUL != 0)
			}
			total += len(l.text)
		}
		require.LessOrEqual(t, total, len(b))
	})
}

func BenchmarkFramer(b *testing.B) {
	line := "RETR pub/mirrors/debian/dists/stable/main/binary-amd64/Packages.gz\r\n"
	for _, size := range []int{1, 16, 1460} {
		b.Run(fmt.Sprintf("chunk=%d", size), func(b *testing.B) {
			in := []byte(strings.Repeat(line, 64))
			b.SetBytes(int64(len(in)))
			var f Framer
			for b.Loop() {
				for rest := in; len(rest) > 0; {
					chunk := rest[:min(size, len(rest))]
					rest = rest[len(chunk):]
					for _, left, ok := f.Next(chunk); ok; _, left, ok = f.Next(left) {
					}
				}
			}
		})
	}
}
