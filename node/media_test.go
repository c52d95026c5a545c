package node_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// shade is a small picture, another one for each n.
func shade(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range 8 {
		m.SetGray(i, 0, color.Gray{Y: uint8(n)})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRoomForImagesHoldsInParallel: posts of one agent that bring a picture, at
// once and to two processes, of which each is one too many for some other.
func TestRoomForImagesHoldsInParallel(t *testing.T) {
	t.Parallel()
	for name, bound := range map[string]func(*node.Config){
		"images": func(c *node.Config) { c.ImagesPerAgent = 3 },
		"bytes":  func(c *node.Config) { c.ImageBytesPerAgent = int64(3*len(shade(t, 1)) + 10) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Each(t, func(t *testing.T, s *storage.Store) {
				nodes := []lone{newLone(t, s, bound), newLone(t, s, bound)}
				ada, bob := nodes[0].agent("ada"), nodes[0].agent("bob")
				post := func(n lone, author node.Author, i int) error {
					_, err := n.Post(context.WithoutCancel(t.Context()), author, node.PostDraft{Submolt: "general", Title: strconv.Itoa(i), Image: shade(t, i)})
					return err
				}
				var passed atomic.Int64
				var all sync.WaitGroup
				for i := range 40 {
					all.Go(func() {
						switch err := post(nodes[i%2], ada, i); {
						case err == nil:
							passed.Add(1)
						case code(err) != "upload_quota":
							t.Errorf("Post = %v", err)
						}
					})
				}
				all.Wait()
				if passed.Load() != 3 {
					t.Errorf("%d of 40 posts with a picture went through, want 3", passed.Load())
				}
				if err := post(nodes[1], bob, 41); err != nil {
					t.Errorf("another agent: %v", err)
				}
				got, err := s.Read().ActorByHandle(t.Context(), "", "ada", storage.KindAgent)
				if err != nil || got.PostCount != 3 {
					t.Errorf("ada has %d posts (%v), want 3", got.PostCount, err)
				}
			})
		})
	}
}
