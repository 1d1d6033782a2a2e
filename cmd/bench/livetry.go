package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// try is one replay before one tool.
type try struct {
	sent
	got, drops int64
	cpu        time.Duration // of the tool, from the first packet to its end
}

// missing is how many packets the tool did not get, by its own count or by ours.
func (t try) missing() int64 { return max(t.Packets-t.got, t.drops) }

func (t try) cost() float64 { return t.cpu.Seconds() / float64(t.Packets) * 1e6 }

const (
	// settle is what a tool takes between binding its socket and being ready for good.
	settle = 300 * time.Millisecond
	// drain is how long packets may wait in a block that is not full until the kernel
	// hands it over.
	drain = 1300 * time.Millisecond
	// ready and ending are how long a tool may take to begin and to end.
	ready, ending = 20 * time.Second, 60 * time.Second
	// tries is how often a replay is repeated that says nothing of the tool.
	tries = 8
)

// replay sends packets past a tool, at no less than a rate. It is repeated when the
// sender was slower than that, or when the cable itself lost some: the queue behind it is
// the kernel's.
func (l *lab) replay(ctx context.Context, t tool, from *sender, r request, least float64) (x try, err error) {
	for range tries {
		var wired int64
		if x, wired, err = l.once(ctx, t, from, r); err != nil {
			return x, fmt.Errorf("%s: %w", t.name, err)
		}
		if wired == x.Packets && x.rate() >= least {
			return x, nil
		}
		fmt.Fprintf(l.log, "%s: %d packets were sent, %.0f k packets/s, %d came through the cable: again\n", t.name, x.Packets, x.rate()/1e3, wired)
	}
	return x, errors.New("the sender is too slow, or the cable itself loses packets: is the machine busy?")
}

func (l *lab) once(ctx context.Context, t tool, from *sender, r request) (x try, wired int64, err error) {
	out, err := os.CreateTemp(fast(), "bench-live")
	if err != nil {
		return x, 0, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	s, err := l.sniff(ctx, t, out)
	if err != nil {
		return x, 0, err
	}
	defer s.kill()
	before, err := s.wired()
	if err != nil {
		return x, 0, err
	}
	began, _ := s.running()
	if x.sent, err = from.send(r); err != nil {
		return x, 0, err
	}
	time.Sleep(drain)
	if wired, err = s.wired(); err != nil {
		return x, 0, err
	}
	if err := s.end(); err != nil {
		return x, 0, err
	}
	x.cpu = s.process.ProcessState.UserTime() + s.process.ProcessState.SystemTime() - began
	said := &tail{}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return x, 0, err
	}
	if _, err := io.Copy(said, out); err != nil {
		return x, 0, err
	}
	x.got, x.drops, err = t.heard(said.b, s.complained.b)
	return x, wired - before, err
}

// fast is a folder in memory, if there is one: a slow disk is not what is measured.
func fast() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return ""
}

// sniffer is a tool that runs.
type sniffer struct {
	process    *exec.Cmd
	complained *tail
	ended      chan error
}

// sniff starts a tool and waits until it listens.
func (l *lab) sniff(ctx context.Context, t tool, out io.Writer) (*sniffer, error) {
	s := &sniffer{l.command(ctx, l.there, sniffersProcessor, t.argv...), &tail{}, make(chan error, 1)}
	s.process.Stdout, s.process.Stderr = out, s.complained
	if err := startFirst(s.process); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.process.Wait() }()
	for end := time.Now().Add(ready); ; {
		if s.listens() {
			time.Sleep(settle)
			return s, nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return nil, fmt.Errorf("it did not begin: %v\n%s", err, s.complained.b)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.kill()
			return nil, fmt.Errorf("it does not listen\n%s", s.complained.b)
		}
	}
}

// end ends the tool as a user does.
func (s *sniffer) end() error {
	if err := s.process.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case err := <-s.ended:
		s.ended <- nil
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, s.complained.b)
		}
		return err
	case <-time.After(ending):
		return errors.New("it does not end")
	}
}

// kill ends what still runs.
func (s *sniffer) kill() {
	s.process.Process.Kill()
	<-s.ended
}

func procFile(pid int, name string) string { return filepath.Join("/proc", strconv.Itoa(pid), name) }

func (s *sniffer) proc(name string) string { return procFile(s.process.Process.Pid, name) }

// listens reports whether a packet socket in the namespace is bound to all protocols.
func (s *sniffer) listens() bool {
	const protocol, everything = 3, "0003" // sk RefCnt Type Proto Iface R Rmem User Inode
	if !s.inside() {
		return false
	}
	list, err := os.ReadFile(s.proc("net/packet"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(list)) {
		if f := strings.Fields(line); len(f) > protocol && f[protocol] == everything {
			return true
		}
	}
	return false
}

// inside reports whether the process is in the namespace yet.
func (s *sniffer) inside() bool {
	devices, err := os.ReadFile(s.proc("net/dev"))
	return err == nil && bytes.Contains(devices, []byte(plugThere+":"))
}

// wired is how many packets have come out of the cable.
func (s *sniffer) wired() (int64, error) {
	devices, err := os.ReadFile(s.proc("net/dev"))
	if err != nil {
		return 0, err
	}
	_, after, found := strings.Cut(string(devices), plugThere+":")
	if f := strings.Fields(after); found && len(f) > 1 {
		return strconv.ParseInt(f[1], 10, 64) // bytes, packets
	}
	return 0, errors.New("no count of packets for " + plugThere)
}

// running is how long the process was on a processor so far, and how long it waited for
// one.
func (s *sniffer) running() (ran, waited time.Duration) {
	threads, _ := filepath.Glob(s.proc("task/*/schedstat"))
	for _, file := range threads {
		b, err := os.ReadFile(file)
		if f := strings.Fields(string(b)); err == nil && len(f) > 1 {
			ns, _ := strconv.ParseInt(f[0], 10, 64)
			ran += time.Duration(ns)
			ns, _ = strconv.ParseInt(f[1], 10, 64)
			waited += time.Duration(ns)
		}
	}
	return ran, waited
}
