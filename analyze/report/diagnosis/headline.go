package diagnosis

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// headlines say each cause in a few words. {opener} is the side that was to open the data
// connection and {listener} the other, {target} where it was to go, {at} the place,
// {server} the server. An entry for a cause at a place comes before that for the cause.
var headlines = map[string]string{
	record.CauseServerUnanswered:                   "{server} does not answer",
	record.CauseServerRefused:                      "{server} refuses connections",
	record.CauseServerRefused + record.AtFirewall:  "a proxy or firewall refuses the connection to {server}",
	record.CauseServerUnreachable:                  "{server} cannot be reached",
	record.CauseNoGreeting:                         "the server accepts connections and never greets",
	record.CauseSlowGreeting:                       "the server greets late",
	record.CauseNotFTP:                             "the {at} speaks another protocol than FTP",
	record.CauseOutOfStep:                          "replies and commands no longer belong together",
	record.CauseNoReply:                            "the server never answers a command",
	record.CauseNoReply + record.AtFirewall:        "a firewall drops a command or its reply",
	record.CauseCommandDenied:                      "the server rejects a command",
	record.CauseTLSMismatch:                        "one side begins TLS where the other speaks clear text",
	record.CauseTLSRequired:                        "the server requires TLS, which the client does not use",
	record.CauseTLSRefused:                         "the server refuses TLS",
	record.CauseTLSFailed:                          "the TLS handshake fails at the {at}",
	record.CauseTLSFailed + record.AtFirewall:      "a firewall breaks the TLS handshake",
	record.CauseLoginRejected:                      "the server rejects the login",
	record.CauseServerBusy:                         "the server takes no more connections",
	record.CauseServerClosed:                       "the server closes the session (time-out or shutdown)",
	record.CauseServerError:                        "the server fails for a reason of its own (its settings, its program)",
	record.CauseModeRejected:                       "the server rejects the mode that the client asks for",
	record.CauseModeRejected + record.Active:       "the server rejects active mode (PORT, EPRT)",
	record.CauseModeRejected + record.Passive:      "the server rejects passive mode (PASV, EPSV)",
	record.CauseAddressUntranslated:                "the {listener} announces {host}, which the {opener} cannot reach",
	record.CauseAddressUntranslated + record.AtNAT: "the {listener} announces {host}, an address behind its NAT",
	record.CauseAddressFamily:                      "the announced address is of the wrong family (IPv4, IPv6)",
	record.CauseAddressFamily + record.AtNAT:       "a NAT between IPv6 and IPv4 passes a wrong address",
	record.CauseEndpointInvalid:                    "the {at} announces an unusable endpoint",
	record.CauseNoNegotiation:                      "the client sends neither PORT nor PASV",
	record.CausePortsExhausted:                     "the server runs out of passive ports",
	record.CauseDataBlocked:                        "the {opener}'s SYNs to {target} get no answer",
	record.CauseDataBlocked + record.AtFirewall:    "a firewall drops the {opener}'s SYNs to {target}",
	record.CauseDataBlocked + record.AtServer:      "the server's own firewall drops SYNs for {target}",
	record.CauseDataBlocked + record.AtClient:      "the client's own firewall drops SYNs for {target}",
	record.CauseDataRefused:                        "the {at} refuses the data connection to {target}",
	record.CauseDataRejected:                       "the {at} rejects the data connection to {target}",
	record.CauseDataRejected + record.AtFirewall:   "a firewall rejects the data connection to {target}",
	record.CauseDataUnreachable:                    "there is no route to {target}",
	record.CauseDataNeverTried:                     "the {opener} does not open the data connection to {target}",
	record.CauseDataWrongPeer:                      "the data connection comes from another address than the control connection",
	record.CauseDataWrongPeer + record.AtNAT:       "a NAT gives the data connection another address than the control connection",
	record.CauseDataStolen:                         "a third host takes the data connection",
	record.CauseDataUnprotected:                    "the server requires TLS on data connections",
	record.CauseDataTLSFailed:                      "TLS on the data connection fails",
	record.CauseDataMTU:                            "large packets are lost on the way (MTU)",
	record.CauseDataZeroWindow:                     "the {at} does not read the data",
	record.CauseDataLoss:                           "packets are lost on the way until a side gives up",
	record.CauseDataSilent:                         "the {at} stops sending",
	record.CauseDataReset:                          "the {at} resets the data connection",
	record.CauseDataReset + record.AtFirewall:      "a firewall resets the data connection",
	record.CauseDataCut:                            "the {at} ends the data connection early",
	record.CauseDataCut + record.AtFirewall:        "a firewall ends the data connection early",
	record.CauseDataHalfClosed:                     "the {at} does not close the data connection",
	record.CauseDataAltered:                        "ASCII mode changes a binary file",
	record.CauseControlLost:                        "the control connection is lost on the way",
	record.CauseControlLost + record.AtFirewall:    "a firewall or NAT breaks the control connection",
	record.CauseControlLost + record.AtNAT:         "a NAT forgets the control connection",
	record.CauseReplyMissed:                        "the client leaves before the reply comes",
	record.CauseFileDenied:                         "the server denies a file or directory",
	record.CauseStorageFull:                        "the server has no space left",
	record.CauseSlow:                               "the {at} slows the data down",
	record.CauseSlow + record.AtPath:               "the network slows the data down",
}

