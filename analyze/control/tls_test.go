package control_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

var resumed = "C! " + analyzetest.TLSHello(1, 650) + "\nS! " + analyzetest.TLSHello(2, 161) + analyzetest.TLSRecord(20, 1) + analyzetest.TLSRecord(23, 69) + "\nC! " + analyzetest.TLSRecord(20, 1) + analyzetest.TLSRecord(23, 69) + "\n"

// RFC 4217, RFC 2228: AUTH, what follows under TLS, and CCC.
func TestTLS(t *testing.T) {
	const auth = "S: 220 ready\nC: AUTH TLS\nS: 234 go\n"
	start := auth + analyzetest.Hello + analyzetest.Said + analyzetest.Said
	const clear = "C: USER bob\nS: 331 p\nC: PASS x\nS: 230 in\nC: RETR a\nS: 550 no\nbye"
	analyzetest.RunAll(t, []analyzetest.Case{
		{"accepted, one passive transfer", start + analyzetest.Said + analyzetest.Asked + `
			data d1 C:40000 > S:50000
			` + analyzetest.Told + `
			d1< 70000
			d1 fin <
			` + analyzetest.Told + `
			wait 3s
			close C`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred download bytes=70000 unknown`},
		{"accepted, which is lost, and TLS comes with AUTH", "S: 220 ready\nC! AUTH TLS\\r\\n" + analyzetest.TLSHello(1, 300) + "\nlost S: 234 go\nS! " + analyzetest.TLSHello(2, 161) + "\n" + analyzetest.Said + "close C", `
			session tls=explicit closing=fin missing=8`},
		{"accepted, which is lost, and TLS comes byte by byte", "S: 220 ready\nC: AUTH TLS\nlost S: 234 go\nC! \\x16\nC! \\x03\nC! \\x01" + analyzetest.TLSHello(1, 300)[12:] + "\nS! " + analyzetest.TLSHello(2, 161) + "\n" + analyzetest.Said + "close C", `
			session tls=explicit closing=fin missing=8`},
		{"accepted, one active transfer and one upload", start + analyzetest.Said + analyzetest.Asked + `
			data d1 S:20 > C:50000
			` + analyzetest.Told + `
			d1> 70000
			d1 fin >
			` + analyzetest.Told + analyzetest.Asked + `
			data d2 S:61000 > C:50001
			` + analyzetest.Told + `
			d2< 80000
			d2 fin <
			` + analyzetest.Told + `close C`, `
			session tls=explicit mode=active by=server closing=fin
			1 - encrypted active initiator=server data=S:20>C:50000 evidence=inferred download bytes=70000 unknown
			2 - encrypted active initiator=server data=S:61000>C:50001 evidence=inferred upload bytes=80000 unknown`},
		{"short ones: the handshake outweighs the data, and the client closes first", start + analyzetest.Asked + `
			data d1 C:40000 > S:50000
			` + strings.NewReplacer("C!", "d1>!", "S!", "d1<!").Replace(resumed) + `
			d1<! ` + analyzetest.TLSRecord(23, 120) + analyzetest.TLSRecord(23, 19) + `
			d1>! ` + analyzetest.TLSRecord(23, 19) + `
			d1 fin >
			d1 fin <
			` + analyzetest.Told + analyzetest.Asked + `
			data d2 C:40001 > S:50001
			` + strings.NewReplacer("C!", "d2>!", "S!", "d2<!").Replace(resumed) + `
			d2>! ` + analyzetest.TLSRecord(23, 120) + analyzetest.TLSRecord(23, 19) + `
			d2<! ` + analyzetest.TLSRecord(23, 19) + `
			d2 fin <
			d2 fin >
			` + analyzetest.Told + `close C`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred download bytes=395 unknown
			2 - encrypted passive initiator=client data=C:40001>S:50001 evidence=inferred upload bytes=884 unknown`},
		{"short ones with a client's certificate", start + analyzetest.Asked + `
			data d1 C:40000 > S:50000
			d1>! ` + analyzetest.TLSHello(1, 650) + `
			d1<! ` + analyzetest.TLSHello(2, 161) + analyzetest.TLSRecord(20, 1) + analyzetest.TLSRecord(23, 900) + analyzetest.TLSRecord(23, 69) + `
			d1>! ` + analyzetest.TLSRecord(20, 1) + analyzetest.TLSRecord(23, 800) + analyzetest.TLSRecord(23, 69) + `
			d1<! ` + analyzetest.TLSRecord(23, 120) + analyzetest.TLSRecord(23, 19) + `
			d1>! ` + analyzetest.TLSRecord(23, 19) + `
			d1 fin >
			d1 fin <
			` + analyzetest.Told + `close C`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred download bytes=1300 unknown`},
		{"a short upload, the server's tickets after it, and a handshake that failed", start + analyzetest.Asked + `
			data d1 C:40000 > S:50000
			d1>! ` + analyzetest.TLSHello(1, 512) + `
			d1<! ` + analyzetest.TLSHello(2, 122) + analyzetest.TLSRecord(20, 1) + analyzetest.TLSRecord(23, 900) + analyzetest.TLSRecord(23, 69) + `
			d1>! ` + analyzetest.TLSRecord(20, 1) + analyzetest.TLSRecord(23, 69) + analyzetest.TLSRecord(23, 117) + analyzetest.TLSRecord(23, 19) + `
			d1<! ` + analyzetest.TLSRecord(23, 282) + analyzetest.TLSRecord(23, 282) + `
			d1 fin >
			d1 fin <
			` + analyzetest.Told + analyzetest.Asked + `
			data d2 C:40001 > S:50001
			d2>! ` + analyzetest.TLSHello(1, 512) + `
			d2 rst <
			` + analyzetest.Told + `close C`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred upload bytes=743 unknown
			2 - encrypted passive initiator=client data=C:40001>S:50001 evidence=inferred bytes=517 unknown`},
		{"lower case, ssl, answered 200", "S: 220 ready\nC: auth ssl\nS: 200 go\n" + analyzetest.Hello + analyzetest.Said + `
			data d1 C:40000 > S:50000
			d1< 70000
			d1 fin <
			close C`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred download bytes=70000 unknown`},
		{"refused by 502", "S: 220 ready\nC: AUTH TLS\nS: 502 no\n" + clear, `
			session user=bob login=ok tls=refused
			1 RETR a default unknown reply=550 denied`},
		{"refused, SSL refused", "S: 220 ready\nC: AUTH TLS\nS: 504 no\nC: AUTH SSL\nS: 504 no\n" + clear, `
			session user=bob login=ok tls=refused
			1 RETR a default unknown reply=550 denied`},
		{"TLS refused, SSL accepted", "S: 220 ready\nC: AUTH TLS\nS: 504 no\nC: AUTH SSL\nS: 234 ok\n" + analyzetest.Hello + analyzetest.Said + "close C", `
			session tls=explicit closing=fin`},
		{"accepted, but the client does not begin", auth + "wait 20s\nclose C", `
			session tls=explicit closing=fin`},
		{"two sessions at once", `
			control c2 192.0.2.10:51235 > 192.0.2.21:21
			` + start + strings.NewReplacer("S:", "c2S:", "C:", "c2C:", "S!", "c2S!", "C!", "c2C!").Replace(start+analyzetest.Said+analyzetest.Asked) + `
			data d2 C:40002 > S:50002
			` + analyzetest.Said + analyzetest.Asked + `
			data d1 C:40001 > S:50001
			d2< 70002
			d1< 70001
			d2 fin <
			d1 fin <
			close C
			c2 close >`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40001>S:50001 evidence=inferred download bytes=70001 unknown
			session C:51235>S:21 tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40002>S:50002 evidence=inferred download bytes=70002 unknown`},
		{"refused and unanswered under TLS", start + analyzetest.Asked + `
			data d1 C:40000 > S:50000 refused
			` + analyzetest.Told + analyzetest.Asked + `
			data d2 C:40001 > S:50001 unanswered 2
			` + analyzetest.Told + "close C", `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 refused evidence=inferred unknown
			2 - encrypted passive initiator=client data=C:40001>S:50001 unanswered attempts=2 evidence=inferred unknown`},
		{"implicit on 990", "server 192.0.2.21:990\n" + analyzetest.Hello + analyzetest.Said + analyzetest.Asked + `
			data d1 C:40000 > S:50000
			` + analyzetest.Told + `
			d1> 70000
			d1 fin >
			` + analyzetest.Told + "close C", `
			session C:51234>S:990 tls=implicit mode=passive by=client closing=fin no banner
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred upload bytes=70000 unknown`},
		{"CCC back to clear text", start + analyzetest.Asked + "S! " + analyzetest.TLSRecord(23, 40) + "\nC! " + analyzetest.TLSRecord(21, 18) + "\nS! " + analyzetest.TLSRecord(21, 18) + `
			pasv
			C: RETR a
			data d1 C:40000 > S:50000
			S: 150 here
			d1< 700
			d1 fin <
			S: 226 done
			bye`, `
			session login=ok tls=explicit mode=passive by=client
			1 RETR a PASV passive announced=S:50000 initiator=client data=C:40000>S:50000 bytes=700 reply=226 ok`},
		{"GSSAPI: 334, 335, MIC and ENC", `
			S: 220 ready
			C: AUTH GSSAPI
			S: 334 go on
			C: ADAT YWJj
			S: 335 ADAT=YWJj
			C: ADAT ZGVm
			S: 235 ADAT=
			C: MIC VVNFUiBib2I=
			S: 631 MjMyIG9r
			C: ENC UEFTVg==
			S: 633 MjI3
			data d1 C:40000 > S:50000
			d1< 70000
			d1 fin <
			S: 633 MjI2
			close C`, `
			session tls=explicit mode=passive by=client closing=fin
			1 - encrypted passive initiator=client data=C:40000>S:50000 evidence=inferred download bytes=70000 unknown`},
		{"another control connection meanwhile is no transfer", start + `
			control c2 192.0.2.10:51235 > 192.0.2.21:21
			c2S: 220 ready
			c2C: QUIT
			c2S: 221 bye
			c2 fin >
			` + analyzetest.Said + "close C", `
			session tls=explicit closing=fin
			session C:51235>S:21`},
	})
}

