package udf

import (
	"fmt"
	"strings"
)

// Text returns the reason as a sentence without its full stop.
func (r *Reason) Text(names Names) (string, error) {
	relation, err := names.Name(r.Triple.P)
	if err != nil {
		return "", err
	}
	head, err := names.Name(r.Triple.S)
	if err != nil {
		return "", err
	}
	tail, err := names.Name(r.Triple.O)
	if err != nil {
		return "", err
	}
	list, err := r.list(names)
	if err != nil {
		return "", err
	}
	switch r.Kind {
	case Probability:
		return fmt.Sprintf("the model %s gives it a probability of %.3f and calls a triple a fact from %.3f on", r.Model, r.Prob, r.Threshold), nil
	case UnknownTerm:
		return fmt.Sprintf("the model %s does not know all of its terms", r.Model), nil
	case BetterTail:
		return fmt.Sprintf("for (%s, %s, ?) it finds more plausible: %s", head, relation, list), nil
	case BetterHead:
		return fmt.Sprintf("for (?, %s, %s) it finds more plausible: %s", relation, tail, list), nil
	case Conflict:
		return fmt.Sprintf("%s has one tail a head (%.1f%% of %d triples), but the graph states for %s also: %s", relation, 100*r.Share, r.Count, head, list), nil
	case InverseConflict:
		return fmt.Sprintf("%s has one head a tail (%.1f%% of %d triples), but the graph states for %s also: %s", relation, 100*r.Share, r.Count, tail, list), nil
	case LoneHead:
		return fmt.Sprintf("the graph states nothing else about %s", head), nil
	case LoneTail:
		return fmt.Sprintf("the graph states nothing else about %s", tail), nil
	case UnlikeHead:
		return fmt.Sprintf("%s is no head of %s elsewhere and unlike those that are: at most %.1f%% of %d share a telling role with it", head, relation, 100*r.Share, r.Count), nil
	case UnlikeTail:
		return fmt.Sprintf("%s is no tail of %s elsewhere and unlike those that are: at most %.1f%% of %d share a telling role with it", tail, relation, 100*r.Share, r.Count), nil
	}
	return string(r.Kind), nil
}

// list names the nodes, with their probabilities where a model gave them.
func (r *Reason) list(names Names) (string, error) {
	parts := make([]string, len(r.Nodes))
	for i, n := range r.Nodes {
		name, err := names.Name(n.Node)
		if err != nil {
			return "", err
		}
		parts[i] = name
		if r.Model != "" {
			parts[i] = fmt.Sprintf("%s (%.3f)", name, n.Prob)
		}
	}
	text := strings.Join(parts, ", ")
	if r.More > 0 {
		text += fmt.Sprintf(" and %d more", r.More)
	}
	return text, nil
}

// NodeNames returns the names of the nodes that the reason lists.
func (r *Reason) NodeNames(names Names) ([]string, error) {
	list := make([]string, len(r.Nodes))
	for i, n := range r.Nodes {
		var err error
		if list[i], err = names.Name(n.Node); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// plain returns a reason as a map for CEL and JSON.
func (r *Reason) plain(names Names) (map[string]any, error) {
	text, err := r.Text(names)
	if err != nil {
		return nil, err
	}
	list, err := r.NodeNames(names)
	if err != nil {
		return nil, err
	}
	nodes := make([]any, len(list))
	for i, name := range list {
		nodes[i] = name
	}
	m := map[string]any{"reason": string(r.Kind), "text": text, "nodes": nodes}
	switch r.Kind {
	case Probability:
		m["probability"], m["threshold"] = r.Prob, r.Threshold
	case Conflict, InverseConflict, UnlikeHead, UnlikeTail:
		m["share"], m["support"] = r.Share, r.Count
	}
	return m, nil
}
