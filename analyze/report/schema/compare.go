package schema

import (
	"ftpscope/analyze/compare"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The records of ftpscope compare -o json. They have a schema of their own: no file holds
// them and those of analyze.

// ComparisonText returns the JSON Schema (2020-12) of each line that ftpscope compare -o
// json writes.
func ComparisonText() []byte {
	return document("Records of ftpscope compare -o json",
		"JSON Lines: each line is a comparison of one session at two points, the worst verdict first; the comparison_summary is the last. "+
			"here is the client's side, there the server's. "+common,
		[]object{
			comparisonObject, comparisonSummaryObject, seenObject, delayObject, spreadObject, hopsObject, comparedObject, comparedSideObject,
			comparedConnectionObject, differenceObject, framesOnSides, sideObject, clockObject, verdictsObject, endpointObject,
		}, 2)
}

var seconds = value{schema: members{{"type", "number"}}}

var verdictWords = oneWord(
	term{compare.Between, "RST, FIN, ICMP or data arrived on one side that the other did not send"},
	term{compare.Lost, "something left one side, never arrived at the other, and nothing made up for it"},
	term{compare.OneSided, "seen on one side only, although the other's capture covers its time"},
	term{compare.Uncertain, "the captures do not hold enough to say"},
	term{compare.Repaired, "packets were lost, and sent again"},
	term{compare.Rewritten, "lines of the control connection were changed on the way: an ALG"},
	term{compare.Same, "nothing but addresses, options and hops was changed"})

func kindWords() value {
	var words []term
	for _, k := range compare.Kinds() {
		if k.Name != compare.Hops {
			words = append(words, term{k.Name, k.Doc})
		}
	}
	return oneWord(words...)
}

var comparisonObject = object{"comparison", "One session, or one control connection that never came to be, at both points", []field{
	{name: "type", value: only("comparison"), doc: "The kind of record"},
	{name: "id", value: from(1), doc: "1, 2, … in the order of the lines: the worst verdict first"},
	{name: "attempt", value: boolean, doc: "True for control connections that never came to be, of one client host to one server endpoint"},
	{name: "verdict", value: verdictWords, doc: "The worst of its differences"},
	{name: "message", value: anyText, doc: "What decided it, one sentence"},
	{name: "here", value: ref("seen"), doc: "It on the client's side", null: "it was not seen there"},
	{name: "there", value: ref("seen"), doc: "It on the server's side", null: "it was not seen there"},
	{name: "delay", value: ref("delay"), doc: "How long its packets took between the points"},
	{name: "hops", value: ref("hops"), doc: "Hops between the points, by the TTL"},
	{name: "transfers", value: listOf(ref("compared_transfer")), doc: "Its transfers on both sides"},
	{name: "differences", value: listOf(ref("difference")), doc: "What is not the same on both sides; of each transfer the worst first"},
}}

var seenObject = object{"seen", "A session on one side", []field{
	{name: "session", value: from(1), doc: "The session's id in an analysis of that side", null: "it is an attempt"},
	{name: "client", value: ref("endpoint"), doc: "The client as that side sees it"},
	{name: "server", value: ref("endpoint"), doc: "The server as that side sees it"},
	{name: "user", value: anyText, doc: "The user name", null: "none was sent, or it is an attempt"},
	{name: "start", value: timestamp, doc: "Time of its first packet, by that side's clock"},
	{name: "end", value: timestamp, doc: "Time of its last packet, by that side's clock"},
}}

var delayObject = object{"delay", "How long packets took between the points. Only the sum of both directions is certain: each one alone is by the estimated clocks", []field{
	{name: "round_trip", value: seconds, doc: "The least that both directions take together, in seconds", null: "no packets of both directions were paired"},
	{name: "to_server", value: ref("spread"), doc: "From here to there", null: "no packet was paired"},
	{name: "to_client", value: ref("spread"), doc: "From there to here", null: "no packet was paired"},
}}

var spreadObject = object{"spread", "How long packets took one way, in seconds; what is over the least does not depend on the clocks' offset", []field{
	{name: "least", value: seconds, doc: "The fastest"},
	{name: "median", value: seconds, doc: "The median"},
	{name: "most", value: seconds, doc: "The slowest"},
	{name: "packets", value: from(1), doc: "Number of packets that were paired"},
}}

var hopsObject = object{"hops", "By how much the TTL differs between the points", []field{
	{name: "to_server", value: value{schema: members{{"type", "integer"}}}, doc: "Of the client's packets", null: "unknown"},
	{name: "to_client", value: value{schema: members{{"type", "integer"}}}, doc: "Of the server's packets", null: "unknown"},
}}

var comparedObject = object{"compared_transfer", "A transfer on both sides", []field{
	{name: "n", value: from(1), doc: "Its number on the client's side, or on the server's if it was not seen there"},
	{name: "verdict", value: verdictWords, doc: "The worst of its differences"},
	{name: "message", value: anyText, doc: "What decided it, one sentence"},
	{name: "here", value: ref("transfer_side"), doc: "It on the client's side", null: "it was not seen there"},
	{name: "there", value: ref("transfer_side"), doc: "It on the server's side", null: "it was not seen there"},
}}

var comparedSideObject = object{"transfer_side", "A transfer as one side sees it; the keys mean what they mean in a session", []field{
	{name: "n", value: from(1), doc: "Its number in the session on that side"},
	{name: "command", value: anyText, doc: "The transfer command", null: "none used the negotiation"},
	{name: "argument", value: anyText, doc: "Its argument", null: "it had none"},
	{name: "method", value: anyText, doc: "How it was negotiated"},
	{name: "initiator", value: plain(record.Client, record.Server, record.ThirdParty, record.None), doc: "Who opened the data connection"},
	{name: "outcome", value: anyText, doc: "How it ended"},
	{name: "bytes", value: from(0), doc: "Bytes of payload", null: "unknown"},
	{name: "announced", value: ref("endpoint"), doc: "The endpoint that was announced", null: "none was"},
	{name: "connection", value: ref("connection_side"), doc: "Its data connection", null: "none was seen"},
}}

var comparedConnectionObject = object{"connection_side", "A data connection as one side sees it", []field{
	{name: "src", value: ref("endpoint"), doc: "Who opened it"},
	{name: "dst", value: ref("endpoint"), doc: "Whom it was opened to"},
	{name: "state", doc: "How far it came", value: plain(
		flow.Established.String(), flow.Refused.String(), flow.Unanswered.String(), flow.Unreachable.String(), flow.Unknown.String())},
}}

var differenceObject = object{"difference", "One thing that is not the same on both sides", []field{
	{name: "kind", value: kindWords(), doc: "What it is"},
	{name: "transfer", value: from(1), doc: "The transfer's n", null: "it is of the control connection"},
	{name: "way", value: plain(compare.ToServer.String(), compare.ToClient.String()), doc: "The direction of the packets"},
	{name: "message", value: anyText, doc: "It in words"},
	{name: "certain", value: boolean, doc: "False when it holds only as far as the captures tell"},
	{name: "packets", value: from(0), doc: "Number of packets that only one side has"},
	{name: "bytes", value: from(0), doc: "Bytes of payload that only one side has"},
	{name: "retransmissions", value: from(0), doc: "Of data-repaired and syn-lost: segments that were sent again on that way"},
	{name: "here", value: anyText, doc: "What was rewritten as the client's side has it; empty: it has no such line", null: "nothing was rewritten"},
	{name: "there", value: anyText, doc: "As the server's side has it", null: "nothing was rewritten"},
	{name: "frames", value: ref("frames"), doc: "The packets, at most 50 a side, as Wireshark numbers them"},
	{name: "frame_files", value: ref("frames"), doc: "Index into the side's files of each of the frames", when: "when a side has several files"},
}}

var framesOnSides = object{"frames", "Packets on both sides", []field{
	{name: "here", value: listOf(from(0)), doc: "On the client's side"},
	{name: "there", value: listOf(from(0)), doc: "On the server's side"},
}}

var comparisonSummaryObject = object{"comparison_summary", "What was compared; the last line", []field{
	{name: "type", value: only("comparison_summary"), doc: "The kind of record"},
	{name: "here", value: ref("side"), doc: "The client's side"},
	{name: "there", value: ref("side"), doc: "The server's side"},
	{name: "swapped", value: boolean, doc: "True when they were given the other way round"},
	{name: "order_known", value: boolean, doc: "Whether TTLs or times tell which side is nearer to the clients"},
	{name: "clock", value: ref("clock"), doc: "How the clocks compare", null: "no packet that both sides have tells"},
	{name: "stepped_sessions", value: from(0), doc: "Sessions whose own packets say otherwise of the clocks than those of most: a clock was set in between. They are compared by their own"},
	{name: "comparisons", value: from(0), doc: "Number of comparisons"},
	{name: "verdicts", value: ref("verdicts"), doc: "Number of comparisons by verdict"},
}}

var sideObject = object{"side", "The captures of one side", []field{
	{name: "name", value: anyText, doc: "As it was given"},
	{name: "files", value: listOf(anyText), doc: "What was read"},
	{name: "packets", value: from(0), doc: "Number of packets"},
	{name: "first", value: timestamp, doc: "Time of the earliest packet", null: "there are no packets"},
	{name: "last", value: timestamp, doc: "Time of the latest packet", null: "there are no packets"},
	{name: "sessions", value: from(0), doc: "Number of sessions"},
	{name: "not_compared", value: from(0), doc: "Those of them beyond the limit"},
	{name: "dropped_packets", value: from(0), doc: "Packets that the capturing machine dropped, as it says itself"},
	{name: "undecoded_packets", value: from(0), doc: "Packets that no decoder understood"},
	{name: "truncated_files", value: listOf(anyText), doc: "Files that could not be read to their end"},
	{name: "complete", value: boolean, doc: "Nothing shows that the capture lacks packets that came by"},
}}

var clockObject = object{"clock", "How the server's side's clock compares to the client's side's", []field{
	{name: "offset", value: seconds, doc: "What it is ahead by at the beginning, in seconds; negative: behind"},
	{name: "give_or_take", value: seconds, doc: "How much more or less it may be, in seconds", null: "packets of one direction only tell of it"},
	{name: "drift_ppm", value: seconds, doc: "By how many millionths it goes faster; 0: not measurable"},
	{name: "packets", value: from(1), doc: "Number of packets that the estimate is made of"},
}}

var verdictsObject = object{"verdicts", "Number of comparisons by verdict", verdictCounts()}

func verdictCounts() (list []field) {
	for _, v := range compare.Verdicts() {
		list = append(list, field{name: v, value: from(0), doc: "Number of those with this verdict"})
	}
	return list
}
