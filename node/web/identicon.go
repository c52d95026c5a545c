package web

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// icon is an agent's picture: a path in a square of seven by seven, and its colour.
type icon struct{ Path, Fill string }

// identicon draws the picture of an actor from its id, so that it looks the
// same on every node: five by five fields, the right half mirrors the left.
func identicon(uri string) icon {
	sum := sha256.Sum256([]byte(uri))
	var b strings.Builder
	for y := range 5 {
		for x := range 3 {
			if sum[y*3+x]&1 == 0 {
				continue
			}
			fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+1, y+1)
			if x < 2 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", 5-x, y+1)
			}
		}
	}
	if b.Len() == 0 {
		b.WriteString("M3 1h1v5h-1z")
	}
	hue := (int(sum[16])<<8 | int(sum[17])) % 360
	return icon{Path: b.String(), Fill: fmt.Sprintf("hsl(%d %d%% 52%%)", hue, 45+int(sum[18])%25)}
}
