package table

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// layoutSessions are one that went well, with a long name, and one that failed.
func layoutSessions() []*record.Session {
	s := reporttest.ActiveSession()
	s.Transfers[1].Argument, s.Transfers[1].Path = reporttest.Ptr("a name of forty columns and some more.bin"), nil
	return []*record.Session{s, reporttest.BlockedSession()}
}

// How rows break as a page gets narrower: two lines a session, roles instead of addresses, a
// name above its row, and what has no room at the right edge of a line of its own.
func TestLayout(t *testing.T) {
	for width, want := range map[int]string{
		60: `
 #  start (UTC)  client → server
                 user       mode     transfers
 1  10:02:15     192.0.2.10:51234 → 192.0.2.21:21
                 anonymous  active   2 ok, 60.3 kB
    LIST              PORT  server:20 opened → client:43591
                                    266 B ↓ 226  #22 #25 #79
    RETR a name of forty columns and some more.bin
                      PORT  server:20 opened → client:43677
                                  60.0 kB ↓ 226  #40 #43 #97
 3  10:02:15     203.0.113.10:49640 → 203.0.113.1:21
                 labuser    passive  0 ok, 1 failed
    nat · likely  The server announced 192.168.50.2, which
      the client at 203.0.113.10 cannot reach; 3 SYNs in 7 s
      got no answer.   #15–#16  address-untranslated
    next  Announce the public address (vsftpd pasv_address)
      and forward the passive ports. Or let the client use
      EPSV, which names no address.
    PASV  client should open → 192.168.50.2:50001
                                      no-connection  #14–#31
        client tried 203.0.113.10:40608, 3 SYNs, no answer
`,
		72: `
 #  start (UTC)  client → server
                 user       mode     transfers
 1  10:02:15     192.0.2.10:51234 → 192.0.2.21:21
                 anonymous  active   2 ok, 60.3 kB
    LIST              PORT  server:20 opened → client:43591
                                                266 B ↓ 226  #22 #25 #79
    RETR a name of forty columns and some more.bin
                      PORT  server:20 opened → client:43677
                                              60.0 kB ↓ 226  #40 #43 #97
 3  10:02:15     203.0.113.10:49640 → 203.0.113.1:21
                 labuser    passive  0 ok, 1 failed
    nat · likely  The server announced 192.168.50.2, which the client at
      203.0.113.10 cannot reach; 3 SYNs in 7 s got no answer.
      #15–#16  address-untranslated
    next  Announce the public address (vsftpd pasv_address) and forward
      the passive ports. Or let the client use EPSV, which names no
      address.
                      PASV  client should open → 192.168.50.2:50001
                                                  no-connection  #14–#31
        client tried 203.0.113.10:40608, 3 SYNs, no answer
`,
		90: `
 #  start (UTC)  client              server          user       mode     transfers
 1  10:02:15     192.0.2.10:51234    192.0.2.21:21   anonymous  active   2 ok, 60.3 kB
    LIST              PORT  server:20 opened → client:43591       266 B ↓ 226  #22 #25 #79
    RETR a name of forty columns and some more.bin
                      PORT  server:20 opened → client:43677     60.0 kB ↓ 226  #40 #43 #97
 3  10:02:15     203.0.113.10:49640  203.0.113.1:21  labuser    passive  0 ok, 1 failed
    nat · likely   The server announced 192.168.50.2, which the client at 203.0.113.10
                   cannot reach; 3 SYNs in 7 s got no answer.
                   #15–#16  address-untranslated
    next           Announce the public address (vsftpd pasv_address) and forward the
                   passive ports. Or let the client use EPSV, which names no address.
                      PASV  client should open → 192.168.50.2:50001
                                                                    no-connection  #14–#31
                            client tried 203.0.113.10:40608, 3 SYNs, no answer
`,
		110: `
 #  start (UTC)  client              server          user       mode     transfers
 1  10:02:15     192.0.2.10:51234    192.0.2.21:21   anonymous  active   2 ok, 60.3 kB
    LIST                      PORT  server opened 192.0.2.21:20 → 192.0.2.10:43591    266 B ↓ 226  #22 #25 #79
    RETR a name of forty columns and some more.bin
                              PORT  server opened 192.0.2.21:20 → 192.0.2.10:43677  60.0 kB ↓ 226  #40 #43 #97
 3  10:02:15     203.0.113.10:49640  203.0.113.1:21  labuser    passive  0 ok, 1 failed
    nat · likely   The server announced 192.168.50.2, which the client at 203.0.113.10 cannot reach; 3 SYNs in
                   7 s got no answer.   #15–#16  address-untranslated
    next           Announce the public address (vsftpd pasv_address) and forward the passive ports. Or let the
                   client use EPSV, which names no address.
                              PASV  client should open → 192.168.50.2:50001         no-connection  #14–#31
                                    client tried 203.0.113.10:40608, 3 SYNs, no answer
`,
		130: `
 #  start (UTC)  client              server          user       mode     transfers       opened by  took   ended by  server
 1  10:02:15     192.0.2.10:51234    192.0.2.21:21   anonymous  active   2 ok, 60.3 kB   server     1.0 s  QUIT      welcome
    LIST                                          PORT  server opened 192.0.2.21:20 → 192.0.2.10:43591    266 B ↓ 226  #22 #25 #79
    RETR a name of forty columns and some more.bin
                                                  PORT  server opened 192.0.2.21:20 → 192.0.2.10:43677  60.0 kB ↓ 226  #40 #43 #97
 3  10:02:15     203.0.113.10:49640  203.0.113.1:21  labuser    passive  0 ok, 1 failed             7.2 s  not seen
    nat · likely   The server announced 192.168.50.2, which the client at 203.0.113.10 cannot reach; 3 SYNs in 7 s got no answer.
                   #15–#16  address-untranslated
    next           Announce the public address (vsftpd pasv_address) and forward the passive ports. Or let the client use EPSV,
                   which names no address.
                                                  PASV  client should open → 192.168.50.2:50001         no-connection  #14–#31
                                                        client tried 203.0.113.10:40608, 3 SYNs, no answer
`,
	} {
		_, got, _ := strings.Cut(reporttest.Write(t, tableFormats(), "table", report.Options{Width: width}, layoutSessions()...), "\n\n")
		got, _, _ = strings.Cut(got, "\n\n")
		require.Equal(t, strings.Trim(want, "\n"), got, "%d columns", width)
	}
}

