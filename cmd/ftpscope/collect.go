package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// While little is in use, collecting garbage often costs next to nothing, and keeps memory at what is in use: it does not
// grow with the capture. From smallHeap on garbage that waits is the better bargain, nearly as much as Go lets wait by itself.
const (
	smallHeap    = 16 << 20
	eagerPercent = 25
	usualPercent = 80
)

// paceCollector sets the pace anew after each collection, unless the user chose one (GOGC).
func paceCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(eagerPercent)
	percent := eagerPercent
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var watch func(*sentinel)
	watch = func(*sentinel) {
		metrics.Read(live)
		want := eagerPercent
		if live[0].Value.Kind() == metrics.KindUint64 && live[0].Value.Uint64() >= smallHeap {
			want = usualPercent
		}
		if want != percent {
			percent = want
			debug.SetGCPercent(percent)
		}
		runtime.SetFinalizer(&sentinel{}, watch)
	}
	runtime.SetFinalizer(&sentinel{}, watch)
}

// sentinel is garbage whose finalizer runs after each collection. It is no tiny object: those are collected together.
type sentinel struct{ _ [4]*byte }
