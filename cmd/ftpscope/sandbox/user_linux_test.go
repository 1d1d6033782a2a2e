package sandbox

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"no-such-user": `no user "no-such-user"`,
		"":             `no user ""`,
		"-1":           `no user "-1"`,
		"4294967295":   `no user "4294967295"`,
		"4711":         "user 4711 has no name and no group here: give one as 4711:GROUP",
		"4711:":        `no group ""`,
		"4711:no-such": `no group "no-such"`,
	} {
		_, err := find(name)
		require.EqualError(t, err, want, name)
	}
	u, err := find("0:4294967294")
	require.NoError(t, err)
	require.Equal(t, User{"root", 0, 1<<32 - 2}, u)
}

func TestOwn(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "new"))
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, User{UID: uid, GID: gid}.Own(file))
	info, err := file.Stat()
	require.NoError(t, err)
	require.EqualValues(t, uid, info.Sys().(*syscall.Stat_t).Uid)
	require.EqualValues(t, gid, info.Sys().(*syscall.Stat_t).Gid)

	device, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer device.Close()
	before, err := device.Stat()
	require.NoError(t, err)
	require.NoError(t, User{UID: uid, GID: gid}.Own(device))
	after, err := device.Stat()
	require.NoError(t, err)
	require.Equal(t, before.Sys().(*syscall.Stat_t).Uid, after.Sys().(*syscall.Stat_t).Uid)
}

func TestTargets(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.Mkdir(in("folder"), 0o755))
	require.NoError(t, os.WriteFile(in("folder/file"), nil, 0o644))
	require.NoError(t, os.Symlink("folder/file", in("link")))
	require.NoError(t, syscall.Mkfifo(in("fifo"), 0o644))
	t.Chdir(dir)
	require.Equal(t, []target{
		{folder: in("folder")}, {folder: in("folder"), file: in("folder/file")}, {folder: in("folder"), file: in("folder/file")},
		{file: in("fifo"), device: true}, {folder: dir, file: in("none")}, {file: "/dev/null", device: true},
	}, targetsOf([]string{"folder", "folder/file", "link", "fifo", "none", "/dev/null"}))
}
