package verdict_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
)

// records keeps what an analysis finds.
type records struct {
	sessions []*record.Session
	attempts []*record.Attempt
	orphans  []*record.Orphan
}

func (r *records) Session(s *record.Session) error { r.sessions = append(r.sessions, s); return nil }
func (r *records) Attempt(a *record.Attempt) error { r.attempts = append(r.attempts, a); return nil }
func (r *records) Orphan(o *record.Orphan) error   { r.orphans = append(r.orphans, o); return nil }
func (r *records) Summary(*record.Summary) error   { return nil }

// analyzed is what an analysis of packets finds.
func analyzed(t testing.TB, frames []capturetest.Frame) *records {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&file, frames, capturetest.PcapOptions{}))
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &file})
	require.NoError(t, err)
	defer c.Close()
	r := &records{}
	_, err = analyze.Run(c, analyze.Options{}, r)
	require.NoError(t, err)
	return r
}

// Beginnings of conversations.
const (
	ends = `
		client 198.51.100.10:51234
		server 203.0.113.21:21
		ttl C 64
		ttl S 52
	`
	login = ends + `
		S: 220 (vsFTPd 3.0.3)
		C: USER bob
		S: 331 Please specify the password.
		C: PASS x
		S: 230 Login successful.
	`
	passive = login + `
		C: PASV
		S: 227 Entering Passive Mode (203,0,113,21,195,80)
	`
	active = login + `
		C: PORT 198,51,100,10,195,80
		S: 200 PORT command successful.
	`
	opened = passive + `
		data d1 198.51.100.10:40001 > 203.0.113.21:50000
		C: RETR a.bin
		S: 150 Opening BINARY mode data connection for a.bin (5000 bytes).
	`
	quit = `
		C: QUIT
		S: 221 Goodbye.
		close
	`
	done = `
		d1< 5000 fin
		d1 half C
		S: 226 Transfer complete.
	`
)

// kind is a conversation, the verdict of its session ("cause at certainty or…") and what
// its text and steps say.
type kind struct {
	name, script, want string
	says               []string
}

func check(t *testing.T, kinds []kind) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, k.script)
			r := analyzed(t, frames)
			require.NotEmpty(t, r.sessions)
			v := r.sessions[0].Verdict
			require.Equal(t, k.want, short(v), v.Text)
			for _, s := range k.says {
				require.Contains(t, v.Text+" "+strings.Join(v.Next, " "), s)
			}
			lessOne(t, frames, v.Cause)
		})
	}
}

// lessOne takes each packet away in turn: that may make a verdict less certain, but never
// certain of another cause.
func lessOne(t *testing.T, frames []capturetest.Frame, cause string) {
	t.Helper()
	for i := range frames {
		for _, s := range analyzed(t, slices.Concat(frames[:i], frames[i+1:])).sessions {
			v := s.Verdict
			require.False(t, v.Certainty == record.Certain && v.Cause != cause, "without packet %d: %s: %s", i+1, short(v), v.Text)
		}
	}
}

func short(v *record.Verdict) string {
	return strings.Join(append([]string{v.Cause, v.At, v.Certainty}, v.Or...), " ")
}

func TestAllWell(t *testing.T) {
	check(t, []kind{
		{"a download", opened + done + quit, "none none certain", []string{"All went well: 1 transfer done"}},
		{"nothing but a login", login + quit, "none none certain", []string{"login succeeded"}},
		{"another way after a rejected one", login + `
			C: EPSV
			S: 500 Unknown command.
			C: PASV
			S: 227 Entering Passive Mode (203,0,113,21,195,80)
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: RETR a.bin
			S: 150 Ok.` + done + quit, "none none certain", nil},
		{"the same again", login + `
			C: PORT 198,51,100,10,195,80
			S: 200 Ok.
			C: RETR a.bin
			S: 425 Failed to establish connection.
			C: PASV
			S: 227 Entering Passive Mode (203,0,113,21,195,80)
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: RETR a.bin
			S: 150 Ok.` + done + quit, "none none certain", nil},
		{"an idle client after success", opened + done + `
			wait 300s
			S: 421 Timeout.
			close`, "none none certain", nil},
		{"a goodbye of 227", opened + done + `
			S: 227 Logout.
			close`, "none none certain", nil},
	})
}

