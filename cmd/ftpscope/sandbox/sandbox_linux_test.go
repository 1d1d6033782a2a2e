package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const (
	uid, gid = 4711, 4712 // nobody's
	netRaw   = uint64(1) << unix.CAP_NET_RAW
)

// lab is a place where any user can start the child and write its outputs.
type lab struct {
	t       *testing.T
	program string
	plan    plan
	env     []string
	attr    *syscall.SysProcAttr
}

func newLab(t *testing.T) *lab {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	top, err := os.MkdirTemp("/tmp", "sandbox")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(top) })
	require.NoError(t, os.Chmod(top, 0o755))
	l := &lab{t: t, program: filepath.Join(top, "child"), env: []string{"TZ=Asia/Kolkata", "GORACE=atexit_sleep_ms=0"}}
	self, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.program, content, 0o755))
	l.plan.Folder, l.plan.Outside = filepath.Join(top, "out"), filepath.Join(top, "elsewhere")
	asked := filepath.Join(top, "asked")
	require.NoError(t, os.WriteFile(asked, nil, 0o644))
	l.plan.Read = []string{asked}
	for _, folder := range []string{l.plan.Folder, l.plan.Outside} {
		require.NoError(t, os.Mkdir(folder, 0o777))
		require.NoError(t, os.Chmod(folder, 0o777))
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	l.plan.Port = listener.Addr().(*net.TCPAddr).Port
	return l
}

// run starts the child and reports what it said and the state of its threads.
func (l *lab) run() (told, []map[string]string) {
	text, err := json.Marshal(l.plan)
	require.NoError(l.t, err)
	cmd := exec.Command(l.program)
	cmd.Env = append(l.env, childEnv+"="+string(text))
	cmd.Dir = "/"
	cmd.SysProcAttr = l.attr
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(l.t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(l.t, err)
	require.NoError(l.t, cmd.Start())
	var said told
	err = json.NewDecoder(stdout).Decode(&said)
	threads := statuses(l.t, cmd.Process.Pid)
	stdin.Close()
	io.Copy(io.Discard, stdout)
	require.NoError(l.t, cmd.Wait(), stderr.String())
	require.NoError(l.t, err, stderr.String())
	return said, threads
}

// statuses reads /proc/PID/task/*/status.
func statuses(t *testing.T, pid int) []map[string]string {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	require.NoError(t, err)
	var all []map[string]string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // the thread has ended
		}
		require.NoError(t, err)
		fields := map[string]string{}
		for line := range strings.Lines(string(content)) {
			name, value, _ := strings.Cut(line, ":")
			fields[name] = strings.Join(strings.Fields(value), " ")
		}
		all = append(all, fields)
	}
	return all
}

// wantThreads compares every thread's state. Bounding is the set that is left.
func wantThreads(t *testing.T, threads []map[string]string, who User, groups string, bounding uint64) {
	t.Helper()
	require.Greater(t, len(threads), 8)
	four := func(id int) string { return strings.TrimSpace(strings.Repeat(fmt.Sprintf("%d ", id), 4)) }
	set := func(bits uint64) string { return fmt.Sprintf("%016x", bits) }
	want := map[string]string{
		"Uid": four(who.UID), "Gid": four(who.GID), "Groups": groups, "NoNewPrivs": "1",
		"CapInh": set(0), "CapPrm": set(0), "CapEff": set(0), "CapAmb": set(0), "CapBnd": set(bounding),
	}
	for _, thread := range threads {
		got := map[string]string{}
		for name := range want {
			got[name] = thread[name]
		}
		require.Equal(t, want, got, "thread %s of %d", thread["Pid"], len(threads))
	}
}

// landlockVersion is 0 without it.
func landlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// confined is what a user can do under a version of Landlock.
func confined(version int) map[string]string {
	from := func(first int, denied string) string {
		if version >= first {
			return denied
		}
		return "ok"
	}
	move := map[int]string{0: "ok", 1: "EXDEV"}[version]
	if version > 1 {
		move = "EACCES"
	}
	return map[string]string{
		"become root": "EPERM", "become group root": "EPERM", "open a raw socket": "EPERM",
		"connect": from(4, "EACCES"), "bind": from(4, "EACCES"),
		"read secrets": "EACCES", "read anything": from(1, "EACCES"), "read what was asked for": "ok", "run a program": from(1, "EACCES"),
		"write elsewhere": from(1, "EACCES"), "write to a device": "ok", "write to another device": from(1, "EACCES"),
		"create": "ok", "reopen": "ok", "read back": from(1, "EACCES"), "rename": "ok", "move away": move, "list": "ok",
		"remove": from(1, "ok"), "write to the open file": "ok", "reopen the early file": "ok",
	}
}

