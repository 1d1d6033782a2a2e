package control_test

import (
	"testing"

	"ftpscope/analyze/analyzetest"
)

const atPassive = " PASV passive announced=S:50000 initiator=client data=C:40000>S:50000"

// What transfer commands and those before them mean for the record.
func TestCommands(t *testing.T) {
	const began = "login\n"
	const in = "session user=bob login=ok mode=passive by=client\n"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"REST and RETR", began + "C: REST 1000\nS: 350 ok\n" + analyzetest.Passed("RETR a", "70") + "bye",
			in + "1 RETR a rest=1000" + atPassive + " bytes=70 reply=226 ok"},
		{"REST, then PASV and RETR; the next one has none", began + "C: REST 1000\nS: 350 ok\n" + analyzetest.Passed("RETR a", "70") + `
			port
			C: RETR b
			S: 550 no
			bye`,
			"session user=bob login=ok mode=mixed by=client\n1 RETR a rest=1000" + atPassive + " bytes=70 reply=226 ok\n2 RETR b PORT active announced=C:50000 reply=550 denied"},
		{"REST rejected", began + "C: REST 1000\nS: 502 no\n" + analyzetest.Passed("RETR a", "70") + "bye",
			in + "1 RETR a" + atPassive + " bytes=70 reply=226 ok"},
		{"REST rejected after RETR was sent", began + `
			pasv
			C! REST 1000\r\nRETR a\r\n
			S: 502 no
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, in + "1 RETR a" + atPassive + " bytes=70 reply=226 ok"},
		{"APPE", began + analyzetest.Pushed("APPE a", "70") + "bye", in + "1 APPE a" + atPassive + " bytes=70 reply=226 ok"},
		{"STOU", began + analyzetest.Pushed("STOU", "70") + "bye", in + "1 STOU" + atPassive + " bytes=70 reply=226 ok"},
		{"STOU, answered 250", began + "pasv\nC: STOU\ndata d1 C:40000 > S:50000\nS: 150 FILE: x1\nd1> 70\nd1 fin >\nS: 250 done\nbye",
			in + "1 STOU path=x1" + atPassive + " bytes=70 reply=250 ok"},
		{"LIST with options", began + analyzetest.Passed("LIST -la /pub", "70") + "bye",
			in + "1 LIST -la /pub path=/pub" + atPassive + " bytes=70 reply=226 ok"},
		{"NLST with options only", began + analyzetest.Passed("NLST -R", "70") + "bye",
			in + "1 NLST -R path=." + atPassive + " bytes=70 reply=226 ok"},
		{"MLSD", began + analyzetest.Passed("MLSD pub", "70") + "bye", in + "1 MLSD pub" + atPassive + " bytes=70 reply=226 ok"},
		{"TYPE A, I, L 8, E", began + `
			C: TYPE A
			S: 200 ok
			C: RETR a
			S: 550 no
			C: type i
			S: 200 ok
			C: RETR b
			S: 550 no
			C: TYPE L 8
			S: 200 ok
			C: RETR c
			S: 550 no
			C: TYPE E N
			S: 200 ok
			C: RETR d
			S: 550 no
			C: TYPE A N
			S: 200 ok
			C: RETR e
			S: 550 no
			bye`, `
			session user=bob login=ok
			1 RETR a type=A default unknown reply=550 denied
			2 RETR b type=I default unknown reply=550 denied
			3 RETR c type=L8 default unknown reply=550 denied
			4 RETR d type=E default unknown reply=550 denied
			5 RETR e type=A default unknown reply=550 denied`},
		{"TYPE rejected", began + `
			C: TYPE I
			S: 200 ok
			C: TYPE E
			S: 504 no
			C: RETR a
			S: 550 no
			bye`, "session user=bob login=ok\n1 RETR a type=I default unknown reply=550 denied"},
		{"TYPE rejected after RETR was sent", began + `
			C: TYPE I
			S: 200 ok
			C! TYPE E\r\nRETR a\r\n
			S! 504 no\r\n550 no\r\n
			bye`, "session user=bob login=ok\n1 RETR a type=I default unknown reply=550 denied"},
		{"TYPE, SIZE, PASV and RETR in one segment", began + `
			C! TYPE I\r\nSIZE a\r\nPASV\r\nRETR a\r\n
			S! 200 ok\r\n213 70\r\n227 ok (192,0,2,21,195,80)\r\n
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, in + "1 RETR a type=I" + atPassive + " bytes=70 reply=226 ok"},
		{"USER, PASS, PWD, PASV and RETR in one segment", `
			S: 220 ready
			C! USER bob\r\nPASS secret\r\nPWD\r\nPASV\r\nRETR a\r\n
			S! 331 password\r\n230 in\r\n257 "/home/bob" is cwd\r\n227 ok (192,0,2,21,195,80)\r\n
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S: 226 done
			bye`, in + "1 RETR a path=/home/bob/a" + atPassive + " bytes=70 reply=226 ok"},
		{"PORT and RETR in one segment", began + `
			C! PORT 192,0,2,10,195,80\r\nRETR a\r\n
			S! 200 ok\r\n150 here\r\n
			data d1 S:20 > C:50000
			d1> 70
			d1 fin >
			S: 226 done
			bye`, "session user=bob login=ok mode=active by=server\n1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok"},
		{"PORT and RETR in one segment, PORT rejected", began + `
			C! PORT 192,0,2,10,195,80\r\nRETR a\r\n
			S! 500 no\r\n425 no\r\n
			bye`, "session user=bob login=ok\n1 - PORT active announced=C:50000 reply=500 rejected\n2 RETR a default unknown reply=425 no-connection"},
		{"all replies come after all commands", `
			C! USER bob\r\nPASS x\r\nTYPE I\r\nPASV\r\nRETR a\r\nQUIT\r\n
			S! 220 ready\r\n331 p\r\n230 in\r\n200 ok\r\n227 ok (192,0,2,21,195,80)\r\n
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			d1 fin <
			S! 226 done\r\n221 bye\r\n
			close S`, in + "1 RETR a type=I" + atPassive + " bytes=70 reply=226 ok"},
		{"two RETR in one segment, two PORTs", began + `
			C! PORT 192,0,2,10,195,80\r\nRETR a\r\nPORT 192,0,2,10,195,81\r\nRETR b\r\n
			S! 200 ok\r\n150 here\r\n
			data d1 S:20 > C:50000
			d1> 70
			d1 fin >
			S! 226 done\r\n200 ok\r\n150 here\r\n
			data d2 S:20 > C:50001
			d2> 80
			d2 fin >
			S: 226 done
			bye`, `
			session user=bob login=ok mode=active by=server
			1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok
			2 RETR b PORT active announced=C:50001 initiator=server data=S:20>C:50001 bytes=80 reply=226 ok`},
		{"lower case, bare LF, spaces", `
			S: 220 ready
			C! user bob\npass x\n
			S! 331 p\n230 in\n
			C! pasv\n
			S! 227 ok (192,0,2,21,195,80)\n
			C! retr my  file \n
			data d1 C:40000 > S:50000
			S! 150 here\n
			d1< 70
			d1 fin <
			S! 226 done\n
			C! quit\n
			S! 221 bye\n
			close S`, in + "1 RETR my  file " + atPassive + " bytes=70 reply=226 ok"},
		{"NOOP and STAT while a transfer runs", began + `
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			C: NOOP
			C: STAT
			d1 fin <
			S! 226 done\r\n200 fine\r\n211 idle\r\n
			C: RETR b
			S: 550 no
			bye`, in + "1 RETR a" + atPassive + " bytes=70 reply=226 ok\n2 RETR b default unknown reply=550 denied"},
		{"NOOP and STAT answered while a transfer runs", began + `
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			C: NOOP
			S: 200 fine
			C: STAT
			S: 211 busy
			C: NOOP
			S: 200 fine
			d1 fin <
			S: 226 done
			C: RETR b
			S: 550 no
			bye`, in + "1 RETR a" + atPassive + " bytes=70 reply=226 ok\n2 RETR b default unknown reply=550 denied"},
		{"NOOP unknown while a transfer runs, the last one behind it", began + `
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			C: NOOP
			S: 500 what
			C: NOOP
			d1 fin <
			S! 226 done\r\n500 what\r\n
			bye`, in + "1 RETR a" + atPassive + " bytes=70 reply=226 ok"},
		{"PORT answered behind what follows it", began + `
			C! PORT 192,0,2,10,195,80\r\nRETR a\r\n
			data d1 S:20 > C:50000
			S: 150 here
			S: 200 connected
			d1> 70
			d1 fin >
			S: 226 done
			C: NOOP
			S: 200 ok
			bye`, "session user=bob login=ok mode=active by=server\n1 RETR a PORT active announced=C:50000 initiator=server data=S:20>C:50000 bytes=70 reply=226 ok"},
		{"NOOP answered, the transfer never", began + `
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 70
			C: NOOP
			S: 200 fine
			d1 fin <
			C: RETR b
			S: 150 here
			S: 550 no
			bye`, in + "1 RETR a" + atPassive + " bytes=70 incomplete\n2 RETR b default unknown reply=550 no-connection"},
	})
}

