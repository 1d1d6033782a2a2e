// Package session makes sessions of control connections. Fold reads one control connection, line by line, into what
// it says (Control); Matcher joins what it offers with the data connections that were opened; build puts both into
// the record model of model.go, which analyze/finding judges and analyze/report writes.
package session

// Limits, each counted in the summary where it strikes.
const (
	// MaxPending bounds commands that wait for their reply: pipelining clients send a few; beyond, the oldest is
	// taken as never answered.
	MaxPending = 1024
	// MaxSteps bounds negotiations, and transfer commands, of one session.
	MaxSteps = 10_000
	// MaxDialogue bounds the commands kept with --commands, in one session.
	MaxDialogue = 100_000
	// MaxOddities and MaxLogins bound what is kept for the rules, in one session.
	MaxOddities = 100
	MaxLogins   = 10_000
)
