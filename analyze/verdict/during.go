package verdict

import (
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Data connections that were opened and did not end well, and replies that came too late.

var afterSuccess = []judge{stolenFromClient, replyMissed, forgotten, seenEnough, cutByClient, resetUpload, leftOpen, altered, slow}

// stolenFromClient is a passive transfer that a third host made, to which the client tried to
// connect, too. Where it did not try, the third host may be meant: FXP, or another address of
// its own.
func stolenFromClient(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Mode != record.Passive || !slices.ContainsFunc(t.Notes.Tried, func(x flow.Conn) bool { return x.Src.Addr() == c.Client.Addr() }) {
		return nil
	}
	return stolen(c, t)
}

// stolen is a data connection that a third host opened, and over which data went.
func stolen(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Initiator != record.ThirdParty || !met(t, flow.Established) || t.Carried() == nil || *t.Carried() == 0 {
		return nil
	}
	at := record.AtServer
	if t.Mode == record.Active {
		at = record.AtClient
	}
	v := opening(t, record.CauseDataStolen, at)
	v.Text = sentence("the third host "+t.Connection.Src.Addr().String()+" took the data connection of "+named(t)+c.packets(t.Frames.SYN), c.then(t))
	v.Next = steps("find out who " + t.Connection.Src.Addr().String() + " is, and let the listening side accept only its peer")
	return v
}

// ended is who ended a data connection first, and how.
type ended struct {
	at  flow.Mark
	by  string // record.Client, record.Server; empty: nobody did
	rst bool
}

func (c *hearing) ended(conn *flow.Conn) ended {
	client, server := c.Halves(conn)
	e := ended{}
	for _, x := range []ended{{server.FIN, record.Server, false}, {client.FIN, record.Client, false}, {server.RST, record.Server, true}, {client.RST, record.Client, true}} {
		if earlier(x.at, e.at) {
			e = x
		}
	}
	return e
}

// reset is the first RST of a connection.
func (c *hearing) reset(conn *flow.Conn) ended {
	client, server := c.Halves(conn)
	if earlier(server.RST, client.RST) {
		return ended{server.RST, record.Server, true}
	}
	return ended{client.RST, record.Client, client.RST.Seen()}
}

// other is the other side.
func other(side string) string {
	if side == record.Client {
		return record.Server
	}
	return record.Client
}

// sender is the side that sends a transfer's data; empty: not known.
func sender(t *record.Transfer) string {
	switch {
	case t.Direction == nil:
		return ""
	case *t.Direction == record.Upload:
		return record.Client
	}
	return record.Server
}

// lingering is how long one side may keep its end open after the other closed.
const lingering = 10 * flow.Second

// duringTransfer says how a data connection that was open came to fail.
func duringTransfer(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) {
		return nil
	}
	conn := t.Notes.Conn
	for _, j := range []func(*hearing, *record.Transfer, *flow.Conn) *record.Verdict{droppedData, halfClosed, heldUp, gaveUp, resetDuring, silentData, cutDuring} {
		if v := j(c, t, conn); v != nil {
			return v
		}
	}
	return nil
}

// halfClosed is a connection of which the sender closed its side, the receiver never or
// long after.
func halfClosed(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	from := sender(t)
	client, server := c.Halves(conn)
	mine, its := server, client
	if from == record.Client {
		mine, its = client, server
	}
	if from == "" || !mine.FIN.Seen() || !c.gapless() || earlier(its.FIN, mine.FIN) || earlier(its.RST, mine.FIN) || earlier(mine.RST, mine.FIN) {
		return nil
	}
	end := left(its)
	last := max(conn.Last.Time, c.Notes.Control.Last.Time)
	if t.Reply != nil {
		last = max(last, t.Reply.Time.Time)
	}
	if end.Seen() {
		last = end.Time
	}
	if last-mine.FIN.Time < lingering || t.Reply != nil && t.Reply.Time.Time < mine.FIN.Time {
		return nil
	}
	to := other(from)
	v := opening(t, record.CauseDataHalfClosed, to)
	v.Frames = append(v.Frames, mine.FIN.Pos)
	v.Text = sentence("the "+from+" sent all its data and closed the data connection of "+named(t)+c.packets(mine.FIN.Pos)+", and the "+to+" did not close its side for "+
		prose.Lasting(last-mine.FIN.Time), c.then(t))
	v.Next = steps("why does the program on the " + to + " not close the data connection at the end of the data? Look for a program that waits, hangs or no longer reads")
	return v
}

