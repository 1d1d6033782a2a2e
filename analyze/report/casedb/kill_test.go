package casedb

import (
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"ftpscope/analyze/record"
)

// The child of TestKilled stores captures into childCase, one after the other, until it
// is killed, from outside or, with childTable, by itself, in the middle of the
// transaction, when that table's rows come into the case.
const (
	childCase     = "CASEDB_CHILD_CASE"
	childFirst    = "CASEDB_CHILD_FIRST"
	childTable    = "CASEDB_CHILD_TABLE"
	childRows     = 60 // sessions of each of its captures
	childEnough   = 2000
	killedMoments = 20
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childCase); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

func child(path string) {
	sqlite.MustRegisterFunction("die", &sqlite.FunctionImpl{Scalar: func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		time.Sleep(time.Minute)
		return nil, err
	}})
	first, _ := strconv.Atoi(os.Getenv(childFirst))
	for n := range childEnough {
		if err := childStores(path, fmt.Sprint("capture ", first+n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(0)
}

// middle of the rows of those tables that have many.
var middle = map[string]string{
	"sessions": " WHEN NEW.number = 30", "transfers": " WHEN NEW.session_id % 60 = 30", "commands": " WHEN NEW.session_id % 60 = 30",
	"replies": " WHEN NEW.session_id % 60 = 30", "findings": " WHEN NEW.session_id % 60 = 59",
}

func childStores(path, capture string) error {
	w, err := Open(path, Options{Inputs: inputs(capture)})
	if err != nil {
		return err
	}
	defer w.Close()
	fmt.Print(".") // begun
	if err := write(w, childRows); err != nil {
		return err
	}
	if table := os.Getenv(childTable); table != "" { // little memory: pages go to the disk before the transaction ends
		err := w.conn.exec("PRAGMA cache_size = 5; CREATE TEMP TRIGGER now AFTER INSERT ON main." + table + middle[table] + " BEGIN SELECT die(); END")
		if err != nil {
			return err
		}
	}
	return w.Summary(&record.Summary{Sessions: childRows})
}

// TestKilled kills the child at twenty moments. Each time the case is sound, holds whole
// captures only, and the next child goes on where the last one was.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	path := casePath(t)
	store(t, path, childRows, Options{Inputs: inputs("before")})
	random := rand.New(rand.NewPCG(1, 2))
	inside := []string{"analyses", "inputs", "sessions", "transfers", "commands", "replies", "findings"}
	stored := int64(1)
	for i := range killedMoments {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprint(childCase, "=", path), fmt.Sprint(childFirst, "=", i*childEnough))
		cmd.Stderr = os.Stderr
		if i < len(inside) {
			cmd.Env = append(cmd.Env, childTable+"="+inside[i])
		}
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = out.Read(make([]byte, 1))
		require.NoError(t, err)
		if i >= len(inside) {
			time.Sleep(time.Duration(random.IntN(200_000)) * time.Microsecond)
			require.NoError(t, cmd.Process.Kill())
		}
		require.ErrorContains(t, cmd.Wait(), "killed")
		now := requireSound(t, path)
		if i < len(inside) {
			require.Equal(t, stored, now, "killed inside of the transaction, at %s", inside[i])
		}
		require.GreaterOrEqual(t, now, stored)
		stored = now
	}
	t.Logf("%d captures were stored between the kills", stored-1)
	store(t, path, childRows, Options{Inputs: inputs("after")})
	require.Equal(t, stored+1, requireSound(t, path))
	requireOneFile(t, path)
}

// requireSound opens a case after a kill and wants all of each capture; it returns how
// many there are.
func requireSound(t *testing.T, path string) (captures int64) {
	t.Helper()
	c, err := outsider(path)
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, "ok", value(t, c, "PRAGMA integrity_check"))
	require.Equal(t, "0", value(t, c, "SELECT count(*) FROM pragma_foreign_key_check"))
	captures = count64(t, c, "captures")
	require.Equal(t, captures, count64(t, c, "analyses"))
	require.Equal(t, captures, count64(t, c, "inputs"))
	require.Equal(t, captures*childRows, count64(t, c, "sessions"))
	require.Equal(t, strconv.Itoa(childRows), value(t, c, "SELECT group_concat(DISTINCT n) FROM (SELECT count(*) AS n FROM sessions GROUP BY analysis_id)"))
	for table, rows := range perSession {
		require.Equal(t, captures*childRows*int64(rows), count64(t, c, table), table)
	}
	return captures
}
