package view

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// here is the line of the frame that the cursor is on, and its number.
func (s *screen) here() (string, int) {
	for i, l := range strings.Split(s.frame(), "\n") {
		if strings.HasPrefix(l, "›") {
			return l, i
		}
	}
	return "", -1
}

func TestCursorStaysOnItsSession(t *testing.T) {
	s := newScreen(80, 24, false)
	for i := range 100 {
		s.store.add(made(i, i, record.Passive, record.OK))
	}
	s.at(1)
	text, _ := s.here()
	require.Contains(t, text, "10:03:39", "it follows the newest")

	s.press("up", "up", "pgup")
	text, line := s.here()
	for i := 100; i < 5000; i++ {
		s.store.add(made(i, i%95, record.Active, record.OK)) // more come before it, and the oldest are let go
		if i%97 == 0 {
			s.at(i)
			now, at := s.here()
			if !strings.Contains(now, text[4:14]) {
				require.Greater(t, i, maxEnded, "it moved from a session that is still there")
				return
			}
			require.Equal(t, line, at)
		}
	}
	require.Fail(t, "the session was not let go")
}

func TestKeys(t *testing.T) {
	s := newScreen(80, 24, false)
	for i := range 50 {
		s.store.add(made(i+1, i, record.Passive, record.OK, record.NoConnection))
	}
	s.at(1)
	starts := func() string {
		text, _ := s.here()
		return strings.TrimLeft(text, "› ")[:8]
	}
	for _, step := range []struct {
		keys, want string
		follow     bool
	}{
		{"", "10:02:49", true},
		{"k", "10:02:48", false},
		{"j", "10:02:49", false},
		{"home", "10:02:00", false},
		{"down down", "10:02:02", false},
		{"pgdown", "10:02:17", false},
		{"pgup pgup", "10:02:00", false},
		{"up", "10:02:00", false},
		{"f", "10:02:49", true},
		{"g", "10:02:00", false},
		{"end", "10:02:49", true},
		{"esc", "10:02:49", true},
	} {
		s.press(strings.Fields(step.keys)...)
		require.Equal(t, step.want, starts(), step.keys)
		require.Equal(t, step.follow, s.follow, step.keys)
	}

	require.NotContains(t, s.frame(), "nobody tried")
	s.press("home", "enter")
	require.Contains(t, s.frame(), "check: announce the public address")
	s.press("down", "down", "space") // from inside
	require.NotContains(t, s.frame(), "check:")
	require.Equal(t, "10:02:00", starts())
	s.press("right", "right", "left")
	require.Empty(t, s.expanded)
}

func TestEndedReplacesOpen(t *testing.T) {
	s := newScreen(100, 24, false)
	x := made(0, 5, record.Passive, record.OK)
	x.Open = true
	s.store.add(x)
	x = made(0, 5, record.Passive, record.OK, record.OK)
	x.Open = true
	s.store.add(x)
	s.at(6)
	s.press("enter")
	require.Equal(t, [3]int{0, 2, 0}, s.shot.total.modes, "the later snapshot counts")
	require.Contains(t, s.frame(), "still open")

	x = made(7, 5, record.Passive, record.OK, record.NoConnection, record.OK)
	x.Client, x.Server = x.Server, x.Client // roles may be known later
	x.Client, x.Server = made(0, 5, "").Server, made(0, 5, "").Client
	s.store.add(x)
	s.at(7)
	require.Empty(t, s.shot.open)
	require.Len(t, s.shot.ended, 1)
	require.Equal(t, [3]int{0, 3, 0}, s.shot.total.modes)
	require.Contains(t, s.frame(), "ended with QUIT", "it is still expanded")

	// The same endpoints again: the end of the first connection does not end the second.
	later := made(8, 60, record.Passive)
	later.Client, later.Server, later.Open = x.Client, x.Server, true
	s.store.add(later)
	s.store.add(x)
	require.Len(t, s.store.byStart, 1)
	require.EqualValues(t, 2, s.store.done)
}

func TestBounds(t *testing.T) {
	var s store
	s.init(true)
	for i := range 100_000 {
		x := made(i, i/100, record.Active, record.OK)
		x.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 16), byte(i)}), uint16(1024+i%60000))
		x.Open = i%2 == 1
		s.add(x)
		if i%10 == 0 {
			s.warn("something", began)
		}
	}
	require.Len(t, s.ended, maxEnded)
	require.Len(t, s.byStart, maxOpen)
	require.Len(t, s.open, maxOpen)
	require.EqualValues(t, 50_000, s.done)
	require.Equal(t, 50_000+maxOpen, s.total.modes[0], "what ended still counts, and open ones while they are shown")
	require.Equal(t, stamp(980).Time, s.byStart[0].Start.Time, "the newest are kept")
	require.Len(t, s.messages, maxMessages)
	require.Equal(t, 10_000-maxMessages, s.lost)
	require.Equal(t, "9,900 earlier messages not kept", s.warnings()[0])

	p := s.take(nil, began)
	require.Equal(t, "99998", p.ended[maxEnded-1].ID)
	require.Equal(t, "96000", p.ended[0].ID)
	require.Same(t, p.ended[0], s.take(p, began).ended[0])
}

