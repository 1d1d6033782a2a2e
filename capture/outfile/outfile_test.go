//go:build unix

package outfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for private, want := range map[bool]fs.FileMode{false: 0o640, true: 0o600} {
		path := filepath.Join(t.TempDir(), "a")
		f, err := Open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode())
	}
	for private, want := range map[bool]fs.FileMode{false: 0o750, true: 0o700} {
		path := filepath.Join(t.TempDir(), "a", "b")
		for range 2 {
			real, err := Mkdir(path, private)
			require.NoError(t, err)
			require.Equal(t, path, real)
		}
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm())
	}
}

// One's own links are followed, also to what is not there yet, and devices by the links of /dev.
func TestOwnLinks(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777|fs.ModeSticky))
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.Mkdir(at("folder"), 0o755))
	require.NoError(t, os.Symlink("folder", at("there")))
	require.NoError(t, os.Symlink("there/new", at("link")))
	require.NoError(t, os.Symlink("loop", at("loop")))
	f, err := Open(at("link"), os.O_WRONLY|os.O_CREATE, false)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.FileExists(t, at("folder/new"))
	real, err := Resolve(at("there/other"))
	require.NoError(t, err)
	require.Equal(t, at("folder/other"), real)
	_, err = Resolve(at("loop"))
	require.ErrorIs(t, err, syscall.ELOOP)
	f, err = Open("/dev/stdout", os.O_WRONLY, false)
	if err == nil {
		require.NoError(t, f.Close())
	}
	require.NotErrorIs(t, err, syscall.ELOOP)
}

// A link of another user in a sticky directory of all is not followed, at the path's end or within, and is named; in a
// directory of one's own, or of the link's owner, it is.
func TestForeignLinks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes links of other users")
	}
	const nobody = 65534
	dir := t.TempDir()
	victims := filepath.Join(dir, "victims")
	require.NoError(t, os.Mkdir(victims, 0o755))
	for _, test := range []struct {
		name   string
		mode   fs.FileMode
		owner  int
		refuse bool
	}{
		{"sticky", 0o777 | fs.ModeSticky, 0, true},
		{"not-sticky", 0o777, 0, false},
		{"not-of-all", 0o755 | fs.ModeSticky, 0, false},
		{"of-its-owner", 0o777 | fs.ModeSticky, nobody, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			where := filepath.Join(dir, test.name)
			require.NoError(t, os.Mkdir(where, 0o755))
			require.NoError(t, os.Chown(where, test.owner, test.owner))
			require.NoError(t, os.Chmod(where, test.mode))
			link := filepath.Join(where, "link")
			require.NoError(t, os.Symlink(victims, link))
			require.NoError(t, os.Lchown(link, nobody, nobody))
			_, err := Open(filepath.Join(link, test.name), os.O_WRONLY|os.O_CREATE, false)
			if !test.refuse {
				require.NoError(t, err)
				return
			}
			require.Equal(t, &LinkError{link}, err)
			require.ErrorContains(t, err, link)
			_, err = Resolve(link)
			require.Equal(t, &LinkError{link}, err)
			require.NoFileExists(t, filepath.Join(victims, test.name))
		})
	}
}
