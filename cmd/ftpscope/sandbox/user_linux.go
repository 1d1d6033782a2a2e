package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Who finds the user to become. name is NAME or UID, with :GROUP if the group is to be
// another than the user's own. Without a name root becomes the user behind sudo, else
// nobody; everyone else stays who they are, and so does a root that may not change its
// user, as in a container without CAP_SETUID.
//
// Root is kept when asked for: without capabilities it is no more than the owner of
// root's files.
func Who(name string) (User, error) {
	self, free := current()
	if name == "" {
		if !free {
			return self, nil
		}
		return fallback(), nil
	}
	u, err := find(name)
	if err != nil {
		return User{}, err
	}
	if !free && (u.UID != self.UID || u.GID != self.GID) {
		if self.UID == 0 {
			return User{}, fmt.Errorf("cannot become user %s: CAP_SETUID and CAP_SETGID are missing", u)
		}
		return User{}, fmt.Errorf("cannot become user %s: only root can, this is user %s", u, self)
	}
	return u, nil
}

// current is the user the program acts for, and whether it is free to become another. Of
// a set-user-ID program it is who started it: that user wrote the environment and the
// command line.
func current() (self User, free bool) {
	real, effective, saved := unix.Getresuid()
	self = User{UID: effective, GID: unix.Getegid()}
	switch {
	case effective != 0 && saved != 0: // no root
	case real != 0:
		self = User{UID: real, GID: unix.Getgid()}
	default:
		free = has(unix.CAP_SETUID) && has(unix.CAP_SETGID)
	}
	if u, err := user.LookupId(strconv.Itoa(self.UID)); err == nil {
		self.Name = u.Username
	}
	return self, free
}

// fallback is who root becomes unasked.
func fallback() User {
	uid, uidOK := number(os.Getenv("SUDO_UID"))
	gid, gidOK := number(os.Getenv("SUDO_GID"))
	if uidOK && gidOK && uid != 0 && gid != 0 {
		u := User{UID: uid, GID: gid}
		if entry, err := user.LookupId(strconv.Itoa(uid)); err == nil {
			u.Name = entry.Username
		}
		return u
	}
	if u, err := find("nobody"); err == nil && u.UID != 0 && u.GID != 0 {
		return u
	}
	return User{UID: overflowID, GID: overflowID}
}

// overflowID is who the kernel calls nobody: /proc/sys/kernel/overflowuid.
const overflowID = 65534

// number reads an id. The highest one means "unchanged" to setresuid.
func number(s string) (id int, ok bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return int(n), err == nil && n < 1<<32-1
}

func find(name string) (User, error) {
	who, group, hasGroup := strings.Cut(name, ":")
	u := User{Name: who}
	entry, err := user.Lookup(who)
	uid, isNumber := number(who)
	if err != nil && isNumber {
		entry, err = user.LookupId(who)
	}
	switch {
	case err == nil:
		u.Name = entry.Username
		u.UID, _ = number(entry.Uid)
		u.GID, _ = number(entry.Gid)
	case !isNumber:
		return User{}, fmt.Errorf("no user %q", who)
	case !hasGroup:
		return User{}, fmt.Errorf("user %d has no name and no group here: give one as %d:GROUP", uid, uid)
	default:
		u = User{UID: uid}
	}
	if !hasGroup {
		return u, nil
	}
	if gid, ok := number(group); ok {
		u.GID = gid
		return u, nil
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return User{}, fmt.Errorf("no group %q", group)
	}
	u.GID, _ = number(g.Gid)
	return u, nil
}

// long has the numbers, too.
func (u User) long() string {
	if u.Name == "" {
		return u.String()
	}
	return fmt.Sprintf("%s (%d:%d)", u.Name, u.UID, u.GID)
}

// known fills in who the zero User stands for.
func (u User) known() (User, error) {
	if u == (User{}) {
		return Who("")
	}
	return u, nil
}

// Own gives the user a file that root has just created. It is for files and folders
// opened with O_EXCL or known to be new: what was there before keeps its owner.
func (u User) Own(file *os.File) error {
	u, err := u.known()
	if err != nil || os.Geteuid() != 0 || u.UID == 0 {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	return file.Chown(u.UID, u.GID)
}

// writable checks an output path with the rights that the program has now.
func (u User) writable(t target) error {
	const folder, file = unix.W_OK | unix.X_OK, unix.W_OK
	if t.device {
		return nil
	}
	if err := unix.Access(t.folder, folder); err != nil {
		return &WriteError{t.folder, u, err}
	}
	if t.file == "" {
		return nil
	}
	if err := unix.Access(t.file, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &WriteError{t.file, u, err}
	}
	return nil
}
