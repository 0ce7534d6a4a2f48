import assert from "node:assert/strict";
import { dial, hostPort } from "../../lib/io/dial.ts";
import { TransportError } from "../../lib/session/transport.ts";

const plain = {
  tls: false,
  caCerts: [],
  signal: new AbortController().signal,
};

Deno.test("hostPort puts brackets around an IPv6 address", () => {
  assert.equal(hostPort("h.example", 1), "h.example:1");
  assert.equal(hostPort("::1", 443), "[::1]:443");
  assert.equal(hostPort("[::1]", 443), "[::1]:443");
});

Deno.test("dial connects", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const conn = await dial({ ...plain, hostname: "localhost", port });
  const peer = await listener.accept();
  await conn.write(Uint8Array.of(1));
  assert.equal(await peer.read(new Uint8Array(2)), 1);
  for (const one of [conn, peer, listener]) one.close();
});

Deno.test("dial says that a connection was refused, and keeps the cause", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    dial({ ...plain, hostname: "127.0.0.1", port }),
    (error: unknown) => {
      assert.ok(error instanceof TransportError);
      assert.equal(
        error.message,
        `Cannot connect to 127.0.0.1:${port}: the connection was refused`,
      );
      assert.ok(error.cause instanceof Deno.errors.ConnectionRefused);
      return true;
    },
  );
});

Deno.test({
  name: "dial says that a name was not found",
  // Deno 2.6 itself forgets a small resource when a name is not found and a signal was given.
  sanitizeResources: !Deno.version.deno.startsWith("2.6."),
  async fn() {
    // A label of more than 63 characters is refused by the resolver itself, without a network.
    const hostname = `${"x".repeat(64)}.invalid`;
    await assert.rejects(dial({ ...plain, hostname, port: 443 }), {
      name: "TransportError",
      message: `Cannot connect to ${hostname}:443: the name was not found`,
    });
  },
});

Deno.test("dial says that the peer does not speak TLS", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const talking = (async () => {
    const conn = await listener.accept();
    await conn.read(new Uint8Array(1000));
    await conn.write(new TextEncoder().encode("220 mail.example ESMTP\r\n"));
    return conn;
  })();
  const { port } = listener.addr;
  await assert.rejects(
    dial({ ...plain, tls: true, hostname: "127.0.0.1", port }),
    new RegExp(`Cannot connect to 127.0.0.1:${port}: the TLS handshake failed`),
  );
  (await talking).close();
  listener.close();
});

Deno.test("dial gives up a TLS handshake that gets no answer when told to", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const controller = new AbortController();
  const reason = new Error("enough");
  const dialling = dial({
    ...plain,
    tls: true,
    hostname: "127.0.0.1",
    port: listener.addr.port,
    signal: controller.signal,
  });
  const peer = await accepting;
  await peer.read(new Uint8Array(1000)); // the client's hello
  controller.abort(reason);
  await assert.rejects(dialling, (error) => error === reason);
  peer.close();
  listener.close();
});

Deno.test("dial refuses a kind of proxy it does not speak to", async () => {
  await assert.rejects(
    dial({
      ...plain,
      hostname: "h",
      port: 1,
      proxy: new URL("socks5://127.0.0.1:1080"),
    }),
    /socks5:\/\/ proxies are not supported here/,
  );
});
