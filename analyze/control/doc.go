// Package control reads one control connection, line by line, into a Transcript of what it says. As it goes, it tells
// which data connections it leads to expect; package match joins these, and the Transcript, with the connections that
// were opened.
package control
