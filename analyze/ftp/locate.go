package ftp

// maxLocated is how long a LocatedLine may be, in bytes: a longer one comes in pieces, as
// if there were gaps in it.
const maxLocated = 64 << 10

// LocatedLine is a line of which it is known where in the stream each byte of its text
// stands. Its text is not cut at MaxLine.
type LocatedLine struct {
	Text  []byte
	At    []int64 // offsets in the stream
	Flags LineFlags
}

// Locator cuts one direction of a control connection into lines as a [Framer] does, and
// keeps the places of their bytes: for those who change them. The zero value is ready.
type Locator struct {
	framer  Framer
	line    LocatedLine
	command int64 // where the last IAC stands, which may turn out to be text
}

// Write takes the bytes that stand at an offset. The lines are valid during the call of
// visit.
func (l *Locator) Write(b []byte, at int64, visit func(*LocatedLine)) {
	for i := range b {
		place := at + int64(i)
		waiting, before := l.framer.state == afterIAC, l.framer.Pending()
		line, _, ended := l.framer.Next(b[i : i+1])
		switch {
		case ended:
			l.late(len(line.Text))
			l.end(line.Flags, visit)
		case l.framer.Pending() == before && (before < MaxLine || b[i] == iac):
		default:
			if waiting && l.framer.Pending() == before+2 {
				l.add(iac, l.command)
			}
			l.add(b[i], place)
		}
		if b[i] == iac {
			l.command = place
		}
		if len(l.line.Text) >= maxLocated && l.framer.state == inText {
			l.Gap(visit)
		}
	}
}

func (l *Locator) add(c byte, at int64) {
	l.line.Text, l.line.At = append(l.line.Text, c), append(l.line.At, at)
}

// late adds an IAC that the framer took for text only when the line ended.
func (l *Locator) late(size int) {
	if size == len(l.line.Text)+1 {
		l.add(iac, l.command)
	}
}

func (l *Locator) end(flags LineFlags, visit func(*LocatedLine)) {
	l.line.Flags = flags &^ Cut
	visit(&l.line)
	l.line = LocatedLine{Text: l.line.Text[:0], At: l.line.At[:0]}
}

// Pending reports whether an unfinished line is held.
func (l *Locator) Pending() bool { return l.framer.Pending() > 0 }

// Gap says that bytes are missing here.
func (l *Locator) Gap(visit func(*LocatedLine)) {
	line, ok := l.framer.Gap()
	if l.late(len(line.Text)); ok {
		l.end(line.Flags, visit)
	}
}

// Flush says that the stream ended.
func (l *Locator) Flush(visit func(*LocatedLine)) {
	line, ok := l.framer.Flush()
	if l.late(len(line.Text)); ok {
		l.end(line.Flags, visit)
	}
}
