package match_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// contents are files that read like FTP, as a script says them with Go's escapes.
var contents = []struct{ name, text string }{
	{"a greeting", `220 (vsFTPd 3.0.3)\r\n`},
	{"seven bytes", `331 x\r\n`},
	{"replies", `220 FTP ready\r\n331 p\r\n230 in\r\n227 Entering Passive Mode (192,0,2,21,195,81)\r\n226 done\r\n`},
	{"commands", `USER eve\r\nPASS stolen\r\nPORT 203,0,113,9,0,80\r\nRETR /etc/shadow\r\nQUIT\r\n`},
	{"a dialogue", `220 FTP ready\r\nUSER eve\r\n331 p\r\nPASS stolen\r\n230 in\r\nPORT 192,0,2,10,195,81\r\n200 ok\r\nRETR x\r\n150 here\r\n226 done\r\nQUIT\r\n221 bye\r\n`},
	{"AUTH TLS", `220 FTP ready\r\nAUTH TLS\r\n234 go\r\n\x16\x03\x03\x00\x04abcd\x17\x03\x03\x00\x02xy`},
	{"TLS agreed", `234 AUTH TLS successful\r\n\x16\x03\x03\x00\x04abcd`},
	{"commands that lead elsewhere", `PASV\r\nPORT 192,0,2,10,195,80\r\nEPRT |1|192.0.2.10|50000|\r\nEPSV\r\n`},
}

const v6 = "client [2001:db8::10]:51234\nserver [2001:db8::21]:21\n"

// ways are how a file is transferred: a script with the statement that carries it left out,
// its facts but for the bytes, and the side that sends.
type way struct{ name, before, from, after, want string }

var ways = []way{
	{"RETR by PASV", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here", "d1<", "d1 fin <\nS: 226 done\nbye",
		"session user=bob login=ok mode=passive by=client\n1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=N reply=226 ok"},
	{"STOR by PASV", "login\npasv\nC: STOR a\ndata d1 C:40000 > S:50000\nS: 150 here", "d1>", "d1 fin >\nS: 226 done\nbye",
		"session user=bob login=ok mode=passive by=client\n1 STOR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=N reply=226 ok"},
	{"RETR by PORT", "login\nport\nC: RETR a\ndata d1 S:20 > C:50000\nS: 150 here", "d1>", "d1 fin >\nS: 226 done\nbye",
		"session user=bob login=ok mode=active by=server\n1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=N reply=226 ok"},
	{"STOR by PORT", "login\nport\nC: STOR a\ndata d1 S:20 > C:50000\nS: 150 here", "d1<", "d1 fin <\nS: 226 done\nbye",
		"session user=bob login=ok mode=active by=server\n1 STOR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=N reply=226 ok"},
	{"on the default port", "login\nC: RETR a\ndata d1 S:20 > C:51234\nS: 150 here", "d1>", "d1 fin >\nS: 226 done\nbye",
		"session user=bob login=ok mode=active by=server\n1 RETR a default active initiator=server data=S:20>C:51234 bytes=N reply=226 ok"},
	{"by a third host", "login\npasv\nC: RETR a\ndata d1 203.0.113.9:40000 > S:50000\nS: 150 here", "d1<", "d1 fin <\nS: 226 done\nbye",
		"session user=bob login=ok mode=passive by=third-party\n1 RETR a PASV passive announced=S:50000 initiator=third-party data=203.0.113.9:40000>S:50000 bytes=N reply=226 ok"},
	{"the handshake not captured", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000 none\nS: 150 here", "d1<", "d1 fin <\nS: 226 done\nbye",
		"session user=bob login=ok mode=passive by=client\n1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 evidence=inferred bytes=N reply=226 ok"},
	{"STOR by EPSV", v6 + "login\nC: EPSV\nS: 229 ok (|||50000|)\nC: STOR a\ndata d1 [2001:db8::10]:40000 > [2001:db8::21]:50000\nS: 150 here", "d1>", "d1 fin >\nS: 226 done\nbye",
		"session [2001:db8::10]:51234>[2001:db8::21]:21 user=bob login=ok mode=passive by=client\n1 STOR a EPSV passive announced=[2001:db8::21]:50000 initiator=client data=[2001:db8::10]:40000>[2001:db8::21]:50000 bytes=N reply=226 ok"},
	{"RETR by EPRT", v6 + "login\nC: EPRT |2|2001:db8::10|50000|\nS: 200 ok\nC: RETR a\ndata d1 [2001:db8::21]:20 > [2001:db8::10]:50000\nS: 150 here", "d1>", "d1 fin >\nS: 226 done\nbye",
		"session [2001:db8::10]:51234>[2001:db8::21]:21 user=bob login=ok mode=active by=server\n1 RETR a EPRT active announced=[2001:db8::10]:50000 initiator=server data=[2001:db8::21]:20>[2001:db8::10]:50000 bytes=N reply=226 ok"},
	{"cut", "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here", "d1<", "d1 cut",
		"session user=bob login=ok mode=passive by=client closing=cut\n1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=N incomplete"},
}