func boundingOf(t *testing.T) uint64 {
	content, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	match := regexp.MustCompile(`CapBnd:\s*([0-9a-f]+)`).FindSubmatch(content)
	var bits uint64
	_, err = fmt.Sscanf(string(match[1]), "%x", &bits)
	require.NoError(t, err)
	return bits
}

func TestRoot(t *testing.T) {
	for name, c := range map[string]struct {
		user string
		env  []string
		want User
		says string
	}{
		"nobody by default":      {want: User{"nobody", 65534, 65534}, says: "nobody (65534:65534)"},
		"who is behind sudo":     {env: []string{"SUDO_UID=4711", "SUDO_GID=4712"}, want: User{"", uid, gid}, says: "4711:4712"},
		"sudo of root itself":    {env: []string{"SUDO_UID=0", "SUDO_GID=0"}, want: User{"nobody", 65534, 65534}, says: "nobody (65534:65534)"},
		"the one that is named":  {user: "nobody", env: []string{"SUDO_UID=4711", "SUDO_GID=4712"}, want: User{"nobody", 65534, 65534}, says: "nobody (65534:65534)"},
		"by number":              {user: "4711:4712", want: User{"", uid, gid}, says: "4711:4712"},
		"a name and a group":     {user: "nobody:4712", want: User{"nobody", 65534, gid}, says: "nobody (65534:4712)"},
		"the number of a name":   {user: "65534", want: User{"nobody", 65534, 65534}, says: "nobody (65534:65534)"},
		"the group of root":      {user: "4711:root", want: User{"", uid, 0}, says: "4711:0"},
		"sudo of who is no user": {env: []string{"SUDO_UID=-1", "SUDO_GID=4712"}, want: User{"nobody", 65534, 65534}, says: "nobody (65534:65534)"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.plan.User, l.env = c.user, append(l.env, c.env...)
			l.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{0, 4, 27}}}
			said, threads := l.run()
			require.Empty(t, said.Err)
			require.Equal(t, c.want, said.Who)
			require.True(t, said.Could)
			require.True(t, said.Socket)
			want := confined(landlockVersion())
			if c.want.GID == 0 {
				want["become group root"] = "ok" // it is
			}
			require.Equal(t, want, said.Can)
			wantThreads(t, threads, c.want, fmt.Sprint(c.want.GID), 0)
			require.Equal(t, []string{"user " + c.says, "no capabilities", "no_new_privs",
				"memory closed to debuggers and core dumps"}, said.Report.Done[:4])
			if landlockVersion() >= withTCP {
				require.Empty(t, said.Report.Missing)
				require.Equal(t, []string{
					fmt.Sprintf("Landlock %d: files: writing in /dev/null, %s; reading %s, /no/such; no others", landlockVersion(), l.plan.Folder, l.plan.Read[0]),
					fmt.Sprintf("Landlock %d: no new TCP connections and ports", landlockVersion()),
				}, said.Report.Done[4:])
			}
		})
	}
}

// Without root: as systemd's AmbientCapabilities and setcap start it.
func TestCapabilities(t *testing.T) {
	self := User{"", uid, gid}
	for name, start := range map[string]func(l *lab){
		"ambient": func(l *lab) { l.attr.AmbientCaps = []uintptr{unix.CAP_NET_RAW} },
		"of the file": func(l *lab) {
			const revision2, effective = 0x02000000, 1 // struct vfs_cap_data of linux/capability.h
			value := binary.LittleEndian.AppendUint32(nil, revision2|effective)
			value = binary.LittleEndian.AppendUint32(value, uint32(netRaw))
			value = append(value, make([]byte, 12)...)
			if err := unix.Setxattr(l.program, "security.capability", value, 0); err != nil {
				l.t.Skip(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid, Groups: []uint32{4713}}}
			l.env = append(l.env, "SUDO_UID=4999", "SUDO_GID=4999") // means nothing to who is not root
			start(l)
			said, threads := l.run()
			require.Empty(t, said.Err)
			require.Equal(t, self, said.Who)
			require.True(t, said.Could)
			require.True(t, said.Socket)
			require.Equal(t, confined(landlockVersion()), said.Can)
			wantThreads(t, threads, self, "4713", boundingOf(t))
		})
	}
	t.Run("none", func(t *testing.T) {
		l := newLab(t)
		l.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid, Groups: []uint32{}}}
		said, _ := l.run()
		require.Empty(t, said.Err)
		require.False(t, said.Could)
		require.False(t, said.Socket)
	})
	t.Run("another user", func(t *testing.T) {
		l := newLab(t)
		l.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
		l.plan.User = "nobody"
		said, _ := l.run()
		require.Equal(t, "cannot become user nobody: only root can, this is user 4711:4712", said.Err)
	})
}

