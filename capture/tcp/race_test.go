//go:build race

package tcp_test

// slow is by how much the race detector may stretch times.
const slow = 10