// leftOpen is a download of which the server said that it is done, and did not close the
// data connection: the client waits for its end.
func leftOpen(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) || sender(t) != record.Server || !c.gapless() || t.Reply == nil {
		return nil
	}
	client, server := c.Halves(t.Notes.Conn)
	e, waited := c.ended(t.Notes.Conn), left(client).Time-t.Reply.Time.Time
	if e.by != record.Client || server.RST.Seen() || waited < lingering {
		return nil
	}
	v := opening(t, record.CauseDataHalfClosed, record.AtServer)
	v.Frames = append(v.Frames, t.Reply.Pos, e.at.Pos)
	v.Text = sentence("the server said that "+named(t)+" was done but did not close the data connection, and the client waited for its end: the client gave up "+prose.Lasting(waited)+" later"+c.packets(t.Reply.Pos, e.at.Pos), c.replied(t.Reply))
	v.Next = steps("why does the server's program not close the data connection when the data have ended? Look for a bug", "a firewall may drop the server's FIN: compare with a capture at the server")
	return v
}

// gaveUp is a server that replied that it waited in vain, before either side ended the
// data connection. Who held it up, TCP's own facts would tell: acknowledgments,
// repetitions and windows.
func gaveUp(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	e := c.ended(conn)
	if t.Reply == nil || t.Reply.Code < 400 || !means(t.Reply, saysLate) || e.at.Seen() && e.at.Time < t.Reply.Time.Time {
		return nil
	}
	if flowing(t, conn) {
		v := opening(t, record.CauseServerClosed, record.AtServer)
		v.Text = sentence("a timer of the server ended "+named(t)+after(t)+", although data were flowing", c.replied(t.Reply))
		v.Next = steps("raise the server's timer: it seems to ignore what the data connection carries", "let the client keep the control connection busy (NOOP during transfers), or send in smaller pieces")
		return v
	}
	v := opening(t, record.CauseDataZeroWindow, record.AtClient)
	v.Certainty, v.Or = record.Open, []string{record.CauseDataLoss, record.CauseDataMTU}
	if !c.Capture.ClientSide || !c.Capture.ServerSide {
		v.Cause, v.At, v.Or = record.CauseNotCaptured, record.AtCapture, []string{record.CauseDataZeroWindow, record.CauseDataLoss, record.CauseDataMTU, record.CauseDataSilent}
		v.Frames = append(v.Frames, conn.Last.Pos)
		v.Text = sentence("the server waited in vain in "+named(t)+after(t), c.lacks()+", so the capture does not show what held the data up", c.then(t))
		v.Next = steps("capture both directions, at the client or at the server: acknowledgments, windows and repetitions tell who did not send, did not read, or what was lost")
		return v
	}
	what := "did not read the data (its window may have stayed 0)"
	next := "does the program on the client read what comes? A full disk, a prompt or a stopped program keeps its window at 0"
	if sender(t) == record.Client {
		v.Cause = record.CauseDataSilent
		what, next = "sent nothing more", "does the program on the client go on sending? Look for a slow disk, a prompt or a stopped program"
	}
	v.Frames = append(v.Frames, conn.Last.Pos)
	v.Text = sentence("the server waited for the client in vain in "+named(t)+after(t)+": it seems that the client "+what, c.replied(t.Reply))
	v.Next = steps(next, "look at acknowledgments, retransmissions and windows on the data connection: segments that are sent again and never acknowledged are lost on the way")
	return v
}

