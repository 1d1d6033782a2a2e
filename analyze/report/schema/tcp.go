package schema

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What TCP did.

const lacksSide = "the capture lacks the packets that would show it"

var tcpObject = object{"tcp", "How a connection did", []field{
	{name: "duration", value: amount, doc: "Seconds from its first to its last packet"},
	{name: "rate", value: amount, doc: "Payload bytes a second", null: "nothing was carried, or no time passed"},
	{name: "acknowledged", value: from(0), doc: "Payload bytes that the receiver acknowledged; a FIN is none", null: lacksSide},
	{name: "retransmitted_segments", value: from(0), doc: "Segments that were sent again", null: lacksSide},
	{name: "retransmitted_bytes", value: from(0), doc: "Payload bytes in them", null: lacksSide},
	{name: "rtt_handshake", value: amount, doc: "Seconds from the SYN to the ACK that answers its answer: a round trip, wherever the capture was taken", null: lacksSide},
	{name: "rtt", value: amount, doc: "Seconds from data to their acknowledgement, smoothed, at the place of capture: nearly 0 at the receiver", null: lacksSide},
	{name: "zero_window_time", value: amount, doc: "Seconds in which the receiver's window was 0", null: lacksSide},
	{name: "longest_stall", value: ref("stall"), doc: "The longest time in which nothing new was sent or acknowledged", null: "there was none of note"},
	{name: "limit", value: oneWord(meanings(record.Limits)...), doc: "What held the rate back", null: "unknown"},
}}

var stallObject = object{"stall", "A time in which nothing new was sent or acknowledged", []field{
	{name: "from", value: timestamp, doc: "Its beginning"},
	{name: "to", value: timestamp, doc: "Its end"},
	{name: "after_bytes", value: from(0), doc: "Payload bytes that were sent before"},
	{name: "why", doc: "What it waited for", value: oneWord(
		term{flow.WhyZeroWindow.String(), "the receiver's window was 0"},
		term{flow.WhyLoss.String(), "segments were sent again"},
		term{flow.WhyMTU.String(), "full-size segments were, while smaller ones are acknowledged"},
		term{flow.WhySender.String(), "all was acknowledged, and the sender sent nothing"},
		term{flow.WhyUnknown.String(), "the capture does not show it"})},
}}
