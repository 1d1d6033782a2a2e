package match_test

import (
	"testing"

	"ftpscope/analyze/analyzetest"
)

// In MODE E a transfer has the bytes of all its connections; in other modes only one is its.
func TestParallel(t *testing.T) {
	analyzetest.RunAll(t, []analyzetest.Case{
		{"MODE E, passive", `
			login
			C: MODE E
			S: 200 ok
			C: OPTS RETR Parallelism=3,3,3;
			S: 200 ok
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			data d2 C:40001 > S:50000
			data d3 C:40002 > S:50000
			S: 150 here
			d1< 70
			d2< 500
			d3< 30
			d1 fin <
			d2 fin <
			d3 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 attempts=3 bytes=600 reply=226 ok`},
		{"MODE E, active", `
			login
			C: MODE E
			S: 200 ok
			C: PORT 192,0,2,10,195,81
			S: 200 ok
			C: STOR a
			S: 150 here
			data d1 S:20 > C:50001
			data d2 S:40020 > C:50001
			d1< 10
			d2< 20
			d1 fin <
			d2 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 STOR a PORT active announced=C:50001 initiator=server data=S:20>C:50001 attempts=2 bytes=30 reply=226 ok`},
		{"SPAS, two hosts of the server", `
			login
			C: MODE E
			S: 200 ok
			C: SPAS
			S: 229-Entering Striped Passive Mode.
			S:  192,0,2,21,195,80
			S:  192,0,2,22,195,81
			S: 229 End
			C: RETR a
			data d1 C:40000 > S:50000
			data d2 C:40001 > 192.0.2.22:50001
			S: 150 here
			d1< 70
			d2< 500
			d1 fin <
			d2 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=passive by=client
			1 RETR a SPAS passive announced=S:50000 initiator=client data=C:40000>S:50000 attempts=2 bytes=570 reply=226 ok`},
		{"SPOR, and PASV after it", `
			login
			C: MODE E
			S: 200 ok
			C: SPOR 192,0,2,10,195,81 192,0,2,10,195,82
			S: 200 ok
			C: STOR a
			S: 150 here
			data d1 S:20 > C:50001
			data d2 S:40020 > C:50002
			d1< 10
			d2< 20
			d1 fin <
			d2 fin <
			S: 226 done
			pasv
			C: RETR a
			data d3 C:40000 > S:50000
			S: 150 here
			d3< 70
			d3 fin <
			S: 226 done
			bye`, `
			session user=bob login=ok mode=mixed by=mixed
			1 STOR a SPOR active announced=C:50001 initiator=server data=S:20>C:50001 attempts=2 bytes=30 reply=226 ok
			2 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=70 reply=226 ok`},
		{"SPAS without endpoints", `
			login
			C: SPAS
			S: 229 nothing
			C: RETR a
			S: 425 no
			bye`, `
			session user=bob login=ok mode=passive
			1 RETR a SPAS passive reply=425 no-connection`},
	})
}
