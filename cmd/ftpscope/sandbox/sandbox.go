// Package sandbox gives up the rights that a program no longer needs once its raw sockets
// are open: root, capabilities, and with Landlock the files and the network. What it
// reads from then on comes from strangers.
//
// The best order is: Who, open the sockets, Apply, open the outputs. The outputs are then
// created by the user who has to reopen and rotate them. Files that are created before
// belong to root; [User.Own] hands them over.
package sandbox

import (
	"fmt"
)

// User is who the program becomes. The zero User stands for the one that Who("") finds.
type User struct {
	Name     string
	UID, GID int
}

func (u User) String() string {
	if u.Name == "" {
		return fmt.Sprintf("%d:%d", u.UID, u.GID)
	}
	return u.Name
}

// Options say what is still needed after Apply.
type Options struct {
	User User
	// Write are the files and folders that outputs go to. Of a file it is the folder that
	// counts: reopening and rotation create, rename and remove files there. They are
	// opened for writing only (O_WRONLY), never for reading: os.Create asks for both. A
	// device or a named pipe stands for itself.
	Write []string
	// Read are files and folders to read, as far as they exist.
	Read []string
	// Connect are TCP ports, of any host, that connections are made to later on: names of
	// hosts can be looked up then.
	Connect []uint16
}

// Report says in words what Apply did and what it could not do.
type Report struct {
	Done    []string
	Missing []string
}

func (r *Report) done(format string, args ...any) {
	r.Done = append(r.Done, fmt.Sprintf(format, args...))
}

func (r *Report) missing(format string, args ...any) {
	r.Missing = append(r.Missing, fmt.Sprintf(format, args...))
}

// WriteError is an output path that the user may not write to: a folder, or a file that
// is there already.
type WriteError struct {
	Path string
	User User
	Err  error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("%s: user %s cannot write here: %v", e.Path, e.User, e.Err)
}

func (e *WriteError) Unwrap() error { return e.Err }