func TestLogins(t *testing.T) {
	check(t, []kind{
		{"USER refused for want of TLS", ends + `
			S: 220 ProFTPD Server
			C: USER bob
			S: 550 SSL/TLS required on the control channel
			close`, "tls-required client certain", []string{"SSL/TLS required", "AUTH TLS"}},
		{"an answer when the client has left", login + `
			C: CWD docs
			wait 12s
			half C
			wait 1s
			S: 250 Directory successfully changed.`, "no-reply server likely", []string{"CWD docs", "13 s", "250"}},
		{"rejected", ends + `
			S: 220 Welcome
			C: USER bob
			S: 331 Password
			C: PASS x
			S: 530 Login incorrect.` + quit, "login-rejected client certain", []string{`530 "Login incorrect."`}},
		{"TLS demanded", ends + `
			S: 220 Welcome
			C: USER bob
			S: 331 Password
			C: PASS x
			S: 534 Policy requires SSL.` + quit, "tls-required client certain", []string{"Policy requires SSL", "AUTH TLS"}},
		{"TLS demanded at USER", ends + `
			S: 220 (vsFTPd 3.0.3)
			C: USER bob
			S: 530 Non-anonymous sessions must use encryption.` + quit, "tls-required client certain", []string{"vsftpd force_local_logins_ssl"}},
		{"a chroot that may be written", ends + `
			S: 220 (vsFTPd 3.0.3)
			C: USER bob
			S: 331 Password
			C: PASS x
			S: 500 OOPS: vsftpd: refusing to run with writable root inside chroot()
			close S`, "server-error server certain", []string{"writable root"}},
		{"too many", ends + `
			S: 421 Too many connections (8) from this IP
			close S`, "server-busy server certain", []string{"Too many connections"}},
		{"shut down", ends + `
			S: 421 Service not available, closing control connection.
			close S`, "server-closed server certain", nil},
		{"no greeting", ends + `
			open
			wait 20s
			close`, "no-greeting server likely", []string{"20 s", "ident"}},
		{"no greeting yet", ends + `
			open
			wait 1s
			close`, "no-greeting server open not-captured", nil},
		{"a late greeting", ends + `
			open
			wait 30s
			S: 220 ProFTPD Server ready.` + quit, "slow-greeting server certain", []string{"30 s", "113", "ProFTPD IdentLookups off"}},
		{"AUTH refused", ends + `
			S: 220 Welcome
			C: AUTH TLS
			S: 502 Command not implemented.` + quit, "tls-refused server certain", []string{"502"}},
		{"TLS at once", ends + `
			S: 220 Welcome
			C! \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\n
			S: 500 Unknown command.
			close`, "tls-mismatch client certain", []string{"implicit", "AUTH TLS"}},
		{"an SSH server", ends + `
			S: SSH-2.0-OpenSSH_9.6
			wait 12s
			close`, "not-ftp server certain", []string{"SSH"}},
		{"a web server", ends + `
			C: USER bob
			S: HTTP/1.1 400 Bad Request
			close S`, "not-ftp server certain", []string{"HTTP"}},
		{"SSH", ends + `
			S: 220 (vsFTPd 3.0.5)
			C: SSH-2.0-OpenSSH_9.6
			S: 500 OOPS
			close S`, "not-ftp client certain", []string{"SSH", "SFTP"}},
		{"HTTP", ends + `
			C: GET / HTTP/1.1
			S: 220 ready
			S: 500 GET not understood
			close`, "not-ftp client certain", []string{"HTTP"}},
		{"a command is never answered", login + `
			C: CWD /a
			wait 30s
			close`, "no-reply server open control-lost", []string{"CWD /a"}},
		{"a command is denied", login + `
			C: CWD /a
			S: 550 Failed to change directory.` + quit, "command-denied server certain", []string{"Failed to change directory"}},
		{"what keeps nobody from anything", login + `
			C: MDTM a
			S: 550 Could not get file modification time.` + quit, "none none certain", nil},
		{"replies are missing", ends + `
			lost S: 220 Welcome
			C: USER bob
			lost S: 331 Password
			C: PASS x
			S: 530 Login incorrect.` + quit, "login-rejected client likely", nil},
	})
}

