package verdict_test

import "testing"

// TestBounces has clients that have the server connect to others: the cause is what met the
// server there, and the client is to blame.
func TestBounces(t *testing.T) {
	situate(t, []situation{
		{
			name: "nmap -b, a port that is closed", script: login + `
				C: PORT 10,1,2,3,0,22
				S: 200 PORT command successful.
				C: LIST
				S: 150 Opening ASCII mode data connection.
				S: 226 Transfer complete.
				C: PORT 10,1,2,3,0,80
				S: 200 PORT command successful.
				C: LIST
				S: 425 Can't build data connection: Connection refused.` + quit,
			want: "data-refused client likely", transfer: 2,
			says: []string{"10.1.2.3:80", "not the client", "bounce scan, with 2 such commands", `425 "Can't build data connection: Connection refused."`, "vsftpd pasv_promiscuous=NO"}, never: []string{"passive mode", "whether a NAT"},
		},
		{
			name: "the server's SYN is refused there", script: login + `
				C: PORT 203,0,113,31,31,144
				S: 200 Ok.
				data d1 203.0.113.21:20 > 203.0.113.31:8080 refused
				C: NLST
				S: 425 Could not open data connection to port 8080: Connection refused` + quit,
			want: "data-refused client likely", transfer: 1,
			says: []string{"203.0.113.31:8080", "this is a bounce;", "1 SYN to 203.0.113.31:8080 met RST", `425 "Could not open`}, never: []string{"container", "passive range", "passive mode"},
		},
		{
			name: "it has no answer", script: login + `
				C: PORT 203,0,113,31,0,25
				S: 200 Ok.
				data d1 203.0.113.21:20 > 203.0.113.31:25 unanswered 3
				C: LIST
				wait 20s
				S: 426 Data connection timed out.` + quit,
			want: "data-blocked client likely", transfer: 1,
			says: []string{"bounce", "3 SYNs to 203.0.113.31:25 got no answer", "timed out"}, never: []string{"permit TCP"},
		},
		{
			name: "the capture does not show the server's SYN, a private host", script: login + `
				C: PORT 10,1,2,3,0,25
				S: 200 Ok.
				C: LIST
				wait 20s
				S: 426 timed out` + quit,
			want: "data-blocked client likely data-never-tried", transfer: 1,
			says: []string{"10.1.2.3:25", "bounce", `426 "timed out"`}, never: []string{"NAT"},
		},
		{
			name: "the server refuses", script: login + `
				C: PORT 203,0,113,31,0,22
				S: 500 Illegal PORT command.` + quit,
			want: "mode-rejected server certain", transfer: 1,
			says: []string{"203.0.113.31, which is not the client", "Illegal PORT command", "was right to refuse"}, never: []string{"NAT", "permit"},
		},
	})
}
