import assert from "node:assert/strict";
import { browserCommand } from "../../../cmd/login/browser.ts";
import { runCommandLine } from "../../../cmd/mod.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import { TestContext } from "../../testkit/context.ts";

const authorization = {
  deviceCode: "device-secret",
  userCode: "ABCD-EFGH",
  verificationUri: "https://device.example/",
  verificationUriComplete: "https://device.example/?user_code=ABCD-EFGH",
  expiresIn: 600,
  interval: 1,
};

const login = {
  sessionName: "corp",
  startUrl: "https://corp/start",
  region: "eu-west-1",
  scopes: [],
};

/** A world in which the user confirms at once. */
function world(): TestContext {
  const context = new TestContext();
  context.onLogin = (force, onPending) => {
    if (!force) {
      return Promise.resolve({
        login,
        expiresAt: 0,
        renewable: false,
        fresh: false,
      });
    }
    onPending(authorization, login);
    return Promise.resolve({
      login,
      expiresAt: 0,
      renewable: true,
      fresh: true,
    });
  };
  return context;
}

Deno.test("login: says where and which code, opens the browser, and shows no secret", async () => {
  const context = world();
  assert.equal(
    await runCommandLine(["login", "--profile", "prod", "--force"], context),
    0,
  );
  const { errorText, outputText } = context.terminal;
  assert.match(
    errorText,
    /^Sign in for corp at\n\n {2}https:\/\/device\.example\/\?user_code=ABCD-EFGH\n\nor at https:\/\/device\.example\/ with the code\n\n {2}ABCD-EFGH\n\n/,
  );
  assert.match(
    errorText,
    /Signed in, renewed by itself at 1970-01-01 00:00Z\n/,
  );
  assert.doesNotMatch(errorText, /secret/);
  assert.equal(outputText, "");
  assert.deepEqual(context.pages, [authorization.verificationUriComplete]);
  assert.equal(context.connections[0]?.profile, "prod");
  assert.equal(context.awsClosed, 1);
});

Deno.test("login: --no-browser and SSM_BROWSER=false open none, --quiet still says what to do", async () => {
  const context = world();
  await runCommandLine(["login", "--force", "--no-browser", "-q"], context);
  assert.match(context.terminal.errorText, /ABCD-EFGH/);
  assert.doesNotMatch(context.terminal.errorText, /Signed in/);
  context.variables.set("SSM_BROWSER", "false");
  await runCommandLine(["login", "--force"], context);
  assert.deepEqual(context.pages, []);
});

Deno.test("login: where there is a sign-in it says so", async () => {
  const context = world();
  assert.equal(await runCommandLine(["login"], context), 0);
  assert.match(context.terminal.errorText, /^Signed in already, --force /);
  assert.deepEqual(context.pages, []);
});

Deno.test("login: an address that is none is not opened", async () => {
  const context = world();
  context.onLogin = (_, onPending) => {
    onPending(
      { ...authorization, verificationUriComplete: "file:///etc/passwd" },
      login,
    );
    return Promise.reject(new Error("not reached"));
  };
  assert.equal(await runCommandLine(["login"], context), 125);
  assert.match(context.terminal.errorText, /no address to sign in at/);
  assert.deepEqual(context.pages, []);
});

Deno.test("login: a failure is said, and the connections are closed", async () => {
  const context = world();
  context.onLogin = () =>
    Promise.reject(
      new AwsCallError({
        action: "login",
        code: "NoSsoLogin",
        kind: "invalid",
        reason: "the profile keys has access keys",
        hints: ["aws configure sso"],
      }),
    );
  assert.equal(await runCommandLine(["login"], context), 125);
  assert.equal(
    context.terminal.errorText,
    "ssm: Cannot sign in: the profile keys has access keys\nhint: aws configure sso\n",
  );
  assert.equal(context.awsClosed, 1);
});

Deno.test("logout: says whether there was a sign-in", async () => {
  const context = world();
  context.onLogout = () => Promise.resolve(true);
  assert.equal(await runCommandLine(["logout", "--profile=p"], context), 0);
  assert.equal(context.terminal.errorText, "Signed out\n");
  assert.equal(context.connections[0]?.profile, "p");
});

Deno.test("browser: each system's own program, without a shell in between", () => {
  const url = "https://device.example/?a=1&b=2";
  const of = (os: typeof Deno.build.os, env: Record<string, string> = {}) =>
    browserCommand(url, (name) => env[name], os);
  assert.deepEqual(of("darwin"), ["open", url]);
  assert.deepEqual(of("windows"), [
    "rundll32.exe",
    "url.dll,FileProtocolHandler",
    url,
  ]);
  assert.equal(of("linux"), undefined);
  assert.deepEqual(of("linux", { DISPLAY: ":0" }), ["xdg-open", url]);
  assert.deepEqual(of("linux", { WAYLAND_DISPLAY: "w" }), ["xdg-open", url]);
  assert.deepEqual(of("linux", { BROWSER: "firefox" }), ["firefox", url]);
  assert.deepEqual(of("linux", { BROWSER: "a %s:b", DISPLAY: ":0" }), [
    "xdg-open",
    url,
  ]);
  assert.deepEqual(of("linux", { WSL_DISTRO_NAME: "u" }), ["wslview", url]);
});
