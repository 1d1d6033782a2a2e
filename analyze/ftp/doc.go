// Package ftp parses the FTP control channel: RFC 959 with RFC 775, 1123, 1639, 2228,
// 2389, 2428, 2640, 3659, 4217 and
// 7151. analyze/control, the next step, makes a Conversation of what it yields.
//
// Framing is apart from meaning. A [Framer], one for each direction, makes lines out of
// bytes; [ParseCommand] and [ParseReplyLine] read a line; [Replies] joins the server's
// lines to replies; ParsePORT, Parse227 and their like read the endpoints that both
// announce. [GuessClient], [GuessServer] and [Recognizer] tell FTP from other traffic.
//
// Nothing here fails: input that breaks the protocol yields flags, an unknown verb or ok
// == false. All state is bounded by [MaxLine] and [MaxReplyText].
package ftp
