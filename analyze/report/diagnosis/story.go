// Package diagnosis says in words what became of sessions, transfers and tries, once for
// all formats: the packages of formats beside it come next. Whatever comes from the wire
// is escaped.
package diagnosis

import (
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Title names a session: its number, user, server and time.
func Title(s *record.Session, z prose.Zone) string {
	who := "a client that gave no name"
	if s.User != nil {
		who = prose.Cut(prose.Escape(*s.User), 40)
	}
	return "Session " + strconv.Itoa(s.ID) + " · " + who + " at " + s.Server.Addr().String() + ", " + z.Period(s.Start.Time, s.End.Time) + " " + z.Name(s.Start.Time, s.End.Time)
}

// Story is the paragraph that a session begins with.
func Story(s *record.Session, files bool) string {
	sentences := []string{beginning(s, files)}
	for _, part := range []string{originSentence(s), placeSentence(s), networkSentence(s), tlsSentence(s, files), modeSentence(s)} {
		if part != "" {
			sentences = append(sentences, part)
		}
	}
	return strings.Join(sentences, " ")
}

// originSentence says who is behind the control connection's ends, and where else it is in
// the capture; empty: there is nothing to say.
func originSentence(s *record.Session) string {
	var said []string
	if s.RealClient != "" {
		said = append(said, "A PROXY line names "+prose.Escape(s.RealClient)+" as the client behind it.")
	}
	if s.RealServer != "" {
		said = append(said, "The server is a proxy, which the client asked to connect to "+prose.Escape(s.RealServer)+".")
	}
	if s.Twin > 0 {
		said = append(said, "Session "+strconv.Itoa(s.Twin)+" is the same session, captured on the other side of a NAT.")
	}
	return strings.Join(said, " ")
}

// beginning tells who opened the control connection, logged in and left.
func beginning(s *record.Session, files bool) string {
	c := &s.Notes.Control
	said := []string{login(s), farewell(s, files)}
	client, server := s.Client.Addr().String(), strconv.Itoa(int(s.Server.Port()))
	if !c.SYN.Seen() && !c.SYNACK.Seen() {
		return "The capture does not show who opened the control connection between " + client + " port " + strconv.Itoa(int(s.Client.Port())) +
			" and " + s.Server.Addr().String() + " port " + server + "; the first is assumed to be the client. It " + prose.List(said) + "."
	}
	return "The client " + client + " opened the control connection from its port " + strconv.Itoa(int(s.Client.Port())) +
		" to the server's port " + server + prose.Packets(files, c.SYN.Pos, c.SYNACK.Pos) + ", " + prose.List(said) + "."
}

func login(s *record.Session) string {
	user := ""
	if s.User != nil {
		user = " as " + prose.Escape(*s.User)
	}
	tries := len(s.Notes.Logins)
	switch {
	case s.Login == record.LoginOK && tries > 1:
		return "logged in" + user + " after " + prose.Many(tries, "try")
	case s.Login == record.LoginOK:
		return "logged in" + user
	case s.Login == record.LoginFailed && tries > 1:
		return "failed to log in" + user + " in " + prose.Many(tries, "try")
	case s.Login == record.LoginFailed:
		return "failed to log in" + user
	case s.User != nil:
		return "sent the user name " + prose.Escape(*s.User) + " (the server's answer is not in the capture)"
	case s.Hides():
		return "may have logged in outside the capture"
	}
	return "did not log in as far as the capture shows"
}

func farewell(s *record.Session, files bool) string {
	left := "left without QUIT: "
	if s.Hides() {
		left = "left (" + prose.Escape(s.Protection()) + " hides whether with QUIT): "
	} else if s.Capture.MissingBytes > 0 || !s.Capture.ClientSide {
		left = "left (the capture does not show whether with QUIT): "
	}
	switch s.Closing {
	case record.ClosingQuit:
		return "said goodbye with QUIT" + prose.Packets(files, s.Notes.Quit.Pos)
	case "fin":
		if who, at := Ender(s, func(h *flow.Half) flow.Mark { return h.FIN }); who != "" {
			return left + "the " + who + " closed the connection" + prose.Packets(files, at)
		}
		return left + "the connection was closed"
	case "rst":
		if who, at := Ender(s, func(h *flow.Half) flow.Mark { return h.RST }); who != "" && s.IsForged(&s.Notes.Control, who, true) {
			return left + "a reset (RST) in the " + who + "'s name" + prose.Packets(files, at) + ", which by its TTL it did not send, ended the connection"
		} else if who != "" {
			return left + "the " + who + " reset the connection (RST)" + prose.Packets(files, at)
		}
		return left + "the connection was reset (RST)"
	}
	return "was still connected at its last packet"
}

// Ender is the side whose packet of a kind, FIN or RST, came first on the control
// connection; empty: none is known.
func Ender(s *record.Session, of func(*flow.Half) flow.Mark) (who string, at flow.Pos) {
	client, server := s.Halves(&s.Notes.Control)
	switch a, b := of(client), of(server); {
	case a.Seen() && (!b.Seen() || a.Ord < b.Ord):
		return record.Client, a.Pos
	case b.Seen():
		return record.Server, b.Pos
	}
	return "", 0
}

func tlsSentence(s *record.Session, files bool) string {
	rest := ": the commands after that cannot be read, so transfers are known only by their connections."
	switch {
	case s.Capture.Decrypted:
		rest = ": the keys decrypt what was said after that."
	case s.ReadsAgain():
		rest = ": what was said then cannot be read, until both went back to clear text (CCC)."
	case s.TLS == record.TLSImplicit:
		rest = ": commands cannot be read, so transfers are known only by their connections."
	}
	switch {
	case s.Notes.Security == "":
	case s.TLS == record.TLSExplicit:
		return "The client asked for protection by " + prose.Escape(s.Notes.Security) + ", which is not TLS, with AUTH" + prose.Packets(files, s.Notes.AuthTLS.Pos) +
			" and the server agreed: commands (MIC, CONF, ENC) and replies (631, 632, 633) after that are protected and cannot be read, so transfers are told by their connections alone."
	case s.TLS == record.TLSRefused:
		return "The client asked for protection by " + prose.Escape(s.Notes.Security) + " with AUTH" + prose.Packets(files, s.Notes.AuthTLS.Pos) + " and the server refused: everything went in clear text."
	}
	if why := s.Capture.Undecrypted; why != "" {
		rest = strings.TrimSuffix(rest, ".") + "; keys do not help: " + why + "."
	}
	switch s.TLS {
	case record.TLSExplicit:
		return "The client asked for encryption with AUTH" + prose.Packets(files, s.Notes.AuthTLS.Pos) + " and the server agreed" + rest + handshake(s, files)
	case record.TLSImplicit:
		return "The connection was encrypted from its first byte" + rest + handshake(s, files)
	case record.TLSRefused:
		return "The client asked for encryption with AUTH" + prose.Packets(files, s.Notes.AuthTLS.Pos) + " and the server refused: everything went in clear text."
	}
	return ""
}

// modeSentence counts the transfers and says their mode.
func modeSentence(s *record.Session) string {
	n := map[string]int{}
	for i := range s.Transfers {
		if o := s.Transfers[i].Outcome; o != record.Rejected {
			n[s.Transfers[i].Mode]++
		}
	}
	total := n[record.Active] + n[record.Passive]
	switch {
	case s.Mode == record.Mixed:
		return "Its transfers use MIXED modes: " + prose.Number(uint64(n[record.Active])) + " active (the server must open the data connection) and " +
			prose.Number(uint64(n[record.Passive])) + " passive (the client must)."
	case s.Mode == record.Active:
		return quantity(total) + " ACTIVE mode: the server " + opening(s) + dataConnections(total) + "."
	case s.Mode == record.Passive:
		return quantity(total) + " PASSIVE mode: the client " + opening(s) + dataConnections(total) + "."
	case n[record.Unknown] > 0:
		return "This capture does not show who opens the data connections."
	case len(s.Transfers) > 0 && n[record.Active]+n[record.Passive] == 0:
		return "The server rejected every way of opening a data connection, so nothing was transferred."
	}
	return "Nothing was transferred."
}

// placeSentence says where the capture was taken, as far as TTLs tell it.
func placeSentence(s *record.Session) string {
	near, far := s.Halves(&s.Notes.Control)
	client, server := flow.Hops(near.TTL), flow.Hops(far.TTL)
	switch {
	case client < 0 || server < 0:
		return ""
	case client == 0 && server == 0:
		return "According to the TTLs, no router is between the two and the place of capture."
	case client == 0:
		return "The capture was taken at the client or next to it: according to the TTLs, the server is " + prose.Many(server, "router") + " away."
	case server == 0:
		return "The capture was taken at the server or next to it: according to the TTLs, the client is " + prose.Many(client, "router") + " away."
	}
	return "The capture was taken between the two: according to the TTLs, the client is " + prose.Many(client, "router") + " away, the server " + prose.Number(uint64(server)) + "."
}

// opening is what the side that the mode names did, or should have done where not all
// connections came to be.
func opening(s *record.Session) string {
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Outcome != record.Rejected && (!t.Opened() || !t.SYNSeen() || t.Initiator != s.Initiator) || s.Initiator == record.ThirdParty {
			return "has to open "
		}
	}
	return "opened "
}

