//go:build !unix

package outfile

import "io/fs"

// NoFollow is nothing here.
const NoFollow = 0

func isForeign(string, fs.FileInfo) bool { return false }
