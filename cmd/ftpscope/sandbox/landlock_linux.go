package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// What outputs need: creating, writing, renaming and removing in their folder. Not
// reading: earlier captures lie there. A rename stays in its folder and needs no
// LANDLOCK_ACCESS_FS_REFER: asking for it would leave kernels before 5.19 without any
// restriction.
const (
	writeFolder landlock.AccessFSSet = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	writeDevice landlock.AccessFSSet = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	readFile    landlock.AccessFSSet = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readFolder  landlock.AccessFSSet = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
)

// withTCP is the Landlock that knows TCP: Linux 6.7.
const withTCP = 4

// target is an output path: a folder and a file in it, or a device.
type target struct {
	folder, file string
	device       bool // file alone counts
}

func targetsOf(paths []string) []target {
	var targets []target
	for _, path := range paths {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			targets = append(targets, target{folder: path})
		case err == nil && !info.Mode().IsRegular():
			targets = append(targets, target{file: path, device: true})
		default:
			targets = append(targets, target{folder: filepath.Dir(path), file: path})
		}
	}
	return targets
}

// restrict keeps the program from all files but the outputs', and from TCP. Sockets and
// files that are open stay usable. Multipath TCP, which a kernel may have switched on, is
// not TCP to Landlock.
func restrict(r *Report, targets []target, opt Options) {
	read := opt.Read
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch errno {
	case 0:
	case unix.ENOSYS:
		r.missing("Landlock is not in this kernel")
		return
	case unix.EOPNOTSUPP:
		r.missing("Landlock is switched off in this kernel")
		return
	default:
		r.missing("Landlock: %v", errno)
		return
	}
	rules, outputs := rulesFor(targets, read)
	rules = append(rules, connecting(opt.Connect)...)
	if err := landlock.V11.BestEffort().Restrict(rules...); err != nil {
		r.missing("Landlock: %v", err)
		return
	}
	var may []string
	if len(outputs) > 0 {
		may = append(may, "writing in "+strings.Join(outputs, ", ")+";")
	}
	if len(read) > 0 {
		may = append(may, "reading "+strings.Join(read, ", ")+";")
	}
	r.done("Landlock %d: files: %s", version, strings.Join(append(may, "no others"), " "))
	if version < withTCP {
		r.missing("Landlock %d does not know TCP: connections and ports can still be opened", version)
		return
	}
	if len(opt.Connect) > 0 {
		r.done("Landlock %d: new TCP connections only to port %s", version, strings.Trim(fmt.Sprint(opt.Connect), "[]"))
		return
	}
	r.done("Landlock %d: no new TCP connections and ports", version)
}

// resolving are the files by which names of hosts are looked up.
var resolving = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/run/systemd/resolve"}

// portDNS is where names are looked up, over UDP and, if an answer is long, TCP.
const portDNS = 53

// connecting are the rules that new connections take.
func connecting(ports []uint16) (rules []landlock.Rule) {
	if len(ports) == 0 {
		return nil
	}
	for _, port := range append([]uint16{portDNS}, ports...) {
		rules = append(rules, landlock.ConnectTCP(port))
	}
	for _, path := range resolving {
		access := readFile
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			access = readFolder
		}
		rules = append(rules, landlock.PathAccess(access, path).IgnoreIfMissing())
	}
	return append(rules, landlock.ConnectSendUDP(portDNS), landlock.BindUDP(0))
}

func rulesFor(targets []target, read []string) (rules []landlock.Rule, outputs []string) {
	for _, t := range targets {
		switch {
		case !t.device:
			rules = append(rules, landlock.PathAccess(writeFolder, t.folder))
			outputs = append(outputs, t.folder)
		case !isPipeOrSocket(t.file): // Landlock lets those through, and refuses a rule
			rules = append(rules, landlock.PathAccess(writeDevice, t.file))
			outputs = append(outputs, t.file)
		}
	}
	for _, path := range read {
		access := readFile
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			access = readFolder
		}
		rules = append(rules, landlock.PathAccess(access, path).IgnoreIfMissing())
	}
	slices.Sort(outputs)
	return rules, slices.Compact(outputs)
}

// isPipeOrSocket reports whether a path, of /proc/PID/fd, leads to an anonymous one.
func isPipeOrSocket(path string) bool {
	var info unix.Statfs_t
	if unix.Statfs(path, &info) != nil {
		return false
	}
	return info.Type == unix.PIPEFS_MAGIC || info.Type == unix.SOCKFS_MAGIC
}
