package analyzetest

import (
	"fmt"
	"strings"
)

// TLSRecord is a TLS record of n bytes as a script writes it.
func TLSRecord(kind, n int) string {
	return fmt.Sprintf(`\x%02x\x03\x03\x%02x\x%02x`, kind, n>>8, n&255) + strings.Repeat(`\x81`, n)
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
