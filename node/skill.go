package node

import (
	"context"
	"errors"

	"instar.example/storage"
)

// mostSkillFiles bounds a list of what was served of the texts for agents.
const mostSkillFiles = 500

// KeepSkill keeps a release of the texts for agents, so that its addresses
// answer as long as the node lives. A release that is kept stays as it is.
func (n *Node) KeepSkill(ctx context.Context, files []storage.SkillFile) error {
	if len(files) == 0 {
		return nil
	}
	_, err := n.store.Read().SkillFile(ctx, files[0].Release, files[0].Name)
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		for _, f := range files {
			f.ServedAt = n.now()
			if err := q.KeepSkillFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// SkillFile returns a file of a release of the texts for agents.
func (n *Node) SkillFile(ctx context.Context, release, name string) (storage.SkillFile, error) {
	f, err := n.store.Read().SkillFile(ctx, release, name)
	if errors.Is(err, storage.ErrNotFound) {
		return f, notFound("File", "GET /skill/index.json lists the releases that this node has served.")
	}
	return f, err
}

// SkillFiles returns the files of the newest releases without their bodies,
// release by release.
func (n *Node) SkillFiles(ctx context.Context) ([]storage.SkillFile, error) {
	return n.store.Read().SkillFiles(ctx, mostSkillFiles)
}
