package tlsrec

import (
	"crypto/md5" //nolint:gosec // JA3 is an MD5 by definition; it protects nothing
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// hello is what fingerprints are made of: numbers as the hello lists them, without the
// values that are there to be ignored (RFC 8701). A hello is bounded by maxHandshake.
type hello struct {
	version    int // legacy_version
	best       int // the highest of supported_versions; 0: it has none
	suites     []int
	extensions []int
	groups     []int
	formats    []int
	algorithms []int
	alpn       []byte // the first protocol
	named      bool   // it has a server name
}

// numbers reads a list of numbers of n bytes.
func numbers(list wire, n int) (all []int) {
	for list.more() {
		b := list.take(n)
		if len(b) == n && !greasy(b) {
			w := wire{b: b}
			all = append(all, w.number(n))
		}
	}
	return all
}

// extension takes one of a ClientHello. The order is part of JA3, of JA4 it is not.
func (h *hello) extension(kind int, body wire) {
	if greasy([]byte{byte(kind >> 8), byte(kind)}) {
		return
	}
	h.extensions = append(h.extensions, kind)
	switch kind {
	case extServerName:
		h.named = true
	case extGroups:
		h.groups = numbers(body.vector(2), 2)
	case extPointFormats:
		h.formats = numbers(body.vector(1), 1)
	case extSignatureAlgorithms:
		h.algorithms = numbers(body.vector(2), 2)
	case extALPN:
		list := body.vector(2)
		h.alpn = list.vector(1).b
	case extSupportedVersions:
		if all := numbers(body.vector(1), 2); len(all) > 0 {
			h.best = slices.Max(all)
		}
	}
}

// ja3 is the MD5 of a hello's numbers in decimal: version, suites, extensions, groups,
// point formats. A server's has the first three.
func ja3(version int, lists ...[]int) string {
	fields := []string{strconv.Itoa(version)}
	for _, list := range lists {
		words := make([]string, len(list))
		for i, n := range list {
			words[i] = strconv.Itoa(n)
		}
		fields = append(fields, strings.Join(words, "-"))
	}
	sum := md5.Sum([]byte(strings.Join(fields, ","))) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// ja4 is the client's fingerprint in three parts: what it offers in short, its suites, and
// its extensions with the signature algorithms, each sorted, the latter two hashed.
func (h *hello) ja4() string {
	name := "i"
	if h.named {
		name = "d"
	}
	extensions := slices.DeleteFunc(slices.Clone(h.extensions), func(kind int) bool { return kind == extServerName || kind == extALPN })
	slices.Sort(extensions)
	suites := slices.Sorted(slices.Values(h.suites))
	last := hexList(extensions)
	if len(h.algorithms) > 0 && last != "" {
		last += "_" + hexList(h.algorithms)
	}
	return fmt.Sprintf("t%s%s%02d%02d%s_%s_%s", h.ja4Version(), name, min(len(suites), 99), min(len(h.extensions), 99), h.ja4ALPN(), short12(hexList(suites)), short12(last))
}

func (h *hello) ja4Version() string {
	version := h.best
	if version == 0 {
		version = h.version
	}
	switch {
	case version == 0x0002:
		return "s2"
	case version == 0x0300:
		return "s3"
	case version > 0x0300 && version <= 0x0304:
		return "1" + strconv.Itoa(version-0x0301)
	}
	return "00"
}

// ja4ALPN is the first and the last letter of the first protocol; of its hexadecimal digits
// where those are no letters or digits.
func (h *hello) ja4ALPN() string {
	b := h.alpn
	if len(b) == 0 {
		return "00"
	}
	if isAlphanumeric(b[0]) && isAlphanumeric(b[len(b)-1]) {
		return string([]byte{b[0], b[len(b)-1]})
	}
	digits := hex.EncodeToString(b)
	return digits[:1] + digits[len(digits)-1:]
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func hexList(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = fmt.Sprintf("%04x", n)
	}
	return strings.Join(words, ",")
}

// short12 is the beginning of a text's SHA-256; of nothing, zeros.
func short12(text string) string {
	if text == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
