//go:build !linux

package sandbox

import (
	"errors"
	"os"
	"runtime"
)

// Who knows nobody to become: privileges are dropped on Linux only.
func Who(name string) (User, error) {
	if name != "" {
		return User{}, errors.New("becoming another user: only on Linux")
	}
	return User{}, nil
}

// Own does nothing.
func (u User) Own(*os.File) error { return nil }

// Apply does nothing and says so.
func Apply(Options) (Report, error) {
	var r Report
	r.missing("privileges stay as they are: dropping them is not built for %s", runtime.GOOS)
	return r, nil
}
