package main

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"ftpscope/analyze/keylog"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/filter"
	"ftpscope/capture/live"
	"ftpscope/cmd/ftpscope/config"
	"ftpscope/cmd/ftpscope/mistakes"
)

// common are the flags that analyze and sniff share.
type common struct {
	outputs       []string
	workers       int
	commands      bool
	showPasswords bool
	all           bool
	ports         ports
	filter        string
	packets       *filter.Filter // what filter says; nil: nothing
	quiet         bool
	help          bool
	cpuprofile    string
	memprofile    string
	looks
	choiceFlags
	judgeFlags
	readFlags
	keyFlags
}

// flags are what analyze takes.
type flags struct {
	common
	extract     extractFlags
	read        []string
	follow      bool
	interval    time.Duration
	idleTimeout time.Duration
}

// newSet makes the flag set of a command.
func newSet(command string) *pflag.FlagSet {
	s := pflag.NewFlagSet(command, pflag.ContinueOnError)
	s.SortFlags = false
	s.Usage = func() {}
	return s
}

func (f *flags) set() *pflag.FlagSet {
	s := newSet("analyze")
	f.outputFlag(s)
	s.StringArrayVarP(&f.read, "read", "r", nil, "read `FILE`, the same as an argument; repeatable")
	f.extract.add(s)
	f.keyFlags.add(s)
	s.BoolVar(&f.follow, "follow", false, "keep reading as captures grow and new files appear, until SIGINT")
	s.DurationVar(&f.interval, "interval", 0, "with --follow, write a record of each open session every `TIME`")
	s.DurationVar(&f.idleTimeout, "idle-timeout", 0, "with --follow, end sessions that are silent for `TIME` (default 1h)")
	f.add(s)
	return s
}

// all are the flags, those of the topics too.
func (f *flags) all() *pflag.FlagSet {
	s := f.set()
	f.addTopics(s, "user")
	f.extract.addMore(s)
	return s
}

// addTopics adds the flags that pages of the manual tell of; one is for the user of sessions.
func (f *common) addTopics(s *pflag.FlagSet, user string) {
	f.choiceFlags.add(s, user)
	f.judgeFlags.add(s)
	f.readFlags.add(s)
	f.looks.add(s)
}

func (f *common) outputFlag(s *pflag.FlagSet) {
	s.StringArrayVarP(&f.outputs, "output", "o", nil, "write in `FORMAT[=FILE]` (table, json, …: ftpscope formats); repeatable")
}

func (f *common) add(s *pflag.FlagSet) {
	s.BoolVar(&f.commands, "commands", false, "json: write every command with its replies")
	s.BoolVar(&f.showPasswords, "show-passwords", false, "show passwords instead of (hidden)")
	s.BoolVar(&f.all, "all", false, "show every session and transfer, however many")
	s.Var(&f.ports, "port", "treat port `N` as a control port as well as 21; repeatable")
	s.StringVarP(&f.filter, "filter", "f", "", "only packets that match `EXPR`, in tcpdump's syntax: 'not port 22'")
	s.IntVar(&f.workers, "workers", 1, "track connections with `N` threads (0: one per processor)")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no warnings, no progress")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	s.StringVar(&f.cpuprofile, "cpuprofile", "", "write a processor profile to `FILE`")
	s.StringVar(&f.memprofile, "memprofile", "", "write a memory profile to `FILE`")
	for _, name := range []string{"cpuprofile", "memprofile"} {
		if err := s.MarkHidden(name); err != nil {
			panic(err) // our own flag is not there
		}
	}
}

func analyzeUsage() string {
	var f flags
	return `Says what happened in captures: FTP sessions, their transfers, and who opened the data connections.

Usage:
  ftpscope analyze [flags] FILE|DIR|- …

Several files are read as one capture in the order of time; a directory stands for the captures in
it, - for standard input. Without -o the result is a table. An output without FILE, or with - for
it, goes to standard output; one of them may. More flags: ftpscope help choosing,
extracting, judging, looks, reading.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope analyze -o explain capture.pcap
  ftpscope analyze -o table -o json=sessions.jsonl ring-buffer/
`
}

// parse reads the arguments; done tells that there is nothing left to do but to exit with code.
func (f *flags) parse(e *env, args []string) (files []string, code int, done bool) {
	s := f.all()
	code, done = e.parseFlags(s, args, &f.help, analyzeUsage, func() error {
		files = append(f.read, s.Args()...)
		if len(files) == 0 {
			return errors.New("no capture files named")
		}
		if err := filterWords(files); err != nil {
			return err
		}
		if err := f.extract.check(); err != nil {
			return err
		}
		if err := f.checkFollow(); err != nil {
			return err
		}
		return f.check()
	})
	return files, code, done
}

