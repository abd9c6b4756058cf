package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"ventral/network"
)

// The results of a comparison: what the table, the report and results.json show.
type results struct {
	Title       string          `json:"title"`
	Question    string          `json:"question"`
	Simulated   bool            `json:"simulated"`
	Regression  string          `json:"regression"`
	Convention  string          `json:"convention"` // of the ceiled score
	Regions     []regionResult  `json:"regions"`
	Networks    []networkResult `json:"networks"`
	Scores      []layerScore    `json:"scores"`
	Reservation []string        `json:"reservations"` // what a reader of the table must know
	Examples    []exampleFile   `json:"examples"`
}

// An exampleFile is a picture of some images of the run.
type exampleFile struct {
	Caption   string   `json:"caption"`
	File      string   `json:"file"` // PNG, in the folder of the run
	Simulated bool     `json:"simulated"`
	Stimuli   []string `json:"stimulus_ids"` // row by row, exampleColumns in each
}

const exampleColumns = 10

// resultsKeys tells of the JSON of results.
const resultsKeys = `
  run                   the folder; the rest is its results.json
  title, question       of the report
  simulated             whether the recordings are
  regression            in words; convention: of the ceiled scores
  regions               of each: region, source, n_stimuli, n_repetitions,
                        n_neuroids, ceiling, ceiling_error, splits …
  networks              of each: name, n_parameters, updates, test_accuracy,
                        sharing_snr …
  scores                of each network, layer and region: n_features, r, error,
                        ceiled, negative (r is), undefined (correlations that do
                        not exist) and best (the network's best layer for the
                        region)
  reservations          what to mind
  examples              pictures of images and stimuli: caption, file, simulated,
                        stimulus_ids`

// A regionResult is a set of recordings as it was scored.
type regionResult struct {
	Region       string `json:"region"`
	Source       string `json:"source"`
	Simulated    bool   `json:"simulated"`
	Stimuli      int    `json:"n_stimuli"`
	Repetitions  int    `json:"n_repetitions"`
	Neuroids     int    `json:"n_neuroids"`
	Ceiling      figure `json:"ceiling"` // split-half, Spearman–Brown corrected, median over neuroids
	CeilingError figure `json:"ceiling_error"`
	Splits       string `json:"splits"`
	TestStimuli  int    `json:"n_test_stimuli"` // in the smallest test set

	notes            []string // on the splits
	ceilingUndefined int      // correlations between halves (split × neuroid) that do not exist
}

// A networkResult is a trained network.
type networkResult struct {
	modelSpec
	Parameters   int    `json:"n_parameters"`
	Updates      int    `json:"updates"`
	TestAccuracy figure `json:"test_accuracy"`
	// SharingSNR is the signal-to-noise ratio of weight sharing, median over
	// the filter layers; Inf for a convolution.
	SharingSNR figure `json:"sharing_snr"`
	// ValidationAccuracy is the best of an epoch, and BestEpoch the epoch that had it,
	// from 1: the weights of best.npz.
	ValidationAccuracy *figure `json:"validation_accuracy,omitempty"`
	BestEpoch          int     `json:"best_epoch,omitempty"`

	epochs []network.Epoch
}

// A layerScore is how well a layer predicts a region.
type layerScore struct {
	Network   string `json:"network"`
	Layer     string `json:"layer"`
	Region    string `json:"region"`
	Features  int    `json:"n_features"`
	R         figure `json:"r"` // median over neuroids, mean over splits
	Error     figure `json:"error"`
	Ceiled    figure `json:"ceiled"`
	Negative  bool   `json:"negative"`  // r is negative; its square, and so the ceiled score, is not
	Undefined int    `json:"undefined"` // correlations (split × neuroid) that do not exist
	Best      bool   `json:"best"`      // the network's best layer for the region

	perNeuroid []float64 // median over splits; in neuroids.csv
}

// A figure is a number that may be infinite or missing, which JSON's numbers
// cannot: these are written as the strings "Inf", "-Inf" and "NaN".
type figure float64

func (f figure) MarshalJSON() ([]byte, error) {
	if v := float64(f); !math.IsInf(v, 0) && !math.IsNaN(v) {
		return json.Marshal(v)
	}
	return json.Marshal(f.csv())
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *figure) UnmarshalJSON(text []byte) error {
	var words string
	if json.Unmarshal(text, &words) == nil {
		v, err := strconv.ParseFloat(words, 64)
		if err != nil || !math.IsInf(v, 0) && !math.IsNaN(v) {
			return fmt.Errorf("found %q, expected a number, \"Inf\", \"-Inf\" or \"NaN\"", words)
		}
		*f = figure(v)
		return nil
	}
	return json.Unmarshal(text, (*float64)(f))
}

// csv is the figure in full precision, as a CSV file holds it.
func (f figure) csv() string {
	switch v := float64(f); {
	case math.IsInf(v, 1):
		return "Inf"
	default:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
}

// markBest marks, for every network and region, the layer with the largest r
// (the first one among equals).
func markBest(scores []layerScore) {
	best := map[[2]string]int{}
	for i, s := range scores {
		key := [2]string{s.Network, s.Region}
		if j, ok := best[key]; !ok || s.R > scores[j].R {
			best[key] = i
		}
	}
	for _, i := range best {
		scores[i].Best = true
	}
}

// last is the score that was added last.
func (r *results) last() layerScore { return r.Scores[len(r.Scores)-1] }

// bestOf returns the network's best layer for the region.
func (r *results) bestOf(network, region string) (layerScore, bool) {
	i := slices.IndexFunc(r.Scores, func(s layerScore) bool {
		return s.Best && s.Network == network && s.Region == region
	})
	if i < 0 {
		return layerScore{}, false
	}
	return r.Scores[i], true
}

// median of values that may be infinite; NaN if there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 && s[n/2-1] != s[n/2] {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