func TestBoundsOfOne(t *testing.T) {
	x := hostile()
	for range 9 {
		x.Transfers = append(x.Transfers, x.Transfers...)
		x.Findings = append(x.Findings, x.Findings...)
	}
	var s store
	s.init(true)
	s.add(x)
	e := s.ended[0]
	size := len(e.User) + len(e.Worst) + len(e.Sums) + len(strings.Join(e.Facts, ""))
	for _, r := range e.Transfers {
		size += len(r.Name) + len(r.Main) + len(r.Detail) + len(r.Status) + len(r.Frames)
	}
	for _, f := range e.Findings {
		size += len(f.ID) + len(f.Message) + len(f.Advice)
	}
	require.Less(t, size, 200_000)
	require.Equal(t, 2*512-len(e.Transfers), e.HiddenTransfers)
}

// TestConcurrent is for the race detector: the analysis writes while the display looks.
func TestConcurrent(t *testing.T) {
	s := newScreen(100, 30, true)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 3000 {
			x := made(i, i, record.Passive, record.OK, record.NoConnection)
			x.Open = true
			s.store.add(x)
			if i%3 > 0 {
				x.Open = false
				s.store.add(x)
			}
			s.status(i, uint64(i))
			s.store.warn("something", began)
			s.store.attempt()
			s.store.orphan()
		}
	})
	for i := range 200 {
		s.at(i)
		s.press([]string{"up", "enter", "pgup", "p", "tab", "m", "home"}[i%7])
		fits(t, s.frame(), 100, 30)
	}
	wg.Wait()
}

func TestQuit(t *testing.T) {
	s := newScreen(80, 24, false)
	stopped := make(chan bool, 2)
	s.stop = func() { stopped <- true }
	require.Nil(t, s.key("ctrl+c", ""))
	require.True(t, <-stopped)
	require.Contains(t, s.frame(), "STOPPING")
	require.IsType(t, tea.QuitMsg{}, s.key("q", "")())
	require.True(t, s.impatient)
}

func TestPace(t *testing.T) {
	var p pace
	_, _, known := p.rate()
	require.False(t, known)
	require.Empty(t, p.curve())
	for i := range 400 { // four a second; in the second half, twice as many packets
		n := uint64(100 * i)
		if i > 200 {
			n += uint64(100 * (i - 200))
		}
		p.add(stamp(0).Time+flow.Time(i)*flow.Second/4, n, 10*n)
	}
	packets, bits, known := p.rate()
	require.True(t, known)
	require.InDelta(t, 800, packets, 20)
	require.InDelta(t, 64000, bits, 1600)
	require.Equal(t, paceKept-1, prose.Columns(p.curve()))

	for n, want := range map[float64]string{0: "0 bit/s", 999: "999 bit/s", 1500: "1.5 kbit/s", 999_960: "1.0 Mbit/s", 4e10: "40.0 Gbit/s"} {
		require.Equal(t, want, bitRate(n))
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "00:00:00", 61 * time.Second: "00:01:01", 25*time.Hour + time.Minute: "1 d 01:01:00", -time.Second: "00:00:00",
	} {
		require.Equal(t, want, running(d))
	}
	for d, want := range map[time.Duration]string{
		0: "0 ms", 12 * time.Second: "12.0 s", 185 * time.Second: "3:05 min", 10*time.Minute + time.Second: "10:01 min",
		2*time.Hour + 15*time.Minute: "2:15 h", 26 * time.Hour: "1 d 02:00 h",
	} {
		require.Equal(t, want, lasted(d))
	}
	s := newScreen(80, 24, false)
	require.Equal(t, "10:02:05", s.start(stamp(5)))
	require.Equal(t, "02-29 10:02", s.start(stamp(-86400)))
}

func BenchmarkAdd(b *testing.B) {
	var s store
	s.init(false)
	x := made(1, 1, record.Passive, record.OK, record.OK)
	for b.Loop() {
		s.add(x)
	}
}

func BenchmarkLook(b *testing.B) {
	s := newScreen(200, 60, true)
	for i := range 4000 {
		x := made(i, i, record.Passive, record.OK)
		x.Open = i%2 > 0
		s.store.add(x)
	}
	x := made(1, 1, record.Passive, record.OK)
	for b.Loop() {
		s.store.add(x)
		s.store.status(&analyze.Status{})
		s.look()
		_ = s.frame()
	}
}

// Times are in the zone that was asked for, and the head names it.
func TestZone(t *testing.T) {
	s := newScreen(100, 24, false)
	zone, err := prose.ReadZone("Asia/Tokyo")
	require.NoError(t, err)
	s.opt.Zone = zone
	s.store.add(made(1, 5, record.Passive, record.OK))
	s.at(6)
	require.Contains(t, s.frame(), "times in JST")
	require.Contains(t, s.frame(), "19:02:05")
	s.press("?")
	require.Contains(t, s.frame(), "Times are JST.")
}

// What stays on the terminal is the end, whatever was on the screen.
func TestLastFrame(t *testing.T) {
	s := newScreen(100, 20, false)
	for i := range 50 {
		s.store.add(made(i+1, i, record.Passive, record.OK))
	}
	s.at(60)
	s.press("tab", "tab", "/", "x", "enter", "?", "q")
	text := lastFrame(s.model)
	fits(t, strings.TrimSuffix(text, "\n"), 100, 18)
	require.Contains(t, text, "10:02:49", "the newest")
	require.NotContains(t, text, "STOPPING")
	require.NotContains(t, text, "q quit")
	require.NotContains(t, text, "›")
}
