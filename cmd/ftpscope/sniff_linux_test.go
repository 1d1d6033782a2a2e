package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tests of sniff run the program as it is shipped, as root, in network namespaces of their own.

// patient is how long they wait for what should come at once. It is a guard against hanging: no result depends on it.
const patient = 10 * time.Minute

// needRoot skips a test that cannot run here; in CI it must run.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("needs root, for network namespaces")
	}
}

// program is ftpscope as it is built to be shipped, where everybody may run it.
var program string

func TestSniff(t *testing.T) {
	needRoot(t)
	folder, err := nobodysFolder(t.TempDir())
	require.NoError(t, err)
	program = filepath.Join(folder, "ftpscope")
	args, cgo := []string{"build", "-trimpath", "-buildvcs=false", "-o", program}, "CGO_ENABLED=0"
	if raceEnabled {
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), cgo)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	tests := []struct {
		name string
		run  func(*testing.T)
	}{
		{"replay", testReplay}, // the longest first
		{"drops privileges", testDropsPrivileges},
		{"without root", testWithoutRoot},
		{"refuses", testRefuses},
		{"ends", testEnds},
		{"second signal", testSecondSignal},
		{"reopens", testReopens},
		{"interval", testInterval},
		{"closed pipe", testClosedPipe},
		{"disk full", testDiskFull},
		{"extracts", testExtracts},
		{"interface trouble", testInterfaceTrouble},
		{"sensor", testSensor},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t)
		})
	}
}

// newNamespace gives the calling goroutine a network namespace of its own, with pairs of interfaces a0 and b0, a1 and b1,
// …: what one sends the other receives, and nobody says anything unasked. It ends with the goroutine and its children.
func newNamespace(pairs int) error {
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return err
	}
	for _, which := range []string{"default", "all"} {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", []byte("1"), 0); err != nil {
			return err
		}
	}
	lines := "link set lo up\n"
	for i := range pairs {
		a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
		lines += fmt.Sprintf("link add %s mtu 65535 type veth peer name %s mtu 65535\n", a, b)
		lines += fmt.Sprintf("link set %s arp off up\nlink set %s arp off up\n", a, b)
	}
	return ip(lines)
}

// ip runs lines of ip(8) in the goroutine's namespace.
func ip(lines string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(lines)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %v: %s", err, out)
	}
	return nil
}

// lab is a namespace for a test, with an empty folder that belongs to nobody, and the pairs of interfaces.
type lab struct {
	t      *testing.T
	folder string
	wires  []*wire
}

func newLab(t *testing.T, pairs int) *lab {
	t.Helper()
	require.NoError(t, newNamespace(pairs))
	folder, err := nobodysFolder(t.TempDir())
	require.NoError(t, err)
	l := &lab{t: t, folder: folder}
	for i := range pairs {
		w, err := newWire(i)
		require.NoError(t, err)
		t.Cleanup(w.close)
		l.wires = append(l.wires, w)
	}
	return l
}

const nobody = 65534

// nobodysFolder makes a folder in temp, which it opens for all to pass.
func nobodysFolder(temp string) (string, error) {
	folder := filepath.Join(temp, "out")
	return folder, errors.Join(os.Chmod(filepath.Dir(temp), 0o755), os.Chmod(temp, 0o755), os.Mkdir(folder, 0o755), os.Chown(folder, nobody, nobody))
}

// sniffer is a running ftpscope sniff.
type sniffer struct {
	cmd  *exec.Cmd
	out  text
	errs text
	done chan struct{} // it has ended
}

// text is what a process has written so far.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *text) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *text) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// prepare makes a sniff command.
func prepare(args ...string) *sniffer {
	s := &sniffer{cmd: exec.Command(program, append([]string{"sniff"}, args...)...), done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.errs
	s.cmd.Env = append(os.Environ(), "SUDO_UID=", "SUDO_GID=")
	return s
}

// launch starts it in the goroutine's namespace. Who calls sees to it that it ends.
func (s *sniffer) launch() error {
	// A signal that was ignored when a program started stays so until the program asks for it: that shows when it is ready.
	signal.Ignore(syscall.SIGHUP)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		s.cmd.Wait()
		close(s.done)
	}()
	return nil
}

// ready waits until it listens, has given up its rights and takes signals.
func (s *sniffer) ready() error {
	for end := time.Now().Add(patient); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.done:
			return fmt.Errorf("it ended: %s", s.errs.String())
		default:
		}
		status, err := procStatus(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
		if err != nil {
			continue // it ends just now
		}
		if caught, err := strconv.ParseUint(status["SigCgt"], 16, 64); err == nil && caught&1 != 0 && status["NoNewPrivs"] == "1" {
			return nil
		}
	}
	return errors.New("it does not get ready")
}

// procStatus reads a status file of /proc.
func procStatus(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	status := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		key, value, _ := strings.Cut(line, ":")
		status[key] = strings.Join(strings.Fields(value), " ")
	}
	return status, err
}

func (s *sniffer) signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// wait returns its exit status.
func (s *sniffer) wait() (int, error) {
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patient):
		s.cmd.Process.Kill()
		return 0, fmt.Errorf("it does not end: %s", s.errs.String())
	}
}

// end interrupts it.
func (s *sniffer) end() (int, error) {
	if err := s.signal(os.Interrupt); err != nil {
		return 0, err
	}
	return s.wait()
}

// start is a sniffer that is ready, for a test at whose end it has ended.
func start(t *testing.T, args ...string) *sniffer {
	t.Helper()
	s := prepare(args...)
	s.begin(t)
	return s
}

func (s *sniffer) begin(t *testing.T) {
	t.Helper()
	require.NoError(t, s.launch())
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.done
	})
	require.NoError(t, s.ready())
}

// stop is end for a test: it must be a good one.
func (s *sniffer) stop(t *testing.T) {
	t.Helper()
	code, err := s.end()
	require.NoError(t, err)
	require.Equal(t, exitDone, code, s.errs.String())
}

// eventually waits for what must come.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !ok(); time.Sleep(10 * time.Millisecond) {
		require.True(t, time.Now().Before(end), what)
	}
}
