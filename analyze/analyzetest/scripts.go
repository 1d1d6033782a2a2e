package analyzetest

import (
	"fmt"
	"strings"
)

// TLSRecord is a TLS record of n bytes as a script writes it.
func TLSRecord(kind, n int) string {
	return fmt.Sprintf(`\x%02x\x03\x03\x%02x\x%02x`, kind, n>>8, n&255) + strings.Repeat(`\x81`, n)
}

// TLSHello is a record of n bytes with the handshake message that a side begins with: 1
// ClientHello, 2 ServerHello, of TLS 1.3 with AES-256-GCM.
func TLSHello(message byte, n int) string {
	const clientSuites, serverSuite = "\x00\x02\x13\x02\x01\x00", "\x13\x02\x00"
	hello := "\x03\x03" + strings.Repeat("r", 32) + "\x00"
	if message == 1 {
		hello += clientSuites
	} else {
		hello += serverSuite
	}
	extensions := "\x00\x2b\x00\x02\x03\x04"
	left := n - 4 - len(hello) - 2 - len(extensions) - 4 // of padding
	extensions += string([]byte{0, 21, byte(left >> 8), byte(left)}) + strings.Repeat("\x00", left)
	hello += string([]byte{byte(len(extensions) >> 8), byte(len(extensions))}) + extensions
	var b strings.Builder
	for _, c := range []byte("\x16\x03\x03" + string([]byte{byte(n >> 8), byte(n), message, 0, byte(len(hello) >> 8), byte(len(hello))}) + hello) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// Hello is a TLS handshake. Asked is what a client says under TLS afterwards, Told what a
// server does, Said both.
var (
	Hello = "C! " + TLSRecord(22, 200) + "\nS! " + TLSRecord(22, 900) + TLSRecord(20, 1) + TLSRecord(22, 40) + "\nC! " + TLSRecord(20, 1) + TLSRecord(22, 40) + "\n"
	Said  = Asked + Told
	Asked = "C! " + TLSRecord(23, 30) + "\n"
	Told  = "S! " + TLSRecord(23, 60) + "\n"
)

// Passed is a passive transfer of n bytes; what comes before its command and after it is
// the case's.
func Passed(command, n string) string {
	return "pasv\nC: " + command + "\ndata d1 C:40000 > S:50000\nS: 150 here\nd1< " + n + "\nd1 fin <\nS: 226 done\n"
}

// Pushed is the same, to the server.
func Pushed(command, n string) string {
	return "pasv\nC: " + command + "\ndata d1 C:40000 > S:50000\nS: 150 here\nd1> " + n + "\nd1 fin >\nS: 226 done\n"
}
