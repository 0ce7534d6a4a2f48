import assert from "node:assert/strict";
import { namedCertificates, systemCertificates } from "../../lib/io/trust.ts";
import { testCertificates } from "./test_certificates.ts";

function named(
  variables: Record<string, string>,
  files: Record<string, string>,
  caBundle?: string,
) {
  return namedCertificates({
    env: (name) => variables[name],
    caBundle,
    readTextFile: (path) =>
      files[path] === undefined
        ? Promise.reject(new Deno.errors.NotFound("no"))
        : Promise.resolve(files[path]),
  });
}

const one = testCertificates.authority;
const two = `# a comment\n${one}\nmore\n${testCertificates.certificate}`;

Deno.test("AWS_CA_BUNDLE comes before ca_bundle, and that before SSL_CERT_FILE", async () => {
  const files = { a: one, b: two, c: one };
  const all = { AWS_CA_BUNDLE: "a", SSL_CERT_FILE: "c" };
  assert.equal((await named(all, files, "b")).length, 1);
  assert.equal((await named({ SSL_CERT_FILE: "c" }, files, "b")).length, 2);
  assert.deepEqual(await named({ SSL_CERT_FILE: "c" }, files), [one.trim()]);
  assert.deepEqual(await named({ AWS_CA_BUNDLE: "" }, files), []);
});

Deno.test("a leading ~ is the home directory", async () => {
  const found = await named({ HOME: "/home/me" }, {
    "/home/me/ca.pem": one,
  }, "~/ca.pem");
  assert.equal(found.length, 1);
});

Deno.test("a named file that is missing or holds no certificate is an error that names it", async () => {
  await assert.rejects(named({ AWS_CA_BUNDLE: "/x.pem" }, {}), {
    name: "TransportError",
    message:
      "Cannot read CA certificates from /x.pem (AWS_CA_BUNDLE): there is no such file",
  });
  await assert.rejects(named({ SSL_CERT_FILE: "/x.pem" }, { "/x.pem": "?" }), {
    message:
      "Cannot read CA certificates from /x.pem (SSL_CERT_FILE): the file holds no PEM certificate",
  });
});

Deno.test("systemCertificates gives PEM texts, or none where Deno has no access", async () => {
  for (const pem of await systemCertificates()) {
    assert.match(pem, /^-----BEGIN CERTIFICATE-----/);
  }
  assert.ok(Array.isArray(await systemCertificates()));
});
