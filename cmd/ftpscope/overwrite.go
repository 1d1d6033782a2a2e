package main

import (
	"fmt"
	"os"
	"slices"
)

// overwrites is an error if a file that is to be written is one of those that are read: a capture is often all the evidence
// that there is. An empty path, standard output, is none of them.
func overwrites(path string, inputs []string) error {
	if slices.ContainsFunc(inputs, func(name string) bool { return sameFile(path, name) }) {
		return fmt.Errorf("%s is read: it cannot be written too", path)
	}
	return nil
}

// sameFile reports whether two names are of one regular file.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil || !one.Mode().IsRegular() {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