// parseFlags reads a command's arguments, shows its page when asked to, and checks what it was given.
func (e *env) parseFlags(s *pflag.FlagSet, args []string, help *bool, page func() string, check func() error) (code int, done bool) {
	configFile := configFlag(s)
	if err := s.Parse(args); err != nil {
		e.badFlag(s, err)
		return exitUsage, true
	}
	if *help {
		return e.print(page()), true
	}
	configured, err := configure(s, *configFile)
	if err == nil {
		err = check()
	}
	if err == nil {
		return 0, false
	}
	e.error("%v", err)
	for _, l := range configured {
		if strings.HasPrefix(err.Error(), "--"+l.Name) {
			e.hint("--%s is set in %s, line %d", l.Name, l.File, l.Number)
		}
	}
	var misread *filter.Error
	var way *wayOut
	switch {
	case errors.As(err, &misread):
		text, mark := misread.Excerpt()
		e.hint("%s", text)
		e.hint("%s", mark)
	case errors.As(err, &way):
		e.hint("%s", way.hint)
	default:
		e.hint("ftpscope %s --help", s.Name())
	}
	return exitUsage, true
}

// configFlag is a flag that all commands have which have any; the manual tells of it, not each page.
func configFlag(s *pflag.FlagSet) *string {
	return s.String("config", "", "read flags from `FILE`, none from none (default ~/.config/ftpscope/config)")
}

// configure gives flags what the user's file says of them.
func configure(s *pflag.FlagSet, name string) ([]config.Line, error) {
	lines, err := config.Read(name)
	if err != nil {
		return nil, &wayOut{fmt.Errorf("--config %s: %w", name, cause(err)), "--config none reads no file"}
	}
	taken, err := config.Apply(lines, s)
	var where *config.Error
	if errors.As(err, &where) {
		hint := "it takes flags a line, of: " + strings.Join(slices.Sorted(slices.Values(config.Names())), ", ")
		if near := mistakes.Nearest(where.Line.Name, config.Names()); near != "" && s.Lookup(where.Line.Name) == nil {
			hint = "did you mean --" + near + "?"
		}
		return nil, &wayOut{err, hint}
	}
	return taken, err
}

// wayOut is an error that knows what to do instead.
type wayOut struct {
	error
	hint string
}

// filterWords finds a filter among arguments that should be files: tcpdump takes one there.
func filterWords(args []string) error {
	for i := range args {
		if exists(args[i]) || args[i] == "-" {
			continue
		}
		expr := strings.Join(args[i:], " ")
		if _, err := filter.Parse(expr); err == nil {
			return &wayOut{fmt.Errorf("%s is neither a file nor a flag", expr), "a filter is one argument of -f: -f '" + expr + "'"}
		}
		return nil
	}
	return nil
}

// setWorkers holds that a number of goroutines is one; 0 stands for one a processor.
func setWorkers(n *int) error {
	if *n < 0 {
		return fmt.Errorf("--workers takes a number from 0 (one a processor), got %d", *n)
	}
	if *n == 0 {
		*n = runtime.GOMAXPROCS(0)
	}
	return nil
}

func (f *common) check() error {
	for _, check := range []func() error{func() error { return setWorkers(&f.workers) }, f.looks.check, f.judgeFlags.check, f.readFlags.check} {
		if err := check(); err != nil {
			return err
		}
	}
	if f.filter != "" {
		var err error
		if f.packets, err = filter.Parse(f.filter); err != nil {
			return fmt.Errorf("--filter: %w", err)
		}
	}
	return f.choiceFlags.check(f.zone.Location())
}

// takenBy is what flags take whose type is Go's: the errors of its packages are for programmers.
var takenBy = map[string]string{"int": "a whole number", "intSlice": "whole numbers", "uint64": "a whole number", "duration": "a time like 30s or 1h"}

// badFlag says what is wrong with a flag and which may have been meant.
func (e *env) badFlag(s *pflag.FlagSet, err error) {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		if takes := takenBy[invalid.GetFlag().Value.Type()]; takes != "" {
			err = fmt.Errorf("--%s takes %s, got %q", invalid.GetFlag().Name, takes, invalid.GetValue())
		}
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		e.error("%v", err)
		e.hint("ftpscope %s --help", s.Name())
		return
	}
	name, dashes := unknown.GetSpecifiedName(), "--"
	if unknown.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	e.error("unknown flag: %s%s", dashes, name)
	if way := mistakes.Flag(s.Name(), name); way != "" {
		e.hint("%s", way)
		return
	}
	if owners := e.owners(dashes, name); len(owners) > 0 {
		e.hint("%s%s is a flag of %s", dashes, name, prose.List(owners))
		return
	}
	if dashes == "-" {
		e.hint("ftpscope %s --help", s.Name())
		return
	}
	var names []string
	s.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	e.suggest(name, names, "--", "ftpscope "+s.Name()+" --help")
}

// owners are the commands that have a flag.
func (e *env) owners(dashes, name string) (list []string) {
	for _, c := range commands() {
		if c.flags == nil {
			continue
		}
		f := c.flags().Lookup(name)
		if dashes == "-" && len(name) == 1 && name[0] < utf8.RuneSelf {
			f = c.flags().ShorthandLookup(name)
		}
		if f != nil && !f.Hidden {
			list = append(list, c.name)
		}
	}
	return list
}

