import assert from "node:assert/strict";
import { peerCertificate } from "../../lib/io/peer_certificate.ts";
import { testCertificates } from "./test_certificates.ts";

const { certificate, key } = testCertificates;

/** A proxy that connects to whatever it is asked for, and what it was sent. */
function startProxy(heads: string[]): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(4096);
      const count = await conn.read(buffer) ?? 0;
      const head = new TextDecoder().decode(buffer.subarray(0, count));
      heads.push(head);
      const port = Number(/:(\d+) HTTP/.exec(head)?.[1]);
      const behind = await Deno.connect({ hostname: "127.0.0.1", port });
      await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
      await Promise.allSettled([
        conn.readable.pipeTo(behind.writable),
        behind.readable.pipeTo(conn.writable),
      ]);
    }
  })();
  return listener;
}

Deno.test("peer certificate: through a proxy with a password as well", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert: certificate, key, onListen() {} },
    () => new Response(),
  );
  const heads: string[] = [];
  const proxy = startProxy(heads);
  const { port } = server.addr;
  const { signal } = new AbortController();
  try {
    const direct = await peerCertificate({
      hostname: "localhost",
      port,
      signal,
    });
    assert.equal(direct?.issuer, "ssm test authority");
    const through = await peerCertificate({
      hostname: "localhost",
      port,
      proxy: new URL(`http://me:p%40ss@127.0.0.1:${proxy.addr.port}`),
      signal,
    });
    assert.equal(through?.issuer, "ssm test authority");
    assert.match(heads[0] ?? "", new RegExp(`^CONNECT localhost:${port} `));
    assert(heads[0]?.includes(`Basic ${btoa("me:p@ss")}\r\n`));
  } finally {
    proxy.close();
    await server.shutdown();
  }
});

Deno.test("peer certificate: what cannot be had is no error", async () => {
  const { signal } = new AbortController();
  const place = { hostname: "127.0.0.1", port: 1, signal };
  assert.equal(await peerCertificate(place), undefined);
});
