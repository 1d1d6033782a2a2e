package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
)

// How control connections break off, as people report it.

func TestBrokenOff(t *testing.T) {
	closes := ends + "open\nwait 20ms\n"
	situate(t, []situation{
		{
			name: "TCP wrappers, hosts.deny", script: closes + "close S",
			want: "no-greeting server likely", says: []string{"closed it", "hosts.deny"}, never: []string{"DNS"},
		},
		{
			name: "a balancer without a server behind it", script: closes + "rst S",
			want: "no-greeting server likely", says: []string{"reset it", "balancer"}, never: []string{"DNS"},
		},
		{
			name: "a firewall that accepts and then resets", script: closes + "ttl S 250\nrst S",
			want: "no-greeting firewall likely", says: []string{"in the server's name", "by its TTL"}, never: []string{"hosts.deny"},
		},
		{
			name: "a server that is not ready", script: ends + "S: 120 Service ready in 5 minutes." + quit,
			want: "no-greeting server likely", says: []string{"not ready yet", `120 "Service ready in 5 minutes."`}, never: []string{"DNS"},
		},
		{
			name: "a firewall that does not pass AUTH", script: greeted("ready") + "C: AUTH TLS\nttl S 255\nrst S",
			want: "control-lost firewall certain", says: []string{"which it did not send", `"AUTH TLS"`, "by its TTL", "cannot read"}, never: []string{"crash", "idle"},
		},
		{
			name: "a firewall that does not pass PORT", script: login + "C: PORT 198,51,100,10,195,80\nttl S 255\nrst S",
			want: "control-lost firewall certain", says: []string{"which it did not send", "passive mode"}, never: []string{"crash", "idle"},
		},
		{
			name: "a server that crashes", script: login + "C: CWD /a\nwait 1s\nrst S",
			want: "server-closed server open control-lost", says: []string{"1 s after", "crash"}, never: []string{"idle time"},
		},
		{
			name: "one that closes", script: login + "C: CWD /a\nwait 1s\nclose S",
			want: "server-closed server likely", says: []string{"closed the control connection", "did not answer"}, never: []string{"firewall"},
		},
		{
			name: "a timer of the way, long before", script: login + "wait 1000s\nC: CWD /a\nrst S",
			want: "control-lost firewall open server-closed", says: []string{"16 min", "idle time"}, never: []string{"crash"},
		},
		{
			name: "EPSV is swallowed", script: login + "C: EPSV\nwait 30s\nclose",
			want: "no-reply server open control-lost", says: []string{`"EPSV"`, "30 s", "use PASV"}, never: []string{"crash"},
		},
		{
			name: "a login that takes too long", script: greeted("ready") + "C: USER bob\nS: 331 pw\nC: PASS x\nwait 20s\nhalf C\nwait 10s\nS: 230 ok",
			want: "no-reply server likely", says: []string{"only after 30 s", `230 "ok"`}, never: []string{"password"},
		},
		{
			name: "the reply never came after a long transfer", script: opened + `
				d1< 2500
				wait 1200s
				d1< 2500 fin
				d1 half C
				wait 300s
				half C`,
			want: "control-lost firewall open no-reply", transfer: 1, says: []string{"5 min", "20 min", "NOOP during transfers"}, never: []string{"crash"},
		},
		{
			name: "a firewall answers NOOP by RST", script: opened + `
				d1< 2500
				wait 3700s
				d1< 2500 fin
				d1 half C
				ttl S 250
				C: NOOP
				rst S`,
			want: "control-lost firewall certain", transfer: 1, says: []string{"1 h 1 min", "by its TTL"}, never: []string{"crash"},
		},
	})
}

func TestFilteredCaptures(t *testing.T) {
	situate(t, []situation{
		{
			name: "only port 21, of transfers that worked and one that did not", script: login + offered + `
				C: LIST
				S: 150 Here comes the directory listing.
				S: 226 Directory send OK.` + "\n" + offered + `
				C: RETR a.bin
				wait 60s
				S: 425 Failed to establish connection.` + quit,
			want: "not-captured capture open data-never-tried data-blocked", transfer: 2, says: []string{"was filtered", "without a filter"}, never: []string{"permit"},
		},
	})
}

