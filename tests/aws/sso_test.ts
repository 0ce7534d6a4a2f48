import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/mod.ts";
import { defaultOptions } from "../../lib/simulator/options.ts";
import type { SignInBehaviour } from "../../lib/simulator/api/sso.ts";
import { startSimulator } from "../../lib/simulator/mod.ts";
import { AwsHome } from "../testkit/aws_home.ts";

const config = "[profile sso]\nsso_session = corp\nregion = us-east-1\n" +
  "sso_account_id = 000000000000\nsso_role_name = Admin\n" +
  "[profile old]\nsso_start_url = https://old.example/start\n" +
  "sso_region = us-east-1\nregion = us-east-1\n" +
  "sso_account_id = 000000000000\nsso_role_name = Admin\n" +
  "[sso-session corp]\nsso_region = us-east-1\n" +
  "sso_start_url = https://corp.example/start\n" +
  "sso_registration_scopes = sso:account:access\n";

/** Signs in against a simulator that answers so. */
async function withSimulator(
  behaviour: Partial<SignInBehaviour>,
  run: (
    sign: (
      profile: string,
      force?: boolean,
    ) => ReturnType<Aws["sso"]["signIn"]>,
    pages: string[],
  ) => Promise<void>,
): Promise<void> {
  await using simulator = await startSimulator({
    ...defaultOptions,
    pace: "fast",
    signIn: { ...defaultOptions.signIn, ...behaviour },
  });
  await using _home = await AwsHome.create({
    config,
    env: { AWS_ENDPOINT_URL: simulator.endpoint },
  });
  const pages: string[] = [];
  await run(async (profile, force = false) => {
    using aws = new Aws({ profile });
    return await aws.sso.signIn({
      force,
      now: Date.now,
      sleep: () => Promise.resolve(),
      onPending: (authorization) =>
        pages.push(authorization.verificationUriComplete),
    }, new AbortController().signal);
  }, pages);
}

for (const profile of ["sso", "old"]) {
  Deno.test(`sign-in against the simulator: the SDK then uses it (${profile})`, () =>
    withSimulator({ polls: 2, slowDown: true }, async (sign, pages) => {
      const first = await sign(profile);
      assert.equal(first.fresh, true);
      assert.equal(first.renewable, profile === "sso");
      assert.match(pages[0] ?? "", /\/device\?user_code=[A-Z]{4}-[A-Z]{4}$/);
      using aws = new Aws({ profile });
      assert.equal((await aws.sts.getCallerIdentity()).account, "000000000000");
      assert.equal((await sign(profile)).fresh, false);
      assert.equal((await sign(profile, true)).fresh, true);
      assert.equal(pages.length, 2);
    }));
}

Deno.test("sign-out: the service forgets the token, and its file is gone", () =>
  withSimulator({}, async (sign) => {
    await sign("sso");
    const signal = new AbortController().signal;
    using aws = new Aws({ profile: "sso" });
    // Who has the token from before has none of use.
    const other = new Aws({ profile: "sso" });
    const path = `${Deno.env.get("HOME")}/.aws/sso/cache`;
    const before = await Array.fromAsync(Deno.readDir(path));
    assert.equal((await aws.sso.signOut(signal)).removed, true);
    const after = await Array.fromAsync(Deno.readDir(path));
    assert.equal(after.length, before.length - 1);
    assert.equal((await aws.sso.signOut(signal)).removed, false);
    await assert.rejects(
      other.sts.getCallerIdentity(),
      /SSO login of the profile sso is missing or has expired/,
    );
    other.close();
  }));

Deno.test("sign-out: a profile that does not sign in cannot sign out", async () => {
  await using _home = await AwsHome.create({
    config: "[profile keys]\naws_access_key_id = A\n",
  });
  using aws = new Aws({ profile: "keys" });
  await assert.rejects(aws.sso.signOut(new AbortController().signal), {
    name: "AwsCallError",
    message: "Cannot sign out: the profile keys has access keys, " +
      "which need no sign-in; a sign-in needs sso_session or sso_start_url",
  });
});

Deno.test("sign-in: refused and too late", async () => {
  await withSimulator({ answer: "deny" }, async (sign) => {
    await assert.rejects(sign("sso"), /it was refused in the browser/);
  });
  await withSimulator({ answer: "expire" }, async (sign) => {
    await assert.rejects(sign("sso"), /the code's time was over/);
  });
});

Deno.test("sign-in: what the service says of a wrong start URL is said", () =>
  withSimulator({}, async (sign) => {
    await Deno.writeTextFile(
      `${Deno.env.get("HOME")}/.aws/config`,
      config.replace("https://corp.example/start", "nonsense"),
    );
    await assert.rejects(
      sign("sso"),
      /^AwsCallError: Cannot sign in: Invalid startUrl provided$/,
    );
  }));

Deno.test("sign-in: confirmed on the page, before any question has an answer", () =>
  withSimulator({ polls: 1_000_000 }, async (sign, pages) => {
    const signed = sign("sso");
    while (pages.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const answer = await fetch(pages[0]!);
    assert.match(await answer.text(), /Confirmed/);
    assert.equal((await signed).fresh, true);
  }));
