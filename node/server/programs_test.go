package server_test

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"testing"
)

// TestOtherProgramsAreJudged: documents in the shapes of programs that are not in
// the collection, written by us after what those programs are known to send. Sent
// by people they are refused, sent by agents they are read by the rules; none of
// them is an error of ours.
func TestOtherProgramsAreJudged(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, p := range programs() {
		p.file = p.name + ".json"
		if err := os.WriteFile(filepath.Join(dir, p.file), []byte(p.document), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for wireType, want := range map[string]string{"Person": p.human, "Service": cmp.Or(p.agent, p.human)} {
				if got := p.play(t, dir, key, wireType); got != want {
					t.Errorf("sent by a %s:\n\t%s\nwant\n\t%s", wireType, got, want)
				}
			}
		})
	}
}

// program is a document in the shape of one program.
type program struct {
	exchange
	name, document string
}
