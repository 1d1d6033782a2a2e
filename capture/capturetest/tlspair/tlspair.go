// Package tlspair lets both ends of a connection under TLS talk within the process, and tells
// what each writes: tests and benchmarks make packets of it.
package tlspair

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"time"
)

// Pair is both ends, the client's first. No handshake went over it yet.
type Pair [2]*tls.Conn

// end is one of them: what it writes waits for the other.
type end struct {
	net.Conn // nil: what it has besides nobody calls
	between  *between
	side     int
}

type between struct {
	mu     sync.Mutex
	come   sync.Cond
	unread [2]bytes.Buffer // by who wrote it
	wrote  func(side int, b []byte)
}

// New makes a Pair. wrote is told what each side writes, 0 being the client, one write after
// the other; it must not keep the bytes.
func New(client, server *tls.Config, wrote func(side int, b []byte)) Pair {
	x := &between{wrote: wrote}
	x.come.L = &x.mu
	return Pair{tls.Client(&end{nil, x, 0}, client), tls.Server(&end{nil, x, 1}, server)}
}

func (e *end) Write(b []byte) (int, error) {
	x := e.between
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wrote(e.side, b)
	x.come.Broadcast()
	return x.unread[e.side].Write(b)
}

func (e *end) Read(b []byte) (int, error) {
	x := e.between
	x.mu.Lock()
	defer x.mu.Unlock()
	from := &x.unread[e.side^1]
	for from.Len() == 0 {
		x.come.Wait()
	}
	return from.Read(b)
}

func (*end) SetWriteDeadline(time.Time) error { return nil }
func (*end) Close() error                     { return nil }

// Shake lets them shake hands.
func (p Pair) Shake() error {
	done := make(chan error, 1)
	go func() { done <- p[1].Handshake() }()
	err := p[0].Handshake()
	return errors.Join(err, <-done)
}

// Say lets a side say something, and the other one hear it.
func (p Pair) Say(side int, b []byte) error {
	if _, err := p[side].Write(b); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, p[side^1], int64(len(b)))
	return err
}

// Certificate makes one for a server of this name, which may be empty; it signs itself.
func Certificate(name string) (c tls.Certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
