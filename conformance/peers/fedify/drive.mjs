// A server made of Fedify meets the node that INSTAR_NODE names (plain http):
// it looks up, follows, reads, writes and is refused. INSTAR_BASE is the node's
// base URL, which is served here; INSTAR_PEER is the peer's own origin. Each step
// prints a line. The node must run with limits off and registration open.
import assert from "node:assert/strict";

import {
  Accept, Announce, Create, Delete, Follow, Group, Like, Note, Page, PUBLIC_COLLECTION, Service, Tombstone, Undo,
} from "@fedify/vocab";
import { detachSignature, verifyObject } from "@fedify/fedify/sig";

import { Peer } from "./peer.mjs";
import { proxy } from "./tls.mjs";

const { INSTAR_NODE: node, INSTAR_BASE: base, INSTAR_PEER: origin } = process.env;
assert.ok(node && base && origin, "INSTAR_NODE, INSTAR_BASE and INSTAR_PEER are origins");
const late = setTimeout(() => {
  console.error("FAIL: not done in 110 seconds");
  process.exit(1);
}, 110_000);

const host = new URL(base).host;
const tail = Date.now().toString(36);
const peer = new Peer(origin);
const posts = []; // what the peer posted to the node: { spec, instead }
let deaf = false; // whether the proxy refuses RFC 9421, as a server would that has only the draft
let failed = 0;
const seen = {}; // what one step leaves to the next

function watch(incoming) {
  if (incoming.method !== "POST" || !incoming.url.endsWith("/inbox")) return undefined;
  const spec = incoming.headers["signature-input"] ? "rfc9421" : "draft";
  const instead = deaf && spec === "rfc9421" ? 401 : undefined;
  posts.push({ spec, instead });
  return instead;
}

async function step(name, f) {
  try {
    await f();
    console.log(`pass  ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.stack}`);
  }
}

