import assert from "node:assert/strict";
import { ListenError, PortInUseError } from "../../lib/io/listen_error.ts";
import { listenLocal, listenTcp } from "../../lib/io/local_listener.ts";
import { ListeningPlace } from "../../lib/io/listening_place.ts";
import { longestSocketPath } from "../../lib/io/socket_path.ts";
import type {
  LocalConnection,
  LocalListener,
} from "../../lib/session/transport.ts";

const unix = { ignore: Deno.build.os === "windows" };

/** Whether this machine has IPv6 on loopback. */
const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

function portOf({ address }: LocalListener): number {
  assert.ok(address.kind === "tcp");
  return address.port;
}

/** Sends a word there and back. */
async function talk(
  listener: LocalListener,
  options: Deno.ConnectOptions | Deno.UnixConnectOptions,
): Promise<void> {
  const [accepted, conn] = await Promise.all([
    listener.accept(),
    "path" in options ? Deno.connect(options) : Deno.connect(options),
  ]);
  assert.ok(accepted !== undefined);
  try {
    await conn.write(new TextEncoder().encode("word"));
    await conn.closeWrite();
    const buffer = new Uint8Array(8);
    assert.equal(await accepted.read(buffer), 4);
    assert.equal(await accepted.read(buffer), null);
    await accepted.write(buffer.subarray(0, 4));
    await accepted.closeWrite();
    assert.equal(await conn.read(buffer), 4);
    assert.equal(await conn.read(buffer), null);
  } finally {
    accepted.close();
    conn.close();
  }
}

Deno.test("a port is listened on, and named", async () => {
  const listener = await listenLocal({
    kind: "tcp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const port = portOf(listener);
  assert.notEqual(port, 0);
  await talk(listener, { hostname: "127.0.0.1", port });
  const waiting = listener.accept();
  listener.close();
  listener.close();
  assert.equal(await waiting, undefined);
  assert.equal(await listener.accept(), undefined);
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }));
});

Deno.test("a connection outlives the listener it came through", async () => {
  const [listener] = listenTcp(["127.0.0.1"], [], 0);
  assert.ok(listener !== undefined);
  const [accepted, conn] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: portOf(listener) }),
  ]);
  listener.close();
  await accepted?.write(new Uint8Array([7]));
  assert.equal(await conn.read(new Uint8Array(2)), 1);
  accepted?.close();
  conn.close();
});

Deno.test("one free port is found for several addresses", {
  ignore: !hasIpv6,
}, async () => {
  const listeners = listenTcp(["127.0.0.1"], ["::1"], 0);
  assert.equal(listeners.length, 2);
  const [port, other] = listeners.map(portOf);
  assert.equal(port, other);
  for (const listener of listeners) {
    assert.ok(listener.address.kind === "tcp");
    await talk(listener, listener.address);
    listener.close();
  }
});

Deno.test("an optional address is left out where it cannot be had", () => {
  // TEST-NET-1 (RFC 5737) belongs to nobody.
  const listeners = listenTcp(["127.0.0.1"], ["192.0.2.1"], 0);
  assert.equal(listeners.length, 1);
  listeners[0]?.close();
});

Deno.test("an optional address whose port is taken is left out", {
  ignore: !hasIpv6,
}, () => {
  const taken = Deno.listen({ hostname: "::1", port: 0 });
  const { port } = taken.addr;
  const listeners = listenTcp(["127.0.0.1"], ["::1"], port);
  assert.deepEqual(listeners.map((each) => each.address), [
    { kind: "tcp", hostname: "127.0.0.1", port },
  ]);
  for (const each of listeners) each.close();
  taken.close();
});

Deno.test("a port in use is told apart, and what was opened before is closed", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  assert.throws(() => listenTcp(["127.0.0.1"], [], port), (error: unknown) => {
    assert.ok(error instanceof PortInUseError);
    assert.equal(
      error.message,
      `Cannot listen on 127.0.0.1:${port}: it is in use`,
    );
    assert.equal(error.hostname, "127.0.0.1");
    assert.equal(error.port, port);
    return true;
  });
  if (hasIpv6) {
    assert.throws(() => listenTcp(["::1", "127.0.0.1"], [], port));
    listenTcp(["::1"], [], port)[0]?.close();
  }
  taken.close();
});

Deno.test("an address that is not here is named", async () => {
  await assert.rejects(
    listenLocal({ kind: "tcp", hostname: "192.0.2.1", port: 80 }),
    (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.name, "ListenError");
      assert.equal(
        error.message,
        "Cannot listen on 192.0.2.1:80: this machine has no address 192.0.2.1",
      );
      return true;
    },
  );
});

