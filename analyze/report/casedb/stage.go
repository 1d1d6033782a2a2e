package casedb

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// The tables that records are staged for, parents first.
const (
	sessions = iota
	transfers
	commands
	replies
	operations
	findings
	attempts
	orphans
	tableCount
)

var tables = [tableCount]string{"sessions", "transfers", "commands", "replies", "operations", "findings", "attempts", "orphans"}

// batch is how many rows one statement inserts, where there are so many: each execution
// has its price.
const batch = 16

// stage is a temporary table with the columns of one of the case but analysis_id, which
// is not known yet.
type stage struct {
	name      string
	columns   []string
	one, many *sql.Stmt
	args      []any // of the rows to insert
}

// open makes the temporary table.
func (s *stage) open(c *conn, table string) error {
	all, err := c.columns(table)
	if err != nil {
		return err
	}
	s.name, s.columns = table, slices.DeleteFunc(all, func(name string) bool { return name == "analysis_id" })
	list := strings.Join(s.columns, ", ")
	if err := c.exec("CREATE TEMP TABLE new_" + table + " AS SELECT " + list + " FROM main." + table + " WHERE 0"); err != nil {
		return err
	}
	row := "(?" + strings.Repeat(",?", len(s.columns)-1) + ")"
	insert := "INSERT INTO temp.new_" + table + " VALUES " + row
	if s.one, err = c.PrepareContext(context.Background(), insert); err != nil {
		return err
	}
	s.many, err = c.PrepareContext(context.Background(), insert+strings.Repeat(","+row, batch-1))
	return err
}

// add takes a row, in the order of the columns.
func (s *stage) add(values ...any) { s.args = append(s.args, values...) }

// flush writes the rows; it keeps none, since records are valid only during the call.
func (s *stage) flush() error {
	rest := s.args
	for len(rest) > 0 {
		statement, n := s.one, len(s.columns)
		if len(rest) >= batch*n {
			statement, n = s.many, batch*n
		}
		if _, err := statement.Exec(rest[:n]...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	clear(s.args)
	if s.args = s.args[:0]; cap(s.args) > maxKeptArgs {
		s.args = nil
	}
	return nil
}

// maxKeptArgs is how much of a long dialogue's memory is kept for the next.
const maxKeptArgs = 1 << 16

// move copies the rows into the case: ?1 is the analysis, ?2 what is added to a session's
// number to make its id.
func (s *stage) move(c *conn, analysis, base int64) error {
	names, values := []string{}, []string{}
	if !slices.Contains(s.columns, "session_id") {
		names, values = append(names, "analysis_id"), append(values, "?1")
	}
	for _, name := range s.columns {
		value := name
		if name == "session_id" || name == "id" {
			value += " + ?2"
		}
		names, values = append(names, name), append(values, value)
	}
	return c.exec("INSERT INTO main."+s.name+" ("+strings.Join(names, ", ")+") SELECT "+strings.Join(values, ", ")+
		" FROM temp.new_"+s.name+" WHERE ?1 + ?2 ORDER BY rowid", analysis, base)
}
