package confine

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Rights belong to threads. psx makes a system call on all of them: through the Go runtime, or in a build with cgo
// through libpsx, where syscall.AllThreadsSyscall refuses.

// CanSniff reports whether the program may open raw sockets: CAP_NET_RAW.
func CanSniff() bool { return has(unix.CAP_NET_RAW) }

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

// emptySets are what capset gets on every thread: variables of the package, because those never move.
var (
	emptyHeader = unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	emptySets   [2]unix.CapUserData
)

// dropCapabilities empties the effective, permitted and inheritable sets, and with them the ambient one.
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

// dropBounding empties the bounding set, if that is allowed. If not, no_new_privs makes it moot.
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
