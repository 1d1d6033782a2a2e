package control

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// dialogues are conversations that begin, go on and end in all the ways that the states of a
// Conversation tell apart: they are to say the same however they are cut and looked at.
var dialogues = []struct {
	name    string
	synSeen bool
	port    uint16
	lines   []string
}{
	{"a download", true, 21, []string{
		"S: 220-two lines", "S: 220 ready", "C: USER bob", "S: 331 password", "C: PASS x", "S: 230 in", "C: CWD docs", "S: 250 ok", "C: PASV",
		"S: 227 Entering (192,0,2,21,195,80)", "C: RETR a.txt", "S: 150 here (5 bytes)", "S: 226 done", "C: QUIT", "S: 221 bye",
	}},
	{"a failed login, an abort and an error", true, 21, []string{
		"S: 220 ready", "C: USER bob", "S: 331 p", "C: PASS x", "S: 530 no", "C: USER bob", "S: 331 p", "C: PASS y", "S: 230 in", "C: PORT 192,0,2,10,195,80",
		"S: 200 ok", "C: STOR ../b", "S: 150 go", "C: ABOR", "S: 426 gone", "S: 226 Abort successful", "C: SITE CHMOD 777 b", "S: 500 OOPS: died",
	}},
	{"a multi-line reply that goes on, and a command that waits", true, 21, []string{"S: 220 ready", "C: FEAT", "S: 211-features", "S:  MDTM", "C: NOOP", "S:  UTF8"}},
	{"replies in pieces", true, 21, []string{
		"S: 220 ready", "C: LIST", "S: 150 a", "S: 150-b", "S: c", "S: 150 b", "S: 150 d", "S: 226-e", "S: f", "S: 226 e", "S: 421-bye", "S: bye", "S: 421 bye",
	}},
	{"a banner that another code may end", true, 21, []string{"S: 220-two", "S: stray", "S: 229 (|||50000|)", "S: more", "S: 220 done"}},
	{"a server that does not speak TLS", true, 21, []string{"C! \x16\x03\x01\x05\x01\x00", "S: 220 ready"}},
	{"lines without an end", true, 21, []string{"S! 220 rea", "S! dy\r", "S! \nS", "C! USER b", "C! ob\r\nPA", "C! SS x"}},
	{"the capture begins late and has gaps", false, 2121, []string{"S: 226 done", "C: PASV", "S? xx", "C: LIST", "S: 150 list", "C? xxxx", "S: 226 ok", "S: 425 no", "C: PWD", `S: 257 "/a"`}},
	{"TLS whose first bytes come one by one", true, 990, []string{"C! \x16", "C! \x03\x01", "C! \x00\x02ab", "S! \x16\x03\x03\x00", "S! \x02ab" + tlsRecord, "C! " + tlsRecord}},
	{"TLS that the server agrees to, and text after it", true, 21, []string{
		"S: 220 ready", "C: AUTH TLS", "S: 234 go", "C! \x16\x03\x01\x00\x02ab", "S! \x16\x03\x03\x00\x02ab", "C! " + tlsRecord, "C: PASV", "S: 227 =192,0,2,21,4,1", "C: LIST",
	}},
	{"a balancer's header in pieces", true, 21, []string{"C! PRO", "C! XY TCP4 192.0.2.1 192.0.2.21 ", "C! 40000 21\r\nUSER bob\r\n", "S: 220 ready", "S: 331 p"}},
	{"a proxy's CONNECT in pieces", true, 3128, []string{
		"C! CON", "C! NECT ftp.example.net:21 HTTP/1.1\r\n", "C! \r\n", "S! HTTP/1.1 200 ok\r\n\r\n", "S: 220 ready", "C: USER bob", "S: 331 p",
	}},
	{"a proxy's CONNECT that never ends", true, 21, []string{"C! CONNECT ftp.example.net:21 HTTP/1.1\r\n"}},
	{"a side that said two bytes of something", true, 21, []string{"S: 220 ready", "C! \x16\x03"}},
	{"one side only", true, 21, []string{"C: USER bob", "C: PASS x", "C: PASV", "C: RETR a"}},
	{"it is no FTP", true, 21, []string{"C: GET / HTTP/1.1", "S: HTTP/1.1 200 Ok"}},
	{"Telnet's sequences", true, 21, []string{"S: 220 ready", "C! \xff\xf4\xff", "C! \xf2ABOR\r\n", "S: 225 nothing to abort"}},
}

// finish ends a conversation as its connection does then.
func (h *heard) finish() *Transcript { return comparable(h.Finish(h.ended())) }

func (h *heard) ended() *flow.Conn {
	c := &flow.Conn{
		ID: 1, Src: h.conn.ends[0], Dst: h.conn.ends[1], OpenerKnown: h.roles == rolesBySYN, Start: flow.Mark{Time: flow.Second, Ord: 1, Pos: 1}, Last: h.at,
	}
	c.Half[0].Packets, c.Half[1].Packets = 9, 9
	return c
}

// comparable leaves out how it came about: pieces and bytes of memory.
func comparable(t *Transcript) *Transcript {
	if t != nil {
		t.Half, t.Held = nil, 0
	}
	return t
}

