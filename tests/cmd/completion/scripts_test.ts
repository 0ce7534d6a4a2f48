import assert from "node:assert/strict";
import { completionScript } from "../../../cmd/completion/scripts.ts";

Deno.test("completion: PowerShell's script doubles all that PowerShell takes for '", () => {
  const [, marks = "", by] =
    /-replace '(\[[^']*\])', '([^']*)'/.exec(completionScript("powershell")) ??
      [];
  assert.equal(by, "$0$0");
  // The classes of .NET and of JavaScript are the same here.
  const doubled = "a'b\u2018c\u2019d\u201ae\u201bf\u201c`\""
    .replace(new RegExp(marks, "g"), "$&$&");
  assert.equal(
    doubled,
    "a''b\u2018\u2018c\u2019\u2019d\u201a\u201ae\u201b\u201bf\u201c`\"",
  );
});