// Where paths lead: CWD, CDUP, PWD and the X-commands of RFC 775.
func TestPaths(t *testing.T) {
	asked := func(name, before, path string) analyzetest.Case {
		if path != "" {
			path = " path=" + path
		}
		return analyzetest.Case{name, "login\n" + before + "\nC: RETR a\nS: 550 no\nbye",
			"session user=bob login=ok\n1 RETR a" + path + " default unknown reply=550 denied"}
	}
	analyzetest.RunAll(t, []analyzetest.Case{
		asked("nothing", "", ""),
		asked("relative", "C: CWD x\nS: 250 ok\nC: CWD y/z\nS: 250 ok", "x/y/z/a"),
		asked("absolute", "C: CWD /x//y/\nS: 250 ok", "/x/y/a"),
		asked("up", "C: CWD /x/y\nS: 250 ok\nC: CDUP\nS: 250 ok", "/x/a"),
		asked("up, answered 200", "C: CWD /x/y\nS: 250 ok\nC: CDUP\nS: 200 ok", "/x/a"),
		asked("up above the root", "C: CWD /x\nS: 250 ok\nC: CDUP\nS: 250 ok\nC: CDUP\nS: 250 ok", "/a"),
		asked("dots", "C: CWD /x/y\nS: 250 ok\nC: CWD ../z/.\nS: 250 ok", "/x/z/a"),
		asked("PWD", "C: PWD\nS: 257 \"/home/bob\" is current\nC: CWD x\nS: 250 ok", "/home/bob/x/a"),
		asked("PWD, quotes doubled", `C: PWD`+"\n"+`S: 257 "/a""b" is current`, `/a"b/a`),
		asked("X-commands", "C: XPWD\nS: 257 \"/h\" is current\nC: XCWD x/y\nS: 250 ok\nC: XCUP\nS: 200 ok", "/h/x/a"),
		asked("rejected", "C: CWD /x\nS: 250 ok\nC: CWD /y\nS: 550 no", "/x/a"),
		asked("CDUP rejected", "C: CWD /x/y\nS: 250 ok\nC: CDUP\nS: 550 no", "/x/y/a"),
		asked("two sent, the first rejected", `C! CWD /x\r\nCWD y\r\n`+"\nS! 550 no\\r\\n250 ok\\r\\n", "y/a"),
		asked("two sent, the second rejected", `C! CWD /x\r\nCWD y\r\n`+"\nS! 250 ok\\r\\n550 no\\r\\n", "/x/a"),
		asked("PWD while CWD pending", `C! PWD\r\nCWD y\r\n`+"\nS: 257 \"/h\" is\nS: 250 ok", "/h/y/a"),
		asked("PWD after CWD", `C! CWD y\r\nPWD\r\n`+"\nS: 250 ok\nS: 257 \"/other\" is", "/other/a"),
		asked("PWD and CWD, which is rejected", `C! PWD\r\nCWD y\r\n`+"\nS: 257 \"/h\" is\nS: 550 no", "/h/a"),
		asked("CWD home", "C: CWD /x\nS: 250 ok\nC: CWD ~bob\nS: 250 ok", "-"),
		{"CWD rejected after RETR was sent", `login
			C: CWD /x
			S: 250 ok
			C! CWD /y\r\nRETR a\r\n
			S! 550 no\r\n550 no\r\n
			bye`, "session user=bob login=ok\n1 RETR a path=/x/a default unknown reply=550 denied"},
		{"PWD answered after RETR was sent", `login
			C! PWD\r\nCWD y\r\nRETR a\r\n
			S! 257 "/h" is\r\n250 ok\r\n550 no\r\n
			bye`, "session user=bob login=ok\n1 RETR a path=/h/y/a default unknown reply=550 denied"},
	})
}