// A label has its text beside it, or below where there is no room, and the end goes with the
// last line that has some.
func TestLabelled(t *testing.T) {
	for _, x := range []struct {
		name  string
		l     labelled
		width int
		want  string
	}{
		{"beside it", labelled{"next", 0, "Look.", "", 19}, 80, "    next           Look.\n"},
		{"with an end", labelled{"next", 0, "Look.", "#7", 19}, 80, "    next           Look.   #7\n"},
		{"in lines", labelled{"next", 0, "one two three", "#7", 12}, 20, "    next    one two\n            three\n            #7\n"},
		{"the label is longer than its column", labelled{"firewall · likely", 0, "Look there.", "", 8}, 60, "    firewall · likely  Look there.\n"},
		{"no word fits beside it", labelled{"firewall · likely", 0, "unbreakable-word", "", 8}, 27, "    firewall · likely\n        unbreakable-word\n"},
		{"nothing is said", labelled{"next", 0, "", "", 19}, 80, "    next\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var b strings.Builder
			w := newTable(&b, report.Options{}).(*table)
			w.width = x.width
			w.labelled(&b, x.l)
			require.Equal(t, x.want, b.String())
		})
	}
}

// Columns that only wide pages have are shared out by what matters most, and keep their place
// on the pages that follow.
func TestExtras(t *testing.T) {
	titles := func(width, sessions int, change func(*record.Session)) (list []string) {
		w, out := reporttest.New(t, tableFormats(), "table", report.Options{Width: width, All: true})
		for i := range sessions {
			s := reporttest.ActiveSession()
			s.ID = i + 1
			change(s)
			require.NoError(t, w.Session(s))
		}
		require.NoError(t, w.Summary(reporttest.SummaryOf()))
		_, head, _ := strings.Cut(out.String(), " #  ")
		head, _, _ = strings.Cut(head, "\n")
		for _, x := range extras {
			if strings.Contains(head, "  "+x.title) && (x.title != "server" || strings.Count(head, "server") == 2) {
				list = append(list, x.title)
			}
		}
		return list
	}
	unchanged := func(*record.Session) {}
	for _, x := range []struct {
		width  int
		change func(*record.Session)
		want   []string
	}{
		{wide - 1, unchanged, nil},
		{wide, unchanged, []string{"opened by", "took", "ended by", "server"}},
		{wide, func(s *record.Session) { s.User = reporttest.Ptr(strings.Repeat("u", maxUser)) }, []string{"opened by", "took"}},
		{200, func(s *record.Session) { s.TLS, s.Banner = record.TLSExplicit, nil }, []string{"opened by", "took", "ended by", "TLS"}},
		{200, func(s *record.Session) { s.Banner = reporttest.Ptr("220 " + strings.Repeat("b", 300)) }, []string{"opened by", "took", "ended by", "server"}},
	} {
		require.Equal(t, x.want, titles(x.width, 1, x.change), x.width)
		require.Equal(t, x.want, titles(x.width, report.MaxShown+3, x.change), "on two pages")
	}
}

// What failed is red, what is in doubt yellow, and 0 failed is neither.
func TestSumsInColour(t *testing.T) {
	w := newTable(&strings.Builder{}, report.Options{Color: true}).(*table)
	for sums, want := range map[string]string{
		"2 ok, 60.3 kB":     "2 ok, 60.3 kB",
		"0 ok, 1 failed":    "0 ok, \x1b[31m1 failed\x1b[0m",
		"0 failed":          "0 failed",
		"1 failed":          "\x1b[31m1 failed\x1b[0m",
		"login failed":      "\x1b[31mlogin failed\x1b[0m",
		"1 ok, 2 in doubt":  "1 ok, \x1b[33m2 in doubt\x1b[0m",
		"1 failed, 1 other": "\x1b[31m1 failed, \x1b[0m1 other",
	} {
		l := w.line(0).sums(sums)
		require.Equal(t, want, l.b.String(), sums)
		require.Equal(t, prose.Columns(sums), l.width, "colours take no room")
	}
}