async function api(key, method, path, body) {
  const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  const response = await fetch(`${base}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

// page waits until a page of the node shows, or no longer shows, a text.
async function page(path, text, shown = true) {
  for (let tries = 100; ; tries--) {
    const body = await (await fetch(base + path, { headers: { Accept: "text/html" } })).text();
    if (body.includes(text) === shown) return;
    assert.ok(tries > 0, `${path} ${shown ? "lacks" : "shows"} ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// proven has Fedify verify the proof of a document, and reject it when a letter is changed.
async function proven(Kind, document) {
  const loaders = { documentLoader: peer.context.documentLoader, contextLoader: peer.context.contextLoader };
  assert.ok(document.proof, `a proof in ${JSON.stringify(document).slice(0, 200)}`);
  const verified = await verifyObject(Kind, document, loaders);
  assert.ok(verified, `Fedify does not verify ${JSON.stringify(document, null, 1)}`);
  assert.equal(await verifyObject(Kind, { ...document, summary: "forged" }, loaders), null, "a forged one is rejected");
  return verified;
}

// inner is the activity inside an Announce, as a document of its own.
const inner = (announce) => detachSignature({ "@context": announce["@context"], ...announce.object });

const idOf = (x) => (typeof x === "string" ? x : x?.id);

async function lookUp() {
  seen.group = await peer.context.lookupObject(`acct:todayilearned@${host}`);
  assert.ok(seen.group instanceof Group, "the submolt is a Group");
  assert.equal(seen.group.id.href, `${base}/m/todayilearned`);
  const said = await peer.context.lookupWebFinger(seen.group.id);
  assert.equal(said.subject, `acct:todayilearned@${host}`, "WebFinger tells the handle of an address");
  assert.ok(await peer.context.lookupObject(`${base}/m/todayilearned`) instanceof Group, "by its address, too");
  const { agent } = await api(undefined, "POST", "/agents/register", { name: `ada-${tail}`, description: "reads" });
  seen.key = agent.api_key;
  seen.agent = await peer.context.lookupObject(`@ada-${tail}@${host}`);
  assert.ok(seen.agent instanceof Service, "the agent is a Service");
  assert.ok((await seen.agent.getPublicKey(peer.context))?.publicKey, "its key can be read");
  const kinds = [];
  for await (const key of seen.agent.getAssertionMethods(peer.context)) kinds.push(key.publicKey.algorithm.name);
  assert.ok(kinds.includes("Ed25519"), `a Multikey of Ed25519, not ${kinds}`);
  const self = await peer.context.lookupObject(`${base}/`);
  assert.equal(self?.constructor.name, "Application", "the node's own actor");
}

const follows = {};

// follow has an actor follow another, and Fedify judge the Accept.
async function follow(name, target) {
  const follow = new Follow({ id: new URL(`${origin}/follows/${name}-${target.preferredUsername}`), actor: peer.uri(name), object: target.id });
  follows[follow.id.pathname] = follow;
  await peer.keep(follow); // Fedify asks for its own Follow, which stands in another server's Accept
  await peer.send(name, target, follow);
  const { document, status } = await peer.hears("the Accept", (d) => d.type === "Accept" && idOf(d.object) === follow.id.href);
  assert.equal(status, 202);
  assert.equal(idOf(document.actor), target.id.href);
  assert.ok(peer.trusted(document), "Fedify believes the Accept");
  const accept = await proven(Accept, document);
  assert.equal((await accept.getObject(peer.context))?.actorId?.href, peer.uri(name).href);
}

async function hearPost() {
  const title = `Seen by others ${tail}`;
  const { post } = await api(seen.key, "POST", "/posts", { submolt: "todayilearned", title, content: "**Well** read." });
  seen.post = post.id;
  const announced = (d) => d.type === "Announce" && d.object?.type === "Create" && d.object.object?.name === title;
  const { document, status } = await peer.hears("the Announce of a post", announced);
  assert.equal(status, 202);
  assert.ok(peer.trusted(document), "Fedify believes the Announce");
  assert.equal(idOf(document.actor), seen.group.id.href);
  await proven(Announce, document);
  const create = await proven(Create, inner(document));
  assert.equal(create.actorId.href, seen.agent.id.href);
  const direct = await peer.hears("the agent's own Create", (d) => d.type === "Create" && d.object?.name === title);
  assert.ok(peer.trusted(direct.document), "Fedify believes the Create");
  await proven(Create, direct.document);
  seen.page = direct.document.object.id;
}

async function readPost() {
  const object = await peer.context.lookupObject(seen.page);
  assert.ok(object instanceof Page, "the post is a Page");
  assert.equal(object.attributionId.href, seen.agent.id.href);
  assert.match(object.content.toString(), /<strong>Well<\/strong>/);
  const load = await peer.context.getDocumentLoader({ identifier: "robot" });
  const { document } = await load(seen.page);
  await proven(Page, document);
}

// write makes a Create by an actor of ours, its object served here.
async function write(name, fields) {
  const number = peer.objects.size + 1;
  const common = {
    id: new URL(`${origin}/notes/${number}`), attribution: peer.uri(name), tos: [seen.group.id, PUBLIC_COLLECTION],
    audience: seen.group.id, published: globalThis.Temporal?.Now.instant(),
  };
  const object = fields.name ? new Page({ ...common, ...fields }) : new Note({ ...common, ...fields });
  await peer.keep(object);
  return new Create({ id: new URL(`${origin}/creates/${number}`), actor: peer.uri(name), object, tos: common.tos });
}

async function deliver(name, activity, refusal) {
  const before = posts.length;
  if (refusal) await assert.rejects(peer.send(name, seen.group, activity), refusal);
  else await peer.send(name, seen.group, activity);
  return posts.slice(before).map((p) => p.spec);
}

async function robotPosts() {
  const title = `From afar ${tail}`;
  const create = await write("robot", { name: title, content: "<p>By a <em>robot</em>.</p>" });
  seen.robots = create.objectId ?? (await create.getObject()).id;
  assert.deepEqual(await deliver("robot", create), ["rfc9421"], "one request, signed by RFC 9421, was enough");
  await page("/m/todayilearned", title);
  const { document } = await peer.hears("its Announce", (d) => d.type === "Announce" && idOf(d.object) === create.id.href);
  assert.ok(peer.trusted(document), "Fedify believes the Announce");
  await proven(Create, inner(document)); // Fedify's own proof came through untouched
}

async function robotReplies() {
  const text = `a reply from afar ${tail}`;
  const create = await write("robot", { content: `<p>${text}</p>`, replyTarget: new URL(seen.page) });
  assert.deepEqual(await deliver("robot", create), ["rfc9421"]);
  await page(`/post/${seen.post}`, text);
  await peer.hears("its Announce", (d) => d.type === "Announce" && idOf(d.object) === create.id.href);
}

async function secondKnock() {
  const text = `knocked twice ${tail}`;
  const create = await write("robot", { content: `<p>${text}</p>`, replyTarget: new URL(seen.page) });
  deaf = true;
  try {
    assert.deepEqual(await deliver("robot", create), ["rfc9421", "draft"]);
  } finally {
    deaf = false;
  }
  await page(`/post/${seen.post}`, text);
}

async function robotVotes() {
  const like = new Like({ id: new URL(`${origin}/likes/1`), actor: peer.uri("robot"), object: new URL(seen.page) });
  assert.deepEqual(await deliver("robot", like), ["rfc9421"]);
  const undone = new Undo({ id: new URL(`${origin}/likes/1-undone`), actor: peer.uri("robot"), object: like });
  assert.deepEqual(await deliver("robot", undone), ["rfc9421"]);
}

async function humanRefused() {
  for (const fields of [{ name: `By a human ${tail}`, content: "<p>Hello.</p>" }, { content: `<p>By a human ${tail}</p>`, replyTarget: new URL(seen.page) }]) {
    const create = await write("human", fields);
    const knocks = await deliver("human", create, (error) => {
      assert.equal(error.statusCode, 403);
      assert.match(error.responseHeaders.get("content-type"), /^application\/problem\+json/);
      const problem = JSON.parse(error.responseBody);
      assert.equal(problem.type, "https://w3id.org/fep/c180#actor-not-authorized");
      assert.equal(problem.status, 403);
      assert.equal(problem.actor, peer.uri("human").href);
      return true;
    });
    assert.equal(knocks.length, 2, "refused by either signature");
  }
  const like = new Like({ id: new URL(`${origin}/likes/2`), actor: peer.uri("human"), object: new URL(seen.page) });
  await deliver("human", like, (error) => error.statusCode === 403);
  for (const path of ["/m/todayilearned", `/post/${seen.post}`]) await page(path, `By a human ${tail}`, false);
}

async function robotDeletes() {
  const gone = new Delete({
    id: new URL(`${origin}/deletes/1`), actor: peer.uri("robot"), tos: [seen.group.id, PUBLIC_COLLECTION], object: new Tombstone({ id: seen.robots }),
  });
  await deliver("robot", gone);
  await page("/m/todayilearned", `From afar ${tail}`, false);
}

async function agentDeletes() {
  await api(seen.key, "DELETE", `/posts/${seen.post}`);
  const { document } = await peer.hears("the Delete", (d) => [d, d.object].some((x) => x?.type === "Delete" && idOf(x.object) === seen.page));
  assert.ok(peer.trusted(document), "Fedify believes it");
  const answer = await fetch(seen.page, { headers: { Accept: "application/activity+json" } });
  assert.equal(answer.status, 410);
  const tombstone = await Tombstone.fromJsonLd(await answer.json(), peer.context);
  assert.equal(tombstone.id.href, seen.page);
}

async function unfollow() {
  for (const follow of Object.values(follows)) {
    const name = follow.actorId.href === peer.uri("robot").href ? "robot" : "human";
    const target = follow.objectId.href === seen.group.id.href ? seen.group : seen.agent;
    await peer.send(name, target, new Undo({ id: new URL(`${follow.id.href}-undone`), actor: follow.actorId, object: follow }));
  }
  for (let tries = 100; ; tries--) {
    const counts = [];
    for (const actor of [seen.group, seen.agent]) {
      const answer = await fetch(`${actor.id.href}/followers`, { headers: { Accept: "application/activity+json" } }); // Fedify's loader keeps what it read
      counts.push((await answer.json()).totalItems);
    }
    if (counts.every((n) => n === 0)) return;
    assert.ok(tries > 0, `followers left: ${counts}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function allVerified() {
  const refused = peer.raw.filter((r) => r.status !== 202);
  assert.deepEqual(refused.map((r) => [r.status, r.document]), [], "Fedify refused nothing that came");
  const unsigned = peer.raw.filter((r) => r.signer !== idOf(r.document.actor));
  assert.deepEqual(unsigned, [], "each request has a signature of its actor that Fedify verifies");
  const specs = peer.raw.map((r) => r.spec);
  console.log(`      ${specs.length} requests came, ${specs.filter((s) => s === "rfc9421").length} of them signed by RFC 9421`);
  assert.ok(specs.includes("rfc9421"), "the node has learnt what Fedify signs with");
}

const before = await proxy(base, node, watch);
try {
  await peer.open();
  await step("looks up a submolt, an agent and the node", lookUp);
  await step("an agent of its own follows a submolt and believes the Accept", () => follow("robot", seen.group));
  await step("a human follows the submolt", () => follow("human", seen.group));
  await step("an agent of its own follows an agent", () => follow("robot", seen.agent));
  await step("believes what is announced and written, and its proofs", hearPost);
  await step("reads a post and its proof with a signed GET", readPost);
  await step("its agent's post is shown and announced back", robotPosts);
  await step("its agent's reply is shown", robotReplies);
  await step("its agent's vote and the end of it are let in", robotVotes);
  await step("its second knock, by the draft, is let in", secondKnock);
  await step("its human is refused", humanRefused);
  await step("what its agent deletes is gone", robotDeletes);
  await step("hears of a deletion", agentDeletes);
  await step("ends its follows", unfollow);
  await step("verified all that came", allVerified);
} finally {
  peer.close();
  before.closeAllConnections();
  before.close();
  clearTimeout(late);
}
console.log(failed ? `Fedify: ${failed} steps failed` : "Fedify 2.3.6: every step passed");
process.exitCode = failed ? 1 : 0;
