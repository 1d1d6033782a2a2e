package finding

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// lasting puts a session at these seconds.
func lasting(from, to flow.Time) func(*record.Session) {
	return func(s *record.Session) { s.Start.Time, s.End.Time = from*flow.Second, to*flow.Second }
}

// streamed sends sessions through a Stream and lists the findings as "session id
// severity", those with an id in ids.
func streamed(t *testing.T, list []*record.Session, ids ...string) []string {
	t.Helper()
	var got []string
	var order []int
	st := NewStream(Options{}, func(s *record.Session) {
		order = append(order, s.ID)
		for _, f := range s.Findings {
			if slices.Contains(ids, f.ID) {
				got = append(got, fmt.Sprintf("%d %s %s", s.ID, f.ID, f.Severity))
			}
		}
	})
	for i, s := range list {
		s.ID = i + 1
		st.Add(s)
	}
	st.Flush()
	require.Len(t, order, len(list))
	require.True(t, slices.IsSorted(order))
	require.Empty(t, st.offers.list)
	require.Empty(t, st.offers.newest)
	require.Empty(t, st.logins)
	require.Zero(t, st.size)
	require.Zero(t, st.bytes)
	require.Zero(t, st.left)
	return got
}

// guesses are n sessions of one login each, some seconds apart; the last one is as told.
func guesses(n int, apart flow.Time, last string) []*record.Session {
	var list []*record.Session
	for i := range n {
		l := "-bob"
		if i == n-1 {
			l = last
		}
		from := flow.Time(i) * apart
		list = append(list, sess(lasting(from, from+1), logins(l)))
	}
	return list
}

// then adds sessions of one login each, a second apart.
func then(list []*record.Session, at flow.Time, more ...string) []*record.Session {
	for i, l := range more {
		from := at + flow.Time(i)
		list = append(list, sess(lasting(from, from+1), logins(l)))
	}
	return list
}

// first puts a session before others that began first, and whose login came so many
// seconds after it began.
func first(seconds flow.Time, login string, list []*record.Session) []*record.Session {
	s := sess(lasting(0, seconds+1), logins(login))
	for i, x := range list {
		x.Notes.Logins[0].Mark.Ord = 100 + uint64(i)
	}
	m := &s.Notes.Logins[0].Mark
	m.Time += seconds * flow.Second
	for _, x := range list {
		if x.Notes.Logins[0].Mark.Time < m.Time {
			m.Ord = x.Notes.Logins[0].Mark.Ord + 1
		}
	}
	return append([]*record.Session{s}, list...)
}

func from(host string, list []*record.Session) []*record.Session {
	for _, s := range list {
		s.Client = netip.AddrPortFrom(netip.MustParseAddr(host), 5000)
	}
	return list
}