// hedges are by certainty: what is not certain is not said as if it were.
var hedges = [...]string{"", "most likely ", "perhaps "}

// headline is a group's cause in a few words.
func (a *Answer) headline(g *answerGroup) string {
	switch {
	case g.mode == bouncing && g.cause == record.CauseModeRejected:
		return "the server rejects PORT to a host that is not the client (FTP bounce): " + g.targetWords()
	case g.mode == bouncing:
		return "the client makes the server connect to another host (FTP bounce): " + g.targetWords()
	}
	text := ""
	for _, key := range []string{g.cause + g.at, g.cause + g.mode, g.cause} {
		if text == "" {
			text = headlines[key]
		}
	}
	if text == "" {
		text = "see below"
	}
	opener, listener := record.Client, record.Server
	if g.mode == record.Active {
		opener, listener = listener, opener
	}
	server := "the server"
	if a.hosts.many || g.what == anAttempt {
		server = g.server()
	}
	if g.what == anAttempt && !g.servers.one() {
		text = strings.NewReplacer("does not", "do not", "refuses", "refuse").Replace(text)
	}
	text = strings.NewReplacer("{opener}", opener, "{listener}", listener, "{target}", g.targetWords(), "{host}", g.hostWords(),
		"{at}", prose.Escape(g.at), "{server}", server).Replace(text)
	text = strings.Replace(text, several+", an address", several, 1)
	if a.hosts.many && g.what == aSession {
		text += " (" + g.server() + ")"
	}
	return hedges[max(g.certainty, 0)] + text
}

// server names the server of a group.
func (g *answerGroup) server() string {
	switch {
	case !g.servers.one():
		return "several servers"
	case g.what == anAttempt && g.control != 0:
		return g.servers.first.String() + " port " + prose.Port(g.control)
	}
	return "server " + g.servers.first.String()
}

// targetWords say where data connections were to go: "192.0.2.21 ports 50000–50100".
func (g *answerGroup) targetWords() string {
	if !g.targets.first.IsValid() {
		return "the announced port"
	}
	ports := " port " + prose.Port(g.low)
	if g.low != g.high {
		ports = " ports " + prose.Port(g.low) + "–" + prose.Port(g.high)
	}
	if g.targets.many {
		return "several hosts," + ports
	}
	return g.targets.first.String() + ports
}

func (g *answerGroup) hostWords() string {
	if g.targets.one() {
		return g.targets.first.String()
	}
	return several
}

// several stands for the hosts of a group that has more than one.
const several = "addresses"
