import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ActionStatus,
  decodeBase64,
  decodeChallenge,
  decodeHandshakeComplete,
  decodeHandshakeRequest,
  decodeHandshakeResponse,
  encodeBase64,
  encodeChallenge,
  encodeHandshakeComplete,
  encodeHandshakeRequest,
  encodeHandshakeResponse,
  isSessionType,
} from "../../../lib/protocol/message/handshake.ts";
import { PayloadError } from "../../../lib/protocol/message/payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

Deno.test("handshake request: the agent's text, and back (handshake.md §3)", () => {
  const request = {
    agentVersion: "3.3.0.0",
    actions: [
      {
        actionType: "SessionType",
        parameters: { SessionType: "Port", Properties: { portNumber: "80" } },
      },
      { actionType: "KMSEncryption", parameters: { KMSKeyId: "k" } },
    ],
  };
  const payload = encodeHandshakeRequest(request);
  assert.equal(
    text(payload),
    '{"AgentVersion":"3.3.0.0","RequestedClientActions":[' +
      '{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port","Properties":{"portNumber":"80"}}},' +
      '{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k"}}]}',
  );
  assert.deepEqual(decodeHandshakeRequest(payload), request);
});

Deno.test("handshake request: absent members, null and other letter cases, as Go reads them", () => {
  assert.deepEqual(decodeHandshakeRequest(bytes("{}")), {
    agentVersion: "",
    actions: [],
  });
  assert.deepEqual(
    decodeHandshakeRequest(
      bytes(
        '{"agentversion":"1","REQUESTEDCLIENTACTIONS":[{"actiontype":"X"}]}',
      ),
    ),
    { agentVersion: "1", actions: [{ actionType: "X", parameters: {} }] },
  );
  assert.deepEqual(
    decodeHandshakeRequest(
      bytes('{"AgentVersion":null,"RequestedClientActions":null}'),
    ),
    { agentVersion: "", actions: [] },
  );
});

Deno.test("handshake response: the official text, and back (handshake.md §4)", () => {
  const response = {
    clientVersion: "1.2.896.0",
    actions: [
      {
        actionType: "SessionType",
        status: ActionStatus.Success,
        result: null,
        error: "",
      },
      {
        actionType: "X",
        status: ActionStatus.Unsupported,
        result: null,
        error: "no",
      },
    ],
  };
  const payload = encodeHandshakeResponse(response);
  assert.equal(
    text(payload),
    '{"ClientVersion":"1.2.896.0","ProcessedClientActions":[' +
      '{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""},' +
      '{"ActionType":"X","ActionStatus":3,"ActionResult":null,"Error":"no"}],"Errors":["no"]}',
  );
  assert.deepEqual(decodeHandshakeResponse(payload), response);
  const good = encodeHandshakeResponse({
    ...response,
    actions: response.actions.slice(0, 1),
  });
  assert.match(text(good), /"Errors":null}$/);
  assert.deepEqual(
    decodeHandshakeResponse(
      bytes('{"ProcessedClientActions":[{"ActionType":"X"}]}'),
    ),
    {
      clientVersion: "",
      actions: [{ actionType: "X", status: 0, result: null, error: "" }],
    },
  );
});

Deno.test("handshake complete: nanoseconds on the wire, milliseconds here (handshake.md §5)", () => {
  const payload = encodeHandshakeComplete({
    timeToComplete: 123.456789,
    customerMessage: "hi",
  });
  assert.equal(
    text(payload),
    '{"HandshakeTimeToComplete":123456789,"CustomerMessage":"hi"}',
  );
  assert.deepEqual(decodeHandshakeComplete(payload), {
    timeToComplete: 123.456789,
    customerMessage: "hi",
  });
  assert.deepEqual(decodeHandshakeComplete(bytes("{}")), {
    timeToComplete: 0,
    customerMessage: "",
  });
});

Deno.test("challenge: base64 both ways, of any bytes", () => {
  assert.equal(
    text(encodeChallenge(new Uint8Array([255, 0]))),
    '{"Challenge":"/wA="}',
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (challenge) => {
    assert.deepEqual(decodeChallenge(encodeChallenge(challenge)), challenge);
    assert.deepEqual(decodeBase64(encodeBase64(challenge), "x"), challenge);
  }));
  assert.throws(() => decodeChallenge(bytes('{"Challenge":"/w_="}')), {
    name: "PayloadError",
    message: "Cannot decode encryption challenge: it is not base64",
  });
});

Deno.test("handshake: wrong shapes are the peer's fault and nothing else", () => {
  for (
    const value of [
      "",
      "x",
      "[]",
      "null",
      "1",
      '"a"',
      '{"AgentVersion":1}',
      '{"RequestedClientActions":{}}',
      '{"RequestedClientActions":[null]}',
      '{"RequestedClientActions":[[]]}',
      '{"RequestedClientActions":[{"ActionType":[]}]}',
      '{"RequestedClientActions":[{"ActionParameters":"x"}]}',
      '{"RequestedClientActions":[{"ActionParameters":[]}]}',
    ]
  ) {
    assert.throws(
      () => decodeHandshakeRequest(bytes(value)),
      PayloadError,
      value,
    );
  }
  for (
    const value of [
      '{"ClientVersion":false}',
      '{"ProcessedClientActions":"x"}',
      '{"ProcessedClientActions":[1]}',
      '{"ProcessedClientActions":[{"ActionStatus":"1"}]}',
      '{"ProcessedClientActions":[{"Error":{}}]}',
    ]
  ) {
    assert.throws(
      () => decodeHandshakeResponse(bytes(value)),
      PayloadError,
      value,
    );
  }
  for (
    const value of [
      '{"HandshakeTimeToComplete":"1"}',
      '{"CustomerMessage":1}',
      "[]",
    ]
  ) {
    assert.throws(
      () => decodeHandshakeComplete(bytes(value)),
      PayloadError,
      value,
    );
  }
  assert.throws(() => decodeChallenge(bytes('{"Challenge":1}')), PayloadError);
});

Deno.test("session types: those that agents know, by their own names only", () => {
  for (
    const name of [
      "Standard_Stream",
      "InteractiveCommands",
      "NonInteractiveCommands",
      "Port",
    ]
  ) {
    assert(isSessionType(name), name);
  }
  for (const name of ["", "port", "Telepathy", "__proto__", "constructor"]) {
    assert(!isSessionType(name), name);
  }
});
