//go:build !nofleet

package fleet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/formats"
)

const childEnv = "FTPSCOPE_FLEET_CHILD"

// TestMain is the program itself in processes that the tests kill: a command of fleet, or
// a sensor.
func TestMain(m *testing.M) {
	args := strings.Fields(os.Getenv(childEnv))
	switch {
	case len(args) == 0:
		os.Exit(m.Run())
	case args[0] == "sensor":
		os.Exit(sense(args[1:]))
	}
	os.Exit(Run(testEnv(os.Stdout, os.Stderr), args))
}

// testEnv is what the program gives commands.
func testEnv(stdout, stderr io.Writer) *Env {
	var mu sync.Mutex
	say := func(kind string) func(string, ...any) {
		return func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(stderr, kind+format+"\n", args...)
		}
	}
	return &Env{
		Stdout: stdout, Version: "v1", Error: say("error: "), Hint: say("hint: "), Warn: say("warning: "), Say: func(string, ...any) {},
		Parse: func(s *pflag.FlagSet, args []string, help *bool, page func() string, check func() error) (int, bool) {
			err := s.Parse(args)
			switch {
			case err == nil && *help:
				io.WriteString(stdout, page())
				return exitDone, true
			case err == nil:
				err = check()
			}
			if err != nil {
				say("error: ")("%v", err)
			}
			return exitUsage, err != nil
		},
		Outputs: func(args []string) (list []Output, ok bool) {
			for _, a := range args {
				name, path, _ := strings.Cut(a, "=")
				f, ok := formats.Find(name)
				if !ok {
					return nil, false
				}
				list = append(list, Output{f, path})
			}
			return list, true
		},
		Suggest: func(word string, _ []string, _, _ string) { say("hint: ")("what is %s?", word) },
	}
}

// sense is a sensor that keeps records with the numbers from args[0] to args[1], and says
// each when it is kept. The other arguments are sniff's.
func sense(args []string) int {
	var f SensorFlags
	s := pflag.NewFlagSet("sensor", pflag.ContinueOnError)
	f.Flags(s)
	e := testEnv(os.Stdout, os.Stderr)
	first, _ := strconv.Atoi(args[0])
	last, _ := strconv.Atoi(args[1])
	err := s.Parse(args[2:])
	if err == nil {
		err = f.Check()
	}
	if err != nil {
		e.Error("%v", err)
		return exitUsage
	}
	sensor, err := f.Connect(e, false)
	if err == nil {
		err = sensor.Open()
	}
	if err != nil {
		e.Error("%v", err)
		return exitRead
	}
	banner := strings.Repeat("a long greeting ", 40)
	for n := first; n <= last; n++ {
		session := &record.Session{ID: n, Banner: &banner}
		if n%500 == 0 { // larger than a block
			large := strings.Repeat(fmt.Sprint(n), 100_000)
			session.System = &large
		}
		_ = sensor.Session(session)
		fmt.Println(n)
		time.Sleep(time.Millisecond)
	}
	sensor.Close()
	return exitDone
}

// child is a process that may be killed.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	errs *bytes.Buffer
	told chan int // the last number that a sensor said, at its end
}

func start(t *testing.T, args string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0]), errs: &bytes.Buffer{}, told: make(chan int, 1)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+args)
	c.cmd.Stderr = c.errs
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() { c.cmd.Process.Kill() })
	go func() {
		last := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			last, _ = strconv.Atoi(lines.Text())
		}
		c.told <- last
	}()
	return c
}

// kill is kill -9; it returns the last number that a sensor said.
func (c *child) kill() int {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Kill())
	told := <-c.told
	_ = c.cmd.Wait()
	return told
}

// end waits for a process to end by itself.
func (c *child) end() {
	c.t.Helper()
	<-c.told
	require.NoError(c.t, c.cmd.Wait(), c.errs.String())
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func ready(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond)
}

