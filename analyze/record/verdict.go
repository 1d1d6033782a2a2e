package record

import "ftpscope/capture/flow"

// Verdict says what went wrong, where to look and how certain that is.
type Verdict struct {
	Cause     string     // a Cause
	At        string     // AtClient, …
	Certainty string     // Certain, …
	Or        []string   // Open: the other causes that fit
	Transfer  int        // the transfer that it is about; 0: none
	Frames    []flow.Pos // the packets that decide
	Link      []flow.Pos // those on the link, as Frames.Link
	Text      string     // one sentence
	Next      []string   // what to check or change, in order of worth
}

// Values of Verdict.Cause.
const (
	CauseNone                = "none"
	CauseClientAborted       = "client-aborted"
	CauseServerUnanswered    = "server-unanswered"
	CauseServerRefused       = "server-refused"
	CauseServerUnreachable   = "server-unreachable"
	CauseNoGreeting          = "no-greeting"
	CauseSlowGreeting        = "slow-greeting"
	CauseNotFTP              = "not-ftp"
	CauseOutOfStep           = "out-of-step"
	CauseNoReply             = "no-reply"
	CauseCommandDenied       = "command-denied"
	CauseTLSMismatch         = "tls-mismatch"
	CauseTLSRequired         = "tls-required"
	CauseTLSRefused          = "tls-refused"
	CauseTLSFailed           = "tls-failed"
	CauseLoginRejected       = "login-rejected"
	CauseServerBusy          = "server-busy"
	CauseServerClosed        = "server-closed"
	CauseServerError         = "server-error"
	CauseModeRejected        = "mode-rejected"
	CauseAddressUntranslated = "address-untranslated"
	CauseAddressFamily       = "address-family"
	CauseEndpointInvalid     = "endpoint-invalid"
	CauseNoNegotiation       = "no-negotiation"
	CausePortsExhausted      = "ports-exhausted"
	CauseDataBlocked         = "data-blocked"
	CauseDataRefused         = "data-refused"
	CauseDataRejected        = "data-rejected"
	CauseDataUnreachable     = "data-unreachable"
	CauseDataNeverTried      = "data-never-tried"
	CauseDataWrongPeer       = "data-wrong-peer"
	CauseDataStolen          = "data-stolen"
	CauseDataUnprotected     = "data-unprotected"
	CauseDataTLSFailed       = "data-tls-failed"
	CauseDataMTU             = "data-mtu"
	CauseDataZeroWindow      = "data-zero-window"
	CauseDataLoss            = "data-loss"
	CauseDataSilent          = "data-silent"
	CauseDataReset           = "data-reset"
	CauseDataCut             = "data-cut"
	CauseDataHalfClosed      = "data-half-closed"
	CauseDataAltered         = "data-altered"
	CauseControlLost         = "control-lost"
	CauseReplyMissed         = "reply-missed"
	CauseFileDenied          = "file-denied"
	CauseStorageFull         = "storage-full"
	CauseSlow                = "slow"
	CauseNotCaptured         = "not-captured"
)

// Meaning is a word of the record and what it means.
type Meaning struct{ Word, Meaning string }