// ports is a repeatable flag of ports.
type ports []uint16

func (p *ports) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n == 0 {
			return errors.New("a port is a number from 1 to 65535")
		}
		*p = append(*p, uint16(n))
	}
	return nil
}

func (p *ports) String() string {
	var words []string
	for _, n := range *p {
		words = append(words, strconv.Itoa(int(n)))
	}
	return strings.Join(words, ",")
}

func (p *ports) Type() string { return "port" }

// readFlags concern how packets are read.
type readFlags struct {
	vxlanPorts    ports
	checksums     bool
	mergeNetworks bool
}

func (f *readFlags) add(s *pflag.FlagSet) {
	s.BoolVar(&f.mergeNetworks, "merge-networks", false, "take the same address for the same host in every VLAN, tunnel and file")
	s.Var(&f.vxlanPorts, "vxlan-port", "read UDP port `N` as VXLAN as well as 4789 and 8472; repeatable")
	s.BoolVar(&f.checksums, "verify-checksums", false, "leave out packets with wrong checksums (not for captures with offload)")
}

func (f *readFlags) check() error {
	if len(f.vxlanPorts) > live.MaxTunnelPorts {
		return fmt.Errorf("--vxlan-port takes at most %d ports, got %d", live.MaxTunnelPorts, len(f.vxlanPorts))
	}
	return nil
}

// settings are the flags that were given.
func (f *readFlags) settings() (list []string) {
	for _, p := range f.vxlanPorts {
		list = append(list, "--vxlan-port "+strconv.Itoa(int(p)))
	}
	if f.checksums {
		list = append(list, "--verify-checksums")
	}
	if f.mergeNetworks {
		list = append(list, "--merge-networks")
	}
	return list
}

// keyFlags name the key logs that open what is under TLS.
type keyFlags struct {
	keyLogs []string
}

func (f *keyFlags) add(s *pflag.FlagSet) {
	s.StringArrayVar(&f.keyLogs, "keylog", nil, "open TLS with the secrets of `FILE`, as SSLKEYLOGFILE names it; repeatable")
}

// keys are the secrets that there are.
type keys struct {
	*keylog.Store
	files []*keylog.File
	mu    sync.Mutex
	read  time.Time // when growing logs were last read
}

// pollTime is how often a log that grows is read at most.
const pollTime = 2 * time.Millisecond

// openKeys reads the key logs; those of live analyses may grow.
func (f *keyFlags) openKeys(grow bool) (*keys, error) {
	k := &keys{Store: keylog.New()}
	for _, name := range f.keyLogs {
		log, err := k.Open(name, grow)
		if err != nil {
			k.close()
			return nil, fmt.Errorf("--keylog %s: %w", name, cause(err))
		}
		k.files = append(k.files, log)
	}
	if grow && len(k.files) > 0 {
		k.Grows(k.poll)
	}
	return k, nil
}

// tlsCount is a writer that counts sessions under TLS, and those that keys opened.
type tlsCount struct {
	goesOn
	sealed, opened uint64
	why            map[string]uint64 // sessions that keys do not open
}

func (n *tlsCount) Session(s *record.Session) error {
	if s.IsUnderTLS() && !s.Open {
		n.sealed++
		if s.Capture.Decrypted {
			n.opened++
		}
		if why := s.Capture.Undecrypted; why != "" {
			if n.why == nil {
				n.why = map[string]uint64{}
			}
			n.why[why]++
		}
	}
	return nil
}

// keyWarnings is what to say of the key logs when all was read.
func (j *job) keyWarnings() {
	if j.keys == nil || len(j.keys.files) == 0 {
		return
	}
	s := j.keys.Stats()
	switch {
	case s.Secrets == 0:
		j.warning("--keylog: the key log holds no secrets (lines of SSLKEYLOGFILE: CLIENT_RANDOM …)")
		return
	case s.Unread > 0:
		j.warning("--keylog: %s could not be understood", prose.Many(s.Unread, "line"))
	}
	if s.Dropped > 0 {
		j.warning("--keylog: too many secrets; those of the oldest %s were dropped", prose.Many(s.Dropped, "connection"))
	}
	n := j.tlsCount
	for _, why := range slices.Sorted(maps.Keys(n.why)) {
		j.warning("--keylog: %s under TLS cannot be decrypted, or not all of it: %s", prose.Many(n.why[why], "session"), why)
	}
	if n.sealed > 0 && n.opened == 0 && len(n.why) == 0 {
		j.warning("--keylog: the secrets decrypt none of %s under TLS: they belong to other connections, or the captures lack the handshakes", prose.Many(n.sealed, "session"))
	}
}

// poll reads what the logs have more by now.
func (k *keys) poll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); now.Sub(k.read) >= pollTime {
		k.read = now
		for _, log := range k.files {
			_ = log.Read() // what cannot be read opens nothing
		}
	}
}

func (k *keys) close() {
	for _, log := range k.files {
		_ = log.Close() // it was only read
	}
}
