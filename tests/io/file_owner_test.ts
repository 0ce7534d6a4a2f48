import assert from "node:assert/strict";
import { requireOwnFile } from "../../lib/io/file_owner.ts";
import { continueFile, openSharedFile } from "../../lib/io/private_file.ts";

const windows = Deno.build.os === "windows";

/** A plain file of ours. */
const plain = {
  isFile: true,
  isFifo: false,
  isCharDevice: false,
  uid: Deno.uid(),
  mode: 0o100600,
};

Deno.test("a file that is there is gone on in when it is ours alone to write", () => {
  requireOwnFile("/x", plain);
  requireOwnFile("/x", { ...plain, mode: 0o100644 });
  requireOwnFile("/x", { ...plain, uid: null, mode: null });
  const device = { ...plain, isFile: false, isCharDevice: true, uid: 12345 };
  requireOwnFile("/dev/null", { ...device, mode: 0o20666 });
  for (
    const [facts, reason] of [
      [{ isFile: false, isFifo: true }, /^it is a named pipe, not a file$/],
      [{ isFile: false }, /^it is no plain file$/],
      ...windows ? [] : [
        [{ uid: 12345 }, /^it is another user's file$/],
        [{ mode: 0o100620 }, /^others may write to it/],
        [{ mode: 0o100602 }, /^others may write to it/],
      ] as const,
    ] as const
  ) {
    assert.throws(
      () => requireOwnFile("/x", { ...plain, ...facts }),
      (error) =>
        error instanceof Deno.errors.PermissionDenied &&
        reason.test(error.message),
    );
    // What the shell opened is the user's own choice.
    for (const own of ["/dev/stderr", "/dev/fd/63", "/proc/self/fd/2"]) {
      requireOwnFile(own, { ...plain, ...facts });
    }
  }
});

Deno.test({
  name:
    "a log or recording goes on in no file that others may write, and waits at no pipe",
  ignore: windows,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const shared = `${folder}/shared`;
      await Deno.writeTextFile(shared, "");
      await Deno.chmod(shared, 0o660);
      const pipe = `${folder}/pipe`;
      const { success } = await new Deno.Command("mkfifo", {
        args: ["-m", "600", pipe],
      }).output();
      assert.ok(success);
      for (const path of [shared, pipe, folder]) {
        for (const open of [continueFile, openSharedFile]) {
          await assert.rejects(open(path), Deno.errors.PermissionDenied);
        }
      }
      const { file, lastMoment } = await openSharedFile("/dev/null");
      file.close();
      lastMoment.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
