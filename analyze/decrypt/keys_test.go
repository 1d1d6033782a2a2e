package decrypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/keylog"
	"ftpscope/capture/flow"
)

// What a suite's name says.
func TestSuites(t *testing.T) {
	for id, want := range map[uint16]string{
		0x1301: "gcm 16 SHA-256", 0x1302: "gcm 32 SHA-384", 0x1303: "chacha 32 SHA-256", 0x1304: "ccm 16 SHA-256", 0x1305: "ccm8 16 SHA-256",
		0xc030: "gcm 32 SHA-384", 0x009e: "gcm 16 SHA-256", 0xcca8: "chacha 32 SHA-256", 0xc0ac: "ccm 16 SHA-256", 0xc0ae: "ccm8 16 SHA-256", 0xc0a0: "ccm8 16 SHA-256",
		0x003d: "cbc 32 SHA-256", 0xc028: "cbc 32 SHA-384", 0x002f: "cbc 16 SHA-256", 0x000a: "cbc3DES 24 SHA-256",
		0x0005: "", 0x0000: "", 0xc05c: "", // RC4, NULL, ARIA
	} {
		s, ok := suiteOf(id)
		got := ""
		if ok {
			got = [...]string{gcm: "gcm", ccm: "ccm", ccm8: "ccm8", chacha: "chacha", cbc: "cbc", cbc3DES: "cbc3DES"}[s.kind] + " " + []string{24: "24", 16: "16", 32: "32"}[s.key] + " " + s.prf.String()
		}
		require.Equal(t, want, got, s.name)
	}
}

// NIST SP 800-38C, example 3.
func TestCCM(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	block, err := aes.NewCipher(unhex("404142434445464748494a4b4c4d4e4f"))
	require.NoError(t, err)
	c := &ccmMode{block, 8}
	nonce, extra := unhex("101112131415161718191a1b"), unhex("000102030405060708090a0b0c0d0e0f10111213")
	sealed := unhex("e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951")
	plain, err := c.Open([]byte("> "), nonce, sealed, extra)
	require.NoError(t, err)
	require.Equal(t, append([]byte("> "), unhex("202122232425262728292a2b2c2d2e2f3031323334353637")...), plain)
	sealed[0] ^= 1
	_, err = c.Open(nil, nonce, sealed, extra)
	require.Error(t, err)
	_, err = c.Open(nil, nonce, sealed[:7], extra)
	require.Error(t, err)
}

// sealCBC makes a record of CBC with encrypt-then-MAC (RFC 7366).
func sealCBC(k *keys, header, iv, plain []byte) []byte {
	pad := 16 - len(plain)%16
	padded := append(append([]byte(nil), plain...), []byte(strings.Repeat(string([]byte{byte(pad - 1)}), pad))...)
	cipher.NewCBCEncrypter(k.block, iv).CryptBlocks(padded, padded)
	sealed := append(append([]byte(nil), iv...), padded...)
	extra := additional(k.seq, header, len(sealed))
	k.mac.Reset()
	k.mac.Write(extra[:])
	k.mac.Write(sealed)
	return k.mac.Sum(sealed)
}

func TestEncryptThenMAC(t *testing.T) {
	s, _ := suiteOf(0x003c)
	x := session{version: tls12, suite: &s, master: make([]byte, 48), encryptThenMAC: true}
	k := x.keys(keylog.Client)
	header := []byte{applicationData, 3, 3, 0, 0}
	for _, text := range []string{"", "hello", strings.Repeat("x", 16), strings.Repeat("y", 1000)} {
		sealed := sealCBC(k, header, make([]byte, 16), []byte(text))
		_, plain, ok := k.open(k.seq, header, sealed, nil)
		require.True(t, ok)
		require.Equal(t, text, string(plain))
		_, _, ok = k.open(k.seq+1, header, sealed, nil)
		require.False(t, ok, "another number")
		sealed[3] ^= 1
		_, _, ok = k.open(k.seq, header, sealed, nil)
		require.False(t, ok)
		k.passed(sealed)
	}
	require.True(t, hmac.Equal(x.keys(keylog.Client).iv, nil))
}

// speaker seals records of TLS 1.3, as a side does.
type speaker struct {
	*keys
	dir flow.Direction
}

func (s *speaker) say(kind byte, text string) piece {
	plain := append([]byte(text), kind)
	header := []byte{applicationData, 3, 3, 0, 0}
	binary.BigEndian.PutUint16(header[3:], uint16(len(plain)+16))
	nonce := s.nonce(s.seq)
	s.seq++
	return piece{s.dir, append(header, s.aead.Seal(nil, nonce[:], plain, header)...)}
}