func TestRefusedByReset(t *testing.T) {
	situate(t, []situation{
		{
			name: "ProFTPD resets what the client opened, and says why", script: strings.Replace(passive, "ttl S 52", "ttl S 64", 1) + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: RETR a.bin
				d1 rst S
				S: 550 a.bin: No such file or directory` + quit,
			want: "file-denied server certain", transfer: 1, says: []string{"No such file"}, never: []string{"firewall"},
		},
		{
			name: "a private server whose address worked before is no matter of a NAT", script: strings.ReplaceAll(login+offered+`
				C: LIST
				S: 150 Here comes the directory listing.
				S: 226 Directory send OK.`+"\n"+offered+`
				C: RETR a.bin
				wait 60s
				S: 425 Failed to establish connection.`+quit, "203", "10"),
			want: "not-captured capture open data-never-tried data-blocked", transfer: 2, says: []string{"was filtered"}, never: []string{"NAT"},
		},
	})
}

func TestOffersAndListings(t *testing.T) {
	situate(t, []situation{
		{
			name: "the client asks twice and connects to the first port", script: passive + `
				C: PASV
				S: 227 Entering Passive Mode (203,0,113,21,195,90)
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unanswered 2
				C: LIST
				wait 60s
				S: 425 Failed to establish connection.` + quit,
			want: "data-never-tried client likely", transfer: 2, says: []string{"203.0.113.21:50000", "an earlier PASV", "not to 203.0.113.21:50010", "not ask twice"}, never: []string{"firewall"},
		},
		{
			name: "a server that does not know MLSD", script: passive + `
				C: MLSD
				S: 500 Unknown command.
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: LIST
				S: 150 Ok.
				d1< 500 fin
				d1 half C
				S: 226 Done.` + quit,
			want: "none none certain", says: []string{"1 transfer done"}, never: []string{"FEAT"},
		},
		{
			name: "no room, in a capture of port 21 only", script: login + offered + `
				C: STOR a.bin
				S: 150 Ok to send data.
				S: 552 Disk full` + quit,
			want: "storage-full server certain", transfer: 1, says: []string{"Disk full"}, never: []string{"filtered"},
		},
	})
}

func TestFilesThatAreAskedForFirst(t *testing.T) {
	situate(t, []situation{
		{
			name: "curl asks for the size of a file that is not there", script: login + `
				C: EPSV
				S: 229 Entering Extended Passive Mode (|||50000|)
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: SIZE nothere.bin
				S: 550 Could not get file size.` + quit,
			want: "command-denied server certain", says: []string{"SIZE nothere.bin", "Could not get file size"}, never: []string{"firewall"},
		},
	})
}

func TestFragmentsOfSessions(t *testing.T) {
	late := "client 198.51.100.10:51234\nserver 203.0.113.21:21\nopen none\n"
	check(t, []kind{
		{"begun at the end of a transfer", late + "S: 425 Failed to establish connection." + quit, "not-captured capture open data-never-tried data-blocked", []string{"Failed to establish", "begins after the offer"}},
		{"begun at a refusal", late + "S: 550 Failed to open file." + quit, "not-captured capture open command-denied", []string{"Failed to open file"}},
		{"begun at the end of a login", late + "S: 530 Login incorrect." + quit, "login-rejected client likely", []string{"The login failed", "Login incorrect"}},
	})
}

func TestRelays(t *testing.T) {
	situate(t, []situation{
		{
			name: "a proxy that does not get through", script: greeted("FTP proxy ready") + `
				C: USER bob@ftp.example.com
				S: 530 Could not connect to ftp.example.com: Connection timed out` + quit,
			want: "server-unreachable path likely login-rejected", says: []string{"it is a proxy", "connect from the proxy"}, never: []string{"password"},
		},
		{
			name: "a server that asks another about users", script: greeted("ready") + `
				C: USER bob
				S: 331 pw
				C: PASS x
				S: 530 Login failed: unable to connect to LDAP server` + quit,
			want: "server-error server likely login-rejected", says: []string{"which directory does it ask about users"}, never: []string{"proxy"},
		},
	})
}

func TestAlertsOfTheServer(t *testing.T) {
	auth := greeted("ready") + "C: AUTH TLS\nS: 234 Proceed.\n" + `C! \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00` + "\n"
	situate(t, []situation{
		{
			name: "it does not take the client's certificate", script: auth + `
				S! \x15\x03\x03\x00\x02\x02\x2a
				close S`,
			want: "tls-failed server certain", says: []string{"the client's certificate"}, never: []string{"let the client trust"},
		},
		{
			name: "it does not know the name", script: auth + `
				S! \x15\x03\x03\x00\x02\x02\x70
				close S`,
			want: "tls-failed server certain", says: []string{"SNI"}, never: []string{"let the client trust"},
		},
		{
			name: "a firewall resets the hello", script: auth + "ttl S 255\nrst S",
			want: "control-lost firewall certain", says: []string{"answered the client's TLS hello", "by its TTL"}, never: []string{"certificate"},
		},
	})
}

func TestHangingLists(t *testing.T) {
	situate(t, []situation{
		{
			name: "nothing comes, and the client gives up", script: passive + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: LIST
				S: 150 Opening data connection.
				wait 20s
				d1 close C
				close C`,
			want: "data-silent server open data-loss data-mtu", transfer: 1, says: []string{"20 s", "was open"}, never: []string{"permit"},
		},
		{
			name: "a server's timer that counts no data", script: opened + flowing20 + `
				S: 421 Idle timeout: closing control connection.
				d1 close S
				close S`,
			want: "server-closed server likely", transfer: 1, says: []string{"although data were flowing", "Idle timeout"}, never: []string{"firewall"},
		},
	})
}