// flowing reports whether data came until right before the reply, and had not waited.
func flowing(t *record.Transfer, conn *flow.Conn) bool {
	if t.TCP == nil || conn.Course == nil || t.Bytes == nil || *t.Bytes == 0 {
		return false
	}
	if s := t.TCP.Stall; s != nil && s.Lasted() >= leastHold && s.To.Time > t.Reply.Time.Time-leastHold {
		return false
	}
	silent := t.Reply.Time.Time - conn.Last.Time
	return silent < leastHold && silent > -leastHold
}

// late is a connection that was opened when the server had given up.
func late(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Reply == nil || t.Notes.Conn == nil || t.Notes.Conn.Start.Time <= t.Reply.Time.Time {
		return nil
	}
	conn := t.Notes.Conn
	v := opening(t, record.CauseDataNeverTried, c.place(conn.Src.Addr()))
	v.Certainty, v.Or = record.Open, []string{record.CauseDataBlocked}
	v.Text = sentence("the data connection of "+named(t)+" came "+prose.Lasting(conn.Start.Time-t.Reply.Time.Time)+" after the server had given up"+c.packets(conn.Start.Pos), c.then(t))
	v.Next = steps("why did " + c.party(conn.Src.Addr()) + " take so long to open it? Look for SYNs that were dropped before, for DNS lookups and for a slow path")
	return v
}

// unexplained is what failed in a way that no judge knows.
func unexplained(c *hearing, t *record.Transfer) *record.Verdict {
	v := opening(t, record.CauseNotCaptured, record.AtCapture)
	v.Certainty = record.Open
	v.Text = sentence(named(t)+" failed, and the capture does not show why", c.then(t))
	v.Next = steps("look at the logs of client and server for this time", "capture at both sides and compare")
	return v
}

// resetDuring is a connection that a RST ended.
func resetDuring(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	e := c.reset(conn)
	first := c.ended(conn)
	if !e.at.Seen() || !first.rst && first.by == sender(t) && t.Reply == nil {
		return nil
	}
	if t.Reply != nil && t.Reply.Time.Time < e.at.Time && t.Reply.Code != 426 && t.Reply.Code != 425 && t.Reply.Code != 421 {
		return nil // the server gave up before, and said why
	}
	how := foreignReset(c, conn, e.by)
	if t.Reply != nil && how == "" && e.by == record.Server && !code(t.Reply, 421, 425, 426, 451) && !means(t.Reply, saysData) {
		return nil // servers that refuse a transfer reset what the client opened for it
	}
	v := opening(t, record.CauseDataReset, e.by)
	v.Frames = append(v.Frames, e.at.Pos)
	if how != "" {
		v.At, v.Certainty = record.AtFirewall, record.Certain
		if !conn.SYNACK.Seen() { // it may have come from there, too
			v.Certainty = record.Likely
		}
		v.Text = sentence("the data connection of "+named(t)+" was ended"+after(t)+" by a RST in the name of the "+e.by+c.packets(e.at.Pos)+" that it did not send: "+how, c.then(t))
		v.Next = steps("look at firewalls, NATs and intrusion prevention between the two: what resets connections, and after how long?")
		return v
	}
	v.Text = sentence("the data connection of "+named(t)+" ended with RST from the "+e.by+"'s address"+c.packets(e.at.Pos)+after(t), resetAsFar(c, conn, e.by), c.then(t))
	v.Next = steps("why did the program on the "+e.by+" give up? Look at its log, its time and size limits", "a firewall can send RST in its name: compare with a capture at the "+e.by)
	return v
}

// after says how much came before.
func after(t *record.Transfer) string {
	switch {
	case t.Carried() == nil, t.IsSealed():
		return ""
	case t.Notes.Size != nil && *t.Notes.Size > *t.Carried():
		return " after " + prose.Number(*t.Carried()) + " of " + prose.Number(*t.Notes.Size) + " bytes"
	}
	return " after " + prose.Many(*t.Carried(), "byte")
}