func quantity(n int) string {
	switch n {
	case 1:
		return "Its transfer uses"
	case 2:
		return "Both transfers use"
	}
	return "All " + prose.Number(uint64(n)) + " transfers use"
}

func dataConnections(n int) string {
	if n == 1 {
		return "the data connection"
	}
	return "the data connections"
}

// Firewall says what must be allowed for the session's modes, once each; nothing where a
// grave finding has better advice.
func Firewall(s *record.Session) string {
	if graveFindings(s) {
		return ""
	}
	var active, passive *record.Transfer
	var ports []uint16 // that the server announced
	fixed := true      // every active connection came from the port below the control port (RFC 959 section 3.2)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		switch {
		case !showsWay(s, t):
		case t.Mode == record.Active:
			active = t
			if t.Connection != nil && t.Initiator == record.Server && t.Connection.Src.Port() != s.Server.Port()-1 {
				fixed = false
			}
		case t.Mode == record.Passive:
			passive = t
			if t.Announced != nil && !slices.Contains(ports, t.Announced.Port()) && len(ports) <= maxHere {
				ports = append(ports, t.Announced.Port())
			}
		}
	}
	var parts []string
	if active != nil {
		from := " from any port"
		if fixed {
			from = " port " + strconv.Itoa(int(s.Server.Port()-1))
		}
		parts = append(parts, "Active mode: a firewall in front of the client must let "+s.Server.Addr().String()+from+
			" in to the client's high ports"+follow(s, negotiation(active))+
			". In passive mode the client would open the connection instead.")
	}
	if passive != nil {
		parts = append(parts, "Passive mode: a firewall in front of the server must let "+s.Client.Addr().String()+
			" in to the ports that the server announces"+here(ports)+follow(s, negotiation(passive))+
			". In active mode the server would open the connection instead.")
	}
	return strings.Join(parts, " ")
}