Deno.test("what the system forbids is said, with what to do", async () => {
  const real = Deno.listen;
  Deno.listen = (() => {
    throw new Deno.errors.PermissionDenied("Permission denied");
  }) as unknown as typeof Deno.listen;
  try {
    await assert.rejects(
      listenLocal({ kind: "tcp", hostname: "::1", port: 443 }),
      /^ListenError: Cannot listen on \[::1\]:443: (ports below 1024 need administrator's rights; choose one from 1024 on|the system does not)/,
    );
    await assert.rejects(
      listenLocal({ kind: "tcp", hostname: "127.0.0.1", port: 8080 }),
      /:8080: the system does not permit it; choose another port$/,
    );
  } finally {
    Deno.listen = real;
  }
});

Deno.test("accepting goes on after an error, and drops what cannot be made ready", async () => {
  const closed: string[] = [];
  const connection = (name: string) =>
    ({ close: () => void closed.push(name) }) as unknown as LocalConnection;
  const good = connection("good");
  const bad = connection("bad");
  const answers: (() => LocalConnection)[] = [
    () => {
      throw new Deno.errors.ConnectionAborted("gone");
    },
    () => {
      throw new Error("Too many open files (os error 24)");
    },
    () => bad,
    () => good,
    () => {
      throw new Deno.errors.BadResource("Listener has been closed");
    },
  ];
  const place = new ListeningPlace(
    { kind: "tcp", hostname: "127.0.0.1", port: 1 },
    {
      accept: () => Promise.try(() => answers.shift()!()),
      close: () => void closed.push("listener"),
    },
    (each) => {
      if (each === bad) throw new Deno.errors.ConnectionReset("gone");
      return each;
    },
    () => closed.push("cleaned up"),
  );
  assert.equal(await place.accept(), good);
  assert.equal(await place.accept(), undefined);
  place.close();
  place.close();
  assert.deepEqual(closed, ["bad", "listener", "cleaned up"]);
});

Deno.test("closing ends the wait after a failed accept at once", async () => {
  const place = new ListeningPlace(
    { kind: "tcp", hostname: "127.0.0.1", port: 1 },
    { accept: () => Promise.reject(new Error("no")), close() {} },
  );
  const accepted = place.accept();
  await Promise.resolve();
  place.close();
  assert.equal(await accepted, undefined);
});

/** A folder for sockets, and its removal. */
async function inFolder(
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

Deno.test(
  "a Unix socket is its owner's alone, and gone afterwards",
  unix,
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/pg.sock`;
      const listener = await listenLocal({ kind: "unix", path });
      assert.deepEqual(listener.address, { kind: "unix", path });
      assert.deepEqual(names(folder), ["pg.sock"]);
      const { mode, isSocket } = await Deno.lstat(path);
      assert.equal((mode ?? 0) & 0o777, 0o600);
      assert.equal(isSocket, true);
      await talk(listener, { transport: "unix", path });
      listener.close();
      assert.deepEqual(names(folder), []);
      assert.equal(await listener.accept(), undefined);
    });
  },
);

Deno.test(
  "a socket that nobody listens on is replaced, a live one is not",
  unix,
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/s`;
      const first = await listenLocal({ kind: "unix", path });
      await assert.rejects(
        listenLocal({ kind: "unix", path }),
        (error: unknown) =>
          error instanceof ListenError &&
          error.message ===
            `Cannot listen on ${path}: another program listens there`,
      );
      // As a program leaves it that is killed.
      const kept = `${folder}/kept`;
      await Deno.link(path, kept);
      first.close();
      await Deno.rename(kept, path);
      const second = await listenLocal({ kind: "unix", path });
      await talk(second, { transport: "unix", path });
      second.close();
      assert.deepEqual(names(folder), []);
    });
  },
);

Deno.test(
  "a file that is no socket stays as it is, a link to one too",
  unix,
  async () => {
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "precious");
      await Deno.symlink("nowhere", `${folder}/link`);
      for (const name of ["file", "link"]) {
        await assert.rejects(
          listenLocal({ kind: "unix", path: `${folder}/${name}` }),
          /a file of that name is there, and it is no socket$/,
        );
      }
      assert.equal(await Deno.readTextFile(`${folder}/file`), "precious");
      assert.deepEqual(names(folder), ["file", "link"]);
    });
  },
);

Deno.test(
  "at its end a socket leaves alone what took its place",
  unix,
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/s`;
      const first = await listenLocal({ kind: "unix", path });
      await Deno.remove(path);
      const second = await listenLocal({ kind: "unix", path });
      first.close();
      await talk(second, { transport: "unix", path });
      second.close();
    });
  },
);

Deno.test("why a socket cannot be made is said", unix, async () => {
  await inFolder(async (folder) => {
    const rejects = (path: string, message: RegExp) =>
      assert.rejects(
        listenLocal({ kind: "unix", path }),
        (error: unknown) =>
          error instanceof ListenError && message.test(error.message),
      );
    await rejects(
      `${folder}/no\x07/s`,
      /the folder .*no\\x07\/ does not exist$/,
    );
    await rejects(`${folder}/${"s".repeat(107)}`, /: the path is too long$/);
    // Room for the socket, but not for the folder it is made in.
    const room = longestSocketPath() - folder.length - "/".length;
    const deep = `${folder}/${"d".repeat(room - "/s".length)}`;
    await Deno.mkdir(deep);
    await rejects(`${deep}/s`, /: the path is too long$/);
    assert.deepEqual(names(deep), []);
  });
});
