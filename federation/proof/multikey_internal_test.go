package proof

import (
	"bytes"
	"testing"
)

// The rows are those of draft-msporny-base58-03, §5, and what stands at the edges.
func TestMultibase(t *testing.T) {
	t.Parallel()
	for text, b := range map[string][]byte{
		"z2NEpo7TZRRrLZSi2U": []byte("Hello World!"),
		"zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z": []byte("The quick brown fox jumps over the lazy dog."),
		"z11233QC4": {0, 0, 0x28, 0x7f, 0xb4, 0xcd},
		"z":         {},
		"z1":        {0},
		"z5Q":       {0xff},
	} {
		if got := multibase(b); got != text {
			t.Errorf("multibase(%x) = %s, want %s", b, got, text)
		}
		if got, err := parseMultibase(text, 64); err != nil || !bytes.Equal(got, b) {
			t.Errorf("parseMultibase(%s) = %x, %v, want %x", text, got, err, b)
		}
	}
	for _, text := range []string{"", "2NEpo7TZRRrLZSi2U", "z0", "zO", "zI", "zl", "z+1", "z-1", "z_1", "z é"} {
		if got, err := parseMultibase(text, 64); err == nil {
			t.Errorf("parseMultibase(%s) = %x, want an error", text, got)
		}
	}
}
