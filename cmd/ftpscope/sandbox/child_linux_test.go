package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// The tests start this program once more as a child, which gives up its rights and tells what it still can do. Its
// threads are looked at from outside, in /proc.

// plan is what a child is to do; it comes in the environment.
type plan struct {
	User     string
	Folder   string // of the outputs
	Read     []string
	Outside  string // a folder that anybody may write
	Port     int    // of TCP on 127.0.0.1, to connect to
	Landlock int    // an errno: what landlock_create_ruleset is to answer
	NoSetUID bool   // take CAP_SETUID and CAP_SETGID away first
}

// told is what a child says.
type told struct {
	Could  bool // sniff, before
	Socket bool // a raw one was open, and works after
	Who    User
	Report Report
	Err    string
	Path   string // of a WriteError
	Can    map[string]string
}

const childEnv = "CONFINE_CHILD"

func TestMain(m *testing.M) {
	text := os.Getenv(childEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var p plan
	var t told
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(err)
	}
	if err := t.run(p); err != nil {
		t.Err = err.Error()
		if w := (*WriteError)(nil); errors.As(err, &w) {
			t.Path = w.Path
		}
	}
	json.NewEncoder(os.Stdout).Encode(t)
	io.Copy(io.Discard, os.Stdin) // until the parent has seen enough
}

func (t *told) run(p plan) error {
	threads(4)
	if p.Landlock != 0 {
		answer(unix.SYS_LANDLOCK_CREATE_RULESET, p.Landlock)
	}
	if p.NoSetUID {
		without(unix.CAP_SETUID, unix.CAP_SETGID)
	}
	who, err := Who(p.User)
	if err != nil {
		return err
	}
	t.Who, t.Could = who, has(unix.CAP_NET_RAW)
	raw, rawErr := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	early, err := os.OpenFile(filepath.Join(p.Folder, "early"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		err = who.Own(early)
	}
	if err != nil {
		early = nil
	}
	t.Report, err = Apply(Options{
		User:  who,
		Write: []string{filepath.Join(p.Folder, "early"), "/dev/null", filepath.Join(p.Folder, "later"), "/dev/stdout"}, // that is a pipe
		Read:  append(p.Read, "/no/such"),
	})
	if err != nil {
		return err
	}
	threads(4)
	if rawErr == nil {
		t.Socket = useSocket(raw) == nil
	}
	t.Can = attempts(p, early)
	return nil
}

// useSocket does what a capture does while it runs: count, and take up an interface that has come back.
func useSocket(raw int) error {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return err
	}
	if err := unix.Bind(raw, &unix.SockaddrLinklayer{Protocol: unix.ETH_P_ALL << 8, Ifindex: lo.Index}); err != nil {
		return err
	}
	member := unix.PacketMreq{Ifindex: int32(lo.Index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(raw, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &member); err != nil {
		return err
	}
	_, err = unix.GetsockoptTpacketStats(raw, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	return err
}

// attempts tells of each act whether it works: "ok" or the error's name.
func attempts(p plan, early *os.File) map[string]string {
	in := func(name string) string { return filepath.Join(p.Folder, name) }
	can := map[string]string{}
	try := func(what string, err error) {
		errno := syscall.Errno(0)
		switch {
		case err == nil:
			can[what] = "ok"
		case errors.As(err, &errno):
			can[what] = unix.ErrnoName(errno)
		default:
			can[what] = err.Error()
		}
	}
	open := func(path string, flags int) error {
		f, err := os.OpenFile(path, flags, 0o600)
		if err == nil {
			f.Close()
		}
		return err
	}
	const create = os.O_WRONLY | os.O_CREATE
	try("become root", syscall.Setuid(0))
	try("become group root", syscall.Setgid(0))
	try("open a raw socket", socket(unix.AF_PACKET, unix.SOCK_RAW, nil))
	try("connect", socket(unix.AF_INET, unix.SOCK_STREAM, func(fd int) error {
		return unix.Connect(fd, &unix.SockaddrInet4{Port: p.Port, Addr: [4]byte{127, 0, 0, 1}})
	}))
	try("bind", socket(unix.AF_INET, unix.SOCK_STREAM, func(fd int) error {
		return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}))
	try("read secrets", open("/etc/shadow", os.O_RDONLY))
	try("read anything", open("/etc/passwd", os.O_RDONLY))
	for _, path := range p.Read {
		try("read what was asked for", open(path, os.O_RDONLY))
	}
	try("run a program", exec.Command("/bin/true").Run())
	try("write elsewhere", open(filepath.Join(p.Outside, "new"), create))
	try("write to a device", open("/dev/null", os.O_WRONLY))
	try("write to another device", open("/dev/zero", os.O_WRONLY))
	try("create", open(in("later"), create|os.O_EXCL))
	try("reopen", open(in("later"), create|os.O_TRUNC))
	try("read back", open(in("later"), os.O_RDONLY))
	try("rename", os.Rename(in("later"), in("later.1")))
	try("move away", os.Rename(in("later.1"), filepath.Join(p.Outside, "later.1")))
	_, err := os.ReadDir(p.Folder)
	try("list", err)
	try("remove", os.Remove(in("later.1")))
	if early != nil {
		_, err = early.WriteString("x")
		try("write to the open file", err)
		try("reopen the early file", open(in("early"), os.O_WRONLY|os.O_APPEND))
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		can["be debugged"] = "ok"
	}
	if _, offset := time.Now().Zone(); offset == 0 {
		can["know the time zone"] = "UTC"
	}
	return can
}

func socket(domain, kind int, use func(fd int) error) error {
	fd, err := unix.Socket(domain, kind, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if use == nil {
		return nil
	}
	return use(fd)
}

// threads starts some that stay, each blocked in a system call.
func threads(n int) {
	var running sync.WaitGroup
	for range n {
		running.Add(1)
		go func() {
			runtime.LockOSThread()
			var pipe [2]int
			if err := unix.Pipe(pipe[:]); err != nil {
				panic(err)
			}
			running.Done()
			for {
				unix.Read(pipe[0], make([]byte, 1))
			}
		}()
	}
	running.Wait()
}

// without takes capabilities from all threads.
func without(list ...int) {
	sets, err := capabilities()
	if err != nil {
		panic(err)
	}
	for _, c := range list {
		sets[c/32].Effective &^= 1 << (c % 32)
		sets[c/32].Permitted &^= 1 << (c % 32)
	}
	stays := new(struct {
		header unix.CapUserHeader
		sets   [2]unix.CapUserData
	})
	stays.header, stays.sets = emptyHeader, sets
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&stays.header)), uintptr(unsafe.Pointer(&stays.sets[0])), 0)
	if errno != 0 {
		panic(errno)
	}
}

// answer makes a system call fail on all threads, as a kernel without it does. It needs root.
func answer(call, errno int) {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const setModeFilter = 1
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if e != 0 {
		panic(e)
	}
}
