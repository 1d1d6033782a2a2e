package match_test

import (
	"testing"

	"ftpscope/analyze/analyzetest"
)

// Who connects to whom, where more than two hosts, or fewer, are in it.
func TestHosts(t *testing.T) {
	analyzetest.RunAll(t, []analyzetest.Case{
		{"third host connects", `
			login
			pasv
			C: RETR a
			data d1 203.0.113.9:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=third-party
			1 RETR a PASV passive announced=S:50000 initiator=third-party data=203.0.113.9:40000>S:50000 bytes=70 reply=226 ok`},
		{"third host connects before the client does", `
			login
			pasv
			data d1 203.0.113.9:40000 > S:50000
			data d2 C:40000 > S:50000
			C: RETR a
			S: 150 here
			d2< 70
			d2 fin <
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"third host takes the place of the client, who is refused", `
			login
			pasv
			data d1 203.0.113.9:40000 > S:50000
			data d2 C:40000 > S:50000 refused
			C: RETR a
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=third-party
			1 RETR a PASV passive announced=S:50000 initiator=third-party data=203.0.113.9:40000>S:50000 bytes=70 reply=226 ok`},
		{"bounce: PORT names a third host", `
			login
			C: PORT 203,0,113,9,0,80
			S: 200 ok
			C: RETR a
			data d1 S:20 > 203.0.113.9:80
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=203.0.113.9:80 initiator=server data=S:20>203.0.113.9:80 bytes=70 reply=226 ok`},
		{"FXP, both sessions in the capture", `
			control c2 192.0.2.10:51235 > 192.0.2.22:21
			login
			c2S: 220 ready
			c2C: USER eve
			c2S: 230 in
			pasv
			c2C: PORT 192,0,2,21,195,80
			c2S: 200 ok
			C: RETR a
			c2C: STOR a
			data d1 192.0.2.22:20 > S:50000
			S: 150 here
			c2S: 150 here
			d1< 7000
			d1 fin <
			S: 226 done
			c2S: 226 done
			c2C: QUIT
			c2S: 221 bye
			c2 fin
			bye`, `
			session user=bob login=ok mode=passive by=third-party
			1 RETR a PASV passive announced=S:50000 initiator=third-party data=192.0.2.22:20>S:50000 bytes=7000 reply=226 ok
			session C:51235>192.0.2.22:21 user=eve login=ok mode=active by=server
			1 STOR a PORT active announced=S:50000 initiator=server data=192.0.2.22:20>S:50000 bytes=7000 reply=226 ok`},
		{"NAT: private address announced, passive", `
			login
			C: PASV
			S: 227 ok (10,0,0,5,195,80)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=10.0.0.5:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"NAT: 0.0.0.0 announced", `
			login
			C: PASV
			S: 227 ok (0,0,0,0,195,80)
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=0.0.0.0:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"NAT: private address announced, active", `
			login
			C: PORT 10,0,0,5,195,80
			S: 200 ok
			C: RETR a
			data d1 S:20 > C:50000
			S: 150 here
			d1> 70
			d1 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=10.0.0.5:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok`},
		{"NAT: the client tries the private address", `
			login
			C: PASV
			S: 227 ok (10,0,0,5,195,80)
			data d1 C:40000 > 10.0.0.5:50000 unanswered 2
			wait 5s
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 - PASV passive announced=10.0.0.5:50000 initiator=client data=C:40000>10.0.0.5:50000 unanswered attempts=2 reply=227 no-connection`},
		{"same port announced again later by another session", `
			control c2 192.0.2.11:51234 > 192.0.2.21:21
			login
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			c2S: 220 ready
			c2C: USER eve
			c2S: 230 in
			c2C: PASV
			c2S: 227 ok (192,0,2,21,195,80)
			c2C: RETR b
			data d2 192.0.2.11:40000 > S:50000
			c2S: 150 here
			d2< 80
			d2 fin <
			c2S: 226 done
			c2C: QUIT
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok
			session 192.0.2.11:51234>S:21 user=eve login=ok mode=passive by=client
			1 RETR b PASV passive announced=S:50000 initiator=client data=192.0.2.11:40000>S:50000 bytes=80 reply=226 ok`},
		{"several sessions at once between the same hosts", `
			control c2 192.0.2.10:51235 > 192.0.2.21:21
			login
			c2S: 220 ready
			c2C: USER eve
			c2S: 230 in
			C: PASV
			c2C: PASV
			S: 227 ok (192,0,2,21,195,81)
			c2S: 227 ok (192,0,2,21,195,82)
			c2C: RETR b
			C: RETR a
			data d1 C:40001 > S:50001
			data d2 C:40002 > S:50002
			S: 150 here
			c2S: 150 here
			d2< 82
			d1< 81
			d2 fin <
			d1 fin <
			S: 226 done
			c2S: 226 done
			c2C: QUIT
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50001 initiator=client data=C:40001>S:50001 bytes=81 reply=226 ok
			session C:51235>S:21 user=eve login=ok mode=passive by=client
			1 RETR b PASV passive announced=S:50002 initiator=client data=C:40002>S:50002 bytes=82 reply=226 ok`},
		{"several sessions at once, the same port at once by NAT", `
			control c2 192.0.2.11:51235 > 192.0.2.22:21
			login
			c2S: 220 ready
			c2C: USER eve
			c2S: 230 in
			C: PASV
			c2C: PASV
			S: 227 ok (10,0,0,1,195,80)
			c2S: 227 ok (10,0,0,1,195,80)
			c2C: RETR b
			C: RETR a
			data d1 C:40001 > S:50000
			data d2 192.0.2.11:40002 > 192.0.2.22:50000
			S: 150 here
			c2S: 150 here
			d2< 82
			d1< 81
			d2 fin <
			d1 fin <
			S: 226 done
			c2S: 226 done
			c2C: QUIT
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=10.0.0.1:50000 initiator=client data=C:40001>S:50000 bytes=81 reply=226 ok
			session 192.0.2.11:51235>192.0.2.22:21 user=eve login=ok mode=passive by=client
			1 RETR b PASV passive announced=10.0.0.1:50000 initiator=client data=192.0.2.11:40002>192.0.2.22:50000 bytes=82 reply=226 ok`},
		{"client and server on one host", `
			client 127.0.0.1:51234
			server 127.0.0.1:21
			login
			C: PORT 127,0,0,1,195,80
			S: 200 ok
			C: STOR a
			data d1 127.0.0.1:20 > 127.0.0.1:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			C: PASV
			S: 227 ok (127,0,0,1,195,81)
			C: STOR b
			data d2 127.0.0.1:40000 > 127.0.0.1:50001
			S: 150 here
			d2> 80
			d2 fin >
			S: 226 done
			bye`, `
			session 127.0.0.1:51234>127.0.0.1:21 user=bob login=ok mode=mixed by=mixed
			1 STOR a PORT active announced=127.0.0.1:50000 initiator=server data=127.0.0.1:20>127.0.0.1:50000 bytes=70 reply=226 ok
			2 STOR b PASV passive announced=127.0.0.1:50001 initiator=client data=127.0.0.1:40000>127.0.0.1:50001 bytes=80 reply=226 ok`},
	})
}
