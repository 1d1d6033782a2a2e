package main

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"ftpscope/capture/cryptopan"
	"ftpscope/capture/filter"
)

// carveFlags are what carve takes.
type carveFlags struct {
	common
	read      []string
	write     string
	sessions  []int
	transfers []int
	allFTP    bool
	redact    bool
	withKeys  bool
	anonymize string
	names     *cryptopan.Map // what anonymize says; nil: nothing
}

func (f *carveFlags) set() *pflag.FlagSet {
	s := newSet("carve")
	s.StringVarP(&f.write, "write", "w", "", "write the packets to `FILE` as pcapng; - is standard output")
	s.IntSliceVar(&f.sessions, "session", nil, "carve session `N`, as analyze numbers it; repeatable")
	s.IntSliceVar(&f.transfers, "transfer", nil, "with one --session, only transfer `N` and the control connection; repeatable")
	s.BoolVar(&f.allFTP, "all-ftp", false, "carve all sessions, attempts, and data connections without a session")
	s.BoolVar(&f.redact, "redact-passwords", false, "overwrite passwords (PASS, ACCT, ADAT, SITE PSWD …), also where servers repeat them")
	f.keyFlags.add(s)
	s.BoolVar(&f.withKeys, "with-keys", false, "put the TLS secrets of the carved sessions into the file: whoever has it can decrypt them")
	s.StringVar(&f.anonymize, "anonymize", "", "rename addresses by `KEY`: words, 64 hex digits, or @FILE")
	s.StringArrayVarP(&f.read, "read", "r", nil, "read `FILE`, the same as an argument; repeatable")
	s.Var(&f.ports, "port", "treat port `N` as a control port as well as 21; repeatable")
	s.StringVarP(&f.filter, "filter", "f", "", "only packets that match `EXPR`, in tcpdump's syntax")
	s.IntVar(&f.workers, "workers", 1, "track connections with `N` threads (0: one per processor)")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no warnings, no progress")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	return s
}

// all are the flags, those of the topics too.
func (f *carveFlags) all() *pflag.FlagSet {
	s := f.set()
	f.choiceFlags.add(s, "user")
	f.judgeFlags.add(s)
	f.readFlags.add(s)
	return s
}

func carveUsage() string {
	var f carveFlags
	return `Cuts sessions out of captures: the packets of their control and data connections and of ICMP errors
about them, with their bytes, times, link types and interfaces. A comment on each packet names its
session, transfer, findings, file and number.

Usage:
  ftpscope carve [flags] -w OUT.pcapng FILE|DIR|- …

Sessions have the numbers that analyze gives them, of the same files. --host, --finding, --outcome
and the other flags of "ftpscope help choosing" choose here too (also: judging, reading). Standard
input is copied to a temporary file first, for captures are read twice.

--anonymize renames IP addresses by Crypto-PAn (equal prefixes stay equal, private stays private)
and MAC addresses, in headers and in what client and server say. User names, host names, file
names and what is in files and listings stay, with either flag.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope carve -w session3.pcapng --session 3 capture.pcap
  ftpscope carve -w share.pcapng --finding data-refused --redact-passwords --anonymize @key a.pcap
`
}

// parse reads the arguments; done tells that there is nothing left to do but to exit with code.
func (f *carveFlags) parse(e *env, args []string) (files []string, code int, done bool) {
	s := f.all()
	code, done = e.parseFlags(s, args, &f.help, carveUsage, func() error {
		files = append(f.read, s.Args()...)
		if err := filterWords(files); err != nil {
			return err
		}
		return f.check(len(files), s.Changed("anonymize"))
	})
	return files, code, done
}

func (f *carveFlags) check(files int, anonymize bool) error {
	switch {
	case files == 0:
		return errors.New("no capture files named")
	case f.write == "":
		return errors.New("no output named: -w OUT.pcapng")
	case len(f.transfers) > 0 && len(f.sessions) != 1:
		return errors.New("--transfer belongs to one --session")
	case f.withKeys && (f.redact || anonymize):
		return errors.New("--with-keys cannot be combined with --redact-passwords or --anonymize: they cannot change what is encrypted")
	case f.allFTP && len(f.sessions) > 0:
		return errors.New("--all-ftp and --session exclude each other")
	}
	for _, n := range f.sessions {
		if n < 1 {
			return fmt.Errorf("--session takes a number from 1, got %d", n)
		}
	}
	for _, n := range f.transfers {
		if n < 1 {
			return fmt.Errorf("--transfer takes a number from 1, got %d", n)
		}
	}
	if anonymize {
		key, err := anonymizeKey(f.anonymize)
		if err != nil {
			return err
		}
		f.names = cryptopan.New(key)
	}
	if f.filter != "" {
		var err error
		if f.packets, err = filter.Parse(f.filter); err != nil {
			return fmt.Errorf("--filter: %w", err)
		}
	}
	if err := f.choiceFlags.check(time.UTC); err != nil {
		return err
	}
	for _, check := range []func() error{f.judgeFlags.check, f.readFlags.check, func() error { return setWorkers(&f.workers) }} {
		if err := check(); err != nil {
			return err
		}
	}
	if !f.allFTP && len(f.sessions) == 0 && len(f.choiceFlags.settings()) == 0 {
		return errors.New("no sessions chosen: --session N, --finding ID, --host ADDRESS, …, or --all-ftp")
	}
	return nil
}

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
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &wayOut{fmt.Errorf("--anonymize: %s: %w", path, cause(err)), "head -c 32 /dev/urandom > " + path + " makes a key; keep it: the same key gives the same names"}
	}
	if err != nil {
		return nil, fmt.Errorf("--anonymize: %s: %w", path, cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--anonymize: %s: %w", path, cause(err))
	case len(b) > maxKeyFile:
		return nil, fmt.Errorf("--anonymize: %s has more than %d bytes: it is not a key", path, maxKeyFile)
	}
	return b, nil
}
