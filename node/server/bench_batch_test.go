package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node"
)

// serveBatch takes a batch as a node of our kind does.
func (p *benchPeer) serveBatch(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	items, errBatch := activity.ParseBatch(body)
	if err != nil || errBatch != nil {
		http.Error(w, "no batch", http.StatusBadRequest)
		return
	}
	told := activity.BatchAnswer{Results: make([]activity.BatchResult, len(items))}
	for i := range items {
		told.Results[i].Status = http.StatusAccepted
	}
	p.got.Add(int64(len(items)))
	_ = json.NewEncoder(w).Encode(told)
}

// batches are signed requests that hold the Creates from a number on.
func (p *benchPeer) batches(b *testing.B, s *Server, from, count int) []*http.Request {
	b.Helper()
	rs := make([]*http.Request, 0, count/activity.MaxBatchItems+1)
	for to := from + count; from < to; from += activity.MaxBatchItems {
		items := make([][]byte, min(activity.MaxBatchItems, to-from))
		for i := range items {
			items[i] = p.activity(b, s.URL()+"/m/general", from+i)
		}
		rs = append(rs, p.signed(b, s.URL()+"/inbox/batch", p.URL+"/", activity.EncodeBatch(items)))
	}
	return rs
}

// BenchmarkInboundBatch compares Creates that come in batches, fully applied,
// with the same number that come alone, on the same node in the same run.
func BenchmarkInboundBatch(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const count, warm, senders = 4_096, 200, 4
		s, peer, client := benchNode(b, database), newBenchPeer(b), benchClient()
		posted := 0
		send := func(rs []*http.Request, clients, posts, want int) (perSecond, usOfCPU float64) {
			used, start := cpu(), time.Now()
			rateBy(b, clients, len(rs), func(i int) error { return send(client, rs[i], want) })
			posted += posts
			drained(b, s, int64(posted))
			return float64(posts) / time.Since(start).Seconds(), float64((cpu() - used).Microseconds()) / float64(posts)
		}
		for _, r := range peer.creates(b, s.URL()+"/inbox", s.URL()+"/m/general", 0, warm) {
			send([]*http.Request{r}, 1, 1, http.StatusAccepted)
		}
		var alone, batched, aloneCPU, batchedCPU float64
		for b.Loop() {
			b.StopTimer()
			single := peer.creates(b, s.URL()+"/inbox", s.URL()+"/m/general", posted, count)
			many := peer.batches(b, s, posted+count, count)
			b.StartTimer()
			alone, aloneCPU = send(single, benchClients, count, http.StatusAccepted)
			batched, batchedCPU = send(many, senders, count, http.StatusOK)
		}
		b.ReportMetric(batched, "batched/s")
		b.ReportMetric(alone, "alone/s")
		b.ReportMetric(batched/alone, "of_alone")
		b.ReportMetric(batchedCPU, "batched_cpu_us/op")
		b.ReportMetric(aloneCPU, "alone_cpu_us/op")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkOutboundBatch compares the delivery of a backlog to one inbox in
// batches with the same one by one.
func BenchmarkOutboundBatch(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const count = 2_048
		s, peer := launchNode(b, database, Options{Idle: true}), newBenchPeer(b)
		author, host := benchAuthor(b, s, "writer"), strings.TrimPrefix(peer.URL, "http://")
		benchFollower(b, s, peer, "general")
		write := func() {
			rate(b, count, func(i int) error {
				_, err := s.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: "Number " + strconv.Itoa(i), Content: strings.Repeat("text ", 200)})
				return err
			})
			for n := 1; n > 0; {
				n = work(b, s.Worker.Expand)
			}
		}
		deliver := func(inbox string) (perSecond, usOfCPU float64) {
			write()
			if err := s.Node.KeepBatchInbox(b.Context(), host, inbox); err != nil {
				b.Fatal(err)
			}
			before, used, start := peer.got.Load(), cpu(), time.Now()
			for peer.got.Load()-before < count {
				work(b, s.Worker.Deliver)
			}
			return count / time.Since(start).Seconds(), float64((cpu() - used).Microseconds()) / count
		}
		var alone, batched, aloneCPU, batchedCPU float64
		for b.Loop() {
			alone, aloneCPU = deliver("")
			batched, batchedCPU = deliver(peer.URL + "/inbox/batch")
		}
		b.ReportMetric(batched, "batched/s")
		b.ReportMetric(alone, "alone/s")
		b.ReportMetric(batched/alone, "of_alone")
		b.ReportMetric(batchedCPU, "batched_cpu_us/op")
		b.ReportMetric(aloneCPU, "alone_cpu_us/op")
		b.ReportMetric(0, "ns/op")
	})
}
