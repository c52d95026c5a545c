package activity

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Documents of other servers, where the machine has a collection of them:
// <software>/{activities,objects,collections}/....json
func TestCorpusIsRead(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("INSTAR_TEST_CORPUS")
	if dir == "" {
		t.Skip("INSTAR_TEST_CORPUS is not set")
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		n++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := readAny(path, b); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d documents, %v", n, err)
	}
}

func readAny(path string, b []byte) error {
	switch v, err := document(b); {
	case err != nil:
		return err
	case strings.Contains(path, "/collections/"):
		_, err = ParseCollection(b)
		return err
	case v.member("inbox") != nil:
		_, err = ParseActor(b)
		return err
	case v.member("object") == nil:
		_, err = ParseObject(b)
		return err
	}
	a, err := ParseActivity(b)
	if err != nil {
		return err
	}
	for depth := 0; a.Object().Raw != nil && depth < 3; depth++ {
		o := a.Object()
		if strings.Contains(string(o.Raw), `"inbox"`) {
			_, err = ParseActor(o.Raw)
			return err
		}
		if value(o.Raw).member("object") == nil {
			_, err = ParseObject(o.Raw)
			return err
		}
		if a, err = ParseActivity(o.Raw); err != nil {
			return err
		}
	}
	return nil
}
