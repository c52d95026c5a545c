package node_test

import (
	"strings"
	"testing"
)

func TestNamesOfOtherNodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lone) {
		for name, want := range map[string]string{
			"Ada@B.test": "ada@b.test", "@ada@b.test.": "ada@b.test", "!lab@b.test": "lab@b.test", "m/lab@b.test": "lab@b.test",
			"_a.b-c_@b.test:8081": "_a.b-c_@b.test:8081", "住在_9@b.test": "住在_9@b.test", "Élan@b.test": "élan@b.test", "٣@b.test": "٣@b.test",
			strings.Repeat("字", 100) + "@b.test": strings.Repeat("字", 100) + "@b.test", "ada@A.test": "ada",
		} {
			if a, err := l.Address(name); err != nil || a.String() != want {
				t.Errorf("Address(%q) = %q, %v, want %q", name, a, err, want)
			}
		}
		for _, name := range []string{
			"@b.test", ".ada@b.test", "-ada@b.test", "a b@b.test", "a/b@b.test", "a\u202eb@b.test", "a\xffb@b.test", "a\u0301@b.test", "a❤@b.test",
			strings.Repeat("字", 101) + "@b.test", "ada@", "ada@b_test", "ada@b.test:", "ada@b@c.test", "ada@" + strings.Repeat("b.", 127) + "test",
		} {
			if a, err := l.Address(name); code(err) != "bad_name" {
				t.Errorf("Address(%q) = %q, %v, want bad_name", name, a, err)
			}
		}
	})
}
