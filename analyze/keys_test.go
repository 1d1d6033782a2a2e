package analyze_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/keylog"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// keysOf reads the key log beside a capture.
func keysOf(t *testing.T, pcap string) (*keylog.Store, []byte) {
	t.Helper()
	log, err := os.ReadFile(strings.TrimSuffix(pcap, ".pcap") + ".keys.log")
	require.NoError(t, err)
	store := keylog.New()
	store.Block(log, 0)
	return store, log
}

// TestKeys opens real FTPS: what was said is known, whatever the number of workers, and
// another connection's keys change nothing.
func TestKeys(t *testing.T) {
	files, err := filepath.Glob("../pcaps/keys/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			store, log := keysOf(t, name)
			run := func(store *keylog.Store, workers int) string {
				return analyzetest.Collect(t, analyze.Options{Keys: store, Workers: workers, Dialogue: true}, nil, name).JSON(t)
			}
			with := run(store, 1)
			require.Equal(t, with, run(store, 3))
			require.Contains(t, with, `"decrypted":true`)
			if !strings.Contains(name, "unknown-ca") && !strings.Contains(name, "ccc") {
				require.Contains(t, with, `"user":"labuser"`)
			}
			require.NotContains(t, with, `"method":"encrypted"`)
			require.NotContains(t, with, "labpass")
			for line := range bytes.Lines(log) {
				if fields := bytes.Fields(line); len(fields) == 3 {
					require.NotContains(t, strings.ToLower(with), strings.ToLower(string(fields[2])))
				}
			}
			without := run(nil, 1)
			foreign, _ := keysOf(t, files[(i+1)%len(files)])
			require.Equal(t, without, run(foreign, 1))
			require.Equal(t, without, run(keylog.New(), 3))
			require.NotContains(t, without, "decrypted")
		})
	}
}

// TestLateKeys: secrets that a log gets seconds after the last packet still open all that was
// said and transferred; without them all is told as without a log, and not much later.
func TestLateKeys(t *testing.T) {
	for _, name := range []string{"tls13", "resumed-lftp", "active-cbc", "ccc"} {
		for _, workers := range []int{1, 3} {
			t.Run(fmt.Sprint(name, workers), func(t *testing.T) {
				pcap := "../pcaps/keys/" + name + ".pcap"
				whole, log := keysOf(t, pcap)
				late := func(after int32, log []byte) string {
					c, err := capture.Open([]string{pcap}, capture.Options{})
					require.NoError(t, err)
					defer c.Close()
					store, source := keylog.New(), &replay{Capture: c, step: 100 * flow.Millisecond, after: 300}
					store.Grows(func() {
						if source.silent.Load() > after {
							store.Block(log, 0)
							log = nil
						}
					})
					r := &analyzetest.Records{}
					_, err = analyze.Run(source, analyze.Options{Keys: store, Workers: workers, Dialogue: true}, r)
					require.NoError(t, err)
					require.Len(t, r.Sessions, 1)
					return r.Ordered().JSON(t)
				}
				file := func(keys *keylog.Store) string {
					return analyzetest.Collect(t, analyze.Options{Keys: keys, Dialogue: true}, nil, pcap).JSON(t)
				}
				require.Equal(t, file(whole), late(70, log), "7 s")
				require.Equal(t, file(nil), late(200, log), "20 s")
			})
		}
	}
}

// TestKeysVerdicts is what only opened sessions tell.
func TestKeysVerdicts(t *testing.T) {
	for name, want := range map[string]string{
		"tls13": record.CauseNone, "resumed-lftp": record.CauseNone, "active-cbc": record.CauseNone, "nat": record.CauseNone,
		"blocked": record.CauseDataBlocked, "reuse-missing": record.CauseDataTLSFailed,
		"proftpd-curl": record.CauseNone, "pureftpd-lftp": record.CauseNone, "pyftpd-active": record.CauseNone, "ccc": record.CauseNone, "hello-retry": record.CauseNone, "early-hello": record.CauseDataTLSFailed, "renegotiated": record.CauseNone, "implicit": record.CauseNone,
		"proftpd-missing": record.CauseDataTLSFailed, "unknown-ca": record.CauseTLSFailed, "no-client-certificate": record.CauseTLSFailed, "blocked-active": record.CauseDataBlocked,
		"nat-private": record.CauseAddressUntranslated, "nat-active": record.CauseAddressUntranslated,
	} {
		t.Run(name, func(t *testing.T) {
			pcap := "../pcaps/keys/" + name + ".pcap"
			store, _ := keysOf(t, pcap)
			s := analyzetest.Collect(t, analyze.Options{Keys: store}, nil, pcap).Sessions
			require.Len(t, s, 1)
			require.Equal(t, want, s[0].Verdict.Cause, s[0].Verdict.Text)
			for i := range s[0].Transfers {
				if x := &s[0].Transfers[i]; x.Outcome == record.OK && x.Representation != nil && name != "active-cbc" {
					require.NotNil(t, x.PlainBytes)
					require.Less(t, *x.PlainBytes, *x.Bytes)
				}
			}
		})
	}
}

