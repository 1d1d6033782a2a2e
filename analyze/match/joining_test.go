package match_test

import (
	"testing"

	"ftpscope/analyze/analyzetest"
)

// Which connection is a transfer's: SPEC.md's rules, one by one.
func TestJoining(t *testing.T) {
	analyzetest.RunAll(t, []analyzetest.Case{
		{"several transfers on one session", `
			login
			pasv
			C: LIST
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			C: PASV
			S: 227 ok (192,0,2,21,195,81)
			C: RETR a
			data d2 C:40001 > S:50001
			S: 150 here
			d2< 71
			d2 fin <
			S: 226 done
			pasv
			C: RETR b
			data d3 C:40000 > S:50000
			S: 150 here
			d3< 72
			d3 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 LIST path=. PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok
			2 RETR a PASV passive announced=S:50001 initiator=client data=C:40001>S:50001 bytes=71 reply=226 ok
			3 RETR b PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=72 reply=226 ok`},
		{"connection before the command", `
			login
			pasv
			data d1 C:40000 > S:50000
			wait 20s
			C: RETR a
			S: 125 open already
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"connection before the reply to PORT", `
			login
			C: PORT 192,0,2,10,195,80
			data d1 S:20 > C:50000
			S: 200 ok
			C: RETR a
			S: 125 open already
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok`},
		{"refused, then tried again", `
			login
			pasv
			data d1 C:40000 > S:50000 refused
			data d2 C:40001 > S:50000 refused
			data d3 C:40002 > S:50000
			C: RETR a
			S: 150 here
			d3< 70
			d3 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40002>S:50000 attempts=3 bytes=70 reply=226 ok`},
		{"unanswered", `
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000 unanswered 3
			wait 30s
			S: 425 no connection
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 unanswered attempts=3 reply=425 no-connection`},
		{"unanswered, and the client gives up", `
			login
			pasv
			data d1 C:40000 > S:50000 unanswered 3
			wait 30s
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 - PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 unanswered attempts=3 reply=227 no-connection`},
		{"unreachable by ICMP", `
			login
			port
			C: RETR a
			S: 150 here
			data d1 S:20 > C:50000 unreachable 13
			S: 425 no connection
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 unreachable reply=425 no-connection`},
		{"never tried, then 425", `
			login
			pasv
			C: RETR a
			wait 60s
			S: 425 no connection
			bye`, `
			session user=bob login=ok mode=passive
			1 RETR a PASV passive announced=S:50000 reply=425 no-connection`},
		{"never tried, then 426", `
			login
			pasv
			C: RETR a
			S: 150 here
			wait 60s
			S: 426 gave up
			bye`, `
			session user=bob login=ok mode=passive
			1 RETR a PASV passive announced=S:50000 reply=426 no-connection`},
		{"never tried, then 421", `
			login
			pasv
			C: RETR a
			wait 60s
			S: 421 no data connection
			close S`, `
			session user=bob login=ok mode=passive closing=fin
			1 RETR a PASV passive announced=S:50000 reply=421 no-connection`},
		{"550 before any connection", `
			login
			pasv
			C: RETR a
			S: 550 none
			bye`, `
			session user=bob login=ok mode=passive
			1 RETR a PASV passive announced=S:50000 reply=550 denied`},
		{"550 although connected", `
			login
			pasv
			data d1 C:40000 > S:50000
			C: RETR a
			S: 550 none
			d1 fin <
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 reply=550 denied`},
		{"same 4-tuple again with a new SYN", `
			login
			port
			C: RETR a
			data d1 S:20 > C:50000
			S: 150 here
			d1> 70
			S: 226 done
			C: RETR b
			seed again
			data d2 S:20 > C:50000
			S: 150 here
			d2> 80
			d2 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok
			2 RETR b PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=80 reply=226 ok`},
		{"data reset", `
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 rst >
			S: 426 broken
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=426 aborted`},
		{"data reset, no final reply", `
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 rst <
			rst S`, `
			session user=bob login=ok mode=passive by=client closing=rst
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 aborted`},
		{"control port attempts", `
			data d1 C:40000 > S:21 refused
			data d2 C:40001 > S:21 refused
			data d3 C:40002 > 192.0.2.22:21 unanswered 3
			router 203.0.113.1
			data d4 192.0.2.11:40003 > S:21 unreachable 10
			data d5 C:40005 > S:80 refused`, `
			attempt C>S:21 2 refused
			attempt C>192.0.2.22:21 3 unanswered
			attempt 192.0.2.11>S:21 1 unreachable icmp=203.0.113.1/3/10`},
		{"orphans", `
			data d1 S:20 > C:50000
			d1> 700
			d1 fin >
			data d2 S:20 > C:50001 refused
			data d3 S:20 > C:50002
			d3 fin >
			data d4 C:40000 > S:50000
			d4< 700`, `
			orphan active S:20>C:50000 bytes=700`},
	})
}
