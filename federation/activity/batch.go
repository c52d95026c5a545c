package activity

import (
	"encoding/json"
	"fmt"
)

// Bounds of a batch [BATCH-2].
const (
	MaxBatchItems = 256
	MaxBatchBytes = 2 << 20
)

const (
	batchHead = `{"@context":"https://www.w3.org/ns/activitystreams","type":"OrderedCollection","orderedItems":[`
	batchTail = `]}`
)

// BatchOverhead is what a batch has beside its activities and a byte for each.
const BatchOverhead = len(batchHead) + len(batchTail)

// EncodeBatch writes a batch of activities; their bytes stand in it unchanged.
func EncodeBatch(activities [][]byte) []byte {
	size := BatchOverhead + len(activities)
	for _, a := range activities {
		size += len(a)
	}
	out := append(make([]byte, 0, size), batchHead...)
	for i, a := range activities {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, a...)
	}
	return append(out, batchTail...)
}

// ParseBatch returns the activities of a batch, byte for byte. None of them is
// read yet: each is to be parsed, and refused, by itself.
func ParseBatch(b []byte) ([]json.RawMessage, error) {
	if len(b) > MaxBatchBytes {
		return nil, ErrTooLarge
	}
	var batch struct {
		Type  string            `json:"type"`
		Items []json.RawMessage `json:"orderedItems"`
	}
	if err := json.Unmarshal(b, &batch); err != nil {
		return nil, fmt.Errorf("%w: batch: %w", ErrMalformed, err)
	}
	switch {
	case batch.Type != TypeOrderedCollection:
		return nil, fmt.Errorf("%w: a batch is an OrderedCollection", ErrMalformed)
	case len(batch.Items) == 0 || len(batch.Items) > MaxBatchItems:
		return nil, fmt.Errorf("%w: a batch has 1 to %d orderedItems", ErrMalformed, MaxBatchItems)
	}
	return batch.Items, nil
}

// BatchAnswer is the body of the answer to a batch: what became of each
// activity, in their order [BATCH-4].
type BatchAnswer struct {
	Results []BatchResult `json:"results"`
}

// BatchResult is what became of one activity of a batch.
type BatchResult struct {
	Status int    `json:"status"` // what it would have been answered alone
	Error  string `json:"error,omitempty"`
	Detail string `json:"detail,omitempty"`
}
