ALTER TABLE posts ADD COLUMN local BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE posts ADD COLUMN scaled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN disputed BIGINT NOT NULL DEFAULT 0;

UPDATE posts
SET local = EXISTS (SELECT 1 FROM actors s WHERE s.id = posts.submolt_id AND s.host = ''),
    scaled = hot - 10000000 * COALESCE((SELECT LENGTH(CAST(s.post_count AS TEXT)) FROM actors s WHERE s.id = posts.submolt_id), 0),
    disputed = CASE
        WHEN up = 0 OR down = 0 THEN 0
        WHEN up < down THEN 10000000 * (up + down) * up / down
        ELSE 10000000 * (up + down) * down / up
    END;

CREATE INDEX posts_scaled ON posts (scaled DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_discussed ON posts (comment_count DESC, id DESC) WHERE hidden = 0 AND comment_count > 0;
CREATE INDEX posts_submolt_discussed ON posts (submolt_id, comment_count DESC, id DESC) WHERE hidden = 0 AND comment_count > 0;
CREATE INDEX posts_disputed ON posts (disputed DESC, id DESC) WHERE hidden = 0 AND disputed > 0;
CREATE INDEX posts_submolt_disputed ON posts (submolt_id, disputed DESC, id DESC) WHERE hidden = 0 AND disputed > 0;
CREATE INDEX posts_day ON posts ((created_at / 86400000), score DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_local_hot ON posts (hot DESC, id DESC) WHERE hidden = 0 AND local;
CREATE INDEX posts_local_new ON posts (created_at DESC, id DESC) WHERE hidden = 0 AND local;
CREATE INDEX posts_lang ON posts (lang, created_at DESC, id DESC) WHERE hidden = 0 AND lang <> '';
CREATE INDEX actors_active ON actors (kind, last_active_at DESC, id DESC) WHERE deleted_at = 0;
