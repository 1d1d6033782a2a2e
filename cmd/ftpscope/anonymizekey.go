package main

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ftpscope/capture/cryptopan"
)

const (
	// keySalt and keyRounds make a key of words; both are fixed, since the same words must always give the same names.
	keySalt   = "ftpscope carve --anonymize"
	keyRounds = 600_000
	// maxKeyFile bounds what is read of a file that should hold a key.
	maxKeyFile = 4096
)

var errNoKey = errors.New("--anonymize takes words, 64 hexadecimal digits or @FILE, got nothing")

// anonymizeKey reads the key of --anonymize: 64 hexadecimal digits are Crypto-PAn's 32 bytes, @FILE is a file that holds such
// digits, 32 bytes or words, and words are stretched to 32 bytes.
func anonymizeKey(text string) (key [cryptopan.KeySize]byte, err error) {
	if path, isFile := strings.CutPrefix(text, "@"); isFile {
		b, err := keyFile(path)
		if err != nil {
			return key, err
		}
		if len(b) == len(key) {
			return [cryptopan.KeySize]byte(b), nil
		}
		text = string(bytes.TrimSpace(b))
	}
	if text == "" {
		return key, errNoKey
	}
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(key) {
		return [cryptopan.KeySize]byte(b), nil
	}
	b, err := pbkdf2.Key(sha256.New, text, []byte(keySalt), keyRounds, len(key))
	if err != nil {
		return key, fmt.Errorf("--anonymize: %w", err)
	}
	return [cryptopan.KeySize]byte(b), nil
}

func keyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--anonymize: %s: %w", path, cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--anonymize: %s: %w", path, cause(err))
	case len(b) > maxKeyFile:
		return nil, fmt.Errorf("--anonymize: %s has more than %d bytes: it is no key", path, maxKeyFile)
	}
	return b, nil
}