// showsWay reports whether what a firewall has to let through can be learned from a
// transfer: not from one that another host took over, nor from one whose connection was
// open and yet did not bring it to its end.
func showsWay(s *record.Session, t *record.Transfer) bool {
	switch {
	case t.Outcome == record.Rejected, t.Initiator == record.ThirdParty:
		return false
	case t.Outcome == record.Aborted, t.Outcome == record.Denied, t.Outcome == record.Incomplete && s.Capture.ToEnd:
		return !t.Opened()
	}
	return true
}

// maxHere is how many ports a sentence names.
const maxHere = 4

// here names the ports, the first ones if they are many.
func here(ports []uint16) string {
	if len(ports) == 0 {
		return ""
	}
	var words []string
	for _, p := range ports[:min(len(ports), maxHere)] {
		words = append(words, strconv.Itoa(int(p)))
	}
	if len(ports) > maxHere {
		words = append(words, "others")
	}
	return " (here " + prose.List(words) + ")"
}

// follow is the other way, which encryption bars.
func follow(s *record.Session, what string) string {
	if s.TLS == record.TLSExplicit || s.TLS == record.TLSImplicit {
		return "; it cannot follow the commands, since they are encrypted"
	}
	if what == "" {
		return ""
	}
	return ", or follow " + what
}

