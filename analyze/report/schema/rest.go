package schema

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The records beside sessions, and what is in several of them.

const (
	sensorDoc  = "The sensor that sniffed it"
	sensorWhen = "in records that came from sensors (fleet collect)"
)

var attemptObject = object{"attempt", "Control connections that never came to be, of one client host to one server endpoint", []field{
	{name: "type", value: only("attempt"), doc: "The kind of record"},
	{name: "sensor", value: anyText, doc: sensorDoc, when: sensorWhen},
	{name: "client_ip", value: ipAddress, doc: "Who tried"},
	{name: "server", value: ref("endpoint"), doc: "Where"},
	{name: "network", value: listOf(ref("network_path")), doc: "The networks that the first one was seen in", null: "only without tags and tunnels"},
	{name: "count", value: from(1), doc: "Number of SYNs, repeated ones counted"},
	{name: "state", doc: "What became of the last one", value: oneWord(
		term{flow.Refused.String(), "answered with RST"},
		term{flow.Unanswered.String(), "not answered"},
		term{flow.Unreachable.String(), "answered by an ICMP error"})},
	{name: "first", value: timestamp, doc: "Time of the first SYN"},
	{name: "last", value: timestamp, doc: "Time of the last packet"},
	{name: "icmp", value: ref("icmp"), doc: "The last ICMP error", null: "there was none"},
	{name: "verdict", value: ref("verdict"), doc: "What went wrong", null: "it was not judged"},
}}

var orphanObject = object{"orphan", "A data connection from port 20, with data, whose control connection is not in the capture", []field{
	{name: "type", value: only("orphan"), doc: "The kind of record"},
	{name: "sensor", value: anyText, doc: sensorDoc, when: sensorWhen},
	{name: "mode", value: only(record.Active), doc: "Port 20 opens connections in active mode only"},
	{name: "evidence", value: only(record.EvidenceInferred), doc: "Concluded from the port"},
	{name: "initiator", value: only(record.Server), doc: "Port 20 is the server's"},
	{name: "connection", value: ref("connection"), doc: "The data connection"},
	{name: "bytes", value: from(1), doc: "Bytes of payload in both directions, according to sequence numbers"},
	{name: "tcp", value: ref("tcp"), doc: "How it did, in the direction of its data", null: "unknown"},
	{name: "verdict", value: ref("verdict"), doc: "What went wrong", null: "it was not judged"},
}}

var gapObject = object{"gap", "Records of a sensor were lost on their way, before those of it that follow", []field{
	{name: "type", value: only("gap"), doc: "The kind of record"},
	{name: "sensor", value: anyText, doc: "Whose they were"},
	{name: "records", value: from(1), doc: "How many"},
}}

var summaryObject = object{"summary", "What was read, found and not read; the last line", []field{
	{name: "type", value: only("summary"), doc: "The kind of record"},
	{name: "sensor", value: anyText, doc: sensorDoc, when: sensorWhen},
	{name: "files", value: listOf(anyText), doc: "What was read, in the order in which frame_files counts: files, - for standard input, interfaces"},
	{name: "packets", value: from(0), doc: "Number of packets"},
	{name: "bytes", value: from(0), doc: "Their bytes, as they were on the wire"},
	{name: "first", value: timestamp, doc: "Time of the earliest packet", null: "there are no packets"},
	{name: "last", value: timestamp, doc: "Time of the latest packet", null: "there are no packets"},
	{name: "sessions", value: from(0), doc: "Number of sessions, the hidden ones counted, as in all that follows"},
	{name: "transfers", value: ref("transfer_counts"), doc: "Number of transfers by mode"},
	{name: "attempts", value: from(0), doc: "Number of attempts, those counted that were too many to be written"},
	{name: "orphans", value: from(0), doc: "Number of orphans, those counted that were too many to be written"},
	{name: "findings", value: ref("finding_counts"), doc: "Number of findings by severity"},
	{name: "capture", value: ref("losses"), doc: "What the capture lacks, and what could not be read"},
	{name: "hidden", value: ref("hidden"), doc: "Number of records that are not shown", when: "when records were chosen (--host, --mode and so on)"},
	{name: "elapsed_seconds", value: amount, doc: "From the first packet to the last, in seconds", null: "there are no packets"},
	{name: "packets_per_second", value: amount, doc: "Packets a second of that time", null: "there are no packets, or no time between them"},
}}

var otherParts = []object{endpointObject, connectionObject, networkPathObject, networkStepObject, icmpObject, transferCountsObject, findingCountsObject, lossesObject, undecodedObject, hiddenObject}

var endpointObject = object{"endpoint", "An end of a TCP connection", []field{
	{name: "ip", value: ipAddress, doc: "IPv4 or IPv6 address, without a zone"},
	{name: "port", value: between(0, 65535), doc: "TCP port"},
}}

