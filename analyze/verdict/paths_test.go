package verdict_test

import "testing"

// Situations of data connections: what firewalls, programs and full disks do.

func TestReportedOpenings(t *testing.T) {
	situate(t, []situation{
		{
			name: "a firewall that follows FTP on port 21 only", script: `
				client 198.51.100.10:51234
				server 203.0.113.21:2121
				ttl C 64
				ttl S 52
				S: 220 ready
				C: USER bob
				S: 230 Ok.
				C: EPSV
				S: 229 Entering Extended Passive Mode (|||50000|)
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unanswered 5
				wait 20s` + quit,
			want: "data-blocked firewall likely", transfer: 1, says: []string{"5 times", "has to be configured for port 2121", "permit TCP from 198.51.100.10 to 203.0.113.21 port 50000"}, never: []string{"active mode"},
		},
		{
			name: "Windows Firewall, seen at the client", script: ends + `
				ttl S 128
				S: 220 Microsoft FTP Service
				C: USER bob
				S: 230 User logged in.
				C: PORT 198,51,100,10,195,80
				S: 200 PORT command successful.
				data d1 203.0.113.21:20 > 198.51.100.10:50000 unanswered 3
				C: LIST
				S: 150 Opening ASCII mode data connection.
				wait 30s
				S: 425 Cannot open data connection.` + quit,
			want: "data-blocked firewall likely", transfer: 1, says: []string{"The server tried 3 times", "Cannot open data connection", "in front of the client and on it", "passive mode"}, never: []string{"passive range"},
		},
		{
			name: "ASA, reset instead of silence", script: in("(vsFTPd 3.0.5)") + offered + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 refused
				C: LIST
				S: 425 Failed to establish connection.` + quit,
			want: "data-rejected firewall likely", transfer: 1, says: []string{"something on the way answered with RST", "0 routers away", "12 routers away"}, never: []string{"active mode", "does anything listen"},
		},
		{
			name: "Fortinet, a firewall on the host that prohibits", script: in("ready") + offered + `
				router 203.0.113.21 52
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unreachable 13
				C: LIST
				S: 425 No connection.` + quit,
			want: "data-rejected server certain", transfer: 1, says: []string{"ICMP type 3 code 13", "permit TCP"}, never: []string{"active mode", "route"},
		},
		{
			name: "a router three hops away prohibits", script: in("ready") + offered + `
				router 192.0.2.66 252
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unreachable 13
				C: LIST
				S: 425 No connection.` + quit,
			want: "data-rejected firewall certain", transfer: 1, says: []string{"an ICMP error: administratively prohibited (ICMP type 3 code 13 from 192.0.2.66, 3 routers away)"}, never: []string{"active mode"},
		},
		{
			name: "something on the way prohibits in the server's name", script: in("ready") + offered + `
				router 203.0.113.21 254
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unreachable 13
				C: LIST
				S: 425 No connection.` + quit,
			want: "data-rejected firewall certain", transfer: 1, says: []string{"the server, which by its TTL did not send it", "in the name of 203.0.113.21"}, never: []string{"the firewall at 203.0.113.21"},
		},
		{
			name: "IPv6, prohibited by a router", script: `
				client [2001:db8:1::10]:51234
				server [2001:db8:2::21]:21
				S: 220 ready
				C: USER bob
				S: 230 Ok.
				C: EPSV
				S: 229 Ok (|||50000|)
				router 2001:db8:9::1
				data d1 [2001:db8:1::10]:40001 > [2001:db8:2::21]:50000 unreachable 1
				C: LIST
				S: 425 No connection.` + quit,
			want: "data-rejected firewall certain", transfer: 1, says: []string{"2001:db8:9::1", "type 1 code 1"}, never: []string{"active mode"},
		},
		{
			name: "IPv6, the client's firewall", script: `
				client [2001:db8:1::10]:51234
				server [2001:db8:2::21]:21
				S: 220 ready
				C: USER bob
				S: 230 Ok.
				C: EPRT |2|2001:db8:1::10|50000|
				S: 200 Ok
				data d1 [2001:db8:2::21]:20 > [2001:db8:1::10]:50000 unanswered 4
				C: LIST
				wait 60s
				S: 425 No connection.` + quit,
			want: "data-blocked firewall likely", transfer: 1, says: []string{"passive mode (EPSV)"}, never: []string{"PASV"},
		},
		{
			name: "a host that is gone", script: in("ready") + offered + `
				router 192.0.2.1
				data d1 198.51.100.10:40001 > 203.0.113.21:50000 unreachable 1
				C: LIST
				S: 425 No connection.` + quit,
			want: "data-unreachable path certain", transfer: 1, says: []string{"192.0.2.1", "code 1", "route to 203.0.113.21"}, never: []string{"active mode"},
		},
		{
			name: "the server says that it has no route", script: active + `
				C: LIST
				S: 425 Can't build data connection: No route to host` + quit,
			want: "data-unreachable path likely", transfer: 1, says: []string{"No route to host", "198.51.100.10:50000"}, never: []string{"port 20"},
		},
		{
			name: "the client never dials", script: in("(vsFTPd 3.0.5)") + offered + `
				C: LIST
				wait 60s
				S: 425 Failed to establish connection.` + quit,
			want: "data-never-tried client open data-blocked not-captured", transfer: 1, says: []string{"no SYN for the data connection to 203.0.113.21:50000", "Failed to establish connection"}, never: []string{"port 20", "active mode"},
		},
		{
			name: "vsftpd, passive ports in use", script: in("(vsFTPd 3.0.5)") + `
				C: PASV
				S: 500 OOPS: vsf_sysutil_bind, maximum number of attempts to find a listening port exceeded
				close S`,
			want: "ports-exhausted server certain", transfer: 1, says: []string{"a listening port exceeded", "vsftpd pasv_min_port"}, never: []string{"active mode"},
		},
		{
			name: "ProFTPD, address in use", script: in("ProFTPD Server (lab) [203.0.113.21]") + `
				C: PASV
				S: 425 Unable to build data connection: Address already in use` + quit,
			want: "ports-exhausted server certain", transfer: 1, says: []string{"Address already in use", "TIME_WAIT", "ProFTPD PassivePorts"}, never: []string{"vsftpd"},
		},
		{
			name: "PASV switched off", script: in("(vsFTPd 3.0.5)") + `
				C: PASV
				S: 550 Permission denied.` + quit,
			want: "mode-rejected server certain", transfer: 1, says: []string{`550 "Permission denied."`, "vsftpd pasv_enable and port_enable", "EPSV"}, never: []string{"(PASV"},
		},
		{
			name: "RETR before PORT", script: in("ready") + `
				C: RETR a
				S: 503 Bad sequence of commands: send PORT or PASV first.` + quit,
			want: "no-negotiation client certain", transfer: 1, says: []string{"PORT or PASV first", "before each transfer"}, never: []string{"firewall"},
		},
	})
}

