package control

import "strings"

// maxSeed bounds a seed (RFC 2289 section 6: 1 to 16 characters); maxSequence the digits of a sequence number.
const (
	maxSeed     = 16
	maxSequence = 5
)

// oneTimeChallenge finds the challenge of a one-time password in a reply's text: "otp-md5 487 dog2" (RFC 2289 section 6),
// "s/key 97 th91334" (RFC 1760 section 4; "skey" on some systems). It is empty when there is none.
func oneTimeChallenge(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return "" // as most are: no copy for them
	}
	lower := strings.ToLower(text)
	for _, begin := range [...]string{"otp-", "s/key ", "skey "} {
		for from := 0; ; {
			i := strings.Index(lower[from:], begin)
			if i < 0 {
				break
			}
			from += i
			if c := challengeAt(lower[from:], begin); c != "" {
				return strings.Clone(c)
			}
			from += len(begin)
		}
	}
	return ""
}

// challengeAt reads a challenge that begins here.
func challengeAt(s, begin string) string {
	n := len(begin)
	if begin == "otp-" {
		n += run(s[n:], 16, isAlnum) // md4, md5, sha1, …
		if n == len(begin) || n == len(s) || s[n] != ' ' {
			return ""
		}
		n++
	}
	digits := run(s[n:], maxSequence, isNumeral)
	n += digits
	if digits == 0 || n == len(s) || s[n] != ' ' {
		return ""
	}
	n++
	seed := run(s[n:], maxSeed+1, isAlnum)
	if seed == 0 || seed > maxSeed {
		return ""
	}
	return s[:n+seed]
}

// run is how many bytes s begins with that are of a kind, most at most.
func run(s string, most int, is func(byte) bool) int {
	n := 0
	for n < len(s) && n < most && is(s[n]) {
		n++
	}
	return n
}

func isNumeral(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool   { return isNumeral(c) || 'a' <= c && c <= 'z' }

// oneTimeResponse reports whether a password has the form of a one-time one: six short words or 16 hexadecimal digits
// (RFC 2289 section 6), by RFC 2243 section 3 also named so. A challenge does not keep a user from sending a lasting one.
func oneTimeResponse(password string) bool {
	const longest = 256 // of those with "init-", which send three
	if len(password) > longest {
		return false
	}
	s := strings.ToLower(strings.TrimSpace(password))
	for _, prefix := range [...]string{"hex:", "word:", "init-hex:", "init-word:"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	digits, words := strings.ReplaceAll(s, " ", ""), strings.Fields(s)
	if len(digits) == 16 && strings.Trim(digits, "0123456789abcdef") == "" {
		return true
	}
	for _, w := range words {
		if len(w) > 4 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	return len(words) == 6
}
