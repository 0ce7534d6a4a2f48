import assert from "node:assert/strict";
import { accountMark, accountOfKey } from "../../lib/aws/identity.ts";

Deno.test("an access key's id tells its account", () => {
  // Ids and accounts that others have published with the way to decode them.
  assert.equal(accountOfKey("ASIAQNZGKIQY56JQ7WML"), "029608264753");
  assert.equal(accountOfKey("ASIAY34FZKBOKMUTVV7A"), "609629065308");
  for (const text of ["", "AKIA", "simulator", "AKIA0189012345678901"]) {
    assert.equal(accountOfKey(text), undefined);
  }
});

Deno.test("the mark is the account's, whatever the key, and does not show it", async () => {
  const mark = await accountMark({ accessKeyId: "ASIAQNZGKIQY56JQ7WML" });
  assert.match(mark, /^[0-9a-f]{16}$/);
  assert.equal(
    await accountMark({ accountId: "029608264753", accessKeyId: "other" }),
    mark,
  );
  assert.notEqual(await accountMark({ accessKeyId: "other" }), mark);
  assert.notEqual(
    await accountMark({ accessKeyId: "other" }),
    await accountMark({ accessKeyId: "another" }),
  );
});
