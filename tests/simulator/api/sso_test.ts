import assert from "node:assert/strict";
import {
  OAuthError,
  type SignInBehaviour,
  SimulatedSso,
  ssoCallOf,
} from "../../../lib/simulator/api/sso.ts";
import { ApiError } from "../../../lib/simulator/api/errors.ts";
import {
  makeCredentials,
  systemRandom,
} from "../../../lib/simulator/credentials.ts";

function service(behaviour: Partial<SignInBehaviour> = {}) {
  const sso = new SimulatedSso({
    behaviour: { answer: "approve", polls: 0, slowDown: false, ...behaviour },
    credentials: makeCredentials(),
    random: systemRandom,
    now: () => 1_000_000,
    interval: 1,
    endpoint: () => "http://127.0.0.1:1",
  });
  const register = (scopes?: string[]) => {
    const { clientId, clientSecret } = sso.handle("RegisterClient", {
      clientName: "x",
      clientType: "public",
      ...(scopes === undefined ? {} : { scopes }),
    }, undefined);
    return { clientId, clientSecret };
  };
  const authorize = (client: ReturnType<typeof register>) =>
    sso.handle(
      "StartDeviceAuthorization",
      { ...client, startUrl: "https://corp.example/start" },
      undefined,
    );
  return { sso, register, authorize };
}

/** The code of the error. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert(error instanceof ApiError);
    return error.code;
  }
  return "";
}

Deno.test("sso: a client, a code, pending, a token, credentials, and nothing after logout", () => {
  const { sso, register, authorize } = service({ polls: 1 });
  const client = register(["sso:account:access"]);
  const { deviceCode } = authorize(client);
  const ask = () =>
    sso.handle("CreateToken", { ...client, deviceCode }, undefined);
  assert.equal(refusal(ask), "AuthorizationPendingException");
  const { accessToken, refreshToken } = ask();
  assert.equal(refusal(ask), "InvalidGrantException");
  const bearer = String(accessToken);
  const { roleCredentials } = sso.handle("GetRoleCredentials", {}, bearer);
  assert.ok(roleCredentials);
  const renewed = sso.handle("CreateToken", {
    ...client,
    grantType: "refresh_token",
    refreshToken,
  }, undefined);
  assert.notEqual(renewed.accessToken, accessToken);
  sso.handle("Logout", {}, bearer);
  assert.equal(
    refusal(() => sso.handle("GetRoleCredentials", {}, bearer)),
    "UnauthorizedException",
  );
});

Deno.test("sso: without a scope there is no refresh token", () => {
  const { sso, register, authorize } = service();
  const client = register();
  const { deviceCode } = authorize(client);
  const token = sso.handle("CreateToken", { ...client, deviceCode }, undefined);
  assert.equal("refreshToken" in token, false);
});

Deno.test("sso: strange clients, codes, refresh tokens and pages are refused", () => {
  const { sso, register, authorize } = service();
  const client = register();
  const wrong = { ...client, clientSecret: "x" };
  assert.equal(refusal(() => authorize(wrong)), "InvalidClientException");
  const { deviceCode } = authorize(client);
  for (
    const input of [
      { ...client, deviceCode: "x" },
      { ...register(), deviceCode },
      { ...client, grantType: "refresh_token", refreshToken: "x" },
    ]
  ) {
    assert.equal(
      refusal(() => sso.handle("CreateToken", input, undefined)),
      "InvalidGrantException",
    );
  }
  assert.equal(
    refusal(() =>
      sso.handle("RegisterClient", { clientType: "confidential" }, undefined)
    ),
    "InvalidClientMetadataException",
  );
  assert.equal(
    refusal(() => sso.handle("Device", { userCode: "AAAA-BBBB" }, undefined)),
    "ResourceNotFoundException",
  );
  assert.throws(
    () => sso.handle("CreateToken", { ...client, deviceCode: "x" }, undefined),
    OAuthError,
  );
});

Deno.test("sso: paths are taken with their method alone", () => {
  assert.equal(ssoCallOf("POST", "/token"), "CreateToken");
  assert.equal(ssoCallOf("GET", "/token"), undefined);
  assert.equal(
    ssoCallOf("GET", "/federation/credentials"),
    "GetRoleCredentials",
  );
  assert.equal(ssoCallOf("POST", "/"), undefined);
  assert.equal(ssoCallOf("constructor", ""), undefined);
});
