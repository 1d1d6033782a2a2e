package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testSensor sniffs for a hub that goes away, and comes back when the sniffer has given up its rights: it connects
// again, and nothing is lost or twice.
func testSensor(t *testing.T) {
	lab := newLab(t, 1)
	const address = "127.0.0.1:4222" // of the namespace
	hub := func() *exec.Cmd {
		cmd := exec.Command(program, "fleet", "serve", "--store", filepath.Join(lab.folder, "hub"), "--keep", "64MiB")
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { cmd.Process.Kill() })
		return cmd
	}
	first := hub()
	local, all := filepath.Join(lab.folder, "local.jsonl"), filepath.Join(lab.folder, "all.jsonl")
	s := start(t, "-i", "b0", "-q", "--fleet", "nats://"+address, "--sensor", "dmz1", "--fleet-store", filepath.Join(lab.folder, "spool"), "-o", "json="+local)
	collect := func() string {
		out, err := exec.Command(program, "fleet", "collect", "--once", "--nats", address, "--state", filepath.Join(lab.folder, "state"), "-o", "json="+all).CombinedOutput()
		if err != nil {
			return string(out)
		}
		b, err := os.ReadFile(all)
		require.NoError(t, err)
		return strings.ReplaceAll(string(b), `,"sensor":"dmz1"`, "")
	}
	lab.send(0)
	eventually(t, "the first session's record at the hub", func() bool { return strings.Count(collect(), "\n") == 1 })
	require.NoError(t, first.Process.Kill())
	first.Wait()
	lab.send(0)
	eventually(t, "the second session's record", func() bool { return sessionsIn(local) == 2 })
	second := hub()
	eventually(t, "the second session's record at the hub", func() bool { return strings.Count(collect(), "\n") == 2 })
	s.stop(t)
	want, err := os.ReadFile(local)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(want), "\n"), "two sessions and a summary")
	require.Equal(t, string(want), collect())
	require.NoError(t, second.Process.Kill())
	second.Wait()
	require.Empty(t, s.errs.String())
}