// A snapshot shows what is known, and changes nothing of what is said later.
func TestSnapshots(t *testing.T) {
	for _, d := range dialogues {
		t.Run(d.name, func(t *testing.T) {
			quiet := hear(d.synSeen, d.port)
			watched := hear(d.synSeen, d.port)
			quiet.opt.Dialogue, watched.opt.Dialogue = true, true
			for i, line := range d.lines {
				quiet.say(line)
				watched.say(line)
				first := comparable(watched.Snapshot(watched.ended()))
				require.Equal(t, first, comparable(watched.Snapshot(watched.ended())), "%d: a second look shows the same", i)

				alone := hear(d.synSeen, d.port)
				alone.opt.Dialogue = true
				for _, l := range d.lines[:i+1] {
					alone.say(l)
				}
				require.Equal(t, alone.finish(), first, "%d: it is what would be known now", i)
				require.Equal(t, statesOf(quiet.Conversation), statesOf(watched.Conversation), line)
			}
			require.Equal(t, quiet.finish(), watched.finish())
		})
	}
}

// What a snapshot shows stays as it was, whatever is said later.
func TestSnapshotsAreTheirOwn(t *testing.T) {
	for _, show := range []bool{false, true} {
		for _, d := range dialogues {
			h := hear(d.synSeen, d.port)
			h.opt.Dialogue, h.opt.ShowPasswords = true, show
			var shown []*Transcript
			var texts []string
			for _, line := range d.lines {
				h.say(line)
				if s := h.Snapshot(h.ended()); s != nil {
					shown, texts = append(shown, s), append(texts, spew(s))
				}
			}
			h.finish()
			for i, s := range shown {
				require.Equal(t, texts[i], spew(s), "%s: %d", d.name, i)
			}
		}
	}
}

// spew is all that a transcript says, behind its pointers, too.
func spew(s *Transcript) string {
	b, err := json.Marshal(struct {
		S record.Session
		N []Negotiation
		T []TransferCommand
		E []Span
	}{s.Session, s.Negotiations, s.TransferCommands, s.Encrypted})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Where the segments are cut says nothing.
func TestCutAnywhere(t *testing.T) {
	for _, d := range dialogues {
		t.Run(d.name, func(t *testing.T) {
			whole, bytewise := hear(d.synSeen, d.port), hear(d.synSeen, d.port)
			for _, line := range d.lines {
				whole.say(line)
				bytewise.sayInBytes(line)
			}
			require.Equal(t, whole.finish(), bytewise.finish())
		})
	}
}

// sayInBytes is say, a byte at a time, all in one packet.
func (h *heard) sayInBytes(line string) {
	if line[1] == '?' {
		h.say(line)
		return
	}
	text := line[3:]
	if line[1] == ':' {
		text += "\r\n"
	}
	h.at.Time, h.at.Ord, h.at.Pos = h.at.Time+1, h.at.Ord+1, h.at.Pos+1
	for i := range len(text) {
		if !h.Data(map[byte]flow.Direction{'C': flow.Out, 'S': flow.In}[line[0]], []byte(text[i:i+1]), h.at) {
			return
		}
	}
}

// What may begin more is waited for, up to a bound, and only where it may come.
func TestEarly(t *testing.T) {
	for _, x := range []struct {
		name, before, said string
		port               uint16
		waits              bool
	}{
		{"the header of a record", "", "C! \x16\x03\x01", 21, true},
		{"a whole header", "", "C! \x16\x03\x01\x00\x02", 21, false},
		{"a record after a command, without AUTH", "C: NOOP", "C! \x16\x03", 21, false},
		{"a record after AUTH", "C: AUTH TLS", "C! \x16\x03", 21, true},
		{"a record within a line", "C: AUTH TLS|C! NO", "C! \x16\x03", 21, false},
		{"the server's bytes may be missing", "C: NOOP|S? x", "C! \x16", 21, true},
		{"PROXY of a balancer", "", "C! PROX", 21, true},
		{"PASS is none of a balancer's", "", "C! PA", 21, false},
		{"PROXY, of the server", "", "S! PROX", 21, false},
		{"version 2 of the header", "", "C! \r\n\r\n\x00\r\nQ", 21, true},
		{"version 2, without its addresses", "", "C! \r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0", 21, true},
		{"a blank line", "", "C! \r\nUSER", 21, false},
		{"too long for a header", "", "C! PROXY TCP4 " + strings.Repeat("1", longestHeader), 21, false},
		{"CONNECT to a proxy", "", "C! CONN", 3128, true},
		{"CONNECT on FTP's own port", "", "C! CONN", 21, false},
		{"SOCKS5 that names its methods", "", "C! \x05\x02\x00", 1080, true},
		{"SOCKS4 without the user's end", "", "C! \x04\x01\x00\x15\xcb\x00\x71\x15me", 1080, true},
		{"SOCKS4 that binds", "", "C! \x04\x02\x00\x15\xcb\x00\x71", 1080, false},
		{"a server that answers in bytes like it", "", "S! CONN", 3128, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := hear(true, x.port)
			for line := range strings.SplitSeq(x.before, "|") {
				if line != "" {
					h.say(line)
				}
			}
			h.say(x.said)
			dir := flow.Out
			if x.said[0] == 'S' {
				dir = flow.In
			}
			require.Equal(t, x.waits, h.early.begun != nil && len(h.early.begun[dir]) > 0)
		})
	}
	require.True(t, tlsrec.IsHandshake(0x16))
	for first, more := range map[string]bool{"C": true, "CONNECT ": false, "\x05": true, "\x05\x01\x00": false, "\x04": true, "U": false} {
		require.Equal(t, more, MayBeginMore([]byte(first)), "%q", first)
	}
}