// Causes are the values of Verdict.Cause with their meanings, in the order in which a
// session meets them.
var Causes = []Meaning{
	{CauseNone, "what was asked for was done"},
	{CauseClientAborted, "ABOR, or the client closed early and went on at once"},
	{CauseServerUnanswered, "the SYN of the control connection was not answered"},
	{CauseServerRefused, "it was answered with RST"},
	{CauseServerUnreachable, "it was answered with an ICMP error"},
	{CauseNoGreeting, "the server accepted the connection and never greeted"},
	{CauseSlowGreeting, "the server greeted after 5 s or more"},
	{CauseNotFTP, "one side speaks another protocol than FTP"},
	{CauseOutOfStep, "replies and commands no longer belong together"},
	{CauseNoReply, "a command was never answered"},
	{CauseCommandDenied, "the server rejected a command that is no transfer, and the session ended over it"},
	{CauseTLSMismatch, "one side began TLS where the other spoke clear text"},
	{CauseTLSRequired, "the server requires TLS before the login"},
	{CauseTLSRefused, "the server rejected AUTH, and nothing else was done"},
	{CauseTLSFailed, "the TLS handshake of the control connection failed"},
	{CauseLoginRejected, "the server rejected the last login"},
	{CauseServerBusy, "the server takes no more connections"},
	{CauseServerClosed, "the server closed the session: time-out or shutdown"},
	{CauseServerError, "the server failed with an internal error"},
	{CauseModeRejected, "the server rejected PORT, EPRT, PASV or EPSV"},
	{CauseAddressUntranslated, "the announced address cannot be reached from the other side: no NAT translated it"},
	{CauseAddressFamily, "IPv4 met IPv6"},
	{CauseEndpointInvalid, "PORT or the reply to PASV names no endpoint that can be used"},
	{CauseNoNegotiation, "neither PORT nor PASV was sent, and the server asks for it"},
	{CausePortsExhausted, "the server has no passive ports left"},
	{CauseDataBlocked, "the SYN of the data connection was not answered"},
	{CauseDataRefused, "the host that was to accept the data connection answered with RST"},
	{CauseDataRejected, "something rejected the data connection: RST from another place, an ICMP error of a firewall, a proxy"},
	{CauseDataUnreachable, "ICMP says that there is no way to the host of the data connection"},
	{CauseDataNeverTried, "the side that was to open the data connection did not"},
	{CauseDataWrongPeer, "the data connection came from another address than the control connection"},
	{CauseDataStolen, "a third host took the data connection"},
	{CauseDataUnprotected, "the server requires TLS on data connections"},
	{CauseDataTLSFailed, "TLS on the data connection failed, or lacks the resumption that the server demands"},
	{CauseDataMTU, "full-size segments are lost while smaller ones pass"},
	{CauseDataZeroWindow, "the receiving program stopped reading"},
	{CauseDataLoss, "data were sent again until a side gave up"},
	{CauseDataSilent, "the sender stopped although all was acknowledged"},
	{CauseDataReset, "the data connection was reset"},
	{CauseDataCut, "the data connection ended before its data did"},
	{CauseDataHalfClosed, "all data arrived, and one side never closed"},
	{CauseDataAltered, "the data arrived whole but changed: ASCII mode for a binary file"},
	{CauseControlLost, "the control connection was forgotten or reset on the way"},
	{CauseReplyMissed, "the client left before the reply came"},
	{CauseFileDenied, "the server denied the file or directory"},
	{CauseStorageFull, "the server has no space left"},
	{CauseSlow, "it worked, but waiting took most of its time"},
	{CauseNotCaptured, "the packets that would tell are not in the capture"},
}

// Values of Verdict.At.
const (
	AtNone     = "none"
	AtClient   = "client"
	AtServer   = "server"
	AtFirewall = "firewall"
	AtNAT      = "nat"
	AtPath     = "path"
	AtCapture  = "capture"
)

// Places are the values of Verdict.At with their meanings.
var Places = []Meaning{
	{AtNone, "nowhere: nothing went wrong"},
	{AtClient, "the client: its FTP program, its settings, a firewall on it"},
	{AtServer, "the server: its FTP program, its settings, a firewall on it"},
	{AtFirewall, "a firewall between the two"},
	{AtNAT, "an address translator or balancer"},
	{AtPath, "the network: routers, MTU, loss"},
	{AtCapture, "nowhere in this capture: it lacks the packets that would tell"},
}

// Values of Verdict.Certainty.
const (
	Certain = "certain"
	Likely  = "likely"
	Open    = "open"
)

// Certainties are the values of Verdict.Certainty with their meanings.
var Certainties = []Meaning{
	{Certain, "packets prove it"},
	{Likely, "it explains the packets far better than anything else"},
	{Open, "several causes fit: or lists the others"},
}
