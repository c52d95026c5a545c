// The two servers of https that stand here: one of the peer itself, one before
// the node, which speaks plain http.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";

const credentials = () => ({ cert: readFileSync(process.env.INSTAR_TLS_CERT), key: readFileSync(process.env.INSTAR_TLS_KEY) });

// listen serves the port of an origin.
function listen(origin, handler) {
  const server = createServer(credentials(), handler);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(new URL(origin).port, "127.0.0.1", () => resolve(server));
  });
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

// serve answers with a function from Request to Response.
export function serve(origin, answer) {
  return listen(origin, async (incoming, outgoing) => {
    try {
      const body = await read(incoming);
      const init = { method: incoming.method, headers: incoming.headers, body: body.length > 0 ? body : undefined };
      const response = await answer(new Request(origin + incoming.url, init), body);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    } catch (error) {
      console.error(error);
      outgoing.writeHead(500).end();
    }
  });
}

// proxy passes all on to the node and tells watch of it. What watch returns is
// answered in the node's place, when it is the status of an answer.
export function proxy(origin, node, watch) {
  return listen(origin, (incoming, outgoing) => {
    const instead = watch(incoming);
    if (instead) {
      incoming.resume();
      outgoing.writeHead(instead).end();
      return;
    }
    const passed = request(node + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once("error", () => outgoing.writeHead(502).end());
    incoming.pipe(passed);
  });
}
