// Package session makes sessions of control connections. Fold reads one control connection, line by line, into what
// it says (Control); Matcher joins what it offers with the data connections that were opened; build puts both into
// the record model (package record), which analyze/finding judges and analyze/report writes.
package session
