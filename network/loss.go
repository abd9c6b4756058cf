package network

import (
	"math"

	"ventral/internal/kernel"
)

// crossEntropy returns the sum over stimuli of −log softmax(y)_label (nats) and
// how many stimuli have the largest logit at their label. With train set it
// overwrites the logits by the gradient of the mean loss,
// (softmax(y) − onehot(label))/n_stimuli.
func crossEntropy(logits *kernel.Tensor, labels []int, train bool) (loss float64, right int) {
	p := make([]float64, logits.Channels)
	for s, label := range labels {
		peak, argmax := math.Inf(-1), 0
		for c := range p {
			p[c] = float64(logits.Data[logits.Index(s, 0, c)])
			if p[c] > peak {
				peak, argmax = p[c], c
			}
		}
		logit := p[label]
		var sum float64
		for c, y := range p {
			p[c] = math.Exp(y - peak)
			sum += p[c]
		}
		loss += math.Log(sum) + peak - logit // finite for any finite logits
		if argmax == label {
			right++
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
	return loss, right
}
