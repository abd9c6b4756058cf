//go:build !race

package stimuli

const raceEnabled = false
