import assert from "node:assert/strict";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { requireRegion, resolveSettings } from "../../lib/aws/settings.ts";
import { AwsHome } from "../testkit/aws_home.ts";

async function failure(run: () => unknown): Promise<AwsCallError> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof AwsCallError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "It did not fail" });
}

const CONFIG = `
[default]
region = us-west-1
[profile dev]
region = eu-west-1
ca_bundle = /etc/dev-ca.pem
[profile empty]
output = json
[sso-session corp]
sso_region = us-east-1
[services local]
ssm =
  endpoint_url = http://127.0.0.1:1
`;

Deno.test("the region comes from the flag, then AWS_REGION, AWS_DEFAULT_REGION, the profile", async () => {
  await using _home = await AwsHome.create({ config: CONFIG });
  const env: Record<string, string> = {
    AWS_REGION: "ap-south-1",
    AWS_DEFAULT_REGION: "ap-east-1",
    AWS_PROFILE: "dev",
  };
  const settings = { region: "sa-east-1", env: (name: string) => env[name] };
  const region = async (flag = true) =>
    (await resolveSettings(flag ? settings : { env: settings.env })).region;
  assert.equal(await region(), "sa-east-1");
  assert.equal(await region(false), "ap-south-1");
  env["AWS_REGION"] = "";
  assert.equal(await region(false), "ap-east-1");
  delete env["AWS_DEFAULT_REGION"];
  assert.equal(await region(false), "eu-west-1");
  delete env["AWS_PROFILE"];
  assert.equal(await region(false), "us-west-1");
});

Deno.test("the profile comes from the flag, then AWS_PROFILE, then AWS_DEFAULT_PROFILE", async () => {
  await using _home = await AwsHome.create({ config: CONFIG });
  const env: Record<string, string> = {
    AWS_PROFILE: "dev",
    AWS_DEFAULT_PROFILE: "empty",
  };
  const lookup = (name: string) => env[name];
  const flag = await resolveSettings({ profile: "empty", env: lookup });
  assert.equal(flag.profile, "empty");
  assert.equal(flag.namedProfile, "empty");
  assert.equal((await resolveSettings({ env: lookup })).profile, "dev");
  delete env["AWS_PROFILE"];
  assert.equal((await resolveSettings({ env: lookup })).profile, "empty");
  delete env["AWS_DEFAULT_PROFILE"];
  const none = await resolveSettings({ env: lookup });
  assert.equal(none.profile, "default");
  assert.equal(none.namedProfile, undefined);
});

Deno.test("both files make up a profile, and the credentials file wins", async () => {
  await using _home = await AwsHome.create({
    config: CONFIG,
    credentials:
      "[dev]\nregion = eu-west-3\n[only-here]\naws_access_key_id=A\n",
  });
  const dev = await resolveSettings({ profile: "dev" });
  assert.equal(dev.region, "eu-west-3");
  assert.equal(dev.caBundle, "/etc/dev-ca.pem");
  await resolveSettings({ profile: "only-here" });
});

Deno.test("files are read anew each time, and where the variables say", async () => {
  await using home = await AwsHome.create({ config: CONFIG });
  assert.equal((await resolveSettings({})).region, "us-west-1");
  await home.write(".aws/config", "[default]\nregion = us-west-2\n");
  assert.equal((await resolveSettings({})).region, "us-west-2");
  Deno.env.set(
    "AWS_CONFIG_FILE",
    await home.write("elsewhere", "[default]\nregion = us-east-2\n"),
  );
  assert.equal((await resolveSettings({})).region, "us-east-2");
});

Deno.test("AWS_CA_BUNDLE comes before the profile's ca_bundle", async () => {
  await using _home = await AwsHome.create({
    config: CONFIG,
    env: { AWS_CA_BUNDLE: "/x.pem", AWS_PROFILE: "dev" },
  });
  assert.equal((await resolveSettings({})).caBundle, "/x.pem");
});

Deno.test("an unknown profile is named, with the profiles there are and the files", async () => {
  await using _home = await AwsHome.create({
    config: CONFIG,
    credentials: "[other]\naws_access_key_id = A\n",
  });
  const error = await failure(() => resolveSettings({ profile: "it's \x1b" }));
  assert.equal(error.kind, "unknown-profile");
  assert.equal(error.final, true);
  assert.equal(
    error.message,
    'Cannot find profile: --profile names "it\'s \\u001b", ' +
      "but ~/.aws/config and ~/.aws/credentials have only default, dev, empty, other",
  );
  assert.deepEqual(error.hints, [
    "aws configure list-profiles",
    "aws configure --profile $'it\\'s \\x1b'",
  ]);
});

Deno.test("an unknown AWS_PROFILE says that the variable named it, with no profile at all too", async () => {
  await using _home = await AwsHome.create({ env: { AWS_PROFILE: "gone" } });
  const error = await failure(() => resolveSettings({}));
  assert.match(
    error.message,
    /^Cannot find profile: AWS_PROFILE names "gone", but .* have no profile$/,
  );
});

Deno.test("an unknown profile: whoever named it, and a file that is both once", async () => {
  await using _home = await AwsHome.create({
    env: {
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    },
  });
  const named = { profile: "nope", profileSource: "SSM_PROFILE" };
  const error = await failure(() => resolveSettings(named));
  assert.equal(
    error.message,
    'Cannot find profile: SSM_PROFILE names "nope", but /dev/null has no profile',
  );
});

Deno.test("without a region the error says where to set one", async () => {
  await using _home = await AwsHome.create({ config: CONFIG });
  const resolved = await resolveSettings({ profile: "empty" });
  const error = await failure(() => requireRegion(resolved));
  assert.equal(error.kind, "no-region");
  assert.match(error.message, /^Cannot choose region: none is set: /);
  assert.match(error.message, /--region/);
  assert.match(error.message, /AWS_REGION/);
  assert.match(error.message, /region in the profile empty/);
  assert.deepEqual(error.hints, [
    "export AWS_REGION=us-east-1",
    "ssm config set region us-east-1 --profile empty",
  ]);
});

Deno.test("what cannot be a region or an endpoint is refused before it is part of a host", async () => {
  await using _home = await AwsHome.create();
  for (const region of ["us-east-1.evil.example/", "-x", "a b", "x\n"]) {
    const error = await failure(() => resolveSettings({ region }));
    assert.equal(error.kind, "invalid", region);
  }
  for (const endpointUrl of ["127.0.0.1:4566", "ftp://x", ""]) {
    const error = await failure(() => resolveSettings({ endpointUrl }));
    assert.match(error.message, /--endpoint-url/);
  }
});

Deno.test("the environment's credentials count unless a profile is named on the command line", async () => {
  await using _home = await AwsHome.create({
    config: CONFIG,
    env: { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" },
  });
  const from = async (profile?: string) =>
    (await resolveSettings({ profile })).credentialsFromEnvironment;
  assert.equal(await from(), true);
  assert.equal(await from("dev"), false);
  Deno.env.set("AWS_PROFILE", "dev");
  assert.equal(await from(), true);
});
