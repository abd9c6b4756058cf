//go:build race

package stimuli

// raceEnabled: the race detector empties pools at random.
const raceEnabled = true
