package filter

import (
	"slices"
	"strconv"
)

// parser is a recursive descent over pcap-filter(7)'s grammar. Like tcpdump's it makes
// the tests while it reads: what comes after vlan looks behind one more tag. The first
// error sticks, and ends the tokens.
type parser struct {
	text   string
	tokens []token
	tags   int // vlan so far
	depth  int
	err    error
}

// qualifiers are the words before a value; a value without any inherits those of the
// value before it.
type qualifiers struct {
	protocol string // its word
	ends     direction
	what     what
	pos      int // of the first word
}

// what is the kind of thing that a value stands for.
type what uint8

const (
	nothing what = iota // no value may follow
	host
	net
	port
	portrange
	proto
)

var whats = map[string]what{"host": host, "net": net, "port": port, "portrange": portrange, "proto": proto}

func (p *parser) peek() token { return p.tokens[0] }

// next takes a token; the end stays.
func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.next()
	return true
}

// fail keeps the first error; there is nothing to read any more.
func (p *parser) fail(pos int, reason string) test {
	if p.err == nil {
		p.err = &Error{Expr: p.text, Pos: pos, Reason: reason}
		p.tokens = p.tokens[len(p.tokens)-1:]
	}
	return chain(nil)
}

// unexpected is the error of a token that cannot stand where it does.
func (p *parser) unexpected(t token, otherwise string) test {
	switch t.kind {
	case illegal:
		otherwise = t.text
	case end:
		otherwise = "something is missing"
	case name:
		otherwise = "unknown word " + strconv.Quote(t.text)
	}
	return p.fail(t.pos, otherwise)
}

func (p *parser) expectEnd() {
	switch t := p.peek(); {
	case t.is(")"):
		p.fail(t.pos, "there is no ( for this )")
	case t.kind != end:
		p.unexpected(t, "expected and, or, or the end")
	}
}

func (p *parser) expectClose(open token) {
	switch t := p.peek(); {
	case t.is(")"):
		p.next()
	case t.kind == end:
		p.fail(open.pos, "this ( is never closed")
	default:
		p.unexpected(t, "expected and, or, or )")
	}
}

// nest reads what is inside of parentheses or behind a not.
func (p *parser) nest(at token, read func() test) test {
	if p.depth++; p.depth > maxDepth {
		p.fail(at.pos, "more than "+strconv.Itoa(maxDepth)+" levels of parentheses and not")
	}
	t := read()
	p.depth--
	return t
}

// operator takes an and or an or.
func (p *parser) operator() (or, ok bool) {
	or = p.accept("or")
	return or, or || p.accept("and")
}

// expr reads terms with and and or between them; after those a bare value may stand for a
// term. q is what was before it.
func (p *parser) expr(q qualifiers) (test, qualifiers) {
	first, q := p.term(q)
	list := chain{{or: true, test: first}}
	for {
		or, ok := p.operator()
		if !ok {
			break
		}
		var t test
		if p.valueAhead() {
			t = p.value(q)
		} else {
			t, q = p.term(q)
		}
		list = append(list, joined{or, t})
	}
	if len(list) == 1 {
		return first, q
	}
	return list, q
}

// valueAhead reports whether a bare value begins here, maybe after not and in
// parentheses.
func (p *parser) valueAhead() bool {
	for _, t := range p.tokens {
		if !t.is("(") && !t.is("not") {
			return t.id()
		}
	}
	return false
}

