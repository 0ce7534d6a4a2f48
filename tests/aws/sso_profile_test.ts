import assert from "node:assert/strict";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { ssoLoginOf } from "../../lib/aws/sso_profile.ts";

const files = {
  profiles: {
    sso: { sso_session: "corp" },
    old: { sso_start_url: "https://old/start", sso_region: "us-east-1" },
    half: { sso_start_url: "https://old/start" },
    lost: { sso_session: "gone" },
    role: { role_arn: "arn:role", source_profile: "sso" },
    circle: { role_arn: "arn:role", source_profile: "round" },
    round: { role_arn: "arn:role", source_profile: "circle" },
    self: { role_arn: "arn:role", source_profile: "self" },
    metadata: {
      role_arn: "arn:role",
      credential_source: "Ec2InstanceMetadata",
    },
    keys: { aws_access_key_id: "AKIA", aws_secret_access_key: "secret" },
    console: { login_session: "arn:user" },
    program: { credential_process: "prog --secret x" },
    token: { role_arn: "arn:role", web_identity_token_file: "/token" },
    nothing: { region: "eu-west-1" },
    evil: { sso_start_url: "https://old/start", sso_region: "evil.example/" },
  },
  ssoSessions: {
    corp: {
      sso_start_url: "https://corp/start",
      sso_region: "eu-west-1",
      sso_registration_scopes: "sso:account:access, other:scope ,",
    },
  },
};

Deno.test("SSO of a profile: by session, in the older form, and by the source profile of a role", () => {
  const corp = {
    sessionName: "corp",
    startUrl: "https://corp/start",
    region: "eu-west-1",
    scopes: ["sso:account:access", "other:scope"],
  };
  assert.deepEqual(ssoLoginOf("sso", files), corp);
  assert.deepEqual(ssoLoginOf("role", files), corp);
  assert.deepEqual(ssoLoginOf("old", files), {
    sessionName: undefined,
    startUrl: "https://old/start",
    region: "us-east-1",
    scopes: [],
  });
});

Deno.test("SSO of a profile without it: a sentence about what it has, and no secret in it", () => {
  const needed = "; a sign-in needs sso_session or sso_start_url";
  for (
    const [name, reason, hints] of [
      ["keys", "has access keys, which need no sign-in", []],
      [
        "console",
        "signs in with the console's credentials (login_session), which the AWS CLI does",
        ["aws login --profile console"],
      ],
      [
        "program",
        "has its credentials from a program (credential_process)",
        [],
      ],
      ["token", "has its credentials from a web identity token", []],
      [
        "metadata",
        "assumes a role with credentials of Ec2InstanceMetadata",
        [],
      ],
      ["self", "assumes a role, and names no other profile for that", []],
      [
        "nothing",
        "has no credentials of its own",
        ["aws configure sso --profile nothing"],
      ],
    ] as const
  ) {
    assert.throws(() => ssoLoginOf(name, files), (error) => {
      assert(error instanceof AwsCallError);
      assert.equal(
        error.message,
        `Cannot sign in: the profile ${name} ${reason}${needed}`,
      );
      assert.deepEqual(error.hints, hints);
      return true;
    });
  }
  assert.throws(
    () => ssoLoginOf("__proto__", files),
    /the profile __proto__ has no credentials of its own/,
  );
});

Deno.test("SSO of a profile that says too little or nonsense", () => {
  assert.throws(() => ssoLoginOf("half", files), /half: it has no sso_region$/);
  assert.throws(
    () => ssoLoginOf("lost", files),
    /it names the sso-session gone, which is not there$/,
  );
  assert.throws(() => ssoLoginOf("circle", files), /in a circle$/);
  assert.throws(
    () => ssoLoginOf("evil", files),
    /evil\.example\/ is no region$/,
  );
});