func TestStreamBruteForce(t *testing.T) {
	merged := func(a, b []*record.Session) (all []*record.Session) {
		all = slices.Concat(a, b)
		slices.SortStableFunc(all, func(x, y *record.Session) int { return int(x.Start.Time - y.Start.Time) })
		return all
	}
	for _, test := range []struct {
		name string
		list []*record.Session
		want []string
	}{
		{"in many sessions: told once, by the last", guesses(500, 2, "-bob"), []string{"500 brute-force high"}},
		{"with success", guesses(20, 2, "+bob"), []string{"20 brute-force critical"}},
		{"at the session that it succeeded in, not at later ones", then(guesses(20, 2, "+bob"), 41, "+bob", "+bob", "-bob"), []string{"20 brute-force critical"}},
		{"and it goes on", then(guesses(20, 2, "+bob"), 41, "-eve", "-eve", "-eve", "-eve", "-eve", "+eve"), []string{"20 brute-force critical", "26 brute-force critical"}},
		{"in a session that began before the others", first(21, "+bob", guesses(10, 2, "-bob")), []string{"11 brute-force critical"}},
		{"the same, before the last failures", first(11, "+bob", guesses(10, 2, "-bob")), []string{"11 brute-force critical"}},
		{"the same, too early", first(5, "+bob", guesses(10, 2, "-bob")), []string{"11 brute-force high"}},
		{"the same, anonymous", first(21, "+ftp", guesses(10, 2, "-bob")), []string{"11 brute-force high"}},
		{"four and a success", guesses(5, 2, "+bob"), nil},
		{"too slowly", guesses(20, 90, "-bob"), nil},
		{"just fast enough", guesses(5, 75, "-bob"), []string{"5 brute-force high"}},
		{"two hosts, each too few", merged(guesses(4, 5, "-bob"), from("192.0.2.7", guesses(4, 6, "-bob"))), nil},
		{"two series", append(guesses(6, 2, "-bob"), func() []*record.Session {
			later := guesses(6, 2, "-bob")
			for _, s := range later {
				lasting(s.Start.Time/flow.Second+4000, s.End.Time/flow.Second+4000)(s)
				s.Notes.Logins = nil
				logins("-bob")(s)
			}
			return later
		}()...), []string{"6 brute-force high", "12 brute-force high"}},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, streamed(t, test.list, "brute-force")) })
	}
	t.Run("rejected passwords are told of once a series", func(t *testing.T) {
		require.Equal(t, []string{"1 cleartext-credentials medium", "20 cleartext-credentials medium"}, streamed(t, guesses(20, 2, "+bob"), "cleartext-credentials"))
	})
	t.Run("another measure", func(t *testing.T) {
		for _, test := range []struct {
			name   string
			opt    Options
			list   []*record.Session
			failed int // sessions with a finding
		}{
			{"fewer failures", Options{BruteFailures: 2}, guesses(2, 2, "-bob"), 1},
			{"more failures", Options{BruteFailures: 20}, guesses(19, 2, "-bob"), 0},
			{"more failures, met", Options{BruteFailures: 20}, guesses(20, 2, "-bob"), 1},
			{"a shorter time", Options{BruteWindow: 5 * flow.Second}, guesses(20, 2, "-bob"), 0},
			{"a longer time", Options{BruteWindow: 3600 * flow.Second}, guesses(6, 600, "-bob"), 1},
			{"as usual", Options{}, guesses(6, 600, "-bob"), 0},
		} {
			found := 0
			st := NewStream(test.opt, func(s *record.Session) {
				for _, f := range s.Findings {
					if f.ID == "brute-force" {
						found++
					}
				}
			})
			for _, s := range test.list {
				st.Add(s)
			}
			st.Flush()
			require.Equal(t, test.failed, found, test.name)
		}
	})
	t.Run("sessions that have a part in it", func(t *testing.T) {
		var messages []string
		st := NewStream(Options{}, func(s *record.Session) {
			for _, f := range s.Findings {
				if f.ID == "brute-force" {
					messages = append(messages, f.Message)
				}
			}
		})
		for _, s := range then(guesses(6, 2, "+bob"), 20, "+bob") {
			st.Add(s)
		}
		st.Flush()
		require.Len(t, messages, 1)
		require.Contains(t, messages[0], "failed 5 times")
		require.Contains(t, messages[0], "in 6 sessions")
	})
	t.Run("other hosts", func(t *testing.T) {
		var messages []string
		st := NewStream(Options{}, func(s *record.Session) {
			for _, f := range s.Findings {
				if f.ID == "brute-force" {
					messages = append(messages, f.Message)
				}
			}
		})
		for _, s := range merged(guesses(6, 5, "-bob"), from("192.0.2.7", guesses(3, 5, "-bob"))) {
			st.Add(s)
		}
		st.Flush()
		require.Len(t, messages, 1)
		require.Contains(t, messages[0], "1 other host failed to log in there at the same time")
	})
}

