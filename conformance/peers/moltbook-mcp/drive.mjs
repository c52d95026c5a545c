// Drives each tool of moltbook-http-mcp against the node that INSTAR_NODE names,
// in the order of a life: three agents register, write, read, talk and tidy up.
// Each result is checked. The node must run with limits off and registration open.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "./client.mjs";

// Tools whose endpoint the node does not have. It has all of them.
const expectedMissing = [];

const node = process.env.INSTAR_NODE;
assert.ok(node, "INSTAR_NODE names the node, such as http://127.0.0.1:8080");

const used = new Set();
const clients = [];
let dir;

async function open(key) {
  const client = await new Client(node, key).open();
  clients.push(client);
  return client;
}

// use calls a tool and checks its result; a tool that is expected to be missing
// must fail, so that the list above is kept true.
async function use(client, tool, args, check) {
  const name = `moltbook_${tool}`;
  used.add(name);
  let result;
  try {
    result = await client.call(name, args);
  } catch (error) {
    if (expectedMissing.includes(name)) return undefined;
    throw new Error(`${name} ${JSON.stringify(args)}: ${error.message}`);
  }
  assert.ok(!expectedMissing.includes(name), `${name} works: take it off expectedMissing`);
  assert.equal(result.success, true, `${name}: success`);
  try {
    check(result);
  } catch (error) {
    throw new Error(`${name} ${JSON.stringify(args)}: ${error.message}\n${JSON.stringify(result, null, 1)}`);
  }
  return result;
}

const text = (v) => assert.ok(typeof v === "string" && v !== "", `a text, not ${JSON.stringify(v)}`);
const ids = (list) => list.map((x) => x.id);

// A picture of 4 by 4 pixels, made by nobody else.
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR42mM4YaMBRwzEcQDxwxLBtO2pWAAAAABJRU5ErkJggg==",
  "base64",
);

async function register(stranger, name) {
  const r = await use(stranger, "agent_register", { name, description: `${name} of the client's test` }, (r) => {
    text(r.agent.api_key);
    text(r.agent.claim_url);
    text(r.agent.verification_code);
    assert.equal(r.agent.name, name);
  });
  return { name, key: r.agent.api_key };
}

async function account(ada, file) {
  await use(ada.client, "agent_status", {}, (r) => assert.equal(r.status, "claimed"));
  await use(ada.client, "agent_me", {}, (r) => assert.equal(r.agent.name, ada.name));
  const description = "counts things";
  await use(ada.client, "agent_update", { description, metadata: { model: "none" } }, (r) => {
    assert.equal(r.agent.description, description);
    assert.equal(r.agent.metadata.model, "none");
  });
  await use(ada.client, "agent_avatar_upload", { file_path: file }, (r) => text(r.avatar_url));
  await use(ada.client, "agent_profile", { name: ada.name }, (r) => {
    text(r.agent.avatar_url);
    assert.ok(Array.isArray(r.recentPosts));
  });
  await use(ada.client, "agent_avatar_remove", {}, (r) => assert.equal(r.agent.avatar_url, null));
}

async function community(ada, bob, name, file) {
  await use(ada.client, "submolt_create", { name, display_name: "Primes", description: "Numbers." }, (r) => {
    assert.equal(r.submolt.name, name);
  });
  await use(ada.client, "submolts_list", {}, (r) => assert.ok(r.submolts.some((s) => s.name === name)));
  await use(ada.client, "submolt_get", { name }, (r) => {
    assert.equal(r.your_role, "owner");
    assert.equal(r.submolt.created_by.name, ada.name);
  });
  await use(bob.client, "submolt_subscribe", { name }, (r) => assert.equal(r.action, "subscribed"));
  const settings = { description: "Numbers that stand alone.", banner_color: "#112233", theme_color: "#336699" };
  await use(ada.client, "submolt_settings", { name, ...settings }, (r) => {
    for (const [field, value] of Object.entries(settings)) assert.equal(r.submolt[field], value);
  });
  await use(ada.client, "submolt_avatar_upload", { name, file_path: file }, (r) => text(r.submolt.avatar_url));
  await use(ada.client, "submolt_banner_upload", { name, file_path: file }, (r) => text(r.submolt.banner_url));
  await use(ada.client, "submolt_moderator_add", { name, agent_name: bob.name, role: "moderator" }, (r) => text(r.message));
  await use(ada.client, "submolt_moderators_list", { name }, (r) => {
    assert.deepEqual(r.moderators.map((m) => [m.agent_name, m.role]).sort(), [[ada.name, "owner"], [bob.name, "moderator"]].sort());
  });
  await use(ada.client, "submolt_moderator_remove", { name, agent_name: bob.name }, (r) => text(r.message));
  await use(ada.client, "submolt_moderators_list", { name }, (r) => assert.equal(r.moderators.length, 1));
}

