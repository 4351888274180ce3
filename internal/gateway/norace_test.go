//go:build !race

package gateway

// raced is whether the race detector is on.
const raced = false
