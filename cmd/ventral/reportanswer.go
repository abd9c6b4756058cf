package main

import (
	"fmt"
	"math"
	"strings"
)

// answer says in two sentences, and a caution, what the results of a comparison are: which layer
// predicts each region best, and how much of the convolution's advantage over the
// locally connected network sleep wins back. Networks whose r differ by less than
// two standard errors of the difference are not told apart. The errors are taken
// as independent, which is cautious: the networks are scored on the same splits.
func (r *savedRun) answer() []string {
	res := r.results
	var regions []string
	for _, g := range res.Regions {
		var best layerScore
		var found []layerScore
		for _, name := range res.rowNames() {
			if s, ok := res.bestOf(name, g.Region); ok && !math.IsNaN(float64(s.R)) {
				found = append(found, s)
				if len(found) == 1 || s.R > best.R {
					best = s
				}
			}
		}
		switch {
		case len(found) == 0:
			continue
		case best.R <= 2*orNone(best.Error):
			regions = append(regions, fmt.Sprintf("%s by none, the best r being %s", g.title(), withError(best)))
			continue
		}
		words := fmt.Sprintf("%s by %s (%s, r = %s)", g.title(), best.Network, best.Layer, withError(best))
		var alike []string
		for _, s := range found {
			if s.Network != best.Network && math.Abs(float64(best.R-s.R)) < 2*math.Hypot(float64(orNone(best.Error)), float64(orNone(s.Error))) {
				alike = append(alike, fmt.Sprintf("%s (%s)", s.Network, withError(s)))
			}
		}
		if len(alike) > 0 {
			words += ", not told apart from " + joined(alike)
		}
		regions = append(regions, words)
	}
	var lines []string
	if len(regions) > 0 {
		lines = append(lines, "Predicted best: "+strings.Join(regions, "; ")+".")
	}
	if back := r.wonBack(); back != "" {
		lines = append(lines, back)
	}
	if len(res.Networks) > 0 {
		lines = append(lines, "Every network was trained once, from one seed: these errors do not tell how trainings differ.")
	}
	for i, line := range lines { // a number stays with its error and unit
		lines[i] = strings.NewReplacer(" ± ", "\u00a0±\u00a0", " %", "\u00a0%", "r = ", "r\u00a0=\u00a0").Replace(line)
	}
	return lines
}

// wonBack is the sentence about sleep, "" where the run lacks one of the networks.
func (r *savedRun) wonBack() string {
	accuracy := map[string]float64{}
	var sleeping []string
	for _, n := range r.results.Networks {
		accuracy[n.Name] = float64(n.TestAccuracy)
		if n.SleepEvery > 0 {
			sleeping = append(sleeping, n.Name)
		}
	}
	conv, hasConv := accuracy["conv"]
	lc, hasLC := accuracy["lc"]
	if !hasConv || !hasLC || len(sleeping) == 0 || math.IsNaN(conv) || math.IsNaN(lc) {
		return ""
	}
	images := 0
	for _, d := range r.about.Data {
		if d.Name == "test images" {
			images = d.Items
		}
	}
	deviation := math.Inf(1) // of a difference of two accuracies
	if images > 0 {
		deviation = math.Sqrt((conv*(1-conv) + lc*(1-lc)) / float64(images))
	}
	advantage := conv - lc
	if advantage < 2*deviation {
		return fmt.Sprintf("On the test images conv (%s) has no clear advantage over lc (%s), so that there is none that sleep could win back.", percent(figure(conv)), percent(figure(lc)))
	}
	var parts []string
	for _, name := range sleeping {
		gain := accuracy[name] - lc
		// The standard error of the quotient gain/advantage, images independent.
		v := func(p float64) float64 { return p * (1 - p) / float64(images) }
		share := gain / advantage
		err := math.Sqrt(v(accuracy[name])+share*share*v(conv)+(1-share)*(1-share)*v(lc)) / advantage
		parts = append(parts, fmt.Sprintf("%s wins back %.0f ± %.0f %% (it is right in %s)", name, 100*share, 100*err, percent(figure(accuracy[name]))))
	}
	return fmt.Sprintf("On the test images conv is right in %s, lc in %s; of that advantage, %s.", percent(figure(conv)), percent(figure(lc)), joined(parts))
}
