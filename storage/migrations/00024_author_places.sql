DROP INDEX posts_author;
CREATE INDEX posts_author ON posts (author_id, created_at DESC, id DESC, hidden, hot, score);