// flowing20 is data that flows for 20 seconds.
const flowing20 = `
	d1< 1000
	wait 10s
	d1< 1000
	wait 2s
	d1< 1000
	wait 2s
	d1< 1000
	wait 1s
	d1< 1000`

func TestImpatientClients(t *testing.T) {
	situate(t, []situation{
		{
			name: "a balancer's health check", script: ends + "open\nwait 3ms\nrst C",
			want: "none none likely", says: []string{"port checks and scanners"}, never: []string{"DNS"},
		},
		{
			name: "a client that waits for two seconds", script: ends + "open\nwait 2s\nclose C",
			want: "no-greeting server open not-captured", says: []string{"2 s"}, never: []string{"hosts.deny"},
		},
		{
			name: "a server that never closes a download", script: opened + "d1< 5000\nS: 226 Done.\nwait 60s\nd1 close C\nclose C",
			want: "data-half-closed server likely", transfer: 1, says: []string{"1 min", "FIN"}, never: []string{"permit"},
		},
	})
}

// TestBothSidesOfARouter looks at a capture of all of a router's interfaces: what it forwards is
// there twice, so TTLs do not tell who made a RST.
func TestBothSidesOfARouter(t *testing.T) {
	frames := capturetest.MustFrames(t, strings.Replace(passive, "ttl S 52", "ttl S 64", 1)+`
		data d1 198.51.100.10:40001 > 203.0.113.21:50000 refused
		C: LIST
		S: 425 Failed to establish connection.`+quit)
	var twice []capturetest.Frame
	forwarded := capturetest.Change(frames, func(_ *capturetest.Frame, m *capturetest.Meta) bool { m.TTL--; return true })
	for i, f := range frames {
		if twice = append(twice, f); f.Conn == capturetest.Control {
			twice = append(twice, forwarded[i])
		}
	}
	require.Equal(t, "data-refused server open data-rejected", short(analyzed(t, twice).sessions[0].Verdict))
	require.Equal(t, "data-refused server certain", short(analyzed(t, frames).sessions[0].Verdict))
}
