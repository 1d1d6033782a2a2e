package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// version is that of the commit.
type version struct {
	number     string // 1.2.3
	prerelease string // of what is no release: git and the time of the commit
	date       time.Time
}

// readVersion asks git. A commit with a tag v1.2.3 is that release, another one leads to the next.
func readVersion() (v version, err error) {
	seconds, err := output(anybodysGit, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return v, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64)
	if err != nil {
		return v, err
	}
	described, err := output(anybodysGit, "git", "describe", "--tags", "--match", "v[0-9]*", "--long")
	if err != nil {
		described = "" // there is no tag
	}
	return versionOf(strings.TrimSpace(described), time.Unix(n, 0).UTC()), nil
}

var tagged = regexp.MustCompile(`^v(\d+)\.(\d+)\.(\d+)-(\d+)-g[0-9a-f]+$`)

// versionOf takes what git describe --long says, and the time of the commit.
func versionOf(described string, date time.Time) version {
	v := version{number: "0.0.0", prerelease: "git" + date.Format("20060102150405"), date: date}
	m := tagged.FindStringSubmatch(described)
	if m == nil {
		return v
	}
	patch, _ := strconv.Atoi(m[3]) // digits
	if m[4] == "0" {
		v.prerelease = ""
	} else {
		patch++
	}
	v.number = fmt.Sprintf("%s.%s.%d", m[1], m[2], patch)
	return v
}

// name is the version in the names of archives.
func (v version) name() string {
	if v.prerelease == "" {
		return v.number
	}
	return v.number + "-" + v.prerelease
}

// env tells nfpm. A maintainer's name is in every package: who builds them for others sets it.
func (v version) env() []string {
	return []string{
		"VERSION=" + v.number, "PRERELEASE=" + v.prerelease, "SOURCE_DATE_EPOCH=" + strconv.FormatInt(v.date.Unix(), 10),
		"MAINTAINER=" + setting("MAINTAINER", "ftpscope <root@localhost>"), "HOMEPAGE=" + setting("HOMEPAGE", ""),
	}
}