async function writing(ada, bob, submolt, word) {
  const title = `On ${word}`;
  const { post } = await use(ada.client, "post_create", { submolt, title, content: `${word} are **odd**` }, (r) => {
    assert.equal(r.post.title, title);
    assert.equal(r.post.submolt.name, submolt);
  });
  const post_id = post.id;
  await use(bob.client, "post_get", { post_id }, (r) => assert.equal(r.post.author.name, ada.name));
  await use(bob.client, "posts_list", { submolt, sort: "new", limit: 5 }, (r) => assert.deepEqual(ids(r.posts), [post_id]));
  await use(bob.client, "feed", { sort: "new", limit: 10 }, (r) => assert.ok(ids(r.posts).includes(post_id)));
  await use(bob.client, "post_upvote", { post_id }, (r) => assert.equal(r.action, "upvoted"));
  await use(bob.client, "post_downvote", { post_id }, (r) => assert.equal(r.author.name, ada.name));
  await use(bob.client, "post_get", { post_id }, (r) => assert.deepEqual([r.post.upvotes, r.post.downvotes], [0, 1]));
  const { comment } = await use(bob.client, "comment_add", { post_id, content: "All but one." }, (r) => {
    assert.equal(r.comment.author.name, bob.name);
  });
  await use(ada.client, "comment_add", { post_id, content: "Two, indeed.", parent_id: comment.id }, (r) => {
    assert.equal(r.comment.parent_id, comment.id);
  });
  await use(ada.client, "comment_upvote", { comment_id: comment.id }, (r) => assert.equal(r.action, "upvoted"));
  for (const sort of ["top", "new", "controversial"]) {
    await use(ada.client, "comments_list", { post_id, sort }, (r) => {
      assert.equal(r.comments.length, 1);
      assert.equal(r.comments[0].upvotes, 1);
      assert.equal(r.comments[0].replies[0].content, "Two, indeed.");
    });
  }
  await use(ada.client, "post_pin", { post_id }, (r) => assert.equal(r.post.is_pinned, true));
  await use(ada.client, "post_unpin", { post_id }, (r) => assert.equal(r.post.is_pinned, false));
  return post_id;
}

async function people(ada, bob, eve) {
  await use(bob.client, "follow", { agent_name: ada.name }, (r) => assert.equal(r.action, "followed"));
  await use(bob.client, "unfollow", { agent_name: ada.name }, (r) => assert.equal(r.action, "unfollowed"));
  const message = "Shall we compare our notes on primes?";
  const { conversation_id } = await use(ada.client, "dm_request", { to: bob.name, message }, (r) => assert.equal(r.status, "pending"));
  await use(bob.client, "dm_check", {}, (r) => {
    assert.equal(r.has_activity, true);
    assert.equal(r.requests.items[0].from.name, ada.name);
  });
  await use(bob.client, "dm_requests", {}, (r) => assert.equal(r.incoming.requests[0].conversation_id, conversation_id));
  await use(bob.client, "dm_approve", { conversation_id }, (r) => assert.notEqual(r.status, "pending"));
  await use(ada.client, "dm_send", { conversation_id, message: "Mine end at 97.", needs_human_input: true }, (r) => text(r.message_id));
  await use(bob.client, "dm_conversations", {}, (r) => {
    assert.equal(r.conversations.items[0].with_agent.name, ada.name);
    assert.ok(r.conversations.items[0].unread_count > 0);
  });
  await use(bob.client, "dm_conversation", { conversation_id }, (r) => {
    const last = r.messages.find((m) => m.content === "Mine end at 97.");
    assert.deepEqual([last.sender.name, last.needs_human_input, last.is_mine], [ada.name, true, false]);
  });
  await use(bob.client, "dm_check", {}, (r) => assert.equal(r.has_activity, false));
  const asked = await use(eve.client, "dm_request", { to: ada.name, message: "Buy my primes, all of them." }, (r) => text(r.conversation_id));
  await use(ada.client, "dm_reject", { conversation_id: asked.conversation_id, block: true }, (r) => text(r.message));
  await use(ada.client, "dm_requests", {}, (r) => assert.equal(r.incoming.requests.length, 0));
}

// found asks until what was written is in the index: that is the node's work behind its answers.
async function found(client, args, post_id) {
  for (let tries = 50; ; tries--) {
    const r = await use(client, "search", args, (r) => assert.ok(Array.isArray(r.results)));
    if (r.results.some((x) => x.post_id === post_id && x.author.name !== "")) return;
    assert.ok(tries > 0, `search finds nothing for ${args.q}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function run() {
  dir = await mkdtemp(join(tmpdir(), "instar-client-"));
  const file = join(dir, "picture.png");
  await writeFile(file, picture);
  const stranger = await open();
  const tools = await stranger.tools();
  assert.equal(tools.length, 41, "the client has 41 tools");
  const tail = Date.now().toString(36);
  const agents = [];
  for (const name of [`ada-${tail}`, `bob-${tail}`, `eve-${tail}`]) agents.push(await register(stranger, name));
  for (const a of agents) a.client = await open(a.key);
  const [ada, bob, eve] = agents;
  const submolt = `primes-${tail}`;

  await account(ada, file);
  await community(ada, bob, submolt, file);
  const post_id = await writing(ada, bob, submolt, `primes${tail}`);
  await found(eve.client, { q: `primes${tail}`, type: "posts", limit: 5 }, post_id);
  await people(ada, bob, eve);
  await use(bob.client, "submolt_unsubscribe", { name: submolt }, (r) => assert.equal(r.action, "unsubscribed"));
  await use(ada.client, "post_delete", { post_id }, (r) => text(r.message));
  await assert.rejects(bob.client.call("moltbook_post_get", { post_id }), "a deleted post is gone");

  assert.deepEqual(tools.filter((t) => !used.has(t)), [], "each tool was used");
  console.log(`moltbook-http-mcp 1.1.1: ${tools.length - expectedMissing.length} of ${tools.length} tools work`);
}

try {
  await run();
} finally {
  await Promise.all(clients.map((c) => c.close()));
  if (dir) await rm(dir, { recursive: true });
}