// negotiation names what a firewall would have to read; nothing when nothing was
// negotiated.
func negotiation(t *record.Transfer) string {
	switch t.Method {
	case "PASV":
		return "the server's 227 reply"
	case "EPSV":
		return "the server's 229 reply"
	case "LPSV":
		return "the server's 228 reply"
	case "PORT", "EPRT", "LPRT":
		return "the " + t.Method + " command"
	}
	return ""
}

// Limits says what the capture cannot show.
func Limits(s *record.Session) string {
	c := &s.Capture
	var parts []string
	if !c.FromStart {
		parts = append(parts, "it begins in the middle of the session, so what was said before is unknown")
	}
	if !c.ToEnd {
		parts = append(parts, "it ends before the session does")
	}
	switch {
	case c.ClientSide && !c.ServerSide:
		parts = append(parts, "it holds only what the client sent, not the server's replies")
	case c.ServerSide && !c.ClientSide:
		parts = append(parts, "it holds only what the server sent, not the client's commands")
	}
	if c.MissingBytes > 0 {
		verb := " are"
		if c.MissingBytes == 1 {
			verb = " is"
		}
		parts = append(parts, prose.Many(c.MissingBytes, "byte")+" of the control connection"+verb+" missing from it")
	}
	if len(parts) == 0 {
		return ""
	}
	return "What this capture cannot show: " + strings.Join(parts, "; ") + "."
}

// handshake says, once, what the TLS handshake of the control connection shows although
// all after it is encrypted.
func handshake(s *record.Session, files bool) string {
	h := s.Handshake
	if h == nil {
		return ""
	}
	var said []string
	if h.Version != "" {
		said = append(said, "it is "+h.Version+" ("+prose.Escape(h.Cipher)+")"+prose.Packets(files, h.ServerHello.Pos))
	} else if len(h.Offered) > 0 {
		said = append(said, "the client offers "+strings.Join(h.Offered, ", ")+prose.Packets(files, h.ClientHello.Pos))
	}
	if h.ServerName != "" {
		said = append(said, "the client names the server "+sent(h.ServerName))
	}
	switch {
	case h.Protocol != "":
		said = append(said, "they agree on the protocol "+sent(h.Protocol)+" (ALPN)")
	case len(h.Protocols) > 0:
		said = append(said, "the client offers the protocol "+sent(strings.Join(h.Protocols, ", "))+" (ALPN)")
	}
	if c := certificate(h); c != "" {
		said = append(said, c)
	}
	if len(said) == 0 {
		return ""
	}
	return " The handshake shows: " + strings.Join(said, "; ") + "."
}

// certificate says what is known of the server's certificate, which nobody has verified.
func certificate(h *record.TLSInfo) string {
	const day = "2006-01-02"
	switch {
	case h.Certificate.Read():
		x := h.Certificate
		issuer := "issued by " + sent(x.Issuer)
		if x.SelfSigned {
			issuer = "self-signed"
		}
		return "the server sent a certificate for " + sent(x.Subject) + ", " + issuer + ", valid from " +
			x.NotBefore.UTC().Format(day) + " to " + x.NotAfter.UTC().Format(day) + expired(x)
	case h.Encrypted:
		return "the server's certificate is encrypted too"
	case h.Resumed:
		return "no certificate was sent, because an earlier session was resumed"
	}
	return ""
}

// expired compares with the packet's time: two runs give the same text.
func expired(x *record.Certificate) string {
	switch {
	case x.Expired():
		return ", expired"
	case x.Early():
		return ", not in force yet"
	}
	return ""
}

// sent is a text of the wire, quoted, escaped and cut.
func sent(text string) string { return "“" + prose.Cut(prose.Escape(text), 80) + "”" }
