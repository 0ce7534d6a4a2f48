import assert from "node:assert/strict";
import { withTarget } from "../../../cmd/target/target.ts";

Deno.test("target: the connection's flags come before a command's --", () => {
  const connection = {
    profile: "prod",
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  } as const;
  const shown = (rest: string | undefined, target = "web") =>
    withTarget(target, { command: "ssm exec", rest, connection });
  assert.equal(shown(undefined), "ssm exec web --profile prod");
  assert.equal(shown("--remote 80"), "ssm exec web --remote 80 --profile prod");
  assert.equal(shown("-- …"), "ssm exec web --profile prod -- …");
  assert.equal(shown("-t -- …"), "ssm exec web -t --profile prod -- …");
  assert.equal(shown("", "a -- b"), "ssm exec 'a -- b' --profile prod");
  assert.equal(
    shown("-- …", "a -- b"),
    "ssm exec 'a -- b' --profile prod -- …",
  );
  assert.equal(
    withTarget("web", {
      command: "ssm cp",
      typed: (target) => `ssm cp ${target}:'a -- b' .`,
      connection,
    }),
    "ssm cp web:'a -- b' . --profile prod",
  );
});
