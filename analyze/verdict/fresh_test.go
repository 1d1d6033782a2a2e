package verdict_test

import "testing"

// What begins a session in another way than FTP, or out of step.
func TestOtherBeginnings(t *testing.T) {
	const stranger = ends + "S: 220 ready\nC! "
	check(t, []kind{
		{"a mail server", ends + "S: 220 mail.example.com ESMTP Postfix\nC: USER bob\nS: 502 5.5.2 Error: command not recognized" + quit, "not-ftp server certain", []string{"speaks SMTP"}},
		{"a mail server that refuses", ends + "S: 554 5.7.1 Client host rejected\nclose S", "not-ftp server certain", []string{"speaks SMTP"}},
		{"a database", ends + `S! \x4a\x00\x00\x00\x0a5.7.30\x00` + "\nwait 10s\nclose", "not-ftp server certain", []string{"speaks MySQL"}},
		{"a client of Windows shares", stranger + `\x00\x00\x00\x54\xffSMB\x72\x00\x00\x00` + "\nS: 500 What?\nclose S", "not-ftp client certain", []string{"speaks SMB"}},
		{"a scanner of telephones", stranger + `OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n\r\n` + "\nS: 500 What?\nclose S", "not-ftp client certain", []string{"speaks SIP"}},
		{"a mailbox server", ends + "S: +OK Dovecot ready.\nwait 10s\nclose C", "not-ftp server certain", []string{"speaks POP3"}},
		{"a mailbox server, asked for TLS", ends + "S: +OK Dovecot ready.\nC: AUTH TLS\nS: -ERR Unknown command.\nclose C", "not-ftp server certain", []string{"speaks POP3"}},
		{"a Telnet server", ends + `S! \xff\xfd\x18\xff\xfd\x20\xff\xfd\x23` + "\nC: USER bob\nS: login:\nwait 10s\nclose C", "not-ftp server certain", []string{"speaks Telnet"}},
		{"a client that takes it for a proxy", ends + `C! \x05\x01\x00` + "\nS: 220 ready\nwait 10s\nclose C", "not-ftp client certain", []string{"speaks SOCKS", "entered as the client's proxy"}},
		{"the same of the old version", stranger + `\x04\x01\x00\x15\xcb\x00\x71\x15\x00` + "\nS: 530 Please login with USER and PASS.\nclose C", "not-ftp client certain", []string{"speaks SOCKS"}},
		{"a news server", ends + "S: 200 news.example.com InterNetNews NNRP server ready (posting ok)\nC: USER bob\nS: 500 What?" + quit, "not-ftp server certain", []string{"speaks NNTP"}},
		{"Telnet before a login", ends + "S: 220 ready\n" + `C! \xff\xfd\x03` + "\nC: USER bob\nS: 331 p\nC: PASS x\nS: 530 Login incorrect." + quit, "login-rejected client certain", []string{"Login incorrect"}},
		{"FTP that names its mail", ends + "S: 220 SMTP and FTP server ready\nC: USER bob\nS: 331 Password\nC: PASS x\nS: 230 Ok" + quit, "none none certain", nil},
		{"the PROXY line is not expected", ends + `C! PROXY TCP4 192.168.50.10 203.0.113.1 39528 21\r\n` + "\nS: 220 (vsFTPd 3.0.3)\nS: 530 Please login with USER and PASS.\nC: USER bob\nS: 331 Please specify the password.\nclose",
			"out-of-step client likely", []string{"PROXY line", "Please login"}},
		{"an account is demanded", ends + "S: 220 IBM FTP CS at SYS1\nC: USER bob\nS: 331 Send password please.\nC: PASS x\nS: 332 Account required" + quit, "login-rejected client likely", []string{"332", "ACCT"}},
		{"and sent", ends + "S: 220 IBM FTP CS at SYS1\nC: USER bob\nS: 331 Send password please.\nC: PASS x\nS: 332 Account required\nC: ACCT a\nS: 230 Ok" + quit, "none none certain", nil},
	})
}

// What is the cause of a failure that shows later.
func TestCausesBeforeSymptoms(t *testing.T) {
	situate(t, []situation{
		{"a listing after a rejected PORT", login + `
			C: PORT 192,168,1,5,195,80
			S: 501 Server cannot accept argument.
			C: NLST
			S: 150 Opening ASCII mode data connection.
			wait 3s
			S: 425 Cannot open data connection.` + quit,
			"address-untranslated nat certain", 2, []string{"192.168.1.5", "425", "passive"}, []string{"before each transfer"}},
		{"no final reply for a minute", opened + `
			d1< 5000 fin
			d1 half C
			wait 60s
			close C`,
			"no-reply server open control-lost reply-missed", 1, []string{"no final reply for 1 min"}, nil},
		{"a balancer resets what was idle", login + `
			wait 352s
			C: CWD x
			ttl S 61
			rst S`,
			"control-lost firewall certain", 0, []string{"5 min 52 s", "timers"}, nil},
		{"the client's firewall, seen at the client", active + `
			data d1 203.0.113.21:20 > 198.51.100.10:50000 unanswered 4
			C: LIST
			wait 60s
			S: 425 Can't open data connection.` + quit,
			"data-blocked firewall likely", 1, []string{"next to the client", "permit TCP from 203.0.113.21"}, []string{"capture at"}},
		{"a writable root", ends + `
			S: 220 (vsFTPd 3.0.3)
			C: USER bob
			S: 331 Please specify the password.
			C: PASS x
			S: 500 OOPS: vsftpd: refusing to run with writable root inside chroot()
			close S`,
			"server-error server certain", 0, []string{"allow_writeable_chroot"}, nil},
	})
}
