package verdict_test

import "testing"

// How control connections and transfers ended without a word that says why, and refusals that
// are of no data connection.
func TestEndings(t *testing.T) {
	const login = "S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nS: 230 in\nC: TYPE I\nS: 200 ok\n"
	const pasv = login + "C: PASV\nS: 227 ok (192,0,2,21,195,80)\ndata d1 192.0.2.10:40000 > 192.0.2.21:50000\n"
	const bye = "C: QUIT\nS: 221 bye\nclose S"
	situate(t, []situation{
		{"closed at once", "open\nclose S", "no-greeting server likely", 0, nil, nil},
		{"a silent client on the port of implicit TLS", "control c2 192.0.2.10:40000 > 192.0.2.21:990\nc2 open\nwait 12s\nc2 fin >", "tls-mismatch client likely no-greeting", 0, []string{"implicit"}, nil},
		{"ident is not answered", "open\ndata d1 192.0.2.21:40000 > 192.0.2.10:113 unanswered 4\nwait 10s\nS: 220 ready\nC: QUIT\nS: 221 bye\nclose S", "slow-greeting server certain", 0,
			[]string{"asked 192.0.2.10 by ident", "4 times", "reject TCP port 113"}, nil},
		{"ident is not answered, and no greeting comes", "open\ndata d1 192.0.2.21:40000 > 192.0.2.10:113 unanswered 4\nwait 20s\nclose C", "no-greeting server likely", 0, []string{"by ident"}, nil},
		{"the server hung up", "S: 220 ready\nC: USER bob\nclose S", "server-closed server likely", 0, []string{`"USER bob"`}, nil},
		{"the server reset it", "S: 220 ready\nC: USER bob\nclose rst S", "server-closed server open control-lost", 0, []string{"RST"}, nil},
		{"QUIT while a transfer ran", pasv + "C: RETR a\nS: 150 go\nd1< 30000\nC: QUIT\nS: 221 bye\nclose S", "client-aborted client likely", 1, []string{"QUIT"}, nil},
		{"denied while the data connection was open", pasv + "C: LIST\nS: 550 Permission denied.\n" + bye, "file-denied server certain", 1, []string{"Permission denied"}, nil},
		{"denied by 451", pasv + "C: STOR a\nS: 451 a: Append not permitted\n" + bye, "file-denied server certain", 1, []string{"not permitted"}, nil},
		{"logged out meanwhile", pasv + "C: LIST\nS: 530 Please login with USER and PASS.\n" + bye, "file-denied server certain", 1, []string{"Please login"}, nil},
		{"425 to what is missing", login + "lost C: PORT 192,0,2,10,195,80\nS: 200 ok\nlost C: RETR a\nwait 20s\nS: 425 Failed to establish connection.\n" + bye, "not-captured capture likely", 0, []string{"425"}, nil},
		{"another command for a listing", login + "C: PASV\nS: 227 ok (192,0,2,21,195,80)\nC: MLSD\nS: 500 Unknown command.\nC: LIST\ndata d1 192.0.2.10:40000 > 192.0.2.21:50000\nS: 150 x\nd1< 300\nd1 fin <\nd1 fin >\nS: 226 x\n" + bye,
			"none none certain", 0, nil, nil},
		{"an upload that the server reset, and 226", pasv + "C: STOR a\nS: 150 go\nd1> 14600\nd1 rst <\nS: 226 done\n" + bye, "data-reset server likely", 1, []string{"before the client had closed it", "anyway"}, nil},
		{"an upload that the server reset after its end", pasv + "C: STOR a\nS: 150 go\nd1> 14600 fin\nd1 rst <\nS: 226 done\n" + bye, "none none likely", 0, nil, nil},
		{"an upload that arrived, and 426", pasv + "C: STOR a\nS: 150 go\nd1> 20000\nd1 fin >\nwait 1s\nS: 426 Failure reading network stream.\n" + bye, "server-error server likely", 1,
			[]string{"acknowledged all 20,000 bytes", "Failure reading"}, []string{"why did the client"}},
		{"the server's second address, which the client refuses", login + "C: PORT 192,0,2,10,195,80\nS: 200 ok\nC: LIST\ndata d1 192.0.2.99:20 > 192.0.2.10:50000\nS: 150 x\nwait 1s\nd1 rst >\nS: 425 Failed\n" + bye,
			"data-wrong-peer server likely", 1, []string{"192.0.2.99", "check their peer"}, []string{"several addresses of its own"}},
		{"a limit while the file is denied", pasv + "C: RETR a\nS: 550 You have reached your maximum number of simultaneous transfers\n" + bye, "server-busy server certain", 1, []string{"refused RETR"}, nil},
		{"half of the file, and 226", pasv + "C: RETR a\nS: 150 Opening BINARY mode data connection for a (90000 bytes).\nd1< 30000\nd1 fin <\nd1 fin >\nS: 226 done\n" + bye,
			"data-cut server likely", 1, []string{"of 90,000 bytes"}, nil},
	})
}