// hello makes a ClientHello or a ServerHello of TLS 1.3.
func hello(kind byte, random byte, extensions string) piece {
	body := "\x03\x03" + strings.Repeat(string([]byte{random}), 32) + "\x00"
	dir := flow.Out
	if kind == serverHello {
		dir = flow.In
		body += "\x13\x03\x00"
	} else {
		body += "\x00\x02\x13\x03\x01\x00"
	}
	body += string([]byte{byte(len(extensions) >> 8), byte(len(extensions))}) + extensions
	message := string([]byte{kind, 0, byte(len(body) >> 8), byte(len(body))}) + body
	return piece{dir, []byte("\x16\x03\x01" + string([]byte{byte(len(message) >> 8), byte(len(message))}) + message)}
}

// KeyUpdates, early data, padding, several messages a record.
func TestTLS13(t *testing.T) {
	store := keylog.New()
	secret := func(label string, b byte) []byte {
		text := strings.Repeat(hex.EncodeToString([]byte{b}), 32)
		store.Block([]byte(label+" "+strings.Repeat("07", 32)+" "+text), 0)
		return []byte(strings.Repeat(string([]byte{b}), 32))
	}
	s, _ := suiteOf(0x1303)
	clientShakes := &speaker{keysOf13(&s, secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 1)), flow.Out}
	serverShakes := &speaker{keysOf13(&s, secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", 2)), flow.In}
	client := &speaker{keysOf13(&s, secret("CLIENT_TRAFFIC_SECRET_0", 3)), flow.Out}
	server := &speaker{keysOf13(&s, secret("SERVER_TRAFFIC_SECRET_0", 4)), flow.In}
	early := &speaker{keysOf13(&s, []byte(strings.Repeat("e", 32))), flow.Out}
	const finish, update = "\x14\x00\x00\x02ab", "\x18\x00\x00\x01\x00"
	var pieces []piece
	say := func(p ...piece) { pieces = append(pieces, p...) }
	say(hello(clientHello, 7, "\x00\x2a\x00\x00"))
	for range 20 {
		say(early.say(applicationData, "early"))
	}
	say(hello(serverHello, 8, "\x00\x2b\x00\x02\x03\x04"))
	say(serverShakes.say(handshakeRecord, "\x08\x00\x00\x02\x00\x00\x0b\x00\x00\x05"), serverShakes.say(handshakeRecord, "12345"+finish))
	say(server.say(applicationData, "220 ready\r\n"))
	say(clientShakes.say(handshakeRecord, finish), client.say(applicationData, "USER bob\r\n\x00\x00"[:10]))
	say(client.say(handshakeRecord, update))
	client.keys = client.updated()
	say(client.say(applicationData, "QUIT\r\n"), server.say(handshakeRecord, update))
	server.keys = server.updated()
	say(server.say(applicationData, "221 bye\r\n"), server.say(alert, "\x01\x00"))
	h := &heard{}
	o := NewKeyring(store).Open(h)
	play(o, pieces, 1<<20)
	require.Equal(t, "USER bob\r\nQUIT\r\n", h.plain[0].String())
	require.Equal(t, "220 ready\r\n221 bye\r\n", h.plain[1].String())
	require.Equal(t, [2]uint64{}, h.missing)
	require.True(t, o.Sent(flow.In).Closed)
	require.Equal(t, []byte{closeNotify}, h.alerts)
}

// A gap that hides a KeyUpdate.
func TestLostKeyUpdate(t *testing.T) {
	store := keylog.New()
	for i, label := range []string{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"} {
		store.Block([]byte(label+" "+strings.Repeat("07", 32)+" "+strings.Repeat(hex.EncodeToString([]byte{byte(i)}), 32)), 0)
	}
	s, _ := suiteOf(0x1303)
	shakes := &speaker{keysOf13(&s, make([]byte, 32)), flow.Out}
	client := &speaker{keysOf13(&s, []byte(strings.Repeat("\x02", 32))), flow.Out}
	h := &heard{}
	o := NewKeyring(store).Open(h)
	play(o, []piece{hello(clientHello, 7, ""), shakes.say(handshakeRecord, "\x14\x00\x00\x00"), client.say(applicationData, "NOOP\r\n")}, 1000)
	lost := client.say(handshakeRecord, "\x18\x00\x00\x01\x00")
	play(o, []piece{{flow.Out, lost.b[:6]}}, 1000)
	o.Gap(flow.Out, uint64(len(lost.b)-6), flow.Mark{Ord: 5})
	client.keys = client.updated()
	play(o, []piece{client.say(applicationData, "QUIT\r\n")}, 1000)
	require.Equal(t, "NOOP\r\nQUIT\r\n", h.plain[0].String())
}
