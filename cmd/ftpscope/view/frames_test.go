package view

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var update = flag.Bool("update", false, "rewrite the frames")

// began is when the tests' display began: 2024-03-01 10:02:00 UTC.
var began = time.Unix(1709287320, 0)

// screen is a display without a terminal.
type screen struct {
	*model
	now   time.Time
	store store
}

func newScreen(width, height int, color bool) *screen {
	s := &screen{now: began}
	s.store.init(false)
	s.model = newModel(Options{Interfaces: []string{"eth0", "eth1"}, Color: color, Now: func() time.Time { return s.now }}, &s.store)
	s.update(tea.WindowSizeMsg{Width: width, Height: height})
	return s
}

// at tells the time, in seconds since the display began, and lets it look.
func (s *screen) at(seconds int) {
	s.now = began.Add(time.Duration(seconds) * time.Second)
	s.update(tick{})
}

func (s *screen) press(keys ...string) {
	for _, k := range keys {
		s.update(keyOf(k))
	}
}

var namedKeys = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown,
	"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	"backspace": tea.KeyBackspace,
}

func keyOf(name string) tea.KeyPressMsg {
	if code, ok := namedKeys[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if name == "ctrl+c" {
		return tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func stamp(seconds int) record.Stamp {
	return record.Stamp{Time: flow.Time(began.Add(time.Duration(seconds) * time.Second).UnixNano()), Digits: 6}
}

func ptr[T any](v T) *T { return &v }

// made is a session of a client that starts at a second: its transfers went as the outcomes say.
func made(id, start int, mode string, outcomes ...string) *record.Session {
	client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(id%200 + 10)}), uint16(40000+id%20000))
	s := &record.Session{
		ID: id, Start: stamp(start), End: stamp(start + 3), Client: client, Server: netip.MustParseAddrPort("203.0.113.21:21"),
		User: ptr("labuser"), Login: record.LoginOK, TLS: record.TLSNone, Mode: mode, Initiator: record.Client, Closing: record.ClosingQuit, Commands: 7,
	}
	by, expected, method := record.Client, record.Client, "PASV"
	dst := netip.AddrPortFrom(s.Server.Addr(), uint16(50000+id%10000))
	src := netip.AddrPortFrom(client.Addr(), 41000)
	if mode == record.Active {
		by, expected, method = record.Server, record.Server, "PORT"
		src, dst = netip.AddrPortFrom(s.Server.Addr(), 20), src
		s.Initiator = record.Server
	}
	for i, outcome := range outcomes {
		t := record.Transfer{
			N: i + 1, Command: ptr("RETR"), Argument: ptr(fmt.Sprintf("report-%d.pdf", i+1)), Direction: ptr(record.Download), Method: method,
			Mode: mode, Announced: &dst, ExpectedInitiator: &expected, Initiator: by, Evidence: record.EvidenceSYN, Outcome: outcome,
			Connection: &record.Connection{Src: src, Dst: dst, State: "established", Attempts: 1, Closing: "fin"},
			Bytes:      ptr(uint64(60000)), Frames: record.Frames{Command: flow.At(0, 40), SYN: flow.At(0, 43), Reply: flow.At(0, 97)},
			Reply: &record.Reply{Code: 226, Text: "Transfer complete"},
		}
		if outcome == record.NoConnection {
			t.Connection.State, t.Connection.Attempts, t.Bytes, t.Reply = "unanswered", 3, nil, nil
			s.Findings = append(s.Findings, record.Finding{ID: "data-unanswered", Severity: "high", Transfer: i + 1,
				Message: "the " + by + " tried 3 times in 7 s to reach " + dst.String() + " and got no answer (packets 16, 22, 31)",
				Advice:  "announce the public address (vsftpd pasv_address, ProFTPD MasqueradeAddress, pure-ftpd -P), or use EPSV"})
		}
		s.Transfers = append(s.Transfers, t)
	}
	s.Findings = append(s.Findings, record.Finding{ID: "cleartext-credentials", Severity: "medium",
		Message: `the password of user "labuser" went to 203.0.113.21:21 in clear text (packet 11); the server accepted it`,
		Advice:  "use FTP over TLS (AUTH TLS) or SFTP, and change the password if others could see this traffic"})
	return s
}

// hostile is a session whose every text tries to leave its place.
func hostile() *record.Session {
	const evil = "\x1b[2J\x1b]0;owned\x07\u202egnp.exe\r\n\x9b31m\x00\xff\u2028\u200b\t"
	s := made(66, 9, record.Passive, record.OK, record.Denied)
	s.User, s.Password, s.Login = ptr(evil+strings.Repeat("最終版", 2000)), ptr(evil), record.LoginFailed
	for i := range s.Transfers {
		s.Transfers[i].Command, s.Transfers[i].Argument = ptr(evil), ptr(strings.Repeat("👩‍👩‍👧 "+evil, 500))
	}
	s.Findings[0].Message, s.Findings[0].Advice, s.Findings[0].ID = strings.Repeat(evil, 50), evil, evil
	return s
}