// silentData is a connection that nobody ended. What held it up, TCP's own facts tell:
// acknowledgments, repetitions and windows.
func silentData(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	if conn.Closing != flow.Cut || c.ended(conn).at.Seen() || t.Reply == nil || t.Reply.Code < 400 {
		return nil
	}
	v := opening(t, record.CauseDataLoss, record.AtPath)
	v.Certainty = record.Open
	v.Or = []string{record.CauseDataMTU, record.CauseDataZeroWindow, record.CauseDataSilent}
	v.Frames = append(v.Frames, conn.Last.Pos)
	v.Text = sentence("the data connection of "+named(t)+" was opened, and nothing more came"+after(t)+c.packets(conn.Last.Pos), c.then(t))
	v.Next = steps("look at acknowledgments and retransmissions on the data connection: if full-size segments are sent again while small ones pass, lower the MSS or the MTU")
	return v
}

// cutDuring is a connection that ended by FIN before its data did, as the server says.
func cutDuring(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	e := c.ended(conn)
	if !e.at.Seen() || t.Reply == nil && t.Outcome != record.Aborted {
		return nil
	}
	if t.Reply != nil && !code(t.Reply, 421, 425, 426) && !means(t.Reply, saysData) && (t.Reply.Code != 451 || means(t.Reply, saysDenied)) {
		return nil // it has reasons of its own
	}
	if v := arrivedWhole(c, t, conn, e); v != nil {
		return v
	}
	by := e.by
	if t.Reply != nil && t.Reply.Time.Time <= e.at.Time && by == record.Client {
		by = record.Server // it gave up, and the client only closed after
	}
	v := opening(t, record.CauseDataCut, by)
	v.Frames = append(v.Frames, e.at.Pos)
	v.Text = sentence("the "+e.by+" closed the data connection of "+named(t)+c.packets(e.at.Pos)+after(t), c.then(t))
	v.Next = steps("why did the " + by + " end the transfer? Look at its log, its time and size limits")
	return v
}

// arrivedWhole is an upload that the client ended as uploads end, by closing the data
// connection, and of which the server acknowledged everything before it said that it failed.
// Under TLS the client may have closed it without saying so.
func arrivedWhole(c *hearing, t *record.Transfer, conn *flow.Conn, e ended) *record.Verdict {
	if sender(t) != record.Client || e.by != record.Client || e.rst || conn.Course == nil || t.Bytes == nil || *t.Bytes == 0 || t.IsSealed() || t.Reply == nil || t.Reply.Time.Time < e.at.Time {
		return nil
	}
	if side := &conn.Course.Side[dataSide(t)]; !side.AckSeen || side.Open(*t.Bytes) || !c.gapless() || t.Notes.Size != nil && *t.Bytes < *t.Notes.Size {
		return nil
	}
	v := opening(t, record.CauseServerError, record.AtServer)
	v.Frames = append(v.Frames, e.at.Pos)
	v.Text = sentence("the client sent "+named(t)+" and closed the data connection in order"+c.packets(e.at.Pos)+", and the server acknowledged all "+prose.Many(*t.Bytes, "byte")+" and failed then", c.then(t))
	v.Next = steps("look at the server's log, its disk (errors, free space, quota), its scanners and the permissions of the file", "was the client's program stopped meanwhile? Then the file is shorter there than at the client: compare")
	return v
}

