package match_test

import (
	"testing"

	"ftpscope/analyze/analyzetest"
)

// How data connections are agreed upon: RFC 959 section 4.1.2, RFC 2428, RFC 1639, and what servers make of them.
func TestNegotiation(t *testing.T) {
	analyzetest.RunAll(t, []analyzetest.Case{
		{"passive, PASV", `
			login
			C: CWD pub
			S: 250 ok
			pasv
			C: RETR a.txt
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 5000
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a.txt path=pub/a.txt PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=5000 reply=226 ok`},
		{"active, PORT", `
			login
			port
			C: STOR a.txt
			data d1 S:20 > C:50000
			S: 150 go on
			d1> 0
			d1< 3000
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 STOR a.txt PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=3000 reply=226 ok`},
		{"active, from a port that is not 20", `
			login
			port
			C: RETR a
			S: 150 here
			data d1 S:61920 > C:50000
			d1> 700
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=C:50000 initiator=server data=S:61920>C:50000 bytes=700 reply=226 ok`},
		{"active, EPRT over IPv4, odd delimiter", `
			login
			C: eprt !1!192.0.2.10!50000!
			S: 200 ok
			C: LIST
			data d1 S:20 > C:50000
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 LIST path=. EPRT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok`},
		{"active, EPRT over IPv6", `
			client [2001:db8::10]:51234
			server [2001:db8::21]:21
			login
			C: EPRT |2|2001:db8:0:0::10|50000|
			S: 200 ok
			C: NLST
			data d1 [2001:db8::21]:20 > [2001:db8::10]:50000
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session [2001:db8::10]:51234>[2001:db8::21]:21 user=bob login=ok mode=active by=server
			1 NLST path=. EPRT active announced=[2001:db8::10]:50000 initiator=server data=[2001:db8::21]:20>[2001:db8::10]:50000 bytes=70 reply=226 ok`},
		{"active, LPRT", `
			login
			C: LPRT 4,4,192,0,2,10,2,195,80
			S: 200 ok
			C: RETR a
			data d1 S:20 > C:50000
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a LPRT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok`},
		{"passive, EPSV", `
			login
			C: EPSV
			S: 229 Entering Extended Passive Mode (|||50000|)
			C: MLSD /pub
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 MLSD /pub EPSV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"passive, EPSV ALL before EPSV", `
			login
			C: EPSV ALL
			S: 200 only EPSV from now on
			C: EPSV
			S: 229 Entering Extended Passive Mode (|||50000|)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a EPSV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"passive, LPSV", `
			login
			C: LPSV
			S: 228 Entering Long Passive Mode (4,4,192,0,2,21,2,195,80)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a LPSV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"227 answers EPSV", `
			login
			C: EPSV
			S: 227 Entering Passive Mode (192,0,2,21,195,80)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a EPSV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"229 answers PASV", `
			login
			C: PASV
			S: 229 Entering Extended Passive Mode (|||50000|)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"227 without parentheses", `
			login
			C: PASV
			S: 227 Entering Passive Mode 192,0,2,21,195,80
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"malformed PORT, refused", `
			login
			C: PORT 192,0,2,10,195
			S: 501 syntax
			bye`, `
			session user=bob login=ok
			1 - PORT active reply=501 rejected`},
		{"malformed PORT, accepted", `
			login
			C: PORT 192,0,2,10,195,80,1
			S: 200 ok
			C: RETR a
			S: 150 here
			data d1 S:20 > C:50000
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active initiator=server data=S:20>C:50000 bytes=70 reply=226 ok`},
		{"malformed 227", `
			login
			C: PASV
			S: 227 Entering Passive Mode (192,0,2,21)
			bye`, `
			session user=bob login=ok
			1 - PASV passive reply=227 unused`},
		{"malformed 229, used all the same", `
			login
			C: EPSV
			S: 229 Entering Extended Passive Mode
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a EPSV passive initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"passive offer unused", `
			login
			pasv
			bye`, `
			session user=bob login=ok
			1 - PASV passive announced=S:50000 reply=227 unused`},
		{"passive offer connected to but not used", `
			login
			pasv
			data d1 C:40000 > S:50000
			d1 fin >
			bye`, `
			session user=bob login=ok by=client
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 reply=227 unused`},
		{"passive offer refused, never used", `
			login
			pasv
			data d1 C:40000 > S:50000 refused
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 refused reply=227 no-connection`},
		{"PORT rejected, then PASV", `
			login
			C: PORT 192,0,2,10,195,80
			S: 500 no PORT here
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 - PORT active announced=C:50000 reply=500 rejected
			2 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"EPRT rejected by 522", `
			login
			C: EPRT |2|2001:db8::10|50000|
			S: 522 use (1)
			bye`, `
			session user=bob login=ok
			1 - EPRT active announced=[2001:db8::10]:50000 reply=522 rejected`},
		{"EPSV rejected, then PASV in the same segment as RETR", `
			login
			C: EPSV
			S: 500 what
			C! PASV\r\nRETR a\r\n
			S: 227 Entering Passive Mode (192,0,2,21,195,80)
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 - EPSV passive reply=500 rejected
			2 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"passive offer replaced", `
			login
			C: PASV
			S: 227 Entering Passive Mode (192,0,2,21,195,79)
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 - PASV passive announced=S:49999 reply=227 unused
			2 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"active and passive mixed", `
			login
			port
			C: RETR a
			data d1 S:20 > C:50000
			S: 150 here
			d1> 10
			d1 fin >
			S: 226 done
			pasv
			C: RETR b
			data d2 C:40000 > S:50000
			S: 150 here
			d2< 20
			d2 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=mixed by=mixed
			1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=10 reply=226 ok
			2 RETR b PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=20 reply=226 ok`},
		{"PORT holds for several transfers", `
			login
			port
			C: RETR a
			data d1 S:20 > C:50000
			S: 150 here
			d1> 10
			d1 fin >
			S: 226 done
			C: RETR b
			data d2 S:20 > C:50000
			S: 150 here
			d2> 20
			d2 fin >
			S: 226 done
			C: RETR c
			S: 550 none
			C: RETR d
			data d3 S:2020 > C:50000
			S: 150 here
			d3> 30
			d3 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=10 reply=226 ok
			2 RETR b PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=20 reply=226 ok
			3 RETR c PORT active announced=C:50000 reply=550 denied
			4 RETR d PORT active announced=C:50000 initiator=server data=S:2020>C:50000 bytes=30 reply=226 ok`},
		{"default data port", `
			login
			C: LIST
			S: 150 here
			data d1 S:20 > C:51234
			d1> 70
			d1 fin >
			S: 226 done
			C: STOR b
			S: 150 here
			data d2 S:20 > C:51234
			d2< 80
			d2 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 LIST path=. default active initiator=server data=S:20>C:51234 bytes=70 reply=226 ok
			2 STOR b default active initiator=server data=S:20>C:51234 bytes=80 reply=226 ok`},
		{"no data connection, none negotiated", `
			login
			C: LIST
			S: 425 use PORT or PASV first
			bye`, `
			session user=bob login=ok
			1 LIST path=. default unknown reply=425 no-connection`},
	})
}