// TestNothingLostNothingTwice kills the hub, the collector and a sensor, each in the
// midst of its work, and counts.
func TestNothingLostNothingTwice(t *testing.T) {
	dir, address := t.TempDir(), freePort(t)
	serve := "serve --store " + dir + "/hub --keep 64MiB --listen " + address
	collect := "collect --nats " + address + " --state " + dir + "/state -o json=" + dir + "/all.jsonl"
	sensor := func(from, to int) *child {
		return start(t, fmt.Sprintf("sensor %d %d --fleet nats://%s --sensor dmz1 --fleet-store %s/spool", from, to, address, dir))
	}
	s := sensor(1, 1_000_000) // before there is a hub
	time.Sleep(300 * time.Millisecond)
	h := start(t, serve)
	ready(t, address)
	c := start(t, collect)
	for range 4 {
		time.Sleep(500 * time.Millisecond)
		c.kill()
		c = start(t, collect)
	}
	time.Sleep(500 * time.Millisecond)
	h.kill()
	time.Sleep(2 * time.Second)
	told := s.kill()
	const again = 2_000_000
	s = sensor(again+1, again+1500)
	time.Sleep(time.Second)
	c.kill()
	h = start(t, serve)
	ready(t, address)
	c = start(t, collect)
	time.Sleep(700 * time.Millisecond)
	c.kill()
	s.end()
	c = start(t, collect+" --once")
	c.end()

	seen := map[int]int{}
	file, err := os.Open(filepath.Join(dir, "all.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	last := 0
	for d := json.NewDecoder(file); ; {
		var r struct {
			Type, Sensor string
			ID           int
		}
		err := d.Decode(&r)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.Equal(t, "session", r.Type, "no gap")
		require.Equal(t, "dmz1", r.Sensor)
		require.Greater(t, r.ID, last, "in order, none twice")
		seen[r.ID]++
		last = r.ID
	}
	require.Greater(t, told, 500)
	for n := 1; n <= told; n++ {
		require.Equal(t, 1, seen[n], n)
	}
	for n := again + 1; n <= again+1500; n++ {
		require.Equal(t, 1, seen[n], n)
	}
	require.LessOrEqual(t, len(seen), told+1500+1, "but for the one that was kept and not said")
	require.NotContains(t, c.errs.String(), "lost")

	var out, errs bytes.Buffer
	require.Equal(t, exitDone, Run(testEnv(&out, &errs), strings.Fields("status --nats "+address)), errs.String())
	require.Regexp(t, `\Ahub  .* blocks, .*\nsensor  dmz1  1,500 records, ended .*\ncollector  collect  `+`[0-9,]+ records, heard of .*\n\z`, out.String())
	h.kill()
}

// TestGapIsTold keeps less than it is given while the hub is away.
func TestGapIsTold(t *testing.T) {
	dir, address := t.TempDir(), freePort(t)
	s := start(t, "sensor 1 2600 --fleet nats://"+address+" --sensor dmz1 --fleet-limit 1MiB --fleet-store "+dir+"/spool")
	s.end()
	require.Contains(t, s.errs.String(), "wait in "+dir+"/spool, for the next run")
	require.Contains(t, s.errs.String(), "lost: ")
	h := start(t, "serve --store "+dir+"/hub --keep 64MiB --listen "+address)
	ready(t, address)
	start(t, "sensor 2601 2610 --fleet nats://"+address+" --sensor dmz1 --fleet-limit 1MiB --fleet-store "+dir+"/spool").end()
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, Run(testEnv(&out, &errs), strings.Fields("collect --once --nats "+address+" --state "+dir+"/state -o json")), errs.String())
	h.kill()
	records, gaps := 0, 0
	for line := range strings.Lines(out.String()) {
		var r struct {
			Type    string
			Records int
		}
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		if r.Type == "gap" {
			gaps += r.Records
		} else {
			records++
		}
	}
	require.Greater(t, gaps, 100)
	require.Equal(t, 2610, records+gaps)
	require.Contains(t, errs.String(), "lost on the way")
}

func TestUsage(t *testing.T) {
	for args, says := range map[string]string{
		"":                                     "error: fleet takes a command: serve, collect, status",
		"colect":                               `error: fleet has no command "colect"`,
		"serve":                                "fleet serve needs a folder to keep records in: --store DIR",
		"serve x":                              `fleet serve takes no arguments, got "x"`,
		"collect x":                            `fleet collect takes no arguments, got "x"`,
		"collect":                              "fleet collect needs to know where the hub is: --nats nats://hub:4222",
		"status":                               "fleet status needs to know where the hub is",
		"status --nats http://x":               `--nats: want nats:// or tls://, got "http://"`,
		"serve --store d --keep 1":             "--keep takes 16MiB or more",
		"serve --store d --tls-cert c":         "--tls-cert and --tls-key belong together",
		"serve --store d --tls-ca c":           "--tls-ca needs --tls-cert and --tls-key",
		"serve --nats-config c --token t":      "--nats-config says who is let in, and where",
		"collect --nats hub --name ../x":       `--name: the name of a collector has letters, digits, - and _, 64 at most, got "../x"`,
		"collect --nats hub --replicas 9":      "--replicas takes a number from 1 to 5, got 9",
		"collect --nats hub --keep 5":          "--keep takes 16MiB or more",
		"collect --nats hub -o csv-sessions=x": "-o csv-sessions does not say which sensor a record is of",
		"collect --nats 127.0.0.1:1 --state /tmp/x -o json=/dev/null": "nats://127.0.0.1:1: no server answers there",
		"status --nats 127.0.0.1:1":                                   "nats://127.0.0.1:1: no server answers there",
		"serve --store /dev/null/x":                                   "not a directory",
	} {
		var out, errs bytes.Buffer
		args = strings.ReplaceAll(args, "/tmp/x", filepath.Join(t.TempDir(), "x"))
		require.NotEqual(t, exitDone, Run(testEnv(&out, &errs), strings.Fields(args)), args)
		require.Contains(t, errs.String(), says, args)
		require.Empty(t, out.String(), args)
	}
	for _, w := range Words() {
		var out, errs bytes.Buffer
		require.Equal(t, exitDone, Run(testEnv(&out, &errs), []string{w.Name, "--help"}))
		require.Contains(t, out.String(), "Examples:\n")
		require.Contains(t, Usage(), w.Doc)
	}
}

func TestSensorFlags(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/state")
	for args, says := range map[string]string{
		"":                                       "",
		"--fleet hub --sensor dmz1":              "",
		"--sensor dmz1":                          "--sensor and --fleet-… belong to --fleet",
		"--fleet-token x":                        "--sensor and --fleet-… belong to --fleet",
		"--fleet hub":                            "--fleet needs a name for this sensor: --sensor dmz1",
		"--fleet hub --sensor a.b":               "--sensor: the name of a sensor has letters",
		"--fleet ftp://hub --sensor dmz1":        "--fleet: want nats:// or tls://",
		"--fleet hub --sensor a --fleet-limit 5": "--fleet-limit takes 1MiB or more",
	} {
		var f SensorFlags
		s := pflag.NewFlagSet("sniff", pflag.ContinueOnError)
		f.Flags(s)
		require.NoError(t, s.Parse(strings.Fields(args)))
		if err := f.Check(); says != "" {
			require.ErrorContains(t, err, says, args)
			continue
		} else {
			require.NoError(t, err)
		}
		if require.Equal(t, args != "", f.Wanted()); f.Wanted() {
			require.Equal(t, "/state/dmz1", f.Dir())
			require.Equal(t, []uint16{4222}, f.Ports())
		}
	}
}
