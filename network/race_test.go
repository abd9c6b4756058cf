//go:build race

package network

// raceEnabled: the race detector empties pools at random.
const raceEnabled = true