// cutByClient is a transfer that the server takes for done, although the client ended its
// connection before the announced size.
func cutByClient(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) || sender(t) != record.Server || t.Notes.Size == nil || t.Carried() == nil || t.IsSealed() || t.Restart != nil || t.Notes.Mode == "Z" || t.Notes.Mode == record.ModeParallel ||
		*t.Carried() >= *t.Notes.Size || t.MissingBytes != nil && *t.MissingBytes > 0 || t.Notes.Abort.Seen() || t.Representation != nil && *t.Representation == "A" {
		return nil
	}
	e := c.ended(t.Notes.Conn)
	if e.by != record.Client {
		return cutByServer(c, t, e)
	}
	v := opening(t, record.CauseDataCut, record.AtClient)
	how := "closed"
	if e.rst {
		v.Cause, how = record.CauseDataReset, "reset"
	}
	v.Frames = append(v.Frames, e.at.Pos)
	v.Text = sentence("the client "+how+" the data connection of "+named(t)+c.packets(e.at.Pos)+after(t), "the server replied "+quoted(t.Reply)+c.packets(t.Reply.Pos)+" anyway")
	v.Next = steps("why did the client stop? Look for a program that was ended, a full disk, a size or time limit of its own", "transfer the file again and compare its size")
	return v
}

// resetUpload is an upload that the server takes for done, although its own RST ended the
// data connection before the client had closed it: the client could not send on.
func resetUpload(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) || sender(t) != record.Client || t.Carried() == nil || *t.Carried() == 0 || t.MissingBytes != nil && *t.MissingBytes > 0 || !c.gapless() {
		return nil
	}
	e := c.ended(t.Notes.Conn)
	if !e.rst || e.by != record.Server {
		return nil
	}
	v := opening(t, record.CauseDataReset, record.AtServer)
	v.Frames = append(v.Frames, e.at.Pos)
	who := "a RST from the server's address ended"
	if far := foreignReset(c, t.Notes.Conn, e.by); far != "" {
		v.At, who = record.AtFirewall, "a RST in the server's name, which it did not send ("+far+"), ended"
	}
	v.Text = sentence(who + " the data connection of " + named(t) + c.packets(e.at.Pos) + after(t) + ", before the client had closed it, and the server replied " + quoted(t.Reply) + c.packets(t.Reply.Pos) + " anyway")
	v.Next = steps("compare the size of the file at the server with that at the client", "why does the server end uploads? Look at its log, its size limits and its disk")
	return v
}

// cutByServer is the same of a server that ended the data itself, long before the size that it
// had announced: it says that all is well, and the file is not.
func cutByServer(c *hearing, t *record.Transfer, e ended) *record.Verdict {
	if e.by != record.Server || *t.Carried() > *t.Notes.Size/2 || !c.whole() {
		return nil
	}
	v := opening(t, record.CauseDataCut, record.AtServer)
	v.Frames = append(v.Frames, e.at.Pos)
	v.Text = sentence("the server ended the data of " + named(t) + c.packets(e.at.Pos) + after(t) + " and replied " + quoted(t.Reply) + c.packets(t.Reply.Pos) + " anyway")
	v.Next = steps("did the file become shorter at the server meanwhile? Look at who writes it there", "transfer the file again and compare its size")
	return v
}

// replyMissed is a final reply that came when the client had closed the control
// connection.
func replyMissed(c *hearing, t *record.Transfer) *record.Verdict {
	client, server := c.Halves(&c.Notes.Control)
	end := left(client)
	if t.Reply == nil || c.Notes.Quit.Seen() || !end.Seen() || end.Time >= t.Reply.Time.Time || earlier(server.FIN, end) || end.Ord > 0 && server.FIN.Seen() && server.FIN.Ord < end.Ord {
		return nil
	}
	v := about(t, record.CauseReplyMissed, record.AtClient)
	v.Certainty = record.Likely
	v.Frames = append(v.Frames, end.Pos)
	waited := ""
	if t.Notes.Conn != nil && t.Notes.Conn.Last.Time < t.Reply.Time.Time {
		waited = "the reply came " + prose.Lasting(t.Reply.Time.Time-t.Notes.Conn.Last.Time) + " after the end of the data connection"
	}
	v.Text = sentence("the client closed the control connection"+c.packets(end.Pos)+" before "+quoted(t.Reply)+" came"+c.packets(t.Reply.Pos)+", so "+named(t)+" failed for the client", waited)
	v.Next = steps("raise the client's time limit for the reply to a transfer", "look at what the server does after the end of the data: scanning, copying, a slow disk",
		"the file is complete at the server: check it before you send it again")
	return v
}

