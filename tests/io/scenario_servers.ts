/**
 * WebSocket servers that are not ours, all with the same behaviour, chosen by the path:
 *
 * - `/echo` sends every message back, as the type it came in;
 * - `/request` sends one text: the headers and the raw request target it got, as JSON;
 * - `/flood?n` sends n messages of 64 KiB at once;
 * - `/sink` counts bytes; a text message is answered with the count;
 * - `/bye` closes with 4001 "bye" at the first message;
 * - `/refuse` answers 403 with a header and a body.
 */

import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import {
  type AddressInfo,
  createServer,
  type Socket as NetSocket,
} from "node:net";
import { WebSocketServer } from "ws";

/** A running server. */
export interface ScenarioServer extends AsyncDisposable {
  readonly port: number;
}

/** What both servers' sockets have in common. */
interface Socket {
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

const floodMessage = 64 * 1024;

/** What goes into message `index` of a flood. */
export function floodBytes(index: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(floodMessage).fill(index);
}

const refusal = {
  status: 403,
  headers: { "x-reason": "signature", "content-type": "text/plain" },
  body: "no ssmmessages:OpenDataChannel for you",
};

function behave(
  socket: Socket,
  target: string,
  headers: Record<string, string>,
): (data: string | Uint8Array<ArrayBuffer>) => void {
  const path = target.split("?")[0]!;
  let count = 0;
  if (path === "/request") socket.send(JSON.stringify({ target, headers }));
  if (path === "/flood") {
    const messages = Number(target.split("?")[1]);
    for (let i = 0; i < messages; i++) socket.send(floodBytes(i));
  }
  return (data) => {
    if (path === "/echo") socket.send(data);
    if (path === "/bye") socket.close(4001, "bye");
    if (path === "/sink") {
      if (typeof data === "string") socket.send(String(count));
      else count += data.length;
    }
  };
}

/** `Deno.serve` and `Deno.upgradeWebSocket`. */
export function startDenoServer(
  tls?: { readonly cert: string; readonly key: string },
): Promise<ScenarioServer> {
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    ...tls,
  }, (request) => {
    const target = request.url.replace(/^[a-z]+:\/\/[^/]*/, "");
    if (target === "/refuse") return new Response(refusal.body, refusal);
    // Read now: the request is gone when the socket opens.
    const headers = Object.fromEntries(request.headers);
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: 0,
    });
    socket.binaryType = "arraybuffer";
    sockets.add(socket);
    socket.onopen = () => {
      const take = behave(socket, target, headers);
      socket.onmessage = ({ data }) =>
        take(typeof data === "string" ? data : new Uint8Array(data));
    };
    socket.onclose = () => sockets.delete(socket);
    socket.onerror = () => {};
    return response;
  });
  return Promise.resolve({
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      await server.shutdown();
    },
  });
}

/**
 * npm `ws`, which gets its requests from `node:net`: the `upgrade` event of Deno 2.6's `node:http`
 * has a socket on which a refusal cannot be written.
 */
export async function startWsServer(): Promise<ScenarioServer> {
  const webSockets = new WebSocketServer({ noServer: true });
  const streams = new Set<NetSocket>();
  const server = createServer((stream) => {
    streams.add(stream);
    stream.on("close", () => streams.delete(stream));
    stream.on("error", () => {});
    let head = "";
    const collect = (bytes: Uint8Array) => {
      head += String.fromCharCode(...bytes);
      if (!head.endsWith("\r\n\r\n")) return;
      stream.removeListener("data", collect);
      handle(head, stream);
    };
    stream.on("data", collect);
  });
  const handle = (head: string, stream: NetSocket) => {
    const [start = "", ...lines] = head.trimEnd().split("\r\n");
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1)
        .trim();
    }
    const [method, target = ""] = start.split(" ");
    if (target === "/refuse") {
      const answer = Object.entries({
        ...refusal.headers,
        "content-length": String(refusal.body.length),
      }).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      stream.end(`HTTP/1.1 403 Forbidden\r\n${answer}\r\n${refusal.body}`);
      return;
    }
    const request = { method, url: target, headers } as IncomingMessage;
    webSockets.handleUpgrade(request, stream, Buffer.alloc(0), (socket) => {
      const take = behave(socket, target, headers);
      socket.on("message", (data: Uint8Array, binary: boolean) => {
        const bytes = new Uint8Array(data);
        take(binary ? bytes : new TextDecoder().decode(bytes));
      });
      socket.on("error", () => {});
    });
  };
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]() {
      for (const stream of streams) stream.destroy();
      // Deno 2.6 does not always call back when connections were open.
      server.close();
      return Promise.resolve();
    },
  };
}