var bytesIn = regexp.MustCompile(`bytes=\d+`)

// script is a transfer of a content, with more behind it.
func (w way) script(content string) string {
	return strings.Join([]string{w.before, w.from + "! " + content, w.from + " 5000", w.after}, "\n")
}

// filler is a content of as many other bytes in each statement.
func filler(t *testing.T, content string) string {
	lines := strings.Split(content, "\n")
	for i, line := range lines {
		statement, said, ok := strings.Cut(line, "! ")
		switch {
		case ok:
			statement += "! "
		case i > 0:
			continue // what else happens
		default:
			statement, said = "", line
		}
		text, err := strconv.Unquote(`"` + said + `"`)
		require.NoError(t, err)
		lines[i] = statement + strings.Repeat("Z", len(text))
	}
	return strings.Join(lines, "\n")
}

// requireData compares what is said of a transfer whose content reads like FTP with what is
// said of one whose content does not.
func requireData(t *testing.T, frames, plain []capturetest.Frame) {
	t.Helper()
	want, got := analyzetest.Analyzed(t, plain, analyze.Options{}), analyzetest.Analyzed(t, frames, analyze.Options{})
	analyzetest.RequireSane(t, got)
	require.Equal(t, want.Facts(), got.Facts())
	for i, s := range want.Sessions {
		require.Equal(t, idsOf(s), slices.DeleteFunc(idsOf(got.Sessions[i]), func(id string) bool { return id == "ftp-in-data" }))
	}
	require.Equal(t, got.Facts(), analyzetest.Analyzed(t, frames, analyze.Options{Workers: 3}).Facts(), "workers")
}

func idsOf(s *record.Session) []string {
	var list []string
	for i := range s.Findings {
		list = append(list, s.Findings[i].ID)
	}
	return list
}

func framesOf(t *testing.T, script string) []capturetest.Frame {
	return analyzetest.Conversation{Script: script}.Frames(t)
}

// A connection to an announced endpoint is data, whatever it carries.
func TestContentDoesNotHideData(t *testing.T) {
	for _, w := range ways {
		for _, c := range contents {
			t.Run(w.name+", "+c.name, func(t *testing.T) {
				frames := framesOf(t, w.script(c.text))
				requireData(t, frames, framesOf(t, w.script(filler(t, c.text))))
				got := analyzetest.Analyzed(t, frames, analyze.Options{})
				require.Len(t, got.Sessions, 1)
				require.Equal(t, w.want, bytesIn.ReplaceAllString(got.Facts(), "bytes=N"))
			})
		}
	}
}

// A negotiation that the capture has after its data connection makes it data all the same.
func TestContentDoesNotHideDataOfALateOffer(t *testing.T) {
	for _, w := range ways {
		for _, c := range append(contents, twoSided(w)) {
			for _, by := range []flow.Time{20 * flow.Millisecond, flow.Second, 1900 * flow.Millisecond} {
				w, clock := w, by != flow.Second
				w.before = strings.Replace(w.before, "S: 150", "wait 100ms\nS: 150", 1)
				w.after = "wait 800ms\n" + strings.Replace(w.after, "\nS: 226", "\nwait 4s\nS: 226", 1)
				frames := late(framesOf(t, w.script(c.text)), by, clock)
				if frames == nil {
					continue // the default port: nothing is said
				}
				t.Run(fmt.Sprint(w.name, ", ", c.name, ", ", by), func(t *testing.T) {
					requireData(t, frames, late(framesOf(t, w.script(filler(t, c.text))), by, clock))
				})
			}
		}
	}
}

// late moves what a control connection announces first behind what came in the time after it;
// with clock its time goes with it. Nil: nothing is announced.
func late(frames []capturetest.Frame, by flow.Time, clock bool) []capturetest.Frame {
	list := slices.Clone(frames)
	i := slices.IndexFunc(list, func(f capturetest.Frame) bool {
		return f.Conn == capturetest.Control && f.Meta != nil && (bytes.HasPrefix(f.Meta.Payload, []byte("227 ")) || bytes.HasPrefix(f.Meta.Payload, []byte("PORT ")) || bytes.HasPrefix(f.Meta.Payload, []byte("EPRT ")) || bytes.HasPrefix(f.Meta.Payload, []byte("229 ")))
	})
	if i < 0 {
		return nil
	}
	f := list[i]
	due := f.Time + by
	if clock {
		f.Time = due
	}
	list = slices.Delete(list, i, i+1)
	for i < len(list) && list[i].Time < due {
		i++
	}
	return slices.Insert(list, i, f)
}