// Idle times.
const (
	shortestTimer = 60 * flow.Second // firewalls and NATs forget no established connection earlier
	repeating     = 3 * flow.Second  // for how long a reply is sent again before one may say that it was not acknowledged
)

// forgotten is a final reply after a long silence on the control connection that the
// server sent again and again.
func forgotten(c *hearing, t *record.Transfer) *record.Verdict {
	control := &c.Notes.Control
	if t.Reply == nil || t.Notes.Ran == nil || control.Closing != flow.Cut || t.N != len(c.Transfers) || c.Notes.Quit.Seen() || !c.gapless() {
		return nil
	}
	since := t.Notes.Ran.Mark.Time
	if t.Preliminary != nil {
		since = t.Preliminary.Time.Time
	}
	idle := t.Reply.Time.Time - since
	again := control.Last.Time - t.Reply.Time.Time
	if (again < repeating || idle < shortestTimer) && !outlived(c, t) {
		return nil
	}
	v := about(t, record.CauseControlLost, record.AtFirewall)
	v.Certainty = record.Likely
	v.Frames = append(v.Frames, control.Last.Pos)
	v.Text = sentence("the server replied " + quoted(t.Reply) + c.packets(t.Reply.Pos) + " to " + named(t) + " after " + prose.Lasting(idle) + " of silence on the control connection, and was still sending it " +
		prose.Lasting(again) + " later: a firewall or NAT forgot the connection meanwhile")
	v.Next = steps("compare the idle time with the timers of firewalls and NATs on the way, and raise them", "let the client keep the control connection busy (TCP keepalive, NOOP during transfers)",
		"the data arrived: compare the file's size before you transfer it again")
	return v
}

// outlived reports whether the client's host was still there, on the data connection, when
// the final reply came on the control connection, which nobody acknowledged however often
// it was sent: then it is the connection that was lost, whatever the timer.
func outlived(c *hearing, t *record.Transfer) bool {
	const shortest, soon = 5 * flow.Second, flow.Second
	control := &c.Notes.Control
	if control.Course == nil || !met(t, flow.Established) || c.Notes.Idle < shortest {
		return false
	}
	way := c.ClientWay(control) ^ 1
	client, _ := c.Halves(t.Notes.Conn)
	return control.Course.Side[way].Open(control.Half[way].Bytes) && client.FIN.Seen() &&
		t.Reply.Time.Time >= client.FIN.Time && t.Reply.Time.Time-client.FIN.Time < soon && control.Last.Time-t.Reply.Time.Time >= shortest
}

