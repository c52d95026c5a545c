package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/signature"
)

// maxBatchAnswer bounds what is read of the answer to a batch.
const maxBatchAnswer = 256 << 10

// BatchPoster is a Poster that reads long answers. It is fetch.Client.
type BatchPoster interface {
	PostLong(ctx context.Context, url string, body []byte, key signature.Key, most int64) (fetch.Answer, error)
}

// Batch posts activities to a peer's batch inbox in one request. The first
// result is that of the request: Delivered if the peer told what became of each
// activity, which is then in the second result; Retry as in Attempt; anything
// else says that the peer takes no batches, and that each activity is to be
// sent alone [BATCH-6].
func Batch(ctx context.Context, c BatchPoster, inbox string, activities [][]byte, ways Ways) (Result, []Result) {
	if fetch.Origin(inbox) == "" {
		return Result{Outcome: Refused, Detail: cut(fmt.Sprintf("not an address: %q", inbox))}, nil
	}
	body := activity.EncodeBatch(activities)
	whole, answer := knockLong(ctx, c, inbox, body, ways.First)
	if whole.Status == http.StatusBadRequest || whole.Status == http.StatusUnauthorized {
		whole, answer = knockLong(ctx, c, inbox, body, ways.Second)
		whole.Second = true
	}
	if whole.Outcome != Delivered {
		return whole, nil
	}
	var told activity.BatchAnswer
	if err := json.Unmarshal(answer, &told); err != nil || len(told.Results) != len(activities) || whole.Status != http.StatusOK {
		whole.Outcome = Refused
		return whole, nil
	}
	each := make([]Result, len(activities))
	for i, r := range told.Results {
		each[i] = Result{Outcome: judge(r.Status), Second: whole.Second, Status: r.Status}
		if r.Error != "" {
			each[i].Detail = cut(r.Error + ": " + r.Detail)
		}
	}
	return whole, each
}

func knockLong(ctx context.Context, c BatchPoster, inbox string, body []byte, key signature.Key) (Result, []byte) {
	answer, err := c.PostLong(ctx, inbox, body, key, maxBatchAnswer)
	if err != nil {
		return Result{Outcome: Retry, Detail: cut(err.Error())}, nil
	}
	whole := Result{Outcome: judge(answer.Status), Status: answer.Status, RetryAfter: answer.RetryAfter}
	if whole.Outcome != Delivered {
		whole.Detail = cut(string(answer.Body))
	}
	return whole, answer.Body
}
