package analyze_test

import (
	"fmt"
	"strings"

	"ftpscope/analyze/analyzetest"
)

// What the attacker damages besides the samples: each way to open a data connection and to
// fail, over IPv4 and over IPv6.

// family writes the statements of conversations in one version of IP.
type family struct {
	name, client, server, eprt string
	hasPORT                    bool
}

var families = []family{
	{"IPv4", "192.0.2.10", "192.0.2.21", "1|192.0.2.10", true}, {"IPv6", "[2001:db8::10]", "[2001:db8::21]", "2|2001:db8::10", false},
}

// begin opens the control connection to a port.
func (f family) begin(port int) string {
	return fmt.Sprintf("client %s:51234\nserver %s:%d\n", f.client, f.server, port)
}

// pass is PASV or EPSV, act PORT or EPRT: what is older for even numbers, where there is it.
func (f family) pass(n int) string {
	if f.hasPORT && n%2 == 0 {
		return fmt.Sprintf("C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,195,%d)\n", 80+n)
	}
	return fmt.Sprintf("C: EPSV\nS: 229 Entering Extended Passive Mode (|||%d|)\n", 50000+n)
}

func (f family) act(n int) string {
	if f.hasPORT && n%2 == 0 {
		return fmt.Sprintf("C: PORT 192,0,2,10,195,%d\nS: 200 ok\n", 80+n)
	}
	return fmt.Sprintf("C: EPRT |%s|%d|\nS: 200 ok\n", f.eprt, 50000+n)
}

// byClient and byServer open the data connection.
func (f family) byClient(n int) string {
	return fmt.Sprintf("data d%[1]d %[2]s:%[3]d > %[4]s:%[5]d", n, f.client, 40000+n, f.server, 50000+n)
}

func (f family) byServer(n int) string {
	return fmt.Sprintf("data d%[1]d %[2]s:20 > %[3]s:%[4]d", n, f.server, f.client, 50000+n)
}

// passive and active are whole transfers; way is where the data go on their connection.
func (f family) passive(n int, command, way string) string {
	return fmt.Sprintf("%[2]sC: %[3]s f%[1]d\n%[4]s\nS: 150 here\nd%[1]d%[5]s %[6]d\nd%[1]d fin %[5]s\nS: 226 done\n", n, f.pass(n), command, f.byClient(n), way, 4000+n)
}

func (f family) active(n int, command, way string) string {
	return fmt.Sprintf("%[2]sC: %[3]s f%[1]d\nS: 150 here\n%[4]s\nd%[1]d%[5]s %[6]d\nd%[1]d fin %[5]s\nS: 226 done\n", n, f.act(n), command, f.byServer(n), way, 3000+n)
}

// attacked are the conversations.
func attacked() (list []analyzetest.Conversation) {
	for _, f := range families {
		login := f.begin(21) + "login\nC: TYPE I\nS: 200 ok\n"
		said := strings.Repeat(analyzetest.Said, 6) + analyzetest.Asked + f.byClient(1) + "\n" + analyzetest.Told + "d1< 7000\nd1 fin <\n" + analyzetest.Told
		for _, c := range [][2]string{
			{"passive", login + f.passive(1, "RETR", "<") + f.passive(2, "STOR", ">")},
			{"active", login + f.active(1, "RETR", ">") + f.active(2, "STOR", "<")},
			{"mixed", login + f.passive(2, "RETR", "<") + f.active(1, "STOR", "<") + f.passive(3, "APPE", ">") + f.active(4, "LIST", ">")},
			{"failed", login + f.pass(1) + "C: RETR x\nS: 550 no\n" + f.pass(2) + f.byClient(2) + " refused\nC: RETR y\nS: 425 no\n" + f.active(3, "LIST", ">")},
			{"waited", login + f.pass(1) + f.byClient(1) + " unanswered 3\nwait 30s\nC: RETR y\nS: 425 no\n" + f.passive(2, "RETR", "<")},
			{"login", f.begin(21) + "S: 220 ready\nC: SYST\nS: 530 log in\nC: USER bob\nS: 331 p\nC: PASS x\nS: 530 no\nC: USER bob\nS: 331 p\nC: PASS y\nS: 230 in\nC: PWD\nS: 257 \"/\"\nC: CWD a\nS: 250 ok\n" + f.passive(1, "RETR", "<")},
			{"explicit", f.begin(21) + "S: 220 ready\nC: AUTH TLS\nS: 234 go\n" + analyzetest.Hello + said + analyzetest.Said + analyzetest.Asked + f.byServer(2) + "\n" + analyzetest.Told + "d2< 3000\nd2 fin <\n" + analyzetest.Told + "close C"},
			{"implicit", f.begin(990) + analyzetest.Hello + said + "close C"},
			{"aborted", login + f.pass(1) + "C: RETR a\n" + f.byClient(1) + "\nS: 150 here\nd1< 5000\nC: ABOR\nd1 rst <\nS: 426 aborted\nS: 226 ok\n" + f.passive(2, "RETR", "<")},
			{"unusual", login + f.pass(1) + "C: REST 100\nS: 350 ok\nC: RETR a\n" + f.byClient(1) + "\nS: 150 here\nd1< 5000\nd1 fin <\nS: 226 ok\n" + f.pass(2) + "C: STOU\n" + f.byClient(2) + "\nS: 150 FILE: ftp0012.tmp\nd2> 500\nd2 fin >\nS: 226 ok\n"},
			{"idle", login + f.passive(1, "RETR", "<") + "wait 60s\nS: 421 timeout\nclose S"},
			{"refused", f.begin(21) + "S: 220 ready\nC: AUTH TLS\nS: 502 no\nC: AUTH SSL\nS: 502 no\nC: USER bob\nS: 331 p\nC: PASS y\nS: 230 in\n" + f.passive(1, "STOR", ">")},
			{"inner", login + "C: EPSV\nS: 522 no\n" + f.active(1, "NLST", ">") + "C: QUIT\nS: 221-bye\nS: 530 no\nS:  226 x\nS: 221 end\nclose C"},
		} {
			if !strings.Contains(c[1], "close ") {
				c[1] += "bye"
			}
			list = append(list, analyzetest.Conversation{Name: f.name + " " + c[0], Script: c[1]})
		}
	}
	return list
}
