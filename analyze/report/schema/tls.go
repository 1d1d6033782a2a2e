package schema

import "ftpscope/analyze/record"

// What TLS handshakes say.

const (
	lacksHello = "the capture lacks that hello"
	whenRead   = "where it could be read, and on control connections"
)

var md5Value = matching("^[0-9a-f]{32}$")

var handshakeObject = object{"handshake", "What a connection's first TLS handshake says; nobody has verified any of it", []field{
	{name: "version", value: anyText, doc: "Version that the server chose: TLS 1.3", null: lacksHello},
	{name: "cipher", value: anyText, doc: "Cipher suite that the server chose, by IANA's name", null: lacksHello},
	{name: "resumed", value: boolean, doc: "Whether an earlier session goes on", null: "not known"},
	{name: "server_name", value: anyText, doc: "Server name that the client asked for (SNI)", null: "none was seen"},
	{name: "offered_versions", value: listOf(anyText), doc: "Versions that the client offers, its best first"},
	{name: "offered_protocols", value: listOf(anyText), doc: "Protocols that the client offers (ALPN)"},
	{name: "protocol", value: anyText, doc: "Protocol that the server chose (ALPN)", null: "none was seen: TLS 1.3 encrypts it"},
	{name: "ja3", value: md5Value, doc: "JA3 of the client", null: lacksHello},
	{name: "ja4", value: matching("^t[0-9s][0-9].[0-9]{4}.._[0-9a-f]{12}_[0-9a-f]{12}$"), doc: "JA4 of the client", null: lacksHello},
	{name: "ja3s", value: md5Value, doc: "JA3S of the server", null: lacksHello},
	{name: "certificate", value: ref("certificate"), doc: "The server's certificate", null: "none was seen: TLS 1.3 encrypts it, and resumed sessions have none"},
	{name: "alert", value: ref("alert"), doc: "The first alert", null: "none was seen"},
}}

var certificateObject = object{"certificate", "A server's certificate", []field{
	{name: "sha256", value: matching("^[0-9a-f]{64}$"), doc: "Its fingerprint: SHA-256 of the whole of it"},
	{name: "serial", value: matching("^[0-9a-f]*$"), doc: "Serial number, in hexadecimal digits", null: "it is 0", when: whenRead},
	{name: "subject", value: anyText, doc: "Whom it names, as RFC 2253 text", null: "nobody", when: whenRead},
	{name: "issuer", value: anyText, doc: "Who signed it", null: "nobody", when: whenRead},
	{name: "names", value: listOf(anyText), doc: "Its alternative names, the first 16", when: whenRead},
	{name: "not_before", value: timestamp, doc: "When it begins to be valid", when: whenRead},
	{name: "not_after", value: timestamp, doc: "When it ends to be", when: whenRead},
	{name: "self_signed", value: boolean, doc: "Whether subject and issuer are the same", when: whenRead},
}}

var alertObject = object{"alert", "A TLS alert", []field{
	{name: "by", doc: "Who sent it", value: oneWord(term{record.Client, "the client"}, term{record.Server, "the server"})},
	{name: "name", value: anyText, doc: "What it says: unknown CA", null: "it is encrypted, and told by its record's length: a guess"},
	{name: "fatal", value: boolean, doc: "Whether it says that it ends the connection"},
	{name: "frame", value: from(1), doc: "Number of its packet in its file"},
	{name: "frame_file", value: from(0), doc: "The file that frame counts in", when: severalRead},
}}
