package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"ftpscope/analyze/keylog"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// keyFlags name the key logs that open what is under TLS.
type keyFlags struct {
	keyLogs []string
}

func (f *keyFlags) add(s *pflag.FlagSet) {
	s.StringArrayVar(&f.keyLogs, "keylog", nil, "open TLS with the secrets of `FILE`, as SSLKEYLOGFILE names it; repeatable")
}

// keys are the secrets that there are.
type keys struct {
	*keylog.Store
	files []*keylog.File
	mu    sync.Mutex
	read  time.Time // when growing logs were last read
}

// pollTime is how often a log that grows is read at most.
const pollTime = 20 * time.Millisecond

// openKeys reads the key logs; those of live analyses may grow.
func (f *keyFlags) openKeys(grow bool) (*keys, error) {
	k := &keys{Store: keylog.New()}
	for _, name := range f.keyLogs {
		log, err := k.Open(name)
		if err != nil {
			k.close()
			return nil, fmt.Errorf("--keylog %s: %w", name, cause(err))
		}
		if k.files = append(k.files, log); !grow {
			log.End()
		}
	}
	if grow && len(k.files) > 0 {
		k.Grows(k.poll)
	}
	return k, nil
}

// tlsCount is a writer that counts sessions under TLS, and those that keys opened.
type tlsCount struct {
	goesOn
	sealed, opened uint64
}

func (n *tlsCount) Session(s *record.Session) error {
	if s.IsUnderTLS() && !s.Open {
		n.sealed++
		if s.Capture.Decrypted {
			n.opened++
		}
	}
	return nil
}

// keyWarnings is what to say of the key logs when all was read.
func (j *job) keyWarnings() {
	if j.keys == nil || len(j.keys.files) == 0 {
		return
	}
	s := j.keys.Stats()
	switch {
	case s.Secrets == 0:
		j.warning("--keylog: no secrets are in what was given (lines of SSLKEYLOGFILE: CLIENT_RANDOM …)")
		return
	case s.Unread > 0:
		j.warning("--keylog: %s could not be understood", prose.Many(s.Unread, "line"))
	}
	if s.Dropped > 0 {
		j.warning("--keylog: the secrets of the %s before the last are not kept", prose.Many(s.Dropped, "connection"))
	}
	if n := j.tlsCount; n.sealed > 0 && n.opened == 0 {
		j.warning("--keylog: the secrets open none of %s under TLS: they are other connections', or the captures lack the handshakes", prose.Many(n.sealed, "session"))
	}
}

// poll reads what the logs have more by now.
func (k *keys) poll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); now.Sub(k.read) >= pollTime {
		k.read = now
		for _, log := range k.files {
			_ = log.Read() // what cannot be read opens nothing
		}
	}
}

func (k *keys) close() {
	for _, log := range k.files {
		_ = log.Close() // it was only read
	}
}
