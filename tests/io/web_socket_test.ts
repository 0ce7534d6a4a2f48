import assert from "node:assert/strict";
import { systemClock } from "../../lib/io/clock.ts";
import {
  openTransport,
  type WebSocketOptions,
} from "../../lib/io/web_socket.ts";
import {
  TransportError,
  type TransportRequest,
} from "../../lib/session/transport.ts";
import { ConnectProxy } from "./connect_proxy.ts";
import { ManualClock } from "../testkit/manual_clock.ts";
import { startDenoServer } from "./scenario_servers.ts";
import { testCertificates } from "./test_certificates.ts";
import { take } from "./transport_scenarios.ts";

const kinds = ["native", "builtin"] as const;

function open(
  kind: WebSocketOptions["kind"],
  request: Partial<TransportRequest> & { url: string },
  options: Partial<WebSocketOptions> = {},
) {
  return openTransport({
    kind,
    clock: systemClock,
    env: () => undefined,
    ...options,
  })({ headers: {}, ...request });
}

/** A file with the tests' authority, as AWS_CA_BUNDLE names it. */
function authorityFile() {
  const path = Deno.makeTempFileSync({ suffix: ".pem" });
  Deno.writeTextFileSync(path, testCertificates.authority);
  return {
    env: (name: string) => name === "AWS_CA_BUNDLE" ? path : undefined,
    [Symbol.dispose]: () => Deno.removeSync(path),
  };
}

const tls = { cert: testCertificates.certificate, key: testCertificates.key };

/** Takes connections and never answers. */
function silentServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) conns.push(conn);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const conn of conns) conn.close();
    },
  };
}

for (const kind of kinds) {
  Deno.test(`${kind}: TLS with an authority from AWS_CA_BUNDLE`, async () => {
    using authority = authorityFile();
    await using server = await startDenoServer(tls);
    const transport = await open(
      kind,
      { url: `wss://localhost:${server.port}/echo` },
      { env: authority.env },
    );
    const message = new Uint8Array(200_000).fill(7);
    transport.send(message);
    assert.deepEqual((await take(transport, 1))[0], message);
    await transport.close();
    assert.equal((await transport.closed).clean, true);
  });

  Deno.test(`${kind}: an authority nobody knows is refused`, async () => {
    await using server = await startDenoServer(tls);
    await assert.rejects(
      open(kind, { url: `wss://localhost:${server.port}/echo` }),
      (error: unknown) => {
        assert.ok(error instanceof TransportError);
        assert.match(error.message, /UnknownIssuer/);
        return true;
      },
    );
  });

  Deno.test(`${kind}: wss through a proxy by CONNECT, with its password`, async () => {
    using authority = authorityFile();
    await using server = await startDenoServer(tls);
    await using proxy = new ConnectProxy();
    const transport = await open(
      kind,
      { url: `wss://localhost:${server.port}/echo` },
      {
        env: authority.env,
        proxyFor: () => new URL(`http://us%65r:p%40ss@127.0.0.1:${proxy.port}`),
      },
    );
    transport.sendText("through");
    const [echo] = await take(transport, 1);
    assert.equal(new TextDecoder().decode(echo), "through");
    await transport.close();
    assert.deepEqual(proxy.requests, [{
      line: `CONNECT localhost:${server.port} HTTP/1.1`,
      authorization: `Basic ${btoa("user:p@ss")}`,
    }]);
  });

  Deno.test(`${kind}: abort while the server does not answer`, async () => {
    await using server = silentServer();
    const controller = new AbortController();
    const reason = new Error("enough");
    const opening = open(kind, {
      url: `ws://127.0.0.1:${server.port}/`,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(opening, (error) => error === reason);
  });

  Deno.test(`${kind}: aborted before it began`, async () => {
    const reason = new Error("never mind");
    await assert.rejects(
      open(kind, {
        url: "ws://127.0.0.1:1/",
        signal: AbortSignal.abort(reason),
      }),
      (error) => error === reason,
    );
  });

  Deno.test(`${kind}: abort has no effect on an open transport`, async () => {
    await using server = await startDenoServer();
    const controller = new AbortController();
    const transport = await open(kind, {
      url: `ws://127.0.0.1:${server.port}/echo`,
      signal: controller.signal,
    });
    controller.abort();
    transport.sendText("still here");
    await take(transport, 1);
    await transport.close();
  });

  Deno.test(`${kind}: no answer within 45 s`, async () => {
    await using server = silentServer();
    const clock = new ManualClock();
    const opening = open(kind, { url: `ws://127.0.0.1:${server.port}/` }, {
      clock,
    });
    const result = assert.rejects(opening, {
      name: "TransportError",
      message:
        `Cannot open WebSocket to 127.0.0.1:${server.port}: no answer within 45 s`,
    });
    await clock.advance(45_000);
    await result;
    assert.equal(clock.pending, 0);
  });

  Deno.test(`${kind}: nobody listens`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await assert.rejects(
      open(kind, { url: `ws://127.0.0.1:${port}/` }),
      TransportError,
    );
  });
}

for (const kind of kinds) {
  Deno.test(`${kind}: the system's store is asked when an authority is unknown`, async () => {
    await using server = await startDenoServer(tls);
    let asked = 0;
    const transport = await open(
      kind,
      { url: `wss://localhost:${server.port}/echo` },
      {
        systemCertificates: () => {
          asked++;
          return Promise.resolve([testCertificates.authority]);
        },
      },
    );
    assert.equal(asked, 1);
    await transport.close();
  });
}

Deno.test("native: an unknown authority is named as the reason", async () => {
  await using server = await startDenoServer(tls);
  await assert.rejects(
    open("native", { url: `wss://localhost:${server.port}/echo` }),
    {
      name: "UnknownIssuerError",
      message:
        `Cannot connect to localhost:${server.port}: its certificate comes from an authority that is not trusted (UnknownIssuer)`,
    },
  );
});

Deno.test("native: a certificate for another host is refused", async () => {
  using authority = authorityFile();
  await using server = await startDenoServer(tls);
  await using proxy = new ConnectProxy(undefined, server.port);
  await assert.rejects(
    open("native", { url: "wss://other.example/echo" }, {
      env: authority.env,
      proxyFor: () => new URL(`http://127.0.0.1:${proxy.port}`),
    }),
    {
      name: "TransportError",
      message:
        /^Cannot connect to other\.example:443: its certificate is not valid: /,
    },
  );
});

Deno.test("native: the proxy's refusal is reported, its password is not", async () => {
  await using proxy = new ConnectProxy(
    "HTTP/1.1 407 Proxy Authentication Required",
  );
  await assert.rejects(
    open("native", { url: "wss://ssmmessages.us-east-1.amazonaws.com/v1" }, {
      env: (name) =>
        name === "HTTPS_PROXY"
          ? `http://me:secret@127.0.0.1:${proxy.port}`
          : undefined,
    }),
    {
      name: "TransportError",
      message:
        `Cannot connect to ssmmessages.us-east-1.amazonaws.com:443 through proxy 127.0.0.1:${proxy.port}: the proxy answered 407 Proxy Authentication Required`,
    },
  );
  assert.equal(
    proxy.requests[0]?.line,
    "CONNECT ssmmessages.us-east-1.amazonaws.com:443 HTTP/1.1",
  );
});

Deno.test("native: a proxy that is not there is named", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    open("native", { url: "wss://ssmmessages.us-east-1.amazonaws.com/v1" }, {
      proxyFor: () => new URL(`http://127.0.0.1:${port}`),
    }),
    {
      message:
        `Cannot connect to proxy 127.0.0.1:${port}: the connection was refused`,
    },
  );
});

