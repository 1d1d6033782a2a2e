// Package session makes sessions of control connections. Fold reads one control connection, line by line, into what
// it says (Control); Matcher joins what it offers with the data connections that were opened; build puts both into
// the record model (package record), which analyze/finding judges and analyze/report writes.
package session

// Limits, each counted in the summary where it strikes.
const (
	// MaxPending bounds commands that wait for their reply: pipelining clients send a few; beyond, the oldest is
	// taken as never answered.
	MaxPending = 1024
	// MaxDialogue bounds the commands kept with --commands, in one session.
	MaxDialogue = 100_000
)
