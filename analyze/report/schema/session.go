package schema

import (
	"ftpscope/analyze/finding"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// A session and what is in it.

const communityDoc = "Community ID version 1 of the connection, as Zeek, Suricata and Wireshark write it"

var communityValue = matching(`^1:[A-Za-z0-9+/]{27}=$`)

var sessionObject = object{"session", "One control connection, and what was transferred by it", []field{
	{name: "type", value: only("session"), doc: "The kind of record"},
	{name: "sensor", value: anyText, doc: sensorDoc, when: sensorWhen},
	{name: "id", value: from(0), doc: "1, 2, … in the order of the first packets; live, in the order of the ends. 0: a snapshot, which has no number yet"},
	{name: "open", value: only(true), doc: "A snapshot: the session goes on, and its record comes when it ended",
		when: "in snapshots of live sessions"},
	{name: "community_id", value: communityValue, doc: communityDoc},
	{name: "start", value: timestamp, doc: "Time of the first packet of the control connection"},
	{name: "end", value: timestamp, doc: "Time of its last packet"},
	{name: "client", value: ref("endpoint"), doc: "Who opened the control connection; if its SYN was not seen, the side that sends commands, else the side that is not on port 21"},
	{name: "server", value: ref("endpoint"), doc: "The other side"},
	{name: "network", value: listOf(ref("network_path")), doc: "The networks that the control connection was seen in: first that of the client's packets, then others, of the server's packets and of copies",
		null: "only without tags and tunnels"},
	{name: "twin", value: from(1), doc: "The id of the same session as captured on the other side of a NAT: same sequence numbers, other addresses. Where each holds one side of the dialogue, one of them tells what both say, and the other has no transfers",
		when: "where the capture has a session twice"},
	{name: "real_client", value: anyText, doc: "The client that a PROXY protocol line names: client is the proxy or balancer", when: "where there is such a line"},
	{name: "real_server", value: anyText, doc: "The server that the client asked a proxy to connect to, a host or an address with its port (HTTP CONNECT, SOCKS): server is the proxy", when: "where there is a proxy"},
	{name: "user", value: anyText, doc: "Argument of the last USER command; what is typed behind the name, or is a password, is (hidden) without --show-passwords", null: "none was seen"},
	{name: "anonymous", value: boolean, doc: "Whether the user is anonymous or ftp"},
	{name: "password", value: anyText, doc: "(hidden), or with --show-passwords the argument of the last PASS command", null: "none was seen"},
	{name: "login", doc: "How the login went", value: oneWord(
		term{record.LoginOK, "230 or 232 after USER or PASS, or 2yz to a command that needs a login"},
		term{record.LoginFailed, "530 to the last try"},
		term{record.LoginNone, "none was seen to end"})},
	{name: "tls", doc: "TLS on the control connection", value: oneWord(
		term{record.TLSNone, "none was asked for"},
		term{record.TLSExplicit, "AUTH was accepted by 234 or 334"},
		term{record.TLSRefused, "AUTH was answered by 4yz or 5yz"},
		term{record.TLSImplicit, "from the first byte"})},
	{name: "decrypted", value: only(true), doc: "What is under TLS was opened with the keys that were given, or the capture's own",
		when: "it was"},
	{name: "handshake", value: ref("handshake"), doc: "What the TLS handshake of the control connection says", when: "one was seen"},
	{name: "banner", value: anyText, doc: "Text of the 220 greeting, its lines joined by line feeds", null: "none was seen"},
	{name: "system", value: anyText, doc: "Text of the 215 reply to SYST", null: "none was seen"},
	{name: "mode", doc: "Mode of its transfers; refused negotiations, unused ones and transfers of unknown mode do not count", value: oneWord(
		term{record.Active, "the server opens the data connections"},
		term{record.Passive, "the client does"},
		term{record.Mixed, "there are both"},
		term{record.None, "there are none"})},
	{name: "initiator", doc: "Who opened the data connections that were seen", value: oneWord(
		term{record.Client, "the client"},
		term{record.Server, "the server"},
		term{record.ThirdParty, "a host that has no part in the control connection"},
		term{record.Mixed, "not always the same"},
		term{record.None, "there are none"})},
	{name: "closing", doc: "How the control connection ended", value: oneWord(
		term{record.ClosingQuit, "with QUIT"},
		term{flow.Finned.String(), "with FIN"},
		term{flow.ResetBy.String(), "with RST"},
		term{flow.Cut.String(), "its end was not seen: the capture ended, or the idle limit was reached"})},
	{name: "commands", value: value{schema: members{{"type", list{"integer", "array"}}, {"minimum", 0}, {"items", ref("exchange").schema}}},
		doc: "Number of commands; with --commands the commands themselves with their replies, in order"},
	{name: "capture", value: ref("coverage"), doc: "What of the control connection the capture holds"},
	{name: "transfers", value: listOf(ref("transfer")), doc: "In the order of their negotiations or commands"},
	{name: "operations", value: listOf(ref("operation")), doc: "Commands that changed the server's files without carrying any, or tried to: DELE, RMD, MKD, RNTO, MFMT and its like, MDTM that sets a time, SITE; the first 10,000"},
	{name: "findings", value: listOf(ref("finding")), doc: "What the rules found, by transfer"},
	{name: "tcp", value: ref("tcp"), doc: "How the control connection did, both directions together", null: "unknown"},
	{name: "verdict", value: ref("verdict"), doc: "What went wrong for its user, where to look and how certain that is", null: "it was not judged"},
}}

var sessionParts = []object{operationObject, exchangeObject, replyObject, coverageObject, transferObject, transferReplyObject, framesObject, frameFilesObject, findingObject, handshakeObject, certificateObject, alertObject, tcpObject, stallObject, verdictObject}

var operationObject = object{"operation", "A command that changed the server's files, or tried to", []field{
	{name: "time", value: timestamp, doc: "Time of the packet that ends the command"},
	{name: "frame", value: from(1), doc: "Number of that packet in its file, as Wireshark shows it", null: notKept},
	{name: "frame_file", value: from(0), doc: "The file that frame counts in, an index into the summary's files", null: notKept, when: severalRead},
	{name: "link_frame", value: from(1), doc: linkDoc, when: keptInFile},
	{name: "what", value: anyText, doc: "The command, of SITE with its first word: DELE, RNTO, SITE CHMOD"},
	{name: "path", value: anyText, doc: "Its path, resolved against the working directory where that is known", null: "there is none"},
	{name: "from", value: anyText, doc: "Of RNTO: what was renamed, as path", null: "of others, and where RNFR was not seen"},
	{name: "argument", value: anyText, doc: "What is left of its argument: a time, a mode; what is secret is (hidden)", null: "there is none"},
	{name: "reply", value: ref("transfer_reply"), doc: "What the server answered", null: "no reply was seen"},
}}

var exchangeObject = object{"exchange", "A command with its replies", []field{
	{name: "time", value: timestamp, doc: "Time of the packet that ends the command"},
	{name: "frame", value: from(1), doc: "Number of that packet in its file, as Wireshark shows it", null: notKept},
	{name: "frame_file", value: from(0), doc: "The file that frame counts in, an index into the summary's files", null: notKept, when: severalRead},
	{name: "link_frame", value: from(1), doc: linkDoc, when: keptInFile},
	{name: "command", value: anyText, doc: "As sent", null: "replies to no command (the greeting), or to one that is not in the capture; time and frame are the first reply's"},
	{name: "argument", value: anyText, doc: "As sent; what is secret is (hidden) without --show-passwords", null: "there is none"},
	{name: "replies", value: listOf(ref("reply")), doc: "The server's replies, in order"},
}}

const (
	severalRead = "when several files were read"
	keptInFile  = "when sniff keeps packets in one file (-w), whose numbers the others are"
	notKept     = "the file of -w does not hold it"
	linkDoc     = "Number of that packet on the interface"

	codeDoc = "Three digits (RFC 959 section 4.2)"
	textDoc = "What follows the code, its lines joined by line feeds"
)

var codeValue = between(100, 699)

var replyObject = object{"reply", "A reply to a command", []field{
	{name: "time", value: timestamp, doc: "Time of the packet that ends the reply"},
	{name: "frame", value: from(1), doc: "Number of that packet in its file", null: notKept},
	{name: "frame_file", value: from(0), doc: "The file that frame counts in", null: notKept, when: severalRead},
	{name: "link_frame", value: from(1), doc: linkDoc, when: keptInFile},
	{name: "code", value: codeValue, doc: codeDoc},
	{name: "text", value: anyText, doc: textDoc},
}}

var transferReplyObject = object{"transfer_reply", "A reply of a transfer", []field{
	{name: "code", value: codeValue, doc: codeDoc},
	{name: "text", value: anyText, doc: textDoc},
}}

var coverageObject = object{"coverage", "What of a control connection the capture holds", []field{
	{name: "from_start", value: boolean, doc: "Its opening"},
	{name: "to_end", value: boolean, doc: "Its end"},
	{name: "client_side", value: boolean, doc: "Packets of the client"},
	{name: "server_side", value: boolean, doc: "Packets of the server"},
	{name: "missing_bytes", value: from(0), doc: "Bytes of either side that are missing, according to sequence numbers"},
}}

var transferObject = object{"transfer", "One data channel: a transfer command, or a negotiation that none used", []field{
	{name: "n", value: from(1), doc: "1, 2, … within the session"},
	{name: "command", value: plain("RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"), doc: "The transfer command",
		null: "none was seen"},
	{name: "argument", value: anyText, doc: "The command's argument, as sent", null: "there is none"},
	{name: "path", value: anyText, doc: "The argument resolved against the working directory, as CWD, CDUP and PWD show it", null: "unknown"},
	{name: "direction", doc: "Where the data flow; of encrypted and uncommanded transfers, where most of them do", null: "unknown", value: oneWord(
		term{record.Download, "server to client"},
		term{record.Upload, "client to server"})},
	{name: "representation", value: matching("^([AIE]$|L)"), doc: "TYPE in force: A (ASCII), I (image), E (EBCDIC), L with the bits of a byte (L8)",
		null: "the capture shows none"},
	{name: "restart", value: from(0), doc: "Offset that REST set, in bytes", null: "there was no REST"},
	{name: "method", doc: "How the data connection was negotiated: the command's name, or one of these", value: value{
		schema: plain("PORT", "EPRT", "LPRT", "PASV", "EPSV", "LPSV", "SPAS", "SPOR", record.MethodDefault, record.MethodEncrypted).schema,
		words: []term{{record.MethodDefault, "not at all, so the default data ports apply (RFC 959 section 3.2)"},
			{record.MethodEncrypted, "under TLS"}}}},
	{name: "mode", doc: "By the negotiation; without one, by the connection seen", value: oneWord(
		term{record.Active, "the server opens the data connection"},
		term{record.Passive, "the client does"},
		term{record.Unknown, "neither was seen"})},
	{name: "announced", value: ref("endpoint"), doc: "Where the other side is to connect to, as PORT, EPRT, LPRT, 227, 228 or 229 name it (229: at the server's address)",
		null: "nothing was announced, or it could not be read"},
	{name: "expected_initiator", value: plain(record.Client, record.Server), doc: "Who should open the data connection, by the mode", null: "the mode is unknown"},
	{name: "initiator", doc: "Who opened it: the sender of the SYN", value: oneWord(
		term{record.Client, "the client"},
		term{record.Server, "the server"},
		term{record.ThirdParty, "a host that has no part in the control connection"},
		term{record.None, "no connection was seen"})},
	{name: "evidence", doc: "What initiator rests on", value: oneWord(
		term{record.EvidenceSYN, "the SYN was seen"},
		term{record.EvidenceInferred, "concluded without it, or under TLS"},
		term{record.None, "no connection was seen"})},
	{name: "connection", value: ref("connection"), doc: "The data connection", null: "none was seen"},
	{name: "bytes", value: from(0), doc: "Bytes of payload in the data's direction, according to sequence numbers: repeated ones once, and those that the other side acknowledged though the capture lacks them",
		null: "no connection was seen, or nothing of that side"},
	{name: "missing_bytes", value: from(0), doc: "Those of bytes that are not in the capture", null: "bytes is"},
	{name: "plain_bytes", value: from(0), doc: "Bytes of plaintext in the data's direction, where bytes counts those of TLS", when: "under TLS, where keys or the records' lengths tell"},
	{name: "handshake", value: ref("handshake"), doc: "What the TLS handshake of the data connection says", when: "one was seen"},
	{name: "sha256", value: matching("^[0-9a-f]{64}$"), doc: "SHA-256 of the data as they were sent, in ASCII mode with the wire's line ends, after REST of what followed the offset",
		null: "not asked for, or not all of the data is in the capture"},
	{name: "sha1", value: matching("^[0-9a-f]{40}$"), doc: "SHA-1 of the data as they were sent", when: "with --hash sha1, where sha256 could be said"},
	{name: "md5", value: matching("^[0-9a-f]{32}$"), doc: "MD5 of the data as they were sent", when: "with --hash md5, where sha256 could be said"},
	{name: "mime_type", value: anyText, doc: "Media type by the content of the data, of their beginning", null: "not determined"},
	{name: "file", value: anyText, doc: "Name in the directory of --extract of the file that the data were written to", null: "none was"},
	{name: "preliminary", value: ref("transfer_reply"), doc: "The 1yz reply", null: "none was seen"},
	{name: "reply", value: ref("transfer_reply"), doc: "The final reply, of an aborted transfer its own and not that to ABOR; without a command, the reply to the negotiation",
		null: "none was seen"},
	{name: "outcome", doc: "How it ended", value: oneWord(
		term{record.OK, "2yz"},
		term{record.Denied, "4yz or 5yz, and no data flowed, whether or not the data connection was open; not 425, 426, 421, 451, 452 and 552"},
		term{record.NoConnection, "425, or the connection was refused, unanswered, unreachable or never tried"},
		term{record.Aborted, "the connection was established, then 421, 426, 451, 452 or 552, another 4yz or 5yz after data, ABOR or RST"},
		term{record.Incomplete, "the capture holds no final reply"},
		term{record.Unused, "negotiated, but no command followed and nothing was tried or sent"},
		term{record.Rejected, "the negotiation was answered by 4yz or 5yz"},
		term{record.Unknown, "under TLS"})},
	{name: "frames", value: ref("frames"), doc: "The packets that show it"},
	{name: "frame_files", value: ref("frame_files"), doc: "The files that frames count in", when: severalRead},
	{name: "link_frames", value: ref("frames"), doc: "The numbers of the same packets on their interface", when: keptInFile},
	{name: "link_interfaces", value: ref("frame_files"), doc: "Their interfaces, indexes into the summary's files", when: "with link_frames, of several interfaces"},
	{name: "filter", value: anyText, doc: "Wireshark display filter of the transfer's control and data packets"},
	{name: "tcp", value: ref("tcp"), doc: "How the data connection did, in the direction of its data", null: "there was none, or it was not established"},
	{name: "verdict", value: ref("verdict"), doc: "What went wrong with it", null: "it went well"},
}}

const (
	negotiationDoc = "Of the announcement: the command in active mode, the reply in passive mode"
	commandDoc     = "Of the transfer command"
	synDoc         = "Of the data connection's SYN"
	firstDataDoc   = "Of its first payload in the data's direction"
	finalDoc       = "Of the final reply"
	notSeen        = "not seen"
)

var framesObject = object{"frames", "Numbers of packets in their files, as Wireshark shows them", []field{
	{name: "negotiation", value: from(1), doc: negotiationDoc, null: notSeen},
	{name: "command", value: from(1), doc: commandDoc, null: notSeen},
	{name: "syn", value: from(1), doc: synDoc, null: notSeen},
	{name: "first_data", value: from(1), doc: firstDataDoc, null: notSeen},
	{name: "reply", value: from(1), doc: finalDoc, null: notSeen},
}}

var frameFilesObject = object{"frame_files", "Indexes of files in the summary's files, from 0", []field{
	{name: "negotiation", value: from(0), doc: negotiationDoc, null: notSeen},
	{name: "command", value: from(0), doc: commandDoc, null: notSeen},
	{name: "syn", value: from(0), doc: synDoc, null: notSeen},
	{name: "first_data", value: from(0), doc: firstDataDoc, null: notSeen},
	{name: "reply", value: from(0), doc: finalDoc, null: notSeen},
}}

var findingObject = object{"finding", "The verdict of a rule", []field{
	{name: "id", value: plain(ruleNames()...), doc: "The rule; ftpscope findings explains each"},
	{name: "severity", value: plain(record.FromMildest()...), doc: "How grave it is, the least first"},
	{name: "message", value: anyText, doc: "A sentence that says what was found"},
	{name: "transfer", value: from(1), doc: "The n of the transfer that it is about", null: "the whole session"},
	{name: "frames", value: listOf(from(1)), doc: "Numbers of the packets that prove it, each in its file"},
	{name: "frame_files", value: listOf(from(0)), doc: "The file of each, an index into the summary's files", when: severalRead},
	{name: "link_frames", value: listOf(from(1)), doc: "The numbers of all of them on their interface", when: keptInFile},
	{name: "advice", value: anyText, doc: "What to check or to change"},
}}

var verdictObject = object{"verdict", "What went wrong, where to look and how certain that is", []field{
	{name: "cause", value: oneWord(meanings(record.Causes)...), doc: "What went wrong"},
	{name: "at", value: oneWord(meanings(record.Places)...), doc: "Where to look"},
	{name: "certainty", value: oneWord(meanings(record.Certainties)...), doc: "How certain that is"},
	{name: "or", value: listOf(plain(names(record.Causes)...)), doc: "The other causes that fit"},
	{name: "transfer", value: from(1), doc: "The n of the transfer that it is about", null: "it is about none"},
	{name: "frames", value: listOf(from(1)), doc: "Numbers of the packets that decide, each in its file"},
	{name: "frame_files", value: listOf(from(0)), doc: "The file of each, an index into the summary's files", when: severalRead},
	{name: "link_frames", value: listOf(from(1)), doc: "The numbers of all of them on their interface", when: keptInFile},
	{name: "text", value: anyText, doc: "One sentence that says it"},
	{name: "next", value: listOf(anyText), doc: "What to check or to change, in order of worth"},
}}

func meanings(list []record.Meaning) []term {
	var words []term
	for _, m := range list {
		words = append(words, term{m.Word, m.Meaning})
	}
	return words
}

func names(list []record.Meaning) []string {
	var words []string
	for _, m := range list {
		words = append(words, m.Word)
	}
	return words
}

func ruleNames() []string {
	var names []string
	for _, r := range finding.Rules() {
		names = append(names, r.ID)
	}
	return names
}
