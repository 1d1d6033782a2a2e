//go:build !race

package tcp_test

// slow is by how much times may be stretched.
const slow = 1
