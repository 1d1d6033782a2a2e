package verdict

import (
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// What the server said: refusals of transfers and offers. It knows best why it refused,
// so these judges come first.

var rejections = []judge{
	saidNotLoggedIn, saidUnprotected, saidInvalid, saidUntranslated, saidFamily, saidExhausted, saidBusy, saidError, saidModeRejected, unexplained,
}

var failures = []judge{
	abortedByClient, seenEnough, saidUnprotected, saidWrongPeer, saidNoNegotiation, saidExhausted, saidFull, stolen, saidNotLoggedIn, saidError, saidHandshake, unresumed, saidAtOnce, saidLocal, duringTransfer, saidBusy, saidUnopened, saidDenied, unexplained,
}

var incompletes = []judge{abortedByClient, handshakeOfData, serverStopped, leftWaiting, leftEarly, duringTransfer, notCaptured}

// lastReply is the reply that refused: the transfer's, if it is one.
func lastReply(t *record.Transfer) *record.Reply {
	if t.Reply != nil && t.Reply.Code >= 300 {
		return t.Reply
	}
	return nil
}

// about begins a verdict that rests on a reply.
func about(t *record.Transfer, cause, at string) *record.Verdict {
	v := &record.Verdict{Cause: cause, At: at, Certainty: record.Certain, Frames: []flow.Pos{t.Frames.Negotiation, t.Frames.Command}}
	if t.Reply != nil {
		v.Frames = append(v.Frames, t.Reply.Pos)
	}
	return v
}

func saidNotLoggedIn(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || c.Login == record.LoginOK || !code(r, 530, 532) && !(r.Code >= 500 && means(r, saysLoginOnly)) {
		return nil
	}
	v := about(t, record.CauseLoginRejected, record.AtClient)
	if means(r, saysTLS) {
		v.Cause = record.CauseTLSRequired
	}
	v.Text = sentence(named(t)+" was refused because nobody was logged in", c.replied(r))
	v.Next = steps("log in first: look at the replies to USER and PASS")
	return v
}

func saidUnprotected(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	switch {
	case r == nil:
		return nil
	case means(r, saysResume):
		v := about(t, record.CauseDataTLSFailed, record.AtClient)
		v.Text = sentence("the server requires that TLS on the data connection resumes the session of the control connection, and "+named(t)+" did not", c.replied(r))
		v.Next = steps("let the client resume (reuse) the TLS session on data connections; newer versions of most clients do",
			"or switch this requirement off at the server"+c.settings(settings.NoResumption))
		return v
	case !code(r, 521, 522, 533, 534, 536) && !means(r, saysTLS) || means(r, saysFamily) || !means(r, saysTLS) && code(r, 522, 533, 534) && t.Outcome == record.Rejected:
		return nil
	}
	v := about(t, record.CauseDataUnprotected, record.AtClient)
	v.Text = sentence("the server accepts only data connections under TLS", c.replied(r)+" to "+named(t))
	v.Next = steps("let the client use explicit TLS and protect data: AUTH TLS, PBSZ 0, PROT P",
		"or let the server accept data in clear text"+c.settings(settings.ClearData)+", if the network is trusted")
	return v
}

// saidInvalid is a PORT or EPRT without an endpoint that the server refused for it.
func saidInvalid(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Mode != record.Active || t.Announced != nil || t.Notes.Asked == nil || !code(t.Reply, 500, 501, 504, 522) || means(t.Reply, saysFamily) {
		return nil
	}
	return c.invalidEndpoint(t)
}

// saidUntranslated is an offer that the server refused because the address is not the
// client's, as the server sees it: it is the one of behind a NAT. Another host's address, of
// the client's own network, is no matter of NAT.
func saidUntranslated(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Mode != record.Active || t.Announced == nil || t.Announced.Addr().Is4() != c.Client.Addr().Is4() || thirdHost(c, t) {
		return nil
	}
	announced := t.Announced.Addr()
	v := about(t, record.CauseAddressUntranslated, record.AtNAT)
	v.Next = c.translate(t)
	switch {
	case announced == c.Client.Addr():
		return c.untranslatedInside(t, v)
	case !elsewhere(announced, c.Client.Addr()):
		return nil
	case !flow.IsInternal(announced):
		v.Certainty, v.Or = record.Open, []string{record.CauseModeRejected}
	}
	v.Text = sentence("the client announced "+prose.InternalKind(announced)+announced.String()+" by "+t.Method+", but the server sees it as "+
		c.Client.Addr().String()+" and rejected it", c.replied(t.Reply))
	return v
}

// untranslatedInside is the same seen before the NAT: the client is inside and the server
// outside, and it refuses the command's argument.
func (c *hearing) untranslatedInside(t *record.Transfer, v *record.Verdict) *record.Verdict {
	if !flow.IsInternal(c.Client.Addr()) || flow.IsInternal(c.Server.Addr()) || !code(t.Reply, 500, 501) || means(t.Reply, saysUnknown) || t.Announced.Port() < flow.FirstUnprivileged {
		return nil
	}
	v.Certainty, v.Or = record.Likely, []string{record.CauseModeRejected}
	v.Text = sentence("the client announced "+prose.InternalKind(c.Client.Addr())+c.Client.Addr().String()+" by "+t.Method+c.packets(t.Frames.Negotiation)+" to a server outside ("+c.Server.Addr().String()+
		"), which rejected it", c.replied(t.Reply), "it seems that no NAT on the way translated the address")
	return v
}

func saidFamily(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || !(r.Code == 522 || means(r, saysFamily)) || t.Method != "EPSV" && t.Method != "EPRT" && t.Method != "PASV" && t.Method != "PORT" {
		return nil
	}
	return c.familyVerdict(t, c.replied(r)+" to "+t.Method)
}

func (c *hearing) familyVerdict(t *record.Transfer, why string) *record.Verdict {
	v := about(t, record.CauseAddressFamily, record.AtServer)
	if flow.NAT64.Contains(c.Server.Addr()) {
		v.At, v.Certainty = record.AtNAT, record.Likely
		v.Text = sentence("the server is an IPv4 host behind NAT64 ("+c.Server.Addr().String()+"), where IPv6 addresses and EPSV 2 are meaningless", why)
		v.Next = steps("let the client use EPSV without an argument, which names no address and no protocol", "or give the NAT64 an FTP helper (ALG, RFC 6384)")
		return v
	}
	if t.Notes.Asked != nil && t.Mode == record.Active {
		v.At = record.AtClient
	}
	v.Text = sentence("client and server do not agree on IPv4 or IPv6 for "+t.Method, why)
	v.Next = steps("let the client use EPSV without an argument, or EPRT with the family of the control connection")
	return v
}

func saidExhausted(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || t.Mode == record.Active || !means(r, saysPorts) {
		return nil // in active mode it is the server's own end that is in use
	}
	v := about(t, record.CausePortsExhausted, record.AtServer)
	v.Text = sentence("the server found no port for the data connection of "+named(t), c.replied(r))
	v.Next = steps(enlarge(c), "look for connections in TIME_WAIT and for hanging transfers at the server")
	return v
}

func saidBusy(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || r.Code != 421 && !means(r, saysBusy) {
		return nil
	}
	v := about(t, record.CauseServerClosed, record.AtServer)
	if means(r, saysBusy) && !(r.Code == 421 && means(r, saysTooLong)) {
		v.Cause = record.CauseServerBusy
	}
	ended := "ended "
	if t.Outcome == record.Denied {
		ended = "refused "
	}
	v.Text = sentence("the server " + ended + named(t) + ": it replied " + quoted(r) + c.packets(r.Pos))
	v.Next = steps("look at the server's log, its limits and its timers")
	return v
}

func saidError(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || !means(r, saysError) {
		return nil
	}
	v := about(t, record.CauseServerError, record.AtServer)
	v.Text = sentence("the server failed for a reason of its own", c.replied(r)+" to "+refusedCommand(t))
	v.Next = steps(serverSetting(r), "look at the server's log and its configuration")
	return v
}

// command is what the server refused: the transfer command, or the negotiation.
func refusedCommand(t *record.Transfer) string {
	if t.Command != nil {
		return *t.Command
	}
	return t.Method
}

// serverSetting names the setting that an error names.
func serverSetting(r *record.Reply) string {
	if i := strings.Index(r.Text, "invalid "); i >= 0 {
		if word, _, _ := strings.Cut(r.Text[i+len("invalid "):], " "); strings.Contains(word, "_") {
			return "correct the setting that the reply names, in the server's configuration"
		}
	}
	for _, known := range complaints {
		if hasFold(r.Text, known.words) {
			return known.step
		}
	}
	return ""
}

const childKilled = "the server's child was killed: try it without its sandbox (vsftpd seccomp_sandbox=NO), and update it"

// complaints are what vsftpd says of its own configuration, and what mends it.
var complaints = []struct{ words, step string }{
	{"writable root inside chroot", "remove the write permission on the user's root directory (chmod a-w), or allow such a root (vsftpd allow_writeable_chroot=YES)"},
	{"cannot change directory", "does the user's home directory exist, and may the user enter it? Look at its owner, its permissions and SELinux (ftp_home_dir)"},
	{"could not bind listening", "does another program listen on the server's port already?"},
	{"config file not owned", "give the configuration file to the user who starts the server (root)"},
	{"priv_sock_get", childKilled},
	{"child died", childKilled},
	{"cannot load rsa", "check the path, the permissions and the form of the server's certificate and key (vsftpd rsa_cert_file, rsa_private_key_file)"},
}

func saidModeRejected(c *hearing, t *record.Transfer) *record.Verdict {
	v := about(t, record.CauseModeRejected, record.AtServer)
	if t.Reply == nil {
		return nil
	}
	v.Text = sentence("the server rejected "+t.Method+": it replied "+quoted(t.Reply)+c.packets(t.Reply.Pos), c.anothers(t))
	v.Next = instead(c, t)
	return v
}

// anothers says of an offer that it names another host than the client; empty: it does not.
func (c *hearing) anothers(t *record.Transfer) string {
	if t.Mode != record.Active || t.Announced == nil || t.Announced.Addr() == c.Client.Addr() {
		return ""
	}
	return "it named " + t.Announced.Addr().String() + ", which is not the client (" + c.Client.Addr().String() + ")"
}

func saidWrongPeer(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	stranger := t.Initiator == record.ThirdParty && t.Mode != record.Active && met(t, flow.Established) && (r != nil && r.Code >= 400) && (t.Bytes == nil || *t.Bytes == 0)
	if r == nil || !means(r, saysPeer) && !stranger {
		return nil
	}
	v := about(t, record.CauseDataWrongPeer, record.AtNAT)
	from := ""
	if t.Initiator == record.ThirdParty {
		from = ", but from " + t.Connection.Src.Addr().String() + c.packets(t.Frames.SYN)
		v.Frames = append(v.Frames, t.Frames.SYN)
	}
	v.Certainty = record.Likely // that the addresses differ is seen, why is not
	v.Text = sentence("the server refused the data connection because it did not come from the address of the control connection, "+c.Client.Addr().String()+from, c.replied(r), "most likely a NAT, balancer or cluster gives the client several addresses")
	v.Next = steps("look for a NAT, balancer or cluster that gives one client several addresses, and make it keep one (source persistence; in Kubernetes externalTrafficPolicy: Local)",
		severalOwn(c),
		"only if that fails, relax the server's check"+c.settings(settings.ForeignPeer)+": it protects data from theft")
	return v
}

// severalOwn is what else gives a client several addresses.
func severalOwn(c *hearing) string {
	if c.Client.Addr().Is6() {
		return "does the client have several addresses of its own (temporary IPv6 addresses, two interfaces, a VPN)? Let its program use one for both connections"
	}
	return "does the client have several addresses of its own (two interfaces, a VPN)? Let its program use one for both connections"
}

func saidNoNegotiation(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || t.Method != record.MethodDefault || !means(r, saysMode) && !code(r, 425, 503) || t.Connection != nil {
		return nil
	}
	if !c.Capture.ClientSide || c.Capture.MissingBytes > 0 || !c.Capture.FromStart && !means(r, saysMode) {
		return nil
	}
	if v := goneOn(c, t); v != nil {
		return v
	}
	v := about(t, record.CauseNoNegotiation, record.AtClient)
	if r.Code == 503 && !means(r, saysMode) {
		v.Certainty, v.Or = record.Likely, []string{record.CauseCommandDenied}
	}
	v.Text = sentence("the client sent "+named(t)+" without PORT or PASV before it", c.replied(r))
	v.Next = steps("let the client send " + offers(c) + " before each transfer")
	return v
}

// goneOn is a transfer that the client asked for although the server had rejected its last
// offer: what was wrong with that is the cause; nil: it was not rejected.
func goneOn(c *hearing, t *record.Transfer) *record.Verdict {
	if t.N < 2 {
		return nil
	}
	o := &c.Transfers[t.N-2]
	if o.Outcome != record.Rejected || o.Verdict == nil {
		return nil
	}
	v := *o.Verdict
	v.Frames = slices.Concat(v.Frames, []flow.Pos{t.Frames.Command, t.Frames.Reply}) // o's stay
	v.Text = sentence(v.Text[:len(v.Text)-1], "the client sent "+named(t)+" anyway", c.then(t))
	return &v
}

func saidFull(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || !code(r, 452, 552) && !means(r, saysFull) {
		return nil
	}
	v := about(t, record.CauseStorageFull, record.AtServer)
	v.Text = sentence("the server has no space for "+named(t), c.replied(r))
	v.Next = steps("free space at the server, or raise the user's quota")
	return v
}

func saidDenied(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || means(r, saysData) && met(t, flow.Established) {
		return nil
	}
	v := about(t, record.CauseFileDenied, record.AtServer)
	if t.Carried() != nil && *t.Carried() > 0 { // it was permitted at first
		v.Certainty = record.Likely
	}
	v.Text = sentence("the server denied " + named(t) + ": it replied " + quoted(r) + c.packets(r.Pos))
	v.Next = steps("check the name, its upper and lower case, and the working directory at the server", "check the user's permissions there"+c.writable(t))
	if code(r, 500, 502, 503, 504) {
		v.Cause = record.CauseCommandDenied
		v.Next = steps("let the client use a command that the server knows (FEAT and HELP list them)")
	}
	return v
}

// saidHandshake is a data connection on which TLS failed, as the server says.
func saidHandshake(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || !means(r, saysHandshake) {
		return nil
	}
	v := about(t, record.CauseDataTLSFailed, record.AtClient)
	v.Certainty = record.Likely
	v.Text = sentence("the TLS handshake on the data connection of "+named(t)+" failed", c.replied(r))
	v.Next = steps("let the client resume (reuse) the TLS session on data connections; newer versions of most clients do",
		"does the client accept the server's certificate on data connections too? Look at the logs of both sides for an alert")
	return v
}

// saidLocal is a transfer that the server broke off for a fault of its own disk or program
// (RFC 959 section 4.2.2: 451, "local error in processing"), before the client ended it.
func saidLocal(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if r == nil || r.Code != 451 || means(r, saysData) || means(r, saysLate) || means(r, saysDenied) {
		return nil
	}
	if met(t, flow.Established) {
		if e := c.ended(t.Notes.Conn); e.by == record.Client && e.at.Time < r.Time.Time || hasForeignReset(c, t.Notes.Conn) {
			return nil
		}
	}
	v := about(t, record.CauseServerError, record.AtServer)
	v.Certainty = record.Likely
	how := ""
	if met(t, flow.Established) {
		how = after(t)
	}
	v.Text = sentence("the server had an internal failure in "+named(t)+how, c.replied(r))
	v.Next = steps("look at the server's log, its disk (errors, free space, quota) and the permissions of the file")
	return v
}

// saidAtOnce is a refusal before anything of the transfer began: whatever became of its data
// connection is of no matter.
func saidAtOnce(c *hearing, t *record.Transfer) *record.Verdict {
	r, ran := lastReply(t), t.Notes.Ran
	if r == nil || ran == nil || t.Preliminary != nil || t.Bytes != nil && *t.Bytes > 0 || r.Code < 400 || code(r, 421, 425, 426) || r.Time.Time-ran.Mark.Time > quickly || means(r, saysLate) {
		return nil
	}
	return first(c, t, []judge{saidBusy, saidDenied})
}

// quickly is how soon a server refuses a command for its own sake, at most: what it waits for
// takes longer.
const quickly = 3 * flow.Second

// saidUnopened is a transfer that ended by 426 or its like without a data connection.
func saidUnopened(c *hearing, t *record.Transfer) *record.Verdict {
	if !code(lastReply(t), 425, 426) || t.Connection != nil || t.Method == record.MethodEncrypted {
		return nil
	}
	if r := lastReply(t); t.Command == nil && t.Method == record.MethodDefault {
		v := about(t, record.CauseNotCaptured, record.AtCapture)
		v.Certainty = record.Likely
		v.Text = sentence("the server replied " + quoted(r) + c.packets(r.Pos) + " to a transfer of which the capture holds nothing else")
		v.Next = steps("capture again from before the login to the end, both directions")
		return v
	}
	return first(c, t, []judge{saidRefused, otherFamily, untranslated, oneSided, suspected, saidTimedOut, neverTried})
}

// saidRefused is a server that says what met its SYN, which the capture does not hold.
func saidRefused(c *hearing, t *record.Transfer) *record.Verdict {
	switch {
	case means(t.Reply, saysRefused):
		return triedUnseen(c, t, opening(t, record.CauseDataRefused, record.AtClient))
	case means(t.Reply, saysUnrouted):
		return triedUnseen(c, t, opening(t, record.CauseDataUnreachable, record.AtPath))
	}
	return nil
}

// saidTimedOut is one that says that its SYN got no answer.
func saidTimedOut(c *hearing, t *record.Transfer) *record.Verdict {
	if !means(t.Reply, saysLate) {
		return nil
	}
	v := opening(t, record.CauseDataBlocked, record.AtFirewall)
	v.Or = []string{record.CauseDataNeverTried}
	return triedUnseen(c, t, v)
}

// triedUnseen is a data connection that the server says it tried, of which the capture holds
// nothing; nil: it was not the server's to try, or was seen.
func triedUnseen(c *hearing, t *record.Transfer, v *record.Verdict) *record.Verdict {
	if t.Connection != nil || t.Mode != record.Active || t.Announced == nil {
		return nil
	}
	v.Text = sentence("the server tried to open the data connection of "+named(t)+" to "+t.Announced.String()+", which this capture does not show, and failed", c.replied(t.Reply))
	v.Next = steps("look for a firewall in front of the client, or on it, that blocks connections from the server, and whether a NAT sends "+t.Announced.String()+" elsewhere", orPassive(c))
	return v
}

func (c *hearing) writable(t *record.Transfer) string {
	if t.Direction == nil || *t.Direction != record.Upload {
		return ""
	}
	return c.settings(settings.Write)
}

func abortedByClient(c *hearing, t *record.Transfer) *record.Verdict {
	if !t.Notes.Abort.Seen() {
		return nil
	}
	v := about(t, record.CauseClientAborted, record.AtClient)
	v.Frames = append(v.Frames, t.Notes.Abort.Pos)
	if r := t.Reply; r != nil && r.Time.Time < t.Notes.Abort.Time {
		return nil
	}
	if t.Connection == nil || t.Notes.Conn.State != flow.Established {
		return nil // what kept it from coming matters more
	}
	v.Text = sentence("the client stopped "+named(t)+" by ABOR"+c.packets(t.Notes.Abort.Pos), c.then(t))
	v.Next = steps("nothing, if that was intended; if not, find out why the client gave up")
	return v
}

func notCaptured(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Command == nil && t.Connection == nil && c.Notes.Quit.Seen() && c.gapless() {
		return superfluous(c, t)
	}
	v := about(t, record.CauseNotCaptured, record.AtCapture)
	v.Certainty = record.Likely
	v.Text = sentence("the capture does not show how "+named(t)+" ended", c.lacks())
	v.Next = steps("capture again from before the login to the end, both directions, at the client or at the server")
	return v
}

// lacks says what of the control connection is missing.
func (c *hearing) lacks() string {
	k := &c.Capture
	switch {
	case !k.ServerSide:
		return "it has no packets from the server"
	case !k.ClientSide:
		return "it has no packets from the client"
	case k.MissingBytes > 0:
		return "it lacks " + many(int(k.MissingBytes), "byte") + " of the control connection"
	case !k.ToEnd:
		return "it ends before the control connection does"
	}
	return "no reply followed"
}
