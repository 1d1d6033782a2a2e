//go:build nofleet

package fleet

import (
	"errors"

	"github.com/spf13/pflag"

	"ftpscope/analyze/report"
)

const leftOut = "this ftpscope was built without the fleet (build tag nofleet)"

// Words are the commands.
func Words() []Word { return nil }

// Usage is the page of fleet.
func Usage() string { return "Captures of many machines, sensors: " + leftOut + ".\n" }

// Run says that there is nothing to run.
func Run(e *Env, _ []string) int {
	e.Error("%s", leftOut)
	return exitUsage
}

// SensorFlags are none.
type SensorFlags struct{}

// Flags adds none.
func (*SensorFlags) Flags(*pflag.FlagSet) {}

// Check finds nothing wrong.
func (*SensorFlags) Check() error { return nil }

// Wanted says that no records are to be sent.
func (*SensorFlags) Wanted() bool { return false }

// Dir is no folder.
func (*SensorFlags) Dir() string { return "" }

// Ports are none.
func (*SensorFlags) Ports() []uint16 { return nil }

// Sensor is never made.
type Sensor struct{ report.Writer }

// Connect says that there is nothing to connect.
func (*SensorFlags) Connect(*Env, bool) (*Sensor, error) { return nil, errors.New(leftOut) }

// Open is never called.
func (*Sensor) Open() error { return nil }

// Close is never called.
func (*Sensor) Close() {}
