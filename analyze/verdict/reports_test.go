package verdict_test

import (
	"strings"
	"testing"

	"ftpscope/analyze/analyzetest"
)

// Situations out of public reports, in the words of the servers that they met.

// greeted begins a session with a server's greeting.
func greeted(greeting string) string { return ends + "S: 220 " + greeting + "\n" }

// in begins one whose login worked.
func in(greeting string) string {
	return greeted(greeting) + "C: USER bob\nS: 331 Password required for bob.\nC: PASS x\nS: 230 User logged in.\n"
}

// offered is a 227 of the server's own address and port 50000.
const offered = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,21,195,80)\n"

func TestReportedLogins(t *testing.T) {
	situate(t, []situation{
		{
			name: "IIS, home directory inaccessible", script: greeted("Microsoft FTP Service") + `
				C: USER bob
				S: 331 Password required
				C: PASS x
				S: 530 User cannot log in, home directory inaccessible.` + quit,
			want: "login-rejected client certain", says: []string{`530 "User cannot log in, home directory inaccessible."`, `"bob"|“bob”`}, never: []string{"PORT", "passive"},
		},
		{
			name: "IIS, policy requires SSL", script: greeted("Microsoft FTP Service") + `
				C: USER bob
				S: 534 Policy requires SSL.` + quit,
			want: "tls-required client certain", says: []string{`534 "Policy requires SSL."`, "explicit TLS", "IIS FTP SSL Settings: Allow"}, never: []string{"vsftpd", "password"},
		},
		{
			name: "FileZilla Server, plain FTP not permitted", script: greeted("FileZilla Server 1.8.1") + `
				C: USER bob
				S: 503 Use AUTH first.` + quit,
			want: "tls-required client certain", says: []string{"Use AUTH first", "FileZilla Server explicit FTP over TLS and insecure plain FTP"}, never: []string{"vsftpd"},
		},
		{
			name: "Pure-FTPd, cleartext refused", script: greeted("---------- Welcome to Pure-FTPd [privsep] [TLS] ----------") + `
				C: USER bob
				S: 421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.
				close S`,
			want: "tls-required client certain", says: []string{"cleartext sessions", "pure-ftpd --tls=1"}, never: []string{"hang"},
		},
		{
			name: "ProFTPD, three tries", script: greeted("ProFTPD Server (lab) [203.0.113.21]") + strings.Repeat(`
				C: USER bob
				S: 331 Password required for bob
				C: PASS x
				S: 530 Login incorrect.`, 3) + `
				close S`,
			want: "login-rejected client certain", says: []string{"3 logins failed", `530 "Login incorrect."`}, never: []string{"TLS"},
		},
		{
			name: "ProFTPD, connections from one host", script: ends + `
				S: 530 Sorry, the maximum number of connections (2) for your host are already connected.
				close S`,
			want: "server-busy server certain", says: []string{"maximum number of connections (2)", "ProFTPD MaxClients"}, never: []string{"password"},
		},
		{
			name: "Pure-FTPd, users", script: ends + `
				S: 421 50 users (the maximum) are already logged in, sorry
				close S`,
			want: "server-busy server certain", says: []string{"50 users (the maximum)", "hang"}, never: []string{"password"},
		},
		{
			name: "vsftpd, a user that is not on the list", script: greeted("(vsFTPd 3.0.5)") + `
				C: USER bob
				S: 530 Permission denied.` + quit,
			want: "login-rejected client certain", says: []string{`530 "Permission denied."`, "by FTP"}, never: []string{"TLS"},
		},
		{
			name: "vsftpd, a home directory that is not there", script: greeted("(vsFTPd 3.0.5)") + `
				C: USER bob
				S: 331 Please specify the password.
				C: PASS x
				S: 500 OOPS: cannot change directory:/home/bob
				close S`,
			want: "server-error server certain", says: []string{"cannot change directory:/home/bob", "home directory"}, never: []string{"password"},
		},
		{
			name: "vsftpd in a container without the rights for its own children", script: ends + `
				S: 500 OOPS: vsf_sysutil_fork
				close S`,
			want: "server-error server certain", says: []string{"vsf_sysutil_fork"}, never: []string{"password", "passive"},
		},
		{
			name: "idle before the login", script: greeted("(vsFTPd 3.0.5)") + `
				wait 60s
				S: 421 Timeout.
				close S`,
			want: "server-closed server certain", says: []string{`421 "Timeout."`}, never: []string{"password"},
		},
		{
			name: "maintenance", script: ends + `
				S: 421 Server is going down for maintenance.
				close S`,
			want: "server-closed server certain", says: []string{"maintenance"}, never: []string{"firewall"},
		},
		{
			name: "a greeting after an ident question that nobody answered", script: ends + `
				open
				wait 10s
				S: 220 host FTP server (Version wu-2.6.2(1)) ready.` + quit,
			want: "slow-greeting server certain", says: []string{"10 s", "wu-ftpd -I"}, never: []string{"vsftpd"},
		},
		{
			name: "LIST without a login", script: greeted("ready") + `
				C: PASV
				S: 530 Please login with USER and PASS.` + quit,
			want: "login-rejected client certain", transfer: 1, says: []string{`530 "Please login with USER and PASS."`, "log in first"}, never: []string{"firewall", "active mode"},
		},
		{
			name: "MKD denied", script: in("Microsoft FTP Service") + `
				C: MKD reports
				S: 550 Access is denied.` + quit,
			want: "command-denied server certain", says: []string{"MKD reports", `550 "Access is denied."`, "permissions"}, never: []string{"firewall"},
		},
	})
}