// The environment of a set-user-ID program is its caller's: SUDO_UID is not believed.
func TestSetUserID(t *testing.T) {
	l := newLab(t)
	require.NoError(t, os.Chmod(l.program, os.ModeSetuid|0o755))
	l.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid, Groups: []uint32{4713}}}
	l.env = append(l.env, "SUDO_UID=4999", "SUDO_GID=4999")
	said, threads := l.run()
	require.Empty(t, said.Err)
	require.Equal(t, User{"", uid, gid}, said.Who)
	require.True(t, said.Could)
	require.Equal(t, confined(landlockVersion()), said.Can)
	wantThreads(t, threads, said.Who, "4713", 0)

	l.plan.User = "4999:4999"
	said, _ = l.run()
	require.Equal(t, "cannot become user 4999:4999: only root can, this is user 4711:4712", said.Err)
}

// A container's root without CAP_SETUID, and root by request: what is left is the owner of files.
func TestStaysRoot(t *testing.T) {
	for name, c := range map[string]struct {
		user     string
		noSetUID bool
		err      string
	}{
		"cannot change":           {noSetUID: true},
		"by request":              {user: "root"},
		"cannot change as wished": {user: "nobody", noSetUID: true, err: "cannot become user nobody: CAP_SETUID and CAP_SETGID are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.plan.User, l.plan.NoSetUID = c.user, c.noSetUID
			l.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{0}}}
			said, threads := l.run()
			require.Equal(t, c.err, said.Err)
			if c.err != "" {
				return
			}
			require.Contains(t, said.Report.Missing, "user: it stays root, without capabilities")
			require.Equal(t, "EPERM", said.Can["open a raw socket"])
			require.Equal(t, "ok", said.Can["create"])
			if landlockVersion() > 0 {
				require.Equal(t, "EACCES", said.Can["read secrets"])
				require.Equal(t, "EACCES", said.Can["write elsewhere"])
			}
			wantThreads(t, threads, User{"root", 0, 0}, "0", 0)
		})
	}
}

func TestWithoutLandlock(t *testing.T) {
	for errno, missing := range map[syscall.Errno]string{
		unix.ENOSYS: "Landlock is not in this kernel", unix.EOPNOTSUPP: "Landlock is switched off in this kernel",
		unix.EPERM: "Landlock: operation not permitted",
	} {
		t.Run(errno.Error(), func(t *testing.T) {
			l := newLab(t)
			l.plan.Landlock = int(errno)
			said, threads := l.run()
			require.Empty(t, said.Err)
			require.Equal(t, []string{missing}, said.Report.Missing)
			want := confined(0)
			want["remove"] = "ENOENT" // it was moved away
			require.Equal(t, want, said.Can)
			wantThreads(t, threads, said.Who, "65534", 0)
		})
	}
}

func TestCannotWrite(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(l *lab) error
		path  func(l *lab) string
		err   string
	}{
		"folder of root": {
			func(l *lab) error { return os.Chmod(l.plan.Folder, 0o755) },
			func(l *lab) string { return l.plan.Folder }, "permission denied",
		},
		"no folder": {
			func(l *lab) error { return os.Remove(l.plan.Folder) },
			func(l *lab) string { return l.plan.Folder }, "no such file or directory",
		},
		"file of root": {
			func(l *lab) error { return os.WriteFile(filepath.Join(l.plan.Folder, "later"), nil, 0o644) },
			func(l *lab) string { return filepath.Join(l.plan.Folder, "later") }, "permission denied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			require.NoError(t, c.spoil(l))
			said, _ := l.run()
			require.Equal(t, c.path(l), said.Path)
			require.Equal(t, c.path(l)+": user nobody cannot write here: "+c.err, said.Err)
		})
	}
}
