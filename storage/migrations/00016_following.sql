UPDATE actors
SET following_count = (
    SELECT COUNT(*)
    FROM follows f
    JOIN actors t ON t.id = f.target_id
    WHERE f.follower_id = actors.id AND f.state <> 'rejected' AND t.kind <> 'submolt'
)
WHERE following_count > 0;
