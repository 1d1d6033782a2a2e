//go:build !nofleet

package fleet

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"ftpscope/cmd/ftpscope/bytesize"
	"ftpscope/cmd/ftpscope/fleet/link"
	"ftpscope/cmd/ftpscope/fleet/sensor"
)

// SensorFlags make sniff a sensor of a fleet.
type SensorFlags struct {
	where link.Where
	name  string
	dir   string
	limit bytesize.Size
}

const (
	defaultSpool = 1 << 30
	minSpool     = 1 << 20
)

// Flags adds the flags.
func (f *SensorFlags) Flags(s *pflag.FlagSet) {
	f.limit = defaultSpool
	s.StringVar(&f.where.URLs, "fleet", "", "send records to the hub at `URL`, e.g. nats://hub:4222")
	s.StringVar(&f.name, "sensor", "", "with --fleet, be known there as `NAME`")
	s.StringVar(&f.dir, "fleet-store", "", "keep records in `DIR` until the hub has them (default: the service's, or /var/lib/ftpscope/NAME)")
	s.Var(&f.limit, "fleet-limit", "keep `SIZE` there at most, the newest")
	f.where.Flags(s, "fleet-")
}

// Wanted reports whether records are to be sent.
func (f *SensorFlags) Wanted() bool { return f.where.URLs != "" }

// Check says what is wrong with the flags.
func (f *SensorFlags) Check() error {
	if !f.Wanted() {
		if f.name != "" || f.dir != "" || f.where != (link.Where{}).Prefixed("fleet-") || f.limit != defaultSpool {
			return errors.New("--sensor and --fleet-… belong to --fleet")
		}
		return nil
	}
	if err := f.where.Check(); err != nil {
		return errors.New("--fleet: " + err.Error())
	}
	if f.name == "" {
		return errors.New("--fleet needs a name for this sensor: --sensor dmz1")
	}
	if err := link.CheckName("sensor", f.name); err != nil {
		return errors.New("--sensor: " + err.Error())
	}
	if f.limit < minSpool {
		return errors.New("--fleet-limit takes 1MiB or more")
	}
	if f.dir == "" {
		f.dir = stateDir(f.name)
	}
	return nil
}

// stateDir is where a service keeps its state; by hand, where services' is.
func stateDir(name string) string {
	base := os.Getenv("STATE_DIRECTORY")
	switch home, err := os.UserHomeDir(); {
	case base != "":
	case os.Geteuid() == 0 || err != nil:
		base = "/var/lib/ftpscope"
	default:
		base = filepath.Join(home, ".local", "state", "ftpscope")
	}
	return filepath.Join(base, name)
}

// Dir is the folder that the sensor reads and writes.
func (f *SensorFlags) Dir() string { return f.dir }

// Ports are those that it connects to.
func (f *SensorFlags) Ports() []uint16 { return f.where.Ports() }

// Sensor takes the records of a live analysis and sends them.
type Sensor struct{ *sensor.Sensor }

// Connect connects to the hub; with Open, after rights were given up, it begins.
func (f *SensorFlags) Connect(e *Env, showPasswords bool) (*Sensor, error) {
	s, err := sensor.Connect(sensor.Options{
		Where: f.where, Name: f.name, Dir: f.dir, Limit: int64(f.limit), Version: e.Version, ShowPasswords: showPasswords, Warn: e.Warn,
	})
	if err != nil {
		return nil, err
	}
	return &Sensor{s}, nil
}