// TestKeysOfEach: every server with every client, in both versions of TLS, is opened whole.
func TestKeysOfEach(t *testing.T) {
	files, err := filepath.Glob("../pcaps/keys/each-*.pcap")
	require.NoError(t, err)
	require.Len(t, files, 24)
	for _, pcap := range files {
		t.Run(filepath.Base(pcap), func(t *testing.T) {
			store, _ := keysOf(t, pcap)
			moved := 0
			for _, s := range analyzetest.Collect(t, analyze.Options{Keys: store}, nil, pcap).Sessions {
				require.True(t, s.Capture.Decrypted)
				require.Equal(t, record.CauseNone, s.Verdict.Cause, s.Verdict.Text)
				for i := range s.Transfers {
					require.Equal(t, record.OK, s.Transfers[i].Outcome)
					moved++
				}
			}
			require.Equal(t, 2, moved)
		})
	}
}

// from is the filter "src host 192.0.2.N" over Ethernet.
type from byte

const theClient, theServer from = 10, 21

func (f from) Match(data []byte, _, _ uint32) bool {
	return len(data) > 30 && bytes.Equal(data[26:30], []byte{192, 0, 2, byte(f)})
}
func (from) Knows(uint32) bool { return true }

// TestKeysOfOneSide: of a side alone what it says is known, and of the other nothing is said.
func TestKeysOfOneSide(t *testing.T) {
	for _, name := range []string{"tls13", "active-cbc", "implicit", "proftpd-curl"} {
		t.Run(name, func(t *testing.T) {
			pcap := "../pcaps/keys/" + name + ".pcap"
			store, _ := keysOf(t, pcap)
			r := analyzetest.Collect(t, analyze.Options{Keys: store, Filter: theServer, Dialogue: true}, nil, pcap)
			require.Len(t, r.Sessions, 1)
			s := r.Sessions[0]
			require.True(t, s.Capture.Decrypted)
			require.Equal(t, record.CauseNone, s.Verdict.Cause, s.Verdict.Text)
			require.Contains(t, r.JSON(t), `"code":226`)
			for i := range s.Transfers {
				if x := &s.Transfers[i]; x.Bytes == nil {
					require.Nil(t, x.PlainBytes)
				}
			}
		})
	}
}

// TestHelloOfOneSide: keys of TLS 1.2 depend on both hellos. Of the client's side nothing is
// opened, and why is said; nor are connections of the server's side whose client the log
// does not name, but the lengths of their records tell how much they carried.
func TestHelloOfOneSide(t *testing.T) {
	pcap := "../pcaps/keys/each-proftpd-lftp-12.pcap"
	store, _ := keysOf(t, pcap)
	collect := func(side from) *record.Session {
		list := analyzetest.Collect(t, analyze.Options{Keys: store, Filter: side}, nil, pcap).Sessions
		require.Len(t, list, 1)
		require.Len(t, list[0].Transfers, 2)
		return list[0]
	}
	s := collect(theClient)
	require.False(t, s.Capture.Decrypted)
	require.Contains(t, s.Capture.Undecrypted, "the keys of TLS 1.2 depend on")
	s = collect(theServer)
	require.True(t, s.Capture.Decrypted)
	require.Equal(t, uint64(1800), *s.Transfers[0].PlainBytes)
	require.Nil(t, s.Transfers[1].Bytes, "an upload: the server only shook hands")
	require.Nil(t, s.Transfers[1].Direction)
}

// TestWithoutKeys is what records show of what the keys tell: said as likely.
func TestWithoutKeys(t *testing.T) {
	for name, want := range map[string]string{"no-client-certificate": record.CauseTLSFailed, "tls13": record.CauseNone, "proftpd-curl": record.CauseNone, "implicit": record.CauseNone,
		"proftpd-missing": record.CauseDataTLSFailed, "reuse-missing": record.CauseDataTLSFailed} {
		t.Run(name, func(t *testing.T) {
			s := analyzetest.Collect(t, analyze.Options{}, nil, "../pcaps/keys/"+name+".pcap").Sessions
			require.Len(t, s, 1)
			require.Equal(t, want, s[0].Verdict.Cause, s[0].Verdict.Text)
			require.Equal(t, record.Likely, s[0].Verdict.Certainty)
		})
	}
}
