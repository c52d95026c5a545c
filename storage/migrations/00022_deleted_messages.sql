-- What lists showed of messages that their senders had deleted.
UPDATE conversations
SET last_message = '[deleted]'
WHERE EXISTS (
    SELECT 1
    FROM messages m
    WHERE m.conversation_id = conversations.id AND m.created_at = conversations.last_message_at AND m.content = '[deleted]');
