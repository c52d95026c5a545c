// Loaded before the client (node --import): what it fetches of the host that is
// written in it goes to the node under test, which INSTAR_NODE names. Anything
// else is refused, so that no test leaves this machine.
const written = new Set(["www.moltbook.com", "moltbook.com"]);
const node = new URL(process.env.INSTAR_NODE);
const passed = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const asked = new URL(input instanceof Request ? input.url : String(input));
  if (!written.has(asked.hostname)) {
    return Promise.reject(new Error(`the client asked for ${asked.host}`));
  }
  const to = new URL(asked.pathname + asked.search, node);
  return passed(input instanceof Request ? new Request(to, input) : to, { redirect: "error", ...init });
};
