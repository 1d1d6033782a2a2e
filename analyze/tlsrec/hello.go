package tlsrec

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"ftpscope/analyze/record"
)

// Limits of what is read of a TLS handshake.
const (
	// maxHandshake bounds the bytes of a direction that are looked at: a ClientHello has
	// some hundred bytes, a chain of certificates some thousand, and the leaf is its
	// first.
	maxHandshake = 16 << 10
	// maxTLSList bounds protocols, versions and names that are kept: clients offer a few.
	maxTLSList = 16
	// maxTLSText bounds a name: RFC 1035 section 2.3.4 has 255 bytes for a host's, RFC
	// 7301 section 3.1 as many for a protocol's.
	maxTLSText = 255
	// maxDN bounds a distinguished name as text.
	maxDN = 1024
)

// facts is a TLSInfo while it is read.
type facts struct{ record.TLSInfo }

// Handshake message types (RFC 8446 appendix B.3) and extensions (section 4.2).
const (
	helloOfClient = 1
	helloOfServer = 2
	newTicket     = 4
	certificate   = 11
	// encryptedExtensions has what TLS 1.3 hides of the ServerHello's extensions.
	encryptedExtensions = 8

	extServerName        = 0
	extALPN              = 16
	extSupportedVersions = 43
)

// wire reads TLS's presentation language (RFC 8446 section 3): big-endian numbers,
// vectors behind their length. What is too short makes it bad, and everything read from
// then on is empty.
type wire struct {
	b   []byte
	bad bool
}

func (w *wire) take(n int) []byte {
	if w.bad || n > len(w.b) {
		w.bad, w.b = true, nil
		return nil
	}
	taken := w.b[:n]
	w.b = w.b[n:]
	return taken
}

// number reads one of n bytes.
func (w *wire) number(n int) int {
	v := 0
	for _, c := range w.take(n) {
		v = v<<8 | int(c)
	}
	return v
}

// vector reads one whose length has n bytes.
func (w *wire) vector(n int) wire {
	b := w.take(w.number(n))
	return wire{b: b, bad: w.bad}
}

func (w *wire) more() bool { return !w.bad && len(w.b) > 0 }

// clientHello is RFC 8446 section 4.1.2, and RFC 5246 section 7.4.1.2 with the same form.
func (t *facts) clientHello(w wire) {
	legacy := w.number(2)
	copy(t.Random[:], w.take(32))
	w.vector(1) // session id
	w.vector(2) // cipher suites
	w.vector(1) // compression methods
	if w.bad {
		return
	}
	for ext := w.vector(2); ext.more(); {
		kind, body := ext.number(2), ext.vector(2)
		switch kind {
		case extServerName:
			t.serverName(body)
		case extALPN:
			t.Protocols = protocols(body)
		case extSupportedVersions:
			t.Offered = versions(body.vector(1))
		}
	}
	if t.Offered == nil {
		t.Offered = []string{tls.VersionName(uint16(legacy))} // the highest of those that it takes
	}
}

// serverName is RFC 6066 section 3: of names, only a host's was ever defined.
func (t *facts) serverName(body wire) {
	list := body.vector(2)
	kind, name := list.number(1), list.vector(2)
	if kind == 0 && !name.bad && len(name.b) <= maxTLSText {
		t.ServerName = readable(name.b)
	}
}

// protocols is RFC 7301 section 3.1.
func protocols(body wire) []string {
	var names []string
	for list := body.vector(2); list.more() && len(names) < maxTLSList; {
		name := list.vector(1)
		if len(name.b) == 0 || greasy(name.b) {
			continue
		}
		names = append(names, readable(name.b))
	}
	return names
}

// versions is RFC 8446 section 4.2.1, without the values that are there to be ignored
// (RFC 8701).
func versions(list wire) []string {
	var names []string
	for list.more() && len(names) < maxTLSList {
		b := list.take(2)
		if len(b) == 2 && !greasy(b) {
			names = append(names, tls.VersionName(uint16(b[0])<<8|uint16(b[1])))
		}
	}
	return names
}

// greasy reports whether the two bytes are one of RFC 8701's values: 0a 0a, 1a 1a, … fa
// fa.
func greasy(b []byte) bool { return len(b) == 2 && b[0] == b[1] && b[0]&15 == 10 }

// serverHello is RFC 8446 section 4.1.3, and RFC 5246 section 7.4.1.3 with the same form.
func (t *facts) serverHello(w wire) {
	version := uint16(w.number(2))
	w.take(32)  // random
	w.vector(1) // session id
	suite := uint16(w.number(2))
	w.number(1) // compression method
	if w.bad {
		return
	}
	for ext := w.vector(2); ext.more(); { // before TLS 1.3 there may be none
		kind, body := ext.number(2), ext.vector(2)
		switch kind {
		case extSupportedVersions: // section 4.2.1: then it, not the field above, is the version
			if v := uint16(body.number(2)); !body.bad {
				version = v
			}
		case extALPN:
			t.chosen(body)
		}
	}
	t.Version, t.Cipher = tls.VersionName(version), SuiteName(suite)
	t.Encrypted = version >= tls.VersionTLS13
}

// chosen takes the protocol that the server chose.
func (t *facts) chosen(body wire) {
	if names := protocols(body); len(names) > 0 {
		t.Protocol = names[0]
	}
}

// extensions is RFC 8446 section 4.3.1.
func (t *facts) extensions(w wire) {
	for ext := w.vector(2); ext.more(); {
		if kind, body := ext.number(2), ext.vector(2); kind == extALPN {
			t.chosen(body)
		}
	}
}

// leaf takes the first certificate of the chain (RFC 5246 section 7.4.2). What cannot be
// parsed is left out.
func (t *facts) leaf(der []byte) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return
	}
	t.Subject, t.Issuer = short(c.Subject.String()), short(c.Issuer.String())
	t.NotBefore, t.NotAfter = c.NotBefore.UTC(), c.NotAfter.UTC()
	t.SelfSigned = len(c.RawSubject) > 0 && string(c.RawSubject) == string(c.RawIssuer)
	for _, name := range c.DNSNames {
		if len(t.Names) < maxTLSList && len(name) <= maxTLSText {
			t.Names = append(t.Names, readable([]byte(name)))
		}
	}
	for _, ip := range c.IPAddresses {
		if len(t.Names) < maxTLSList {
			t.Names = append(t.Names, ip.String())
		}
	}
}

func short(name string) string {
	if len(name) > maxDN {
		name = name[:maxDN] + "…"
	}
	return strings.ToValidUTF8(name, "\ufffd")
}

func readable(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }
