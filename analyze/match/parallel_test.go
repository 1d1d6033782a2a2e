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
	})
}