func TestReportedTLS(t *testing.T) {
	auth := greeted("(vsFTPd 3.0.5)") + "C: AUTH TLS\nS: 234 Proceed with negotiation.\n"
	hello := `C! \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00` + "\n"
	flight := analyzetest.TLSHello(2, 122) + analyzetest.TLSRecord(23, 825) + analyzetest.TLSRecord(23, 69)
	shaken := "C! " + analyzetest.TLSHello(1, 200) + "\nS! " + flight + "\n"
	done := "C! " + analyzetest.TLSRecord(23, 69) + "\nS! " + analyzetest.TLSRecord(23, 250) + analyzetest.TLSRecord(23, 250) + "\n" + analyzetest.Said
	onData := analyzetest.Asked + "data d1 198.51.100.10:40001 > 203.0.113.21:50000\n" + analyzetest.Told + "d1>! " + analyzetest.TLSHello(1, 200) + "\nd1<! " + flight + "\n"
	situate(t, []situation{
		{
			name: "a client that does not know the issuer", script: auth + hello + `S! \x16\x03\x03\x00\x05\x02\x00\x00\x01\x00` + `
				C! \x15\x03\x03\x00\x02\x02\x30
				close C`,
			want: "tls-failed client certain", says: []string{"the client sent the alert", "nknown", "trust the issuer of the certificate"}, never: []string{"ciphers"},
		},
		{
			name: "an old client", script: auth + hello + `
				S! \x15\x03\x03\x00\x02\x02\x46
				close S`,
			want: "tls-failed server certain", says: []string{"the server sent the alert", "protocol version", "update the older side"}, never: []string{"issuer"},
		},
		{
			name: "an alert that has no steps of its own", script: auth + hello + `
				S! \x15\x03\x03\x00\x02\x02\x50
				close S`,
			want: "tls-failed server certain", says: []string{"internal error", "logs of both sides"}, never: []string{"issuer", "ciphers"},
		},
		{
			name: "an encrypted alert where Finished was due", script: auth + shaken + "C! " + analyzetest.TLSRecord(23, 19) + "\nclose C",
			want: "tls-failed client likely", says: []string{"as long as an alert", "does not take the server's certificate", "the issuer of the certificate"},
		},
		{
			name: "words under TLS, then the end", script: auth + shaken + done + "C! " + analyzetest.TLSRecord(23, 19) + "\nclose C", want: "none none likely",
		},
		{
			name: "an alert on the data connection", script: auth + shaken + done + onData + `d1>! \x15\x03\x03\x00\x02\x02\x30
				d1 rst >
				` + analyzetest.Told + "wait 1s\nclose C",
			want: "data-tls-failed client certain", transfer: 1, says: []string{"unknown CA", "the issuer of the certificate"}, never: []string{"resume"},
		},
		{
			name: "an encrypted alert on the data connection", script: auth + shaken + done + onData + "d1>! " + analyzetest.TLSRecord(23, 19) + "\nd1 fin >\nd1 fin <\n" +
				analyzetest.Told + "wait 1s\nclose C",
			want: "data-tls-failed client likely", transfer: 1, says: []string{"most likely failed", "as long as an alert"}, never: []string{"resume"},
		},
		{
			name: "an empty file, after which the client says more", script: auth + shaken + done + onData + "d1>! " + analyzetest.TLSRecord(23, 69) + analyzetest.TLSRecord(23, 19) +
				"\nd1 fin >\nd1 fin <\n" + analyzetest.Told + analyzetest.Said + "close C",
			want: "none none likely",
		},
		{
			name: "a handshake that resumes nothing, after which the server ends all", script: auth + shaken + done + onData + "d1>! " + analyzetest.TLSRecord(23, 69) + analyzetest.TLSRecord(23, 19) +
				"\nd1<! " + analyzetest.TLSRecord(23, 250) + analyzetest.TLSRecord(23, 250) + analyzetest.TLSRecord(23, 19) + "\nd1 fin >\nd1 fin <\n" + analyzetest.Told + "close S",
			want: "data-tls-failed client likely client-aborted", transfer: 1, says: []string{"carried a TLS handshake and no data", "could have done so, and began a new one", "require_ssl_reuse=NO"},
		},
		{
			name: "a hello that nobody answers", script: auth + hello + `
				wait 30s
				close`,
			want: "tls-failed server open tls-mismatch control-lost", says: []string{"did not answer the client's TLS hello", "a firewall that inspects FTP"}, never: []string{"issuer"},
		},
		{
			name: "no hello, and the client leaves", script: auth + "wait 1s\nclose C",
			want: "tls-failed client likely", says: []string{"the client ended the connection", "without a TLS hello"}, never: []string{"hides"},
		},
		{
			name: "no hello until the server has waited enough", script: auth + "wait 60s\nS: 421 Timeout.\nclose S",
			want: "tls-failed client open control-lost", says: []string{"no TLS hello came for 1 min", "capture at the client"}, never: []string{"hides"},
		},
		{
			name: "no hello, for the server ends at once", script: auth + "wait 100ms\nrst S",
			want: "tls-failed server likely", says: []string{"then ended the connection", "the server's log"}, never: []string{"hides"},
		},
		{
			name: "no hello, for something between resets", script: auth + "ttl S 255\nrst S",
			want: "control-lost firewall certain", says: []string{"in the server's name, which it did not send", "by its TTL"}, never: []string{"hides"},
		},
		{
			name: "AUTH is blocked by what inspects FTP", script: greeted("Microsoft FTP Service") + `
				C: AUTH TLS
				S: 534 Local policy on server does not allow TLS secure connections.` + quit,
			want: "tls-refused server certain", says: []string{`534 "Local policy on server does not allow`, "IIS FTP SSL Settings", "in the server's name"}, never: []string{"vsftpd"},
		},
		{
			name: "vsftpd, session reuse, in clear", script: login + offered + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: LIST
				S: 150 Here comes the directory listing.
				S: 522 SSL connection failed; session reuse required: see require_ssl_reuse option in vsftpd.conf man page
				d1 close` + quit,
			want: "data-tls-failed client certain", transfer: 1, says: []string{"session reuse required", "resume", "vsftpd require_ssl_reuse=NO"}, never: []string{"PROT P", "firewall"},
		},
		{
			name: "FileZilla Server, resumption", script: in("FileZilla Server 1.8.1") + offered + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: LIST
				S: 150 Starting data transfer.
				S: 425 Unable to build data connection: TLS session of data connection not resumed.
				d1 close` + quit,
			want: "data-tls-failed client certain", transfer: 1, says: []string{"not resumed", "resume (reuse)"}, never: []string{"vsftpd", "firewall"},
		},
		{
			name: "passive ports that are not open, under TLS", script: auth + analyzetest.Hello + analyzetest.Said + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unanswered 4
				wait 20s
				close`,
			want: "data-blocked firewall likely", transfer: 1, says: []string{"203.0.113.21:50000", "cannot read the control connection under TLS", "vsftpd pasv_min_port"}, never: []string{"active mode"},
		},
		{
			name: "PROT P is demanded", script: in("ProFTPD Server (lab) [203.0.113.21]") + offered + `
				C: LIST
				S: 522 SSL/TLS required on the data channel` + quit,
			want: "data-unprotected client certain", transfer: 1, says: []string{"SSL/TLS required on the data channel", "PROT P", "ProFTPD TLSRequired"}, never: []string{"firewall"},
		},
	})
}

func TestReportedNATs(t *testing.T) {
	home := strings.NewReplacer("198.51.100.10", "192.168.1.50", "ttl S 52", "ttl S 52")
	situate(t, []situation{
		{
			name: "AWS, an instance's private address", script: login + `
				C: PASV
				S: 227 Entering Passive Mode (172,31,5,77,195,80)
				data d1 198.51.100.10:40001 > 172.31.5.77:50000 unanswered 4
				C: LIST
				wait 60s
				S: 425 Failed to establish connection.` + quit,
			want: "address-untranslated nat likely", transfer: 1, says: []string{"172.31.5.77", "the client reaches it as 203.0.113.21", "vsftpd pasv_address", "EPSV"}, never: []string{"active mode"},
		},
		{
			name: "Docker, a bridge's address", script: in("ProFTPD Server (Debian) [172.17.0.2]") + `
				C: PASV
				S: 227 Entering Passive Mode (172,17,0,2,195,80).
				wait 21s
				close`,
			want: "address-untranslated nat likely", transfer: 1, says: []string{"172.17.0.2", "no data connection followed", "ProFTPD MasqueradeAddress"}, never: []string{"vsftpd"},
		},
		{
			name: "Azure, a server that knows no address", script: in("Microsoft FTP Service") + `
				C: PASV
				S: 227 Entering Passive Mode (0,0,0,0,195,80).
				close`,
			want: "address-untranslated nat likely", transfer: 1, says: []string{"0.0.0.0", "IIS External IP Address of Firewall"}, never: []string{"vsftpd"},
		},
		{
			name: "Kubernetes, one client with several addresses", script: in("(vsFTPd 3.0.5)") + offered + `
				data d1 198.51.100.77:40001 > 203.0.113.21:50000
				C: LIST
				S: 425 Security: Bad IP connecting.
				d1 close` + quit,
			want: "data-wrong-peer nat likely", transfer: 1, says: []string{"198.51.100.77", "Bad IP connecting", "externalTrafficPolicy: Local", "vsftpd pasv_promiscuous"}, never: []string{"active mode"},
		},
		{
			name: "a NAT at home, active mode", script: home.Replace(in("(vsFTPd 3.0.5)")) + `
				C: PORT 192,168,1,50,195,80
				S: 500 Illegal PORT command.` + quit,
			want: "address-untranslated nat likely mode-rejected", transfer: 1, says: []string{"192.168.1.50", `500 "Illegal PORT command."`, "passive mode"}, never: []string{"permit TCP"},
		},
		{
			name: "the same, as the server sees it", script: in("ProFTPD Server (lab) [203.0.113.21]") + `
				C: PORT 192,168,1,50,195,80
				S: 500 Illegal PORT command` + quit,
			want: "address-untranslated nat certain", transfer: 1, says: []string{"192.168.1.50", "the server sees it as 198.51.100.10", "rejected"}, never: []string{"permit TCP"},
		},
		{
			name: "a NAT at home, and the server dials the private address", script: in("(vsFTPd 3.0.5)") + `
				C: PORT 192,168,1,50,195,80
				S: 200 PORT command successful. Consider using PASV.
				data d1 203.0.113.21:20 > 192.168.1.50:50000 unanswered 3
				C: LIST
				wait 60s
				S: 425 Failed to establish connection.` + quit,
			want: "address-untranslated nat likely", transfer: 1, says: []string{"192.168.1.50", "3 SYNs to 192.168.1.50:50000 got no answer", "passive mode"}, never: []string{"permit TCP"},
		},
		{
			name: "two public addresses, far apart", script: in("ready") + `
				C: PORT 192,0,2,99,195,80
				S: 200 Ok.
				data d1 203.0.113.21:20 > 192.0.2.99:50000 unanswered 3
				C: LIST
				wait 60s
				S: 425 Can't open data connection.` + quit,
			want: "data-blocked client likely", transfer: 1, says: []string{"192.0.2.99:50000", "not the client", "bounce"}, never: []string{"NAT"},
		},
		{
			name: "EPRT of IPv6 to a server of IPv4", script: in("ready") + `
				C: EPRT |2|2001:db8::5|50000|
				S: 522 Network protocol not supported, use (1)` + quit,
			want: "address-family client certain", transfer: 1, says: []string{"Network protocol not supported, use (1)", "EPSV without an argument"}, never: []string{"firewall"},
		},
		{
			name: "EPSV 2 to a server of IPv4", script: in("ready") + `
				C: EPSV 2
				S: 522 Network protocol not supported, use (1)` + quit,
			want: "address-family server certain", transfer: 1, says: []string{"do not agree on IPv4 or IPv6", "EPSV"}, never: []string{"firewall"},
		},
		{
			name: "a NAT that cut PORT short", script: in("ready") + `
				C: PORT 198,51,100,10,195
				S: 501 Syntax error in parameters or arguments.` + quit,
			want: "endpoint-invalid client certain", transfer: 1, says: []string{"PORT 198,51,100,10,195", `501 "Syntax error`, "a NAT that rewrites the command"}, never: []string{"permit"},
		},
	})
}