Deno.test("native: turns to the built-in WebSocket for a SOCKS proxy", async () => {
  await using server = await startDenoServer();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const greeting = (async () => {
    const conn = await listener.accept();
    const bytes = new Uint8Array(16);
    await conn.read(bytes);
    conn.close();
    return bytes[0];
  })();
  await assert.rejects(
    open("native", { url: `ws://127.0.0.1:${server.port}/echo` }, {
      proxyFor: () => new URL(`socks5://127.0.0.1:${listener.addr.port}`),
    }),
    TransportError,
  );
  assert.equal(await greeting, 5); // SOCKS version 5
  listener.close();
});

Deno.test("a named certificate file that cannot be read stops the attempt", async () => {
  await assert.rejects(
    open("native", { url: "wss://localhost:1/" }, {
      caBundle: "/nonexistent/ca.pem",
    }),
    {
      message:
        "Cannot read CA certificates from /nonexistent/ca.pem (the profile's ca_bundle): there is no such file",
    },
  );
});

Deno.test("a URL that would carry the token in the clear or elsewhere is refused", async () => {
  const cases: [string, RegExp][] = [
    ["nonsense", /does not begin with wss/],
    ["https://localhost/", /does not begin with wss/],
    ["ws://ssmmessages.us-east-1.amazonaws.com/v1", /only for this machine/],
    ["ws://10.0.0.1/", /only for this machine/],
    ["ws://localhost.evil.example/", /only for this machine/],
    ["ws://127.0.0.1.nip.io/", /only for this machine/],
    ["wss://ssmmessages.us-east-1.amazonaws.com@evil.example/", /user name/],
  ];
  for (const kind of kinds) {
    for (const [url, message] of cases) {
      await assert.rejects(open(kind, { url }), {
        name: "TransportError",
        message,
      });
    }
  }
});
