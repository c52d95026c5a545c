// A server made of Fedify, with an agent (robot) and a human. It keeps what
// reached its inboxes and what Fedify believed of it.
import {
  Activity, Application, Endpoints, Person, Service,
} from "@fedify/vocab";
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import { verifyRequest } from "@fedify/fedify/sig";

import { serve } from "./tls.mjs";

const kinds = { robot: Service, human: Person, gate: Application };
const patience = 20_000; // milliseconds for what the node does behind its answers

export class Peer {
  origin;
  believed = []; // { activity, by }: what Fedify verified and gave to a listener
  raw = []; // { path, document, spec, signer, status }: each POST to an inbox, as it came
  objects = new Map(); // what the peer serves, by path: what it wrote
  #federation;
  #server;

  constructor(origin) {
    this.origin = origin;
  }

  async open() {
    const federation = createFederation({ kv: new MemoryKvStore(), allowPrivateAddress: true, origin: this.origin });
    const keys = new Map();
    for (const name of Object.keys(kinds)) {
      keys.set(name, [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")]);
    }
    federation
      .setActorDispatcher("/users/{identifier}", async (ctx, name) => {
        const Kind = kinds[name];
        if (!Kind) return null;
        const pairs = await ctx.getActorKeyPairs(name);
        return new Kind({
          id: ctx.getActorUri(name),
          preferredUsername: name,
          name,
          inbox: ctx.getInboxUri(name),
          outbox: new URL(`/users/${name}/outbox`, this.origin),
          endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
          publicKey: pairs[0].cryptographicKey,
          assertionMethods: pairs.map((p) => p.multikey),
        });
      })
      .setKeyPairsDispatcher((_, name) => keys.get(name) ?? []);
    federation
      .setInboxListeners("/users/{identifier}/inbox", "/inbox")
      .setSharedKeyDispatcher(() => ({ identifier: "gate" }))
      .on(Activity, (_, activity) => void this.believed.push(activity));
    federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
      software: { name: "fedify-peer", version: "1.0.0" },
      protocols: ["activitypub"],
      usage: { users: { total: 2 }, localPosts: 0, localComments: 0 },
    }));
    this.#federation = federation;
    this.context = federation.createContext(new URL(this.origin), undefined);
    this.#server = await serve(this.origin, (request, body) => this.#answer(request, body));
    return this;
  }

  async #answer(request, body) {
    const path = new URL(request.url).pathname;
    if (this.objects.has(path)) {
      return new Response(JSON.stringify(this.objects.get(path)), { headers: { "Content-Type": "application/activity+json" } });
    }
    const copy = request.clone();
    const response = await this.#federation.fetch(request, { contextData: undefined });
    if (request.method === "POST") {
      // A listener is told of what has a good proof, too: the signature of the request is verified apart.
      const spec = copy.headers.has("signature-input") ? "rfc9421" : "draft";
      const { documentLoader, contextLoader } = this.context;
      const signer = (await verifyRequest(copy, { documentLoader, contextLoader }))?.ownerId?.href;
      this.raw.push({ path, document: JSON.parse(body.toString()), spec, signer, status: response.status });
    }
    return response;
  }

  uri(name) {
    return this.context.getActorUri(name);
  }

  // keep serves an object under its id from now on.
  async keep(object) {
    this.objects.set(object.id.pathname, await object.toJsonLd(this.context));
  }

  send(name, to, activity) {
    return this.context.sendActivity({ identifier: name }, to, activity, { immediate: true });
  }

  // hears waits until something that came satisfies want, and returns it.
  async hears(what, want) {
    const end = Date.now() + patience;
    for (;;) {
      const found = this.raw.find((r) => want(r.document));
      if (found) return found;
      if (Date.now() > end) {
        const came = this.raw.map((r) => `${r.status} ${JSON.stringify(r.document).slice(0, 300)}`).join("\n");
        throw new Error(`${what} did not come; this did:\n${came}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  // trusted says whether Fedify verified an activity and gave it to a listener.
  trusted(document) {
    return this.believed.some((a) => a.id?.href === document.id);
  }

  close() {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}
