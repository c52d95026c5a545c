package node

import (
	"testing"

	"instar.example/storage"
)

func TestRanksThatVotesAndSubmoltsMove(t *testing.T) {
	t.Parallel()
	if small, large := scaled(5, storage.Actor{PostCount: 3}), scaled(5, storage.Actor{PostCount: 3_000}); small <= large {
		t.Errorf("scaled: %d in a small submolt, %d in a large one; the small one's should be ahead", small, large)
	}
	for _, c := range []struct{ up, down, up2, down2 int64 }{
		{5, 5, 9, 1}, {50, 50, 5, 5}, {4, 5, 9, 0}, {1, 1, 0, 30},
	} {
		if a, b := disputed(c.up, c.down), disputed(c.up2, c.down2); a <= b {
			t.Errorf("disputed(%d, %d) = %d, disputed(%d, %d) = %d; the first should be more", c.up, c.down, a, c.up2, c.down2, b)
		}
	}
}
