// Package casedb keeps what runs say of captures in an SQLite database that investigators
// query: -o sqlite=case.db.
//
// A run stages its records in temporary tables, which SQLite keeps in a file of its own
// that nobody else sees and that is gone with the process. With the summary, when it is
// known which captures they are of, they go into the case in one transaction: so runs
// that last for hours do not lock the case, and what is killed leaves it as it was.
//
// Rejected: one long transaction in the case itself (other runs would wait for hours, and
// captures that are known already would still be written), and a database for each run,
// attached afterwards (it is left behind by kill -9).
package casedb
