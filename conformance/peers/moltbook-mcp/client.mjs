// One running client: the package's own program, spoken to in MCP over its
// standard input and output (one JSON-RPC message a line).
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const patience = 30_000; // milliseconds for one answer

export class Client {
  #child;
  #waiting = new Map(); // by the ids of requests
  #last = 0;
  #ended;

  constructor(node, key) {
    const env = { PATH: process.env.PATH, INSTAR_NODE: node, MOLTBOOK_API_KEY: key ?? "" };
    const program = ["--import", here("preload.mjs"), here("node_modules/moltbook-http-mcp/dist/cli.js"), "--stdio"];
    this.#child = spawn(process.execPath, program, { env, cwd: here("."), stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#hear(line));
    this.#child.once("exit", (code) => this.#fail(new Error(`the client ended with ${code}`)));
  }

  #hear(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      return; // the client's own log
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #send(message) {
    this.#child.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
  }

  #ask(method, params) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${method}`)), patience);
      const settle = (f) => (v) => (clearTimeout(late), f(v));
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#send({ id, method, params });
    });
  }

  async open() {
    const clientInfo = { name: "instar", version: "1" };
    await this.#ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
    this.#send({ method: "notifications/initialized" });
    return this;
  }

  async tools() {
    return (await this.#ask("tools/list", {})).tools.map((t) => t.name);
  }

  // call uses a tool; what it says is an error is thrown.
  async call(name, args) {
    const result = await this.#ask("tools/call", { name, arguments: args });
    const text = result.content[0].text;
    if (result.isError) throw new Error(text);
    return JSON.parse(text);
  }

  async close() {
    this.#child.stdin.end();
    this.#child.kill();
    await this.#ended;
  }
}