// term reads one condition. The qualifiers that it returns are its own; those of
// parentheses are what was before them.
func (p *parser) term(q qualifiers) (test, qualifiers) {
	t := p.next()
	switch {
	case t.is("not"):
		inner := p.nest(t, func() (of test) { of, q = p.term(q); return of })
		return negation{inner}, q
	case t.is("("):
		inner := p.nest(t, func() (of test) { of, _ = p.expr(q); return of })
		p.expectClose(t)
		return inner, q
	case t.is("vlan"):
		return p.vlan(), qualifiers{}
	case t.is("less"), t.is("greater"):
		n := p.next()
		if n.kind != number {
			return p.unexpected(n, "expected a length"), q
		}
		return sized{t.text == "greater", n.num}, qualifiers{}
	}
	_, isProtocol := protocols[t.text]
	_, isWhat := whats[t.text]
	switch {
	case t.kind != word, !isProtocol && !isWhat && t.text != "src" && t.text != "dst":
		reason := "expected a condition"
		if t.id() {
			reason = strconv.Quote(t.text) + " needs a word before it, such as host, net or port"
		}
		return p.unexpected(t, reason), q
	case isProtocol && !p.qualifierAhead():
		return p.alone(t), qualifiers{}
	}
	q = p.head(t)
	switch t := p.peek(); {
	case p.valueAhead():
		return p.value(q), q
	case q.what == proto && t.kind == word:
		return p.fail(t.pos, "a keyword after proto needs a backslash: \\"+t.text), q
	default:
		return p.unexpected(t, "expected a value"), q
	}
}

func (p *parser) qualifierAhead() bool {
	t := p.peek()
	return t.is("src") || t.is("dst") || t.kind == word && whats[t.text] != nothing
}

// vlan reads the optional number behind vlan, which may stand in parentheses.
func (p *parser) vlan() test {
	t, first, open := tagged{id: -1, tags: p.tags}, p.peek(), 0
	for p.tokens[open].is("(") {
		open++
	}
	if n := p.tokens[open]; n.kind == number {
		p.tokens = p.tokens[open+1:]
		for range open {
			p.expectClose(first)
		}
		if n.num > 4095 {
			return p.fail(n.pos, "a VLAN is a number up to 4095")
		}
		t.id = int(n.num)
	}
	p.tags++
	return t
}

// alone is a protocol's word without qualifiers.
func (p *parser) alone(t token) test {
	switch a := protocols[t.text]; {
	case a.protocol == ether:
		return p.unexpected(p.peek(), "expected host, src, dst or proto")
	case a.etherType != 0:
		return carried{a.etherType, p.tags}
	default:
		return above{a.number, a.v4, a.v6, p.tags}
	}
}

// head reads qualifiers: protocol, direction, kind, of which t is the first.
func (p *parser) head(t token) qualifiers {
	q := qualifiers{what: host, pos: t.pos}
	if _, ok := protocols[t.text]; ok {
		q.protocol = t.text
		t = p.next()
	}
	if !t.is("src") && !t.is("dst") {
		q.what = whats[t.text]
		return q
	}
	q.ends = p.direction(t)
	if t := p.peek(); t.kind == word && whats[t.text] != nothing {
		q.what = whats[p.next().text]
		if q.what == proto {
			p.fail(t.pos, "proto has no direction")
		}
	}
	return q
}

// direction reads what may follow src or dst: and dst, or src.
func (p *parser) direction(t token) direction {
	ends, other := destination, "src"
	if t.is("src") {
		ends, other = source, "dst"
	}
	if len(p.tokens) < 2 || !p.tokens[1].is(other) {
		return ends
	}
	or, ok := p.operator()
	if !ok {
		return ends
	}
	p.next()
	if or {
		return eitherEnd
	}
	return bothEnds
}

// value reads a value, or values in parentheses with and, or and not, which q is said of.
func (p *parser) value(q qualifiers) test {
	t := p.next()
	switch {
	case t.is("not"):
		return negation{p.nest(t, func() test { return p.value(q) })}
	case t.is("("):
		inner := p.nest(t, func() test { return p.values(q) })
		p.expectClose(t)
		return inner
	case !t.id():
		return p.unexpected(t, "expected a value as before")
	}
	return p.primitive(t, q)
}

func (p *parser) values(q qualifiers) test {
	list := chain{{or: true, test: p.value(q)}}
	for {
		or, ok := p.operator()
		if !ok {
			return slices.Clip(list)
		}
		list = append(list, joined{or, p.value(q)})
	}
}
