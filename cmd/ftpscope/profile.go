package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

// profile starts the profiles asked for; stop writes them.
func profile(cpu, memory string) (stop func() error, err error) {
	var running *os.File
	if cpu != "" {
		if running, err = os.Create(cpu); err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(running); err != nil {
			running.Close()
			return nil, err
		}
	}
	return func() error {
		if running != nil {
			pprof.StopCPUProfile()
			if err := running.Close(); err != nil {
				return err
			}
		}
		if memory == "" {
			return nil
		}
		f, err := os.Create(memory)
		if err != nil {
			return err
		}
		defer f.Close()
		runtime.GC() // what is still in use, not what lies around
		return pprof.WriteHeapProfile(f)
	}, nil
}
