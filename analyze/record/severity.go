package record

import (
	"maps"
	"slices"
)

// Severities of findings.
const (
	Critical = "critical"
	High     = "high"
	Medium   = "medium"
	Low      = "low"
	Info     = "info"
)

// Severities lists them, the gravest first: every list, count and choice has this order.
var Severities = [...]string{Critical, High, Medium, Low, Info}

// Gravity is a severity's place in Severities, 0 for the gravest; unknown ones rank last.
func Gravity(severity string) int {
	for i, s := range Severities {
		if s == severity {
			return i
		}
	}
	return len(Severities) - 1
}

// FromMildest lists the severities the other way round, as help texts and schemas count
// up.
func FromMildest() []string {
	list := slices.Clone(Severities[:])
	slices.Reverse(list)
	return list
}

// FindingKind is what a finding is about, besides its severity. Readable formats go by it:
// what failed and what somebody did come first, what is so in every session comes last.
type FindingKind uint8

const (
	Failure     FindingKind = iota // what went wrong, and anything else
	Deed                           // what somebody did
	Habit                          // how FTP is used here
	Reservation                    // what limits the other findings, or was given up before them
)

// kindOf has the findings that are no failures, by ID.
var kindOf = map[string]FindingKind{
	"bounce-attempt": Deed, "brute-force": Deed, "credential-file": Deed, "executable-upload": Deed, "fxp-transfer": Deed,
	"path-traversal": Deed, "privileged-port": Deed, "site-chmod": Deed, "site-exec": Deed, "third-party-data-connection": Deed,

	"anonymous-login": Habit, "cleartext-credentials": Habit, "cleartext-data": Habit, "tls-certificate": Habit, "tls-outdated": Habit,

	"capture-gap": Reservation, "tls-refused": Reservation,
}

// KindOf is the kind of the findings of a rule.
func KindOf(id string) FindingKind { return kindOf[id] }

// Kinds lists the rules that have another kind than Failure.
func Kinds() []string { return slices.Sorted(maps.Keys(kindOf)) }
