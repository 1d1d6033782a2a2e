package facts

import (
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
)

// secrets puts names in the place of passwords: the same for the same one, since reports
// tell which sessions used it. They are numbers in the order of the log, so that nobody can
// try passwords against them.
type secrets struct{ names map[string]string }

// maxSecrets bounds them; what comes beyond has a name of its own each time.
const maxSecrets = 1 << 20

func (s *secrets) name(password *string) *string {
	if password == nil {
		return nil
	}
	name, known := s.names[*password]
	if !known {
		if s.names == nil {
			s.names = map[string]string{}
		}
		name = record.HiddenText + " " + strconv.Itoa(len(s.names)+1)
		if len(s.names) < maxSecrets {
			s.names[*password] = name
		}
	}
	return &name
}

// without is a transcript that says that there was a password, and not which. What a side
// said alone, where the other side's packets have other addresses, is left out with it:
// nobody has looked there for what is secret.
func (s *secrets) without(said *control.Transcript) *control.Transcript {
	x := *said
	x.Half, x.Password = nil, s.name(said.Password)
	x.Dialogue = slices.Clone(said.Dialogue)
	for i := range x.Dialogue {
		if e := &x.Dialogue[i]; strings.EqualFold(e.Command, "PASS") {
			e.Argument = s.name(e.Argument)
		}
	}
	return &x
}