func TestOffers(t *testing.T) {
	check(t, []kind{
		{"rejected", login + `
			C: PORT 198,51,100,10,195,80
			S: 502 'PORT' command not implemented.` + quit, "mode-rejected server certain", []string{"not implemented", "passive mode"}},
		{"a setting of the server", login + `
			C: PASV
			S: 500 OOPS: invalid pasv_address
			close S`, "server-error server certain", []string{"invalid pasv_address"}},
		{"a PORT without an endpoint", login + `
			C: PORT 300,51,100,10,156,64
			S: 200 Ok.
			C: LIST
			S: 150 Ok.
			wait 5s
			S: 426 Connection closed.` + quit, "endpoint-invalid client certain", []string{"PORT 300,51"}},
		{"a 227 without one", login + `
			C: PASV
			S: 227 Entering Passive Mode (
			wait 1s` + quit, "endpoint-invalid server certain", []string{"EPSV"}},
		{"a private address, dialled first", login + `
			C: PASV
			S: 227 Entering Passive Mode (172,16,40,222,90,160)
			wait 21s
			close`, "address-untranslated nat likely", []string{"172.16.40.222", "vsftpd pasv_address"}},
		{"a private client towards a public server", `
			client 192.168.1.5:51234
			server 203.0.113.21:21
			S: 220 Welcome
			C: USER bob
			S: 230 Ok.
			C: PORT 192,168,1,5,195,80
			S: 200 Ok.
			C: LIST
			S: 150 Ok.
			wait 30s
			S: 425 Can't open data connection.` + quit, "address-untranslated nat likely data-never-tried data-blocked", []string{"192.168.1.5", "passive mode"}},
		{"a private client towards a public server, refused", `
			client 192.168.1.5:51234
			server 203.0.113.21:21
			S: 220 Welcome
			C: USER bob
			S: 230 Ok.
			C: PORT 192,168,1,5,195,80
			S: 500 Illegal PORT command.` + quit, "address-untranslated nat likely mode-rejected", []string{"192.168.1.5", "no NAT on the way"}},
		{"the same, and PORT is switched off", `
			client 192.168.1.5:51234
			server 203.0.113.21:21
			S: 220 Welcome
			C: USER bob
			S: 230 Ok.
			C: PORT 192,168,1,5,195,80
			S: 500 Command not understood.` + quit, "mode-rejected server certain", []string{"not understood"}},
		{"another host of the client's network", login + `
			C: PORT 198,51,100,31,195,80
			S: 500 Illegal PORT command.` + quit, "mode-rejected server certain", []string{"198.51.100.31, which is not the client"}},
		{"a loopback address", login + `
			C: PASV
			S: 227 Entering Passive Mode (127,0,0,1,195,80)
			close`, "address-untranslated nat likely", []string{"127.0.0.1"}},
		{"an address that is the server's no more", login + `
			C: PASV
			S: 227 Entering Passive Mode (203,0,113,99,195,80)
			router 192.0.2.1
			data d1 198.51.100.10:40001 > 203.0.113.99:50000 unreachable 0
			close`, "address-untranslated nat likely", []string{"203.0.113.99"}},
		{"NAT64", `
			client [2001:db8::9c]:51234
			server [64:ff9b::cb00:7115]:21
			S: 220 Welcome
			C: USER bob
			S: 230 Ok.
			C: EPSV 2
			S: 522 Bad network protocol.
			C: EPRT |2|2001:db8::9c|40123|
			S: 200 Ok.
			C: RETR a
			wait 60s
			S: 425 Failed to establish connection.` + quit, "address-family nat likely", []string{"NAT64", "EPSV without an argument"}},
		{"no negotiation", login + `
			C: LIST
			S: 425 Use PORT or PASV first.` + quit, "no-negotiation client certain", []string{"Use PORT or PASV first"}},
		{"no ports", login + `
			C: PASV
			S: 425 No free ports.` + quit, "ports-exhausted server certain", []string{"vsftpd pasv_min_port"}},
	})
}

