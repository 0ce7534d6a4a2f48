import assert from "node:assert/strict";
import { testCertificates } from "../io/test_certificates.ts";
import { runProgram } from "../testkit/executable.ts";
import { FakeAws } from "../testkit/fake_aws.ts";

const { authority, certificate, key } = testCertificates;

/** `ssm shell` against an endpoint whose certificate comes from an authority of our own. */
async function askOverTls(env: Readonly<Record<string, string>>) {
  await using aws = new FakeAws({
    "ssm:StartSession": () => ({ error: "AccessDeniedException" }),
  }, { cert: certificate, key });
  return await runProgram(
    ["shell", "i-0123456789abcdef0", "--endpoint-url", aws.endpoint],
    {
      env: {
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "AKIAXXXXXXXXXXXXXXXX",
        AWS_SECRET_ACCESS_KEY: "secret",
        // The platform's own way to the system's store reads SSL_CERT_FILE too; not that is tested.
        DENO_TLS_CA_STORE: "mozilla",
        ...env,
      },
    },
  );
}

Deno.test("cli: an API's certificate from an authority that nobody named is not trusted", async () => {
  const { code, stderr } = await askOverTls({});
  assert.equal(code, 125);
  assert.match(stderr, /localhost:\d+: its certificate is not trusted/);
  assert.match(stderr, /\nhint: export AWS_CA_BUNDLE=/);
});

Deno.test("cli: API calls trust what AWS_CA_BUNDLE, ca_bundle or SSL_CERT_FILE names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const pem = `${folder}/authority.pem`;
    const config = `${folder}/config`;
    await Deno.writeTextFile(pem, authority);
    await Deno.writeTextFile(config, `[default]\nca_bundle = ${pem}\n`);
    for (
      const env of [
        { SSL_CERT_FILE: pem },
        { AWS_CA_BUNDLE: pem },
        { AWS_CONFIG_FILE: config },
      ]
    ) {
      const { code, stderr } = await askOverTls(env);
      assert.equal(code, 125);
      assert.match(stderr, /access to ssm:StartSession is denied/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cli: a certificate file that is of no use is named, with who named it", async () => {
  const { code, stderr } = await askOverTls({ SSL_CERT_FILE: "/nowhere.pem" });
  assert.equal(code, 125);
  assert.equal(
    stderr,
    "ssm: Cannot use AWS settings: cannot read CA certificates from /nowhere.pem (SSL_CERT_FILE): there is no such file\n",
  );
});
