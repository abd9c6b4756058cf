package network

import (
	"math"

	"ventral/internal/kernel"
)

// A tally adds up how a network does on stimuli.
type tally struct {
	loss              float64 // sum of −log softmax(y)_label, nats
	right, top5, seen int     // stimuli with the largest logit, or one of the five largest, at their label; all
}

// add adds another tally.
func (t *tally) add(o tally) {
	t.loss += o.loss
	t.right += o.right
	t.top5 += o.top5
	t.seen += o.seen
}

// evaluation is the tally per stimulus.
func (t tally) evaluation() Evaluation {
	n := float64(max(t.seen, 1))
	return Evaluation{t.loss / n, float64(t.right) / n, float64(t.top5) / n}
}

// crossEntropy tallies the logits of stimuli. With train set it overwrites them
// by the gradient of the mean loss, (softmax(y) − onehot(label))/n_stimuli. p is
// scratch of the number of classes. Of equal logits the first counts as larger.
func crossEntropy(logits *kernel.Tensor, labels []int, p []float64, train bool) (t tally) {
	t.seen = len(labels)
	for s, label := range labels {
		peak := math.Inf(-1)
		for c := range p {
			p[c] = float64(logits.Data[logits.Index(s, 0, c)])
			peak = max(peak, p[c])
		}
		logit, larger := p[label], 0
		for c, y := range p {
			if y > logit || y == logit && c < label {
				larger++
			}
		}
		var sum float64
		for c, y := range p {
			p[c] = math.Exp(y - peak)
			sum += p[c]
		}
		t.loss += math.Log(sum) + peak - logit // finite for any finite logits
		if larger == 0 {
			t.right++
		}
		if larger < 5 {
			t.top5++
		}
		if !train {
			continue
		}
		for c := range p {
			g := p[c] / sum
			if c == label {
				g--
			}
			logits.Data[logits.Index(s, 0, c)] = float32(g / float64(len(labels)))
		}
	}
	return t
}