func TestOpenings(t *testing.T) {
	check(t, []kind{
		{"unanswered", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000 unanswered 4
			C: LIST
			wait 60s
			S: 425 Failed to establish connection.` + quit, "data-blocked firewall likely", []string{"4 times", "Failed to establish connection", "permit TCP from 198.51.100.10 to 203.0.113.21 port 50000"}},
		{"refused by the server", strings.Replace(passive, "ttl S 52", "ttl S 64", 1) + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000 refused
			C: LIST
			S: 425 Failed to establish connection.` + quit, "data-refused server certain", []string{"RST"}},
		{"refused between", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000 refused
			C: LIST
			S: 425 Failed to establish connection.` + quit, "data-rejected firewall likely", []string{"TTL"}},
		{"a firewall that says so", passive + `
			router 192.0.2.1
			data d1 198.51.100.10:40001 > 203.0.113.21:50000 unreachable 13
			C: LIST
			S: 425 Failed to establish connection.` + quit, "data-rejected firewall certain", []string{"192.0.2.1"}},
		{"no route", passive + `
			router 192.0.2.1
			data d1 198.51.100.10:40001 > 203.0.113.21:50000 unreachable 0
			C: LIST
			S: 425 Failed to establish connection.` + quit, "data-unreachable path certain", []string{"192.0.2.1"}},
		{"nobody came", active + `
			C: LIST
			S: 150 Ok.
			wait 15s
			S: 425 Can't open data connection.` + quit, "data-never-tried server open data-blocked not-captured", []string{"Can't open data connection", "filtered by port"}},
		{"nobody came, and the data port is not 20", strings.Replace(active, "203.0.113.21:21", "203.0.113.21:2121", 1) + `
			C: LIST
			S: 150 Ok.
			wait 15s
			S: 425 Can't open data connection.` + quit, "data-never-tried server open data-blocked not-captured", []string{"usually any or 2120", "vsftpd connect_from_port_20"}},
		{"the server's SYN timed out elsewhere", active + `
			C: LIST
			S: 150 Ok.
			wait 60s
			S: 425 Unable to build data connection: Connection timed out` + quit, "data-blocked firewall likely data-never-tried", []string{"Connection timed out", "blocks connections from the server"}},
		{"the server was refused elsewhere", active + `
			C: LIST
			S: 425 Can't build data connection: Connection refused` + quit, "data-refused client likely", []string{"Connection refused"}},
		{"another address of the server", active + `
			data d1 203.0.113.22:20 > 198.51.100.10:50000 unanswered 3
			C: LIST
			wait 20s
			S: 425 Can't build data connection: Connection timed out.` + quit, "data-wrong-peer server likely data-blocked", []string{"203.0.113.22", "vsftpd listen_address"}},
		{"another address of the client", passive + `
			data d1 198.51.100.99:40001 > 203.0.113.21:50000
			C: LIST
			S: 425 Security: Bad IP connecting.
			d1 close` + quit, "data-wrong-peer nat likely", []string{"Bad IP connecting", "198.51.100.99"}},
	})
}

func TestProxies(t *testing.T) {
	check(t, []kind{
		{"a CONNECT that is refused", `
			client 198.51.100.10:50001
			server 192.0.2.8:3128
			C! CONNECT ftp.example.net:21 HTTP/1.1\r\n\r\n
			S! HTTP/1.1 200 Connection established\r\n\r\n
			S: 220 ready
			C: USER bob
			S: 331 Password
			C: PASS x
			S: 230 Ok.
			C: PASV
			S: 227 Ok (203,0,113,21,160,40)
			data d1 198.51.100.10:50002 > 192.0.2.8:3128
			d1>! CONNECT 203.0.113.21:41000 HTTP/1.1\r\n\r\n
			d1<! HTTP/1.1 403 Forbidden\r\n\r\n
			d1 close <` + quit, "data-rejected firewall certain", []string{"403 Forbidden", "192.0.2.8:3128"}},
		{"SOCKS5", `
			client 198.51.100.10:50001
			server 192.0.2.8:1080
			C! \x05\x01\x00
			S! \x05\x00
			C! \x05\x01\x00\x01\xcb\x00\x71\x15\x00\x15
			S! \x05\x00\x00\x01\x00\x00\x00\x00\x00\x00
			S: 220 ready
			C: USER bob
			S: 331 Password
			C: PASS x
			S: 530 Login incorrect.` + quit, "login-rejected client certain", []string{"Login incorrect"}},
	})
}

func TestRealClient(t *testing.T) {
	r := analyzed(t, capturetest.MustFrames(t, ends+`
		C! PROXY TCP4 192.0.2.1 203.0.113.21 40000 21\r\n
		S: 220 ready
		C: USER bob
		S: 331 Password
		C: PASS x
		S: 230 Ok.`+quit))
	require.Equal(t, "192.0.2.1:40000", r.sessions[0].RealClient)
	require.Equal(t, "none none certain", short(r.sessions[0].Verdict))
}

func TestDuring(t *testing.T) {
	check(t, []kind{
		{"no such file", passive + `
			C: RETR a
			S: 550 Failed to open file.` + quit, "file-denied server certain", []string{"Failed to open file"}},
		{"denied with the data connection open", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: STOR a
			S: 553 Could not create file.
			d1 close S` + quit, "file-denied server certain", []string{"Could not create file"}},
		{"no room", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: STOR a
			S: 150 Ok.
			d1> 5000
			S: 552 Disk full: please upload later
			d1 rst` + quit, "storage-full server certain", []string{"Disk full"}},
		{"data in clear", passive + `
			C: LIST
			S: 521 Data connections must be encrypted.` + quit, "data-unprotected client certain", []string{"must be encrypted", "PROT P"}},
		{"the client resets", opened + `
			d1< 1000
			d1 rst C
			S: 226 Transfer complete.` + quit, "data-reset client likely", []string{"1,000 of 5,000 bytes"}},
		{"the server resets", opened + `
			d1< 1000
			d1 rst S
			S: 426 Failure writing network stream.` + quit, "data-reset server likely", []string{"Failure writing network stream"}},
		{"the server closes", opened + `
			d1< 1000 fin
			d1 half C
			S: 426 Transfer aborted.` + quit, "data-cut server likely", []string{"Transfer aborted"}},
		{"the server fails", opened + `
			d1< 1000 fin
			d1 half C
			S: 451 Local error.` + quit, "server-error server likely", []string{"Local error", "1,000 of 5,000 bytes"}},
		{"one side does not close", opened + `
			d1< 5000 fin
			wait 300s
			S: 421 Timeout.
			close S`, "data-half-closed client likely", []string{"5 min", "Timeout"}},
		{"silence", opened + `
			d1< 1000
			wait 100s
			S: 426 Failure writing network stream.` + quit, "data-silent server open data-loss", []string{"Failure writing"}},
		{"the server waited in vain for who reads", opened + `
			d1< 1000
			wait 60s
			S: 421 Data timeout. Reconnect. Sorry.
			close S`, "data-silent server open data-loss", []string{"Data timeout"}},
		{"it waited in vain for who sends", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: STOR a
			S: 150 Ok.
			d1> 1000
			wait 60s
			S: 426 Data connection timed out.` + quit, "data-silent client likely", nil},
		{"it came late", active + `
			C: LIST
			wait 10s
			S: 425 Can't open data connection.
			wait 1s
			data d1 203.0.113.21:20 > 198.51.100.10:50000
			d1 close` + quit, "data-never-tried server open data-blocked", []string{"1 s after"}},
		{"a third host", passive + `
			data d1 192.0.2.66:40001 > 203.0.113.21:50000
			C: RETR a
			S: 150 Ok.
			d1< 1000
			S: 426 Broken.` + quit, "data-stolen server likely", []string{"192.0.2.66"}},
		{"a third host was faster than the client", passive + `
			data d1 192.0.2.66:40001 > 203.0.113.21:50000
			data d2 198.51.100.10:40001 > 203.0.113.21:50000 refused
			C: RETR a
			S: 150 Ok.
			d1< 1000
			d1 fin <
			S: 226 Done.` + quit, "data-stolen server likely", []string{"192.0.2.66"}},
		{"a third host that is meant", passive + `
			data d1 192.0.2.66:40001 > 203.0.113.21:50000
			C: RETR a
			S: 150 Ok.
			d1< 1000
			d1 fin <
			S: 226 Done.` + quit, "none none certain", nil},
		{"the client has seen enough", opened + `
			d1< 1000
			d1 rst C
			S: 426 Failure writing network stream.
			C: PASV
			S: 227 Entering Passive Mode (203,0,113,21,195,81)
			data d2 198.51.100.10:40002 > 203.0.113.21:50001
			C: RETR b
			S: 150 Ok.
			d2< 10
			d2 fin <
			S: 226 Done.` + quit, "none none likely", nil},
		{"the server's program ends", opened + `
			d1< 1000 fin
			close S`, "data-cut server likely server-closed", []string{"1,000 of 5,000 bytes", "together"}},
		{"a binary file as text", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: TYPE A
			S: 200 Ok.
			C: STOR a.zip
			S: 150 Ok to send data.
			d1> 1000
			d1 fin >
			S: 226 Done.` + quit, "data-altered client likely", []string{"ASCII mode", "TYPE I"}},
		{"the same, and the server ignores TYPE A", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: TYPE A
			S: 200 Ok.
			C: RETR a.zip
			S: 150 Opening BINARY mode data connection for a.zip (1000 bytes).
			d1< 1000
			d1 fin <
			S: 226 Done.` + quit, "none none certain", nil},
		{"stopped", opened + `
			d1< 1000
			C: ABOR
			S: 426 Failure writing network stream.
			S: 226 ABOR successful.
			d1 rst S` + quit, "client-aborted client certain", nil},
		{"the client left before the reply", opened + `
			d1< 5000 fin
			d1 half C
			wait 60s
			half C
			wait 25s
			S: 226 Transfer complete.
			half S`, "reply-missed client likely", []string{"226", "1 min 25 s"}},
		{"ASCII", passive + `
			data d1 198.51.100.10:40001 > 203.0.113.21:50000
			C: STOR a.jpg
			S: 150 Ok.
			d1> 900 fin
			d1 half S
			S: 226 WARNING! 321 bare linefeeds received in ASCII mode` + quit, "data-altered client likely", []string{"TYPE I"}},
	})
}

func TestPortsExhausted(t *testing.T) {
	script := login
	for i, port := range []string{"80", "81", "82"} {
		d := "e" + port
		script += "C: PASV\nS: 227 Entering Passive Mode (203,0,113,21,195," + port + ")\ndata " + d + " 198.51.100.10:4100" + port[1:] + " > 203.0.113.21:500" + "0" + string(rune('0'+i)) +
			"\nC: RETR f" + port + "\nS: 150 Ok.\n" + d + "< 100 fin\n" + d + " half C\nS: 226 Done.\n"
	}
	check(t, []kind{{"far from the others", script + `
		C: PASV
		S: 227 Entering Passive Mode (203,0,113,21,149,67)
		data d9 198.51.100.10:40099 > 203.0.113.21:38211 unanswered 4
		wait 20s
		close`, "ports-exhausted server likely data-blocked", []string{"38211", "50000–50002", "vsftpd pasv_min_port"}}})
}

func TestBeside(t *testing.T) {
	for _, x := range []struct{ name, script, want string }{
		{"unanswered", ends + "open unanswered 3", "server-unanswered firewall open server-unreachable"},
		{"refused", ends + "open refused", "server-refused server likely"},
		{"unreachable", ends + "router 192.0.2.1\nopen unreachable 1", "server-unreachable path likely"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := analyzed(t, capturetest.MustFrames(t, x.script))
			require.Len(t, r.attempts, 1)
			require.Equal(t, x.want, short(r.attempts[0].Verdict), r.attempts[0].Verdict.Text)
		})
	}
	for _, x := range []struct{ name, script, want string }{
		{"in order", "data d1 203.0.113.21:20 > 198.51.100.10:2662\nd1< 500\nd1 close", "none none likely"},
		{"reset", "data d1 203.0.113.21:20 > 198.51.100.10:2662\nd1< 500\nd1 rst C", "data-reset server likely"},
		{"cut", "data d1 203.0.113.21:20 > 198.51.100.10:2662\nd1< 500", "not-captured capture likely"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := analyzed(t, capturetest.MustFrames(t, x.script))
			require.Len(t, r.orphans, 1)
			require.Equal(t, x.want, short(r.orphans[0].Verdict), r.orphans[0].Verdict.Text)
		})
	}
}

func TestAnswerLost(t *testing.T) {
	check(t, []kind{{"nothing follows the answer", passive + `
		data d1 198.51.100.10:40001 > 203.0.113.21:50000 synack
		C: LIST
		wait 30s
		S: 425 Failed to establish connection.` + quit, "data-blocked firewall open not-captured", []string{"answered with SYN-ACK", "the path back from 203.0.113.21 to 198.51.100.10"}}})
}
