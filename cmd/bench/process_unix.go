//go:build unix

package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the most memory that a process which ended had resident. A process begins
// as a copy of its parent, so it is never less than the runner's own peak: which is why
// captures are written by a process of their own.
func peakMemory(p *os.ProcessState) (int64, error) {
	r, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("no account of the process's memory")
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(r.Maxrss), nil
	}
	return int64(r.Maxrss) << 10, nil
}