// twoSided is a dialogue of both sides, as no data connection has one.
func twoSided(w way) struct{ name, text string } {
	back := map[byte]string{'<': "d1>", '>': "d1<"}[w.from[2]]
	return struct{ name, text string }{"both sides", `220 FTP ready\r\n` + "\n" + back + `! USER eve\r\n` + "\n" +
		w.from + `! 331 p\r\n` + "\n" + back + `! PASS x\r\n` + "\n" + w.from + `! 230 in\r\n` + "\n" +
		back + `! PORT 192,0,2,10,195,81\r\n` + "\n" + w.from + `! 200 ok\r\n`}
}

// On a port that FTP is not expected on, it takes two to have a conversation.
func TestConversationOfTwo(t *testing.T) {
	const script = "server 192.0.2.21:2121\n"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"greeting alone", script + "S: 220 FTP ready\nclose S", ""},
		{"commands alone", script + "C: USER bob\nC: PASS x\nC: PASV\nC: RETR a\nclose C", ""},
		{"both", script + "login\nbye", "session C:51234>S:2121 user=bob login=ok"},
		{"both, with a transfer", script + "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here\nd1< 70\nd1 fin <\nS: 226 done\nbye",
			"session C:51234>S:2121 user=bob login=ok mode=passive by=client\n1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok"},
		{"begins with PORT", script + "open none\nC: PORT 192,0,2,10,195,80\nS: 200 ok\nC: RETR a\ndata d1 S:20 > C:50000\nS: 150 here\nd1> 70\nd1 fin >\nS: 226 done\nbye",
			"session C:51234>S:2121 login=ok mode=active by=server from_start=false\n1 RETR a path=- PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok"},
		{"greeting alone, on a control port", "S: 220 FTP ready\nclose S", `session closing=fin banner="FTP ready"`},
	})
}

// What a file says announces nothing, whether its own offer is lost or late.
func TestFilesAnnounceNothing(t *testing.T) {
	const two = "login\ncontrol c2 192.0.2.10:51300 > 192.0.2.21:21\nc2S: 220 ready\nc2C: USER eve\nc2S: 331 p\nc2C: PASS x\nc2S: 230 in\n"
	const transfer = "c2C: RETR b\nc2S: 150 here\ndata d2 S:20 > C:50001\nd2> 70\nd2 fin >\nc2S: 226 done\n"
	const port = "c2C: PORT 192,0,2,10,195,81\nc2S: 200 ok\n"
	const end = "\nwait 4s\nd1 fin >\nS: 226 done\nbye\nc2C: QUIT\nc2S: 221 bye\nc2 fin >"
	both := twoSided(way{from: "d1>"}).text
	for name, c := range map[string]struct {
		before, content string
		late            flow.Time
	}{
		"offer lost":               {two + port + "C: PASV\nlost S: 227 ok (192,0,2,21,195,80)\nC: STOR a\ndata d1 C:40000 > S:50000\nS: 150 here\nd1> 10\n", `USER eve\r\nPORT 192,0,2,10,195,81\r\n`, 0},
		"offer lost, at its begin": {two + port + "C: PASV\nlost S: 227 ok (192,0,2,21,195,80)\nC: STOR a\ndata d1 C:40000 > S:50000\nS: 150 here\n", `USER eve\r\nPASS x\r\nPORT 192,0,2,10,195,81\r\n`, 0},
		"both sides, offer late":   {two + port + "pasv\nC: STOR a\ndata d1 C:40000 > S:50000\nS: 150 here\n", both, flow.Second},
		"both sides, offer later":  {two + port + "pasv\nC: STOR a\ndata d1 C:40000 > S:50000\nS: 150 here\n", both + "\nwait 100ms\n" + transfer + "d1 fin >\nwait 1s", 2 * flow.Second},
		"before the other's PORT":  {two + "pasv\nC: STOR a\ndata d1 C:40000 > S:50000\nS: 150 here\n", both + "\nwait 50ms\n" + strings.TrimSpace(port), flow.Second},
	} {
		t.Run(name, func(t *testing.T) {
			script := func(content string) []capturetest.Frame {
				s := c.before + "d1>! " + content + "\n"
				if !strings.Contains(content, "RETR b") {
					s += transfer
				}
				if frames := framesOf(t, s+strings.ReplaceAll(end, "d1 fin >", "d1> 5")); c.late == 0 {
					return frames
				} else {
					return late(frames, c.late, true)
				}
			}
			requireData(t, script(c.content), script(filler(t, c.content)))
		})
	}
}

// Nobody hides the sessions of others by announcing where they connect to.
func TestAnnouncingHidesNoSessionOfOthers(t *testing.T) {
	const other = "control c2 203.0.113.9:5000 > 192.0.2.21:2121\nc2S: 220 ready\nc2C: USER eve\nc2S: 331 p\nc2C: PASS x\nc2S: 230 in\nc2C: QUIT\nc2S: 221 bye\nc2 fin >\n"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"PORT", "login\nC: PORT 192,0,2,21,8,73\nS: 200 ok\n" + other + "bye",
			"session user=bob login=ok\n1 - PORT active announced=S:2121 reply=200 unused\nsession 203.0.113.9:5000>S:2121 user=eve login=ok"},
	})
}
