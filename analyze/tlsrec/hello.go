package tlsrec

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
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
type facts struct {
	record.TLSInfo
	version int  // chosen; 0: no ServerHello yet
	suite   int  // as version
	early   bool // the client may send data before its Finished (RFC 8446 section 2.3)
	retries bool // a HelloRetryRequest is all that came of the server yet
	noTexts bool // what the certificate says is not wanted
}

// Handshake message types (RFC 8446 appendix B.3) and extensions (section 4.2).
const (
	helloOfClient = 1
	helloOfServer = 2
	newTicket     = 4
	certificate   = 11
	// serverKeyExchange and helloDone are TLS 1.2's (RFC 5246 section 7.4).
	serverKeyExchange = 12
	helloDone         = 14
	// encryptedExtensions has what TLS 1.3 hides of the ServerHello's extensions.
	encryptedExtensions = 8

	extServerName          = 0
	extGroups              = 10
	extPointFormats        = 11
	extSignatureAlgorithms = 13
	extALPN                = 16
	extTicket              = 35 // RFC 5077
	extPreSharedKey        = 41
	extEarlyData           = 42
	extSupportedVersions   = 43
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
// Before TLS 1.3 a session ID asks to resume; since then every client sends one (appendix
// D.4).
func (t *facts) clientHello(w wire) {
	h := hello{version: w.number(2)}
	copy(t.Random[:], w.take(32))
	id := w.vector(1)
	h.suites = numbers(w.vector(2), 2)
	w.vector(1) // compression methods
	if w.bad {
		return
	}
	for ext := w.vector(2); ext.more(); {
		kind, body := ext.number(2), ext.vector(2)
		h.extension(kind, body)
		switch kind {
		case extServerName:
			t.serverName(body)
		case extALPN:
			t.Protocols = protocols(body)
		case extSupportedVersions:
			t.Offered = versions(body.vector(1))
		case extTicket:
			t.Asked = t.Asked || len(body.b) > 0
		case extPreSharedKey:
			t.Asked = true
		case extEarlyData:
			t.early = true
		}
	}
	t.Asked = t.Asked || len(id.b) > 0 && h.best < tls.VersionTLS13
	if t.Offered == nil {
		t.Offered = []string{tls.VersionName(uint16(h.version))} // the highest of those that it takes
	}
	if t.JA3 == "" { // a second hello answers a HelloRetryRequest
		t.JA3, t.JA4 = ja3(h.version, h.suites, h.extensions, h.groups, h.formats), h.ja4()
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

// retry is the random of a HelloRetryRequest (RFC 8446 section 4.1.3), the SHA-256 of its
// name.
const retry = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// IsRetry reports whether a ServerHello with this random is a HelloRetryRequest.
func IsRetry(random []byte) bool { return string(random) == retry }

// serverHello is RFC 8446 section 4.1.3, and RFC 5246 section 7.4.1.3 with the same form.
func (t *facts) serverHello(w wire) {
	legacy := w.number(2)
	t.retries = IsRetry(w.take(len(retry)))
	id := w.vector(1)
	suite := w.number(2)
	w.number(1) // compression method
	if w.bad {
		return
	}
	version := legacy
	var extensions []int
	for ext := w.vector(2); ext.more(); { // before TLS 1.3 there may be none
		kind, body := ext.number(2), ext.vector(2)
		extensions = append(extensions, kind)
		switch kind {
		case extSupportedVersions: // section 4.2.1: then it, not the field above, is the version
			if v := body.number(2); !body.bad {
				version = v
			}
		case extALPN:
			t.chosen(body)
		case extPreSharedKey:
			t.Resumed = true
		}
	}
	t.version, t.suite = version, suite
	t.Version, t.Cipher = tls.VersionName(uint16(version)), SuiteName(uint16(suite))
	t.JA3S = ja3(legacy, []int{suite}, extensions)
	if t.Encrypted = version >= tls.VersionTLS13; t.Encrypted {
		t.Full = !t.Resumed && !t.retries
		return
	}
	t.Resumable = t.Resumable || len(id.b) > 0
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
func (t *facts) leaf(der []byte, at flow.Mark) {
	x := &record.Certificate{Mark: at, SHA256: sha256.Sum256(der)}
	t.Certificate = x
	if t.noTexts {
		return
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return
	}
	x.Subject, x.Issuer, x.Serial = short(c.Subject.String()), short(c.Issuer.String()), hex.EncodeToString(c.SerialNumber.Bytes())
	x.NotBefore, x.NotAfter = c.NotBefore.UTC(), c.NotAfter.UTC()
	x.SelfSigned = len(c.RawSubject) > 0 && string(c.RawSubject) == string(c.RawIssuer)
	for _, name := range c.DNSNames {
		if len(x.Names) < maxTLSList && len(name) <= maxTLSText {
			x.Names = append(x.Names, readable([]byte(name)))
		}
	}
	for _, ip := range c.IPAddresses {
		if len(x.Names) < maxTLSList {
			x.Names = append(x.Names, ip.String())
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
