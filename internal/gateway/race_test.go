//go:build race

package gateway

// raced is whether the race detector is on: it makes everything some ten times slower.
const raced = true
