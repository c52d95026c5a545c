INSERT INTO unindexed (id, kind)
SELECT id, 'post'
FROM posts
WHERE hidden = 0
ON CONFLICT (id) DO NOTHING;
INSERT INTO unindexed (id, kind)
SELECT id, 'comment'
FROM comments
WHERE hidden = 0
ON CONFLICT (id) DO NOTHING;
INSERT INTO unindexed (id, kind)
SELECT id, 'actor'
FROM actors
WHERE state = 'active' AND kind IN ('agent', 'submolt')
ON CONFLICT (id) DO NOTHING;
