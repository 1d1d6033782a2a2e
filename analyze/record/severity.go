package record

import "slices"

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