// busy shows a minute of work.
func busy(s *screen) {
	for i := range 12 {
		s.status(i, 0)
		s.at(i)
	}
	outcomes := []string{record.OK, record.OK, record.NoConnection, record.OK, record.Denied}
	for i := 1; i <= 24; i++ {
		mode := record.Passive
		if i%3 == 0 {
			mode = record.Active
		}
		x := made(i, i/2, mode, outcomes[i%5], outcomes[(i+1)%5])
		x.Open = i > 22
		s.store.add(x)
	}
	s.store.attempt()
	s.at(12)
}

func (s *screen) status(second int, dropped uint64) {
	n := uint64(second)
	s.store.status(&analyze.Status{Now: stamp(second).Time, Packets: 1000*n + 300*(n%3), Bytes: 900_000 * n, Dropped: dropped, Open: 2 + second/4})
}

// frames are screens and what led to them.
var frames = []struct {
	name          string
	width, height int
	color         bool
	play          func(*screen)
}{
	{"empty-80x24", 80, 24, false, func(s *screen) { s.at(3) }},
	{"busy-80x24", 80, 24, false, busy},
	{"busy-40x10", 40, 10, false, busy},
	{"busy-120x30", 120, 30, false, busy},
	{"busy-250x80", 250, 80, false, busy},
	{"color-100x20", 100, 20, true, busy},
	{"paused-80x20", 80, 20, false, func(s *screen) {
		busy(s)
		s.press("p")
		s.store.add(made(99, 12, record.Active, record.OK))
		s.at(30)
	}},
	{"expanded-120x30", 120, 30, false, func(s *screen) { busy(s); s.press("up", "up", "up", "enter") }},
	{"expanded-60x24", 60, 24, false, func(s *screen) { busy(s); s.press("up", "up", "up", "enter") }},
	{"expanded-40x20", 40, 20, false, func(s *screen) { busy(s); s.press("up", "up", "up", "right", "down", "down") }},
	{"drops-80x20", 80, 20, false, func(s *screen) {
		busy(s)
		s.status(13, 1204)
		s.store.warn("eth1: the interface went down; waiting for it to come back", s.now)
		s.store.warn("sessions.jsonl: no space left on device; records are lost until it can be written again", s.now)
		s.at(17)
	}},
	{"messages-60x16", 60, 16, false, func(s *screen) {
		s.store.warn("eth1: the interface went down; \x1b[2J waiting for it to come back", s.now)
		s.at(4)
		s.press("m")
	}},
	{"hostile-80x40", 80, 40, false, func(s *screen) {
		busy(s)
		s.store.add(hostile())
		s.at(12)
		s.press("/")
		s.press(strings.Split("owned", "")...)
		s.press("enter", "home", "enter")
	}},
	{"findings-80x20", 80, 20, false, func(s *screen) { busy(s); s.press("tab", "tab", "tab") }},
	{"open-80x20", 80, 20, false, func(s *screen) { busy(s); s.press("tab") }},
	{"find-80x20", 80, 20, false, func(s *screen) { busy(s); s.press("/", "1", "2", "backspace", "7") }},
	{"help-80x24", 80, 24, false, func(s *screen) { busy(s); s.press("?") }},
	{"help-40x10", 40, 10, false, func(s *screen) { busy(s); s.press("?", "down") }},
	{"stopping-80x20", 80, 20, false, func(s *screen) { busy(s); s.press("q") }},
}

// TestFrames compares screens with those in testdata.
func TestFrames(t *testing.T) {
	for _, f := range frames {
		t.Run(f.name, func(t *testing.T) {
			s := newScreen(f.width, f.height, f.color)
			f.play(s)
			got := s.frame()
			fits(t, got, f.width, f.height)
			file := filepath.Join("testdata", f.name+".txt")
			got = strings.ReplaceAll(got, "\x1b", "␛") + "\n"
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// fits checks that a frame fills the screen, sticks out nowhere, and holds no control but colours.
func fits(t *testing.T, frame string, wide, high int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	require.Len(t, lines, high)
	for _, l := range lines {
		require.LessOrEqual(t, width(l), wide, "%q", l)
		require.Equal(t, prose.Escape(prose.Unpainted(l)), prose.Unpainted(l))
	}
}

// TestSizes draws screens at every size, and turns them to every page.
func TestSizes(t *testing.T) {
	for _, f := range frames {
		if !slices.Contains([]string{"empty-80x24", "drops-80x20", "hostile-80x40"}, f.name) {
			continue
		}
		for _, size := range [][2]int{{1, 1}, {8, 3}, {30, 8}, {40, 10}, {47, 16}, {63, 23}, {80, 24}, {97, 33}, {141, 50}, {250, 80}} {
			s := newScreen(f.width, f.height, true)
			f.play(s)
			s.update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			for _, key := range []string{"", "home", "enter", "pgdown", "enter", "end", "esc", "?", "m", "esc", "tab", "tab", "tab", "tab", "f"} {
				if key != "" {
					s.press(key)
				}
				fits(t, s.frame(), size[0], size[1])
			}
		}
	}
}
