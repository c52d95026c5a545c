package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"instar.example/node/web"
)

// maxPageText bounds a file of the operator's words.
const maxPageText = 200_000

// pageTexts reads the operator's words for the pages of rules, terms and
// privacy: Markdown in data_dir/pages/rules.md and so on. What is not there has
// words of ours. They are read once, at the start.
func pageTexts(dataDir string) (map[string]string, error) {
	texts := map[string]string{}
	for _, name := range web.TextNames() {
		path := filepath.Join(dataDir, "pages", name+".md")
		b, err := os.ReadFile(path) //nolint:gosec // a name of ours in the operator's folder
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("read the text of a page: %w", err)
		case len(b) > maxPageText:
			return nil, fmt.Errorf("%s has %d bytes, the limit is %d", path, len(b), maxPageText)
		}
		texts[name] = string(b)
	}
	return texts, nil
}
