package sandbox

import (
	"errors"
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Apply gives up, on all threads and for good, what is not in the options. An error means
// that the program still has rights it should not have, or cannot write to its outputs
// (*WriteError): it should end. What the kernel cannot do is in the report.
func Apply(opt Options) (Report, error) {
	var r Report
	_, _ = time.Now().Zone() // reads the time zone's file while that is possible
	u, err := opt.User.known()
	if err != nil {
		return r, err
	}
	dropBounding()
	if err := become(u); err != nil {
		return r, err
	}
	if err := dropCapabilities(); err != nil {
		return r, err
	}
	if u.UID == 0 {
		r.missing("user: it stays root, without capabilities")
	} else if syscall.Setuid(0) == nil {
		return r, errors.New("root can be had again") // what a bug here or in the kernel would look like
	} else {
		r.done("user %s", u.long())
	}
	r.done("no capabilities")
	if err := prctl(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		r.missing("no_new_privs: %v", err)
	} else {
		r.done("no_new_privs")
	}
	// Passwords are in memory: no core dumps, and no debugger of another process of the
	// same user. Files in /proc/PID belong to root from here on; the program's own are
	// open to itself all the same.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		r.missing("memory stays open to debuggers: %v", err)
	} else {
		r.done("memory closed to debuggers and core dumps")
	}
	targets := targetsOf(opt.Write)
	for _, t := range targets {
		if err := u.writable(t); err != nil {
			return r, err
		}
	}
	// Last, because Landlock before its second erratum kept threads from signalling each
	// other, as psx does.
	restrict(&r, targets, opt)
	return r, nil
}

// become changes the ids on all threads. Without root they only lose what a set-user-ID
// program had saved.
func become(u User) error {
	if real, _, _ := unix.Getresuid(); real == 0 && has(unix.CAP_SETGID) {
		// Root's groups go. The user's other groups do not come in: the outputs are all
		// that is needed.
		if err := syscall.Setgroups([]int{u.GID}); err != nil {
			return fmt.Errorf("becoming user %s: groups: %w", u, err)
		}
	}
	if err := syscall.Setresgid(u.GID, u.GID, u.GID); err != nil {
		return fmt.Errorf("becoming user %s: group %d: %w", u, u.GID, err)
	}
	if err := syscall.Setresuid(u.UID, u.UID, u.UID); err != nil {
		return fmt.Errorf("becoming user %s: %w", u, err)
	}
	return nil
}

// Rights belong to threads. psx makes a system call on all of them: through the Go
// runtime, or in a build with cgo through libpsx, where syscall.AllThreadsSyscall
// refuses.

// has reports whether a capability is effective.
func has(capability int) bool {
	sets, err := capabilities()
	return err == nil && sets[capability/32].Effective&(1<<(capability%32)) != 0
}

func capabilities() (sets [2]unix.CapUserData, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	err = unix.Capget(&header, &sets[0])
	return sets, err
}

// emptySets are what capset gets on every thread: variables of the package, because those
// never move.
var (
	emptyHeader = unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	emptySets   [2]unix.CapUserData
)

// dropCapabilities empties the effective, permitted and inheritable sets, and with them
// the ambient one.
func dropCapabilities() error {
	if _, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&emptyHeader)), uintptr(unsafe.Pointer(&emptySets[0])), 0); errno != 0 {
		return fmt.Errorf("dropping capabilities: %w", errno)
	}
	sets, err := capabilities()
	if err == nil && sets != emptySets {
		err = errors.New("some are left")
	}
	if err != nil {
		return fmt.Errorf("dropping capabilities: %w", err)
	}
	return nil
}

// dropBounding empties the bounding set, if that is allowed. If not, no_new_privs makes
// it moot.
func dropBounding() {
	const most = 64
	if !has(unix.CAP_SETPCAP) {
		return
	}
	for capability := range uintptr(most) {
		if prctl(unix.PR_CAPBSET_DROP, capability) != nil {
			return // EINVAL: the kernel knows no more
		}
	}
}

// prctl is made on every thread.
func prctl(option int, arg uintptr) error {
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, uintptr(option), arg, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