// TestTLSHandshakes reads those of the sample captures, which real clients and servers made.
func TestTLSHandshakes(t *testing.T) {
	offered := []string{"TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0"}
	fresh := record.Resumption{Full: true, Resumable: true, Tickets: []int{233, 233}}
	for name, want := range map[string]*record.TLSInfo{
		"auth-tls": {ClientHello: packet(11), ServerHello: packet(14), Offered: offered,
			Version: "TLS 1.3", Cipher: "TLS_AES_256_GCM_SHA384", Encrypted: true, Resumption: fresh},
		"auth-tls-active": {ClientHello: packet(25), ServerHello: packet(26), ServerName: "192.0.2.21", Offered: offered,
			Version: "TLS 1.3", Cipher: "TLS_AES_256_GCM_SHA384", Encrypted: true, Resumption: fresh},
		"auth-tls-refused": nil,
		"passive-pasv":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			got := analyzetest.Collect(t, analyze.Options{}, nil, "../../pcaps/"+name+".pcap").Sessions[0].Handshake
			if got != nil {
				require.Len(t, got.JA3, 32)
				require.Len(t, got.JA4, 36)
				require.Len(t, got.JA3S, 32)
				got.ClientHello.Time, got.ServerHello.Time, got.Random, got.Fingerprints = 0, 0, [32]byte{}, record.Fingerprints{}
				require.NotEmpty(t, got.Replies)
				got.Replies = nil
			}
			require.Equal(t, want, got)
		})
	}
}

func packet(n uint64) flow.Mark { return flow.Mark{Ord: n, Pos: flow.At(0, n)} }

// What AUTH asks for other than TLS has its name.
func TestOtherSecurity(t *testing.T) {
	for asked, want := range map[string]string{"TLS": "", "ssl": "", "TLS-C": "", "gssapi ": "GSSAPI", "KERBEROS_V4": "KERBEROS_V4", "a name that is far too long": ""} {
		c := analyzetest.Conversation{Script: "S: 220 ready\nC: AUTH " + asked + "\nS: 334 go on\nC: MIC VVNF\nS: 631 MjMy\nclose C"}
		var b bytes.Buffer
		require.NoError(t, capturetest.WritePcap(&b, c.Frames(t), capturetest.PcapOptions{}))
		got := analyzetest.Collect(t, analyze.Options{}, b.Bytes()).Sessions[0]
		require.Equal(t, want, got.Notes.Security)
		require.Equal(t, record.TLSExplicit, got.TLS)
	}
}