// leftEarly is a transfer without a final reply whose control connection ended while it
// ran, or before the reply.
func leftEarly(c *hearing, t *record.Transfer) *record.Verdict {
	control := &c.Notes.Control
	client, server := c.Halves(control)
	if t.Reply != nil || t.Command == nil || !c.gapless() || control.Closing == flow.Cut || t.Notes.Conn == nil {
		return nil
	}
	v := about(t, record.CauseControlLost, record.AtFirewall)
	v.Certainty = record.Open
	switch quit := c.Notes.Quit; {
	case quit.Seen() && t.Notes.Ran != nil && quit.Ord > t.Notes.Ran.Mark.Ord && c.Notes.Idle < lateGreeting && server.FIN.Seen():
		v.Cause, v.At, v.Certainty = record.CauseClientAborted, record.AtClient, record.Likely
		v.Frames = append(v.Frames, quit.Pos, server.FIN.Pos)
		v.Text = sentence("the client sent QUIT" + c.packets(quit.Pos) + " while " + named(t) + " ran, and the server closed the control connection" + c.packets(server.FIN.Pos) + " without a reply to it" + after(t))
		v.Next = steps("let the client wait for the reply to a transfer before it sends QUIT")
	case earlier(client.FIN, server.FIN) && earlier(client.FIN, server.RST), earlier(client.RST, server.FIN) && earlier(client.RST, server.RST):
		end := left(client)
		if forgot := noReplyCame(c, t, v, end); forgot != nil {
			return forgot
		}
		v.Cause, v.At, v.Certainty = record.CauseReplyMissed, record.AtClient, record.Likely
		v.Frames = append(v.Frames, end.Pos)
		v.Text = sentence("the client ended the control connection" + c.packets(end.Pos) + " before the server replied to " + named(t))
		v.Next = steps("was the client stopped, or did it reach a time limit of its own?")
	case server.RST.Seen() || server.FIN.Seen():
		end := left(server)
		v.Or = []string{record.CauseServerClosed}
		v.Frames = append(v.Frames, end.Pos)
		if far := foreignReset(c, control, record.Server); far != "" && end == server.RST {
			v.Certainty, v.Or = record.Certain, nil
			v.Text = sentence("a RST in the server's name, which it did not send, ended the control connection" + c.packets(end.Pos) + " while " + named(t) + " ran, after " + prose.Lasting(c.Notes.Idle) + " of silence on it: " + far)
			v.Next = steps("compare the idle time with the timers of firewalls, NATs and load balancers on the way, and raise them", "let the client keep the control connection busy (TCP keepalive, NOOP during transfers)")
			return v
		}
		v.Text = sentence("the control connection ended from the server's address" + c.packets(end.Pos) + " while " + named(t) + " ran, without a reply, after " + prose.Lasting(c.Notes.Idle) + " of silence on it")
		v.Next = steps("compare the idle time with the timers of firewalls and NATs on the way", "look at the server's log: was its program stopped?")
	default:
		return nil
	}
	return v
}

// noReplyCame is a client that left because no reply came on a control connection that had
// been silent for so long that a firewall or NAT may have forgotten it; nil: it had not.
func noReplyCame(c *hearing, t *record.Transfer, v *record.Verdict, end flow.Mark) *record.Verdict {
	if !met(t, flow.Established) || t.Notes.Ran == nil {
		return nil
	}
	client, server := c.Halves(t.Notes.Conn)
	over := max(client.FIN.Time, server.FIN.Time)
	idle := over - max(t.Notes.Ran.Mark.Time, c.Notes.ClientSpoke)
	if over == 0 || end.Time-over < record.LateReply {
		return nil
	}
	v.Frames = append(v.Frames, end.Pos)
	v.Or = []string{record.CauseNoReply}
	if idle < shortestTimer && !unheard(c, over) {
		v.Cause, v.At, v.Or = record.CauseNoReply, record.AtServer, []string{record.CauseControlLost, record.CauseReplyMissed}
		v.Text = sentence("the data connection of " + named(t) + " ended" + after(t) + c.packets(t.Notes.Conn.Last.Pos) + ", and the server sent no final reply for " + prose.Lasting(end.Time-over) + ", until the client left" + c.packets(end.Pos))
		v.Next = steps("what does the server do after the end of the data? Look at its log: scanning, copying, a slow disk, a program that hangs", "capture at the server: if its reply leaves it, something on the way drops it",
			"compare the file's size before you transfer it again")
		return v
	}
	why := ": a firewall or NAT may have forgotten it meanwhile"
	if unheard(c, over) {
		v.Certainty, v.Or = record.Likely, nil
		why = ", and nobody acknowledged what the client sent on it then: a firewall or NAT forgot it meanwhile"
	}
	v.Text = sentence("the data connection of " + named(t) + " ended" + after(t) + c.packets(t.Notes.Conn.Last.Pos) + ", and no reply came on the control connection for " + prose.Lasting(end.Time-over) + ", until the client left" + c.packets(end.Pos) +
		". It had been silent for " + prose.Lasting(idle) + " before" + why)
	v.Next = steps("compare the idle time with the timers of firewalls, NATs and load balancers on the way, and raise them", "let the client keep the control connection busy (TCP keepalive, NOOP during transfers)",
		"capture at the server: if its reply leaves it, something on the way drops it", "compare the file's size before you transfer it again")
	return v
}