var connectionObject = object{"connection", "A data connection", []field{
	{name: "src", value: ref("endpoint"), doc: "Who opened it; where evidence is none, either end"},
	{name: "dst", value: ref("endpoint"), doc: "Whom it was opened to"},
	{name: "community_id", value: communityValue, doc: communityDoc},
	{name: "start", value: timestamp, doc: "Time of its first packet"},
	{name: "end", value: timestamp, doc: "Time of its last packet"},
	{name: "state", doc: "How far it came", value: oneWord(
		term{flow.Established.String(), "it was opened"},
		term{flow.Refused.String(), "the SYN was answered with RST"},
		term{flow.Unanswered.String(), "the SYN was not answered"},
		term{flow.Unreachable.String(), "the SYN was answered by an ICMP error"},
		term{flow.Unknown.String(), "the capture does not show it"})},
	{name: "attempts", value: from(1), doc: "Number of SYNs, over all tries of the same host, repeated ones counted; at least 1"},
	{name: "channels", value: from(2), doc: "Number of connections that the transfer used side by side (MODE E); bytes are those of all", when: "when there were several"},
	{name: "closing", doc: "How it ended", value: oneWord(
		term{flow.Finned.String(), "with FIN"},
		term{flow.ResetBy.String(), "with RST"},
		term{flow.Cut.String(), "its end was not seen"})},
	{name: "network", value: listOf(ref("network_path")), doc: "The networks that it was seen in: first that of the packets of who opened it",
		null: "in none but those of its session; of an orphan: only without tags and tunnels"},
}}

var networkPathObject = object{"network_path", "A network that packets were seen in", []field{
	{name: "name", value: anyText, doc: "Its name for people"},
	{name: "path", value: listOf(ref("network_step")), doc: "The tags and tunnels that they were in, the outermost first; empty for packets without"},
}}

var networkStepObject = object{"network_step", "A tag or tunnel that packets were in", []field{
	{name: "kind", doc: "What it is", value: oneWord(stepTerms()...)},
	{name: "id", value: from(0), doc: "VLAN, label, VNI, key, session, TEID", null: "it has none"},
	{name: "ends", value: listOf(ipAddress), doc: "The two ends of the tunnel, the smaller address first; empty for a tag"},
}}

func stepTerms() []term {
	docs := map[flow.StepKind]string{
		flow.StepOther: "one of the networks beyond the limit of those that are told apart", flow.StepVLAN: "IEEE 802.1Q or 802.1ad tag",
		flow.StepMPLS: "MPLS label", flow.StepPPPoE: "PPPoE session", flow.StepVXLAN: "VXLAN or VXLAN-GPE", flow.StepGeneve: "Geneve",
		flow.StepNVGRE: "NVGRE", flow.StepGRE: "GRE", flow.StepERSPAN: "ERSPAN", flow.StepIPIP: "IP in IP, also 6in4", flow.StepTeredo: "Teredo",
		flow.StepGTP: "GTP-U", flow.StepL2TP: "L2TP", flow.StepBackbone: "IEEE 802.1ah provider backbone",
		flow.StepTZSP: "TZSP", flow.StepCAPWAP: "CAPWAP", flow.StepLISP: "LISP",
	}
	var list []term
	for _, kind := range flow.StepKinds() {
		list = append(list, term{kind.String(), docs[kind]})
	}
	return list
}

var icmpObject = object{"icmp", "An ICMP error (RFC 792) or ICMPv6 error (RFC 4443)", []field{
	{name: "from", value: ipAddress, doc: "Who sent it"},
	{name: "type", value: between(0, 255), doc: "ICMP type"},
	{name: "code", value: between(0, 255), doc: "ICMP code"},
}}

var transferCountsObject = object{"transfer_counts", "Number of transfers by mode", []field{
	{name: record.Active, value: from(0), doc: "Active ones"},
	{name: record.Passive, value: from(0), doc: "Passive ones"},
	{name: record.Unknown, value: from(0), doc: "Those whose mode is unknown"},
}}

var findingCountsObject = object{"finding_counts", "Number of findings by severity", []field{
	{name: "info", value: from(0), doc: "Of severity info"},
	{name: "low", value: from(0), doc: "Of severity low"},
	{name: "medium", value: from(0), doc: "Of severity medium"},
	{name: "high", value: from(0), doc: "Of severity high"},
	{name: "critical", value: from(0), doc: "Of severity critical"},
}}

var lossesObject = object{"losses", "What the capture lacks, and what could not be read", []field{
	{name: "missing_bytes", value: from(0), doc: "Bytes that are missing from control connections"},
	{name: "truncated_files", value: listOf(anyText), doc: "Files that could not be read to their end"},
	{name: "undecoded_packets", value: from(0), doc: "Packets that no decoder understood"},
	{name: "undecoded", value: listOf(ref("undecoded_reason")), doc: "Why they were not, the most frequent reason first"},
	{name: "dropped_packets", value: from(0), doc: "Packets that the capturing machine dropped, as it says itself"},
	{name: "evicted_connections", value: from(0), doc: "Connections that were forgotten because a table was full"},
	{name: "repeated_packets", value: from(1), doc: "Packets that the capture holds twice, far apart; they count once", when: "when there are some"},
}}

var undecodedObject = object{"undecoded_reason", "A reason why packets were not decoded", []field{
	{name: "reason", value: anyText, doc: "The reason, in words for people"},
	{name: "packets", value: from(1), doc: "How many packets"},
}}

var hiddenObject = object{"hidden", "Number of records that are not shown", []field{
	{name: "sessions", value: from(0), doc: "Sessions"},
	{name: "attempts", value: from(0), doc: "Attempts"},
	{name: "orphans", value: from(0), doc: "Orphans"},
}}