func TestReportedTransfers(t *testing.T) {
	situate(t, []situation{
		{
			name: "IIS, a file that is not there", script: in("Microsoft FTP Service") + offered + `
				C: RETR report.csv
				S: 550 The system cannot find the file specified.` + quit,
			want: "file-denied server certain", transfer: 1, says: []string{"RETR", "report.csv", "cannot find the file", "upper and lower case"}, never: []string{"firewall"},
		},
		{
			name: "vsftpd, uploads not enabled", script: in("(vsFTPd 3.0.5)") + offered + `
				C: STOR report.csv
				S: 550 Permission denied.` + quit,
			want: "file-denied server certain", transfer: 1, says: []string{`550 "Permission denied."`, "vsftpd write_enable"}, never: []string{"firewall"},
		},
		{
			name: "a quota", script: in("---------- Welcome to Pure-FTPd [privsep] [TLS] ----------") + offered + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: STOR big.iso
				S: 150 Accepted data connection
				d1> 5000
				d1 fin >
				S: 552 Quota exceeded: [big.iso] won't be saved` + quit,
			want: "storage-full server certain", transfer: 1, says: []string{"Quota exceeded", "raise the user's quota"}, never: []string{"firewall"},
		},
		{
			name: "a command that the server does not know", script: in("ready") + offered + `
				C: MLSD
				S: 500 Unknown command.` + quit,
			want: "command-denied server certain", transfer: 1, says: []string{"Unknown command", "FEAT and HELP"}, never: []string{"permissions"},
		},
		{
			name: "a limit while a transfer is asked for", script: in("ready") + offered + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: RETR a
				S: 450 Too many transfers of this user, try again later
				d1 close` + quit,
			want: "server-busy server certain", transfer: 1, says: []string{"Too many transfers of this user", "limits"}, never: []string{"firewall"},
		},
		{
			name: "a firewall's idle timer", script: opened + `
				d1< 5000 fin
				d1 half C
				wait 3700s
				S: 226 Transfer complete.
				wait 4s
				S: 221 Goodbye.`,
			want: "control-lost firewall likely", transfer: 1, says: []string{"1 h 1 min 40 s|1 h", "forgot the connection", "keepalive", "the data arrived"}, never: []string{"permit"},
		},
		{
			name: "the control connection is reset while a transfer runs", script: opened + `
				d1< 1000
				wait 301s
				rst S`,
			want: "control-lost firewall open server-closed", transfer: 1, says: []string{"from the server's address", "without a reply", "5 min", "timers of firewalls"}, never: []string{"permit"},
		},
		{
			name: "the client is stopped while a transfer runs", script: opened + `
				d1< 1000
				rst C`,
			want: "reply-missed client likely", transfer: 1, says: []string{"The client ended the control connection", "was the client stopped"}, never: []string{"firewall"},
		},
		{
			name: "a server that waits for an upload's end", script: in("ready") + offered + `
				data d1 198.51.100.10:40001 > 203.0.113.21:50000
				C: STOR a.bin
				S: 150 Ok to send data.
				d1> 5000 fin
				wait 120s
				S: 426 Connection closed; transfer aborted.
				d1 half S` + quit,
			want: "data-half-closed server likely", transfer: 1, says: []string{"The client sent all its data", "2 min", "waits, hangs or no longer reads"}, never: []string{"permit"},
		},
		{
			name: "a download that its client cut, and the server says done", script: opened + `
				d1< 1000
				d1 half C
				d1 half S
				S: 226 Transfer complete.` + quit,
			want: "data-cut client likely", transfer: 1, says: []string{"1,000 of 5,000 bytes", "anyway", "compare its size"}, never: []string{"firewall"},
		},
		{
			name: "stopped by ABOR before anything came", script: active + `
				C: LIST
				S: 150 Ok.
				wait 10s
				C: ABOR
				S: 426 Aborted.
				S: 226 ABOR successful.` + quit,
			want: "data-never-tried server open data-blocked not-captured", transfer: 1, says: []string{"no SYN for the data connection to 198.51.100.10:50000"}, never: []string{"passive range"},
		},
	})
}

func TestNotCaptured(t *testing.T) {
	situate(t, []situation{
		{
			name: "it ends while a transfer runs", script: opened + `
				d1< 1000`,
			want: "not-captured capture likely", transfer: 1, says: []string{"does not show how RETR", "ends before the control connection does"}, never: []string{"permit", "firewall"},
		},
		{
			name: "only what the client sent", script: ends + `
				lost S: 220 ready
				C: USER bob
				lost S: 331 Password
				C: PASS x
				lost S: 230 Ok
				C: NOOP
				lost S: 200 Ok
				C: QUIT`,
			want: "not-captured capture likely", says: []string{"how the session went", "no packets from the server|lacks"}, never: []string{"firewall"},
		},
	})
}
