import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import { freePort, sha256 } from "../testkit/far_end.ts";
import { noPostgres, startPostgres } from "../testkit/postgres.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

Deno.test(
  `cli: forward carries psql's work with a real PostgreSQL, by port and by Unix socket${
    noPostgres === undefined ? "" : ` (ignored: ${noPostgres})`
  }`,
  { ignore: noPostgres !== undefined },
  async () => {
    await using postgres = await startPostgres(freePort());
    await using simulator = await startSimulatorProgram([
      "--node",
      "name=bastion",
      "--host",
      "db.internal=127.0.0.1",
    ]);
    const folder = await Deno.makeTempDir();
    try {
      const rows = Array.from(
        { length: 40_000 },
        (_, at) => `${at}\t${crypto.randomUUID()} é ${crypto.randomUUID()}\n`,
      ).join("");
      await Deno.writeTextFile(`${folder}/rows`, rows);
      const psql = (
        forward: readonly string[],
        host: string,
        port: string,
        ...statements: string[]
      ) =>
        runProgram([
          "forward",
          "bastion",
          "--remote",
          `db.internal:${postgres.port}`,
          ...forward,
          "--",
          "psql",
          ...["-X", "-At", "-v", "ON_ERROR_STOP=1"],
          ...["-h", host, "-p", port, "-U", "postgres", "-d", "postgres"],
          ...statements.flatMap((statement) => ["-c", statement]),
        ], { env: { ...simulator.env, PGCLIENTENCODING: "UTF8" } });

      const first = await psql(
        [],
        "127.0.0.1",
        "{port}",
        "create table t (id integer, text text)",
        `\\copy t from '${folder}/rows'`,
        `\\copy (select * from t order by id) to '${folder}/back'`,
        "select count(*), sum(length(text)) from t",
      );
      assert.equal(first.code, 0, first.stderr);
      assert.equal(
        first.stdout,
        `CREATE TABLE\nCOPY 40000\nCOPY 40000\n40000|${40_000 * 75}\n`,
      );
      assert.equal(
        await sha256(await Deno.readFile(`${folder}/back`)),
        await sha256(await Deno.readFile(`${folder}/rows`)),
      );

      // psql takes a folder for the host, and makes the socket's name of the port.
      const second = await psql(
        ["--local", `unix:${folder}/.s.PGSQL.5432`],
        folder,
        "5432",
        "select max(id) from t",
        "select * from nothing",
      );
      assert.equal(second.stdout, "39999\n");
      assert.match(second.stderr, /relation "nothing" does not exist/);
      assert.equal(second.code, 1);
      assert.deepEqual(await simulator.activeSessions(), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