// atOnce is how soon a client goes on that closed a download because it had seen enough, and
// how soon a server's connections end together when its program does.
const atOnce = 3 * flow.Second

// seenEnough is a download that the client closed early, to begin another transfer at once.
func seenEnough(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) || sender(t) != record.Server || t.Bytes == nil || *t.Bytes == 0 || t.N >= len(c.Transfers) || !c.whole() {
		return nil
	}
	e, next := c.ended(t.Notes.Conn), c.Transfers[t.N].Notes.Ran
	if e.by != record.Client || next == nil || next.Mark.Time < e.at.Time || next.Mark.Time-e.at.Time > atOnce || t.Reply != nil && t.Reply.Time.Time < e.at.Time ||
		t.Notes.Size != nil && *t.Bytes >= *t.Notes.Size {
		return nil
	}
	v := opening(t, record.CauseClientAborted, record.AtClient)
	v.Frames = append(v.Frames, e.at.Pos, next.Mark.Pos)
	v.Text = sentence("the client closed the data connection of "+named(t)+c.packets(e.at.Pos)+after(t)+" and went on at once with "+prose.Quote(next.Text)+c.packets(next.Mark.Pos), c.then(t))
	v.Next = steps("nothing, if that was intended: the client had seen enough")
	return v
}

// serverStopped is a server whose control connection and data connection end together, in
// order and without a reply.
func serverStopped(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) || t.Reply != nil || !c.gapless() {
		return nil
	}
	_, data := c.Halves(t.Notes.Conn)
	client, control := c.Halves(&c.Notes.Control)
	apart := control.FIN.Time - data.FIN.Time
	if !data.FIN.Seen() || !control.FIN.Seen() || max(apart, -apart) > atOnce || earlier(client.FIN, control.FIN) || earlier(client.RST, control.FIN) {
		return nil
	}
	v := opening(t, record.CauseDataCut, record.AtServer)
	v.Or = []string{record.CauseServerClosed}
	v.Frames = append(v.Frames, data.FIN.Pos, control.FIN.Pos)
	v.Text = sentence("the server closed the data connection of " + named(t) + " and the control connection together" + c.packets(data.FIN.Pos, control.FIN.Pos) + after(t) + " without a reply: its program ended")
	v.Next = steps("look at the server's log: was its program stopped, or did it crash?", "transfer the file again, from where it broke off")
	return v
}

// altered is a transfer in ASCII mode of which the server warns, or of a file whose name is
// that of a binary one, unless its size shows that nothing was changed.
func altered(c *hearing, t *record.Transfer) *record.Verdict {
	r := t.Reply
	if r == nil || !t.OfFile() {
		return nil
	}
	text := ""
	switch ascii, _ := t.InASCII(); {
	case warnsOfASCII(r.Text):
		text = sentence(named(t)+" was transferred in ASCII mode, which rewrites line ends", c.replied(r))
	case !ascii || !t.BinaryByName() || t.Bytes == nil || *t.Bytes == 0 || t.Preliminary != nil && binaryMode().MatchString(t.Preliminary.Text) || t.Notes.Size != nil && *t.Notes.Size == *t.Bytes:
		return nil
	default:
		size := ""
		if n := t.Notes.Size; n != nil && sender(t) == record.Server && t.Restart == nil {
			size = prose.Many(*t.Bytes, "byte") + " came, but the file has " + prose.Number(*n)
		}
		text = sentence(named(t)+" is a binary file by its name and was transferred in ASCII mode, which rewrites line ends"+c.packets(t.Frames.Command), size)
	}
	v := about(t, record.CauseDataAltered, record.AtClient)
	v.Certainty, v.Text = record.Likely, text
	v.Next = steps("let the client send TYPE I (binary) before the transfer; the default is ASCII", "transfer the file again and compare checksums")
	return v
}

// binaryMode finds the 150 of servers that ignore TYPE A.
var binaryMode = pattern(`(?i)binary mode`)