func TestStreamFXP(t *testing.T) {
	second := netip.MustParseAddrPort("192.0.2.22:21")
	offered := netip.AddrPortFrom(server.Addr(), 50001)
	fromServer2 := func(c *flow.Conn) { c.Src = netip.AddrPortFrom(second.Addr(), 20) }
	receiving := func() *record.Session {
		return sess(lasting(1, 60), with(passive(met(flow.Established, fromServer2), worked2)))
	}
	sending := func(changes ...func(*record.Session)) *record.Session {
		s := sess(lasting(2, 60), func(s *record.Session) { s.Server = second },
			with(active(announces(offered.Addr(), offered.Port()), met(flow.Established, fromServer2), func(t *record.Transfer) { t.Initiator = record.Server }, worked2)))
		for _, change := range changes {
			change(s)
		}
		return s
	}
	ids := []string{"fxp-transfer", "third-party-data-connection", "bounce-attempt", "nat-mismatch", "data-never-tried"}
	stranger := func(s *record.Session) { s.Client = netip.AddrPortFrom(another, 5000) }
	for _, test := range []struct {
		name string
		list []*record.Session
		want []string
	}{
		{"one client, two servers", []*record.Session{receiving(), sending()}, []string{"2 fxp-transfer medium"}},
		{"the other way round", []*record.Session{sending(), receiving()}, []string{"1 fxp-transfer medium"}},
		{"another client", []*record.Session{receiving(), sending(stranger)}, []string{"1 third-party-data-connection critical", "2 bounce-attempt high", "2 fxp-transfer high"}},
		{"the other session is not captured", []*record.Session{sending()}, []string{"1 bounce-attempt high"}},
		{"an hour later", []*record.Session{receiving(), sending(lasting(4000, 4060), func(s *record.Session) { s.Transfers[0].Notes.Asked = nil; s.Transfers[0].Notes.Answer = nil })},
			[]string{"1 third-party-data-connection critical", "2 bounce-attempt high"}},
		{"half of it is not in the capture", []*record.Session{sess(lasting(1, 60), onlyClient, with(passive(func(t *record.Transfer) { t.Announced = nil }))), sending()}, nil},
		{"the other half is not", []*record.Session{receiving(), sess(lasting(2, 60), gappy, func(s *record.Session) { s.Server = second })}, nil},
		{"what lacks is another host's", []*record.Session{sess(lasting(1, 60), gappy, func(s *record.Session) { s.Server = netip.AddrPortFrom(another, 21) }), sending()}, []string{"2 bounce-attempt high"}},
		{"a client's own endpoint", []*record.Session{sess(with(passive(announces(client.Addr(), 40001), failed))), sess(with(active(worked(5))))}, []string{"1 nat-mismatch high", "1 data-never-tried high"}},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, streamed(t, test.list, ids...)) })
	}
	t.Run("message", func(t *testing.T) {
		var got string
		st := NewStream(Options{}, func(s *record.Session) {
			for _, f := range s.Findings {
				got += f.Message
			}
		})
		st.Add(receiving())
		st.Add(sending())
		st.Flush()
		require.Equal(t, "PORT names 203.0.113.21:50001, which the server 203.0.113.21 announced by PASV in session 1: 198.51.100.10 made the two servers transfer directly (packet 10)"+
			"; 192.0.2.22 connected to 203.0.113.21:50001 and 5 bytes were transferred (packet 14)", got)
	})
}

func TestStreamLimits(t *testing.T) {
	t.Run("transfers", func(t *testing.T) {
		emitted := 0
		st := NewStream(Options{}, func(*record.Session) { emitted++ })
		big := make([]record.Transfer, maxHeldTransfers)
		st.Add(sess(func(s *record.Session) { s.Transfers = append(big[:len(big)-1], passive()) }))
		require.Zero(t, emitted)
		st.Add(waits(1, 2))
		require.Equal(t, 1, emitted)
	})
	t.Run("findings", func(t *testing.T) {
		found := 0
		st := NewStream(Options{}, func(s *record.Session) { found += len(s.Findings) })
		for range maxFound + 7 {
			st.Add(sess(midStart))
		}
		st.Flush()
		require.Equal(t, maxFound, found)
		require.Equal(t, map[string]int{"capture-gap": 7}, st.Dropped())
	})
	t.Run("series", func(t *testing.T) {
		st := NewStream(Options{}, func(*record.Session) {})
		for i := range 2 * maxSeries {
			s := sess(logins("-bob"))
			s.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 5000)
			st.Add(s)
		}
		st.Flush()
		require.LessOrEqual(t, len(st.series), maxSeries)
	})
}
