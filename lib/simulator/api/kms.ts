/**
 * The two KMS calls that encrypted sessions need (api.md §8, handshake.md §7): GenerateDataKey for
 * the client, Decrypt for the agent.
 *
 * @module
 */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
} from "node:crypto";
import {
  decodeBase64,
  encodeBase64,
} from "../../protocol/message/handshake.ts";
import { simulatorAccountId } from "../credentials.ts";
import { ApiError } from "./errors.ts";
import {
  constraintError,
  isObject,
  type JsonObject,
  optionalInteger,
  optionalText,
  requiredText,
  typeError,
} from "./json_input.ts";

/** KMS's encryption context: pairs that must be the same at Decrypt. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** A data key, plain and encrypted. */
export interface GeneratedKey {
  readonly plaintext: Uint8Array;
  readonly ciphertextBlob: Uint8Array;
  /** The key's ARN. */
  readonly keyId: string;
}

/** The version byte in front of every blob, nonce and tag lengths of AES-GCM. */
const blobVersion = 1;
const nonceLength = 12;
const tagLength = 16;

/**
 * KMS with one key. A blob is self-contained: version (1 byte), nonce (12), AES-256-GCM text and
 * tag (16); the encryption context and the key's ARN are its additional data.
 */
export class SimulatedKms {
  readonly #master: Uint8Array = randomBytes(32);
  readonly #names: ReadonlySet<string>;
  readonly #prefix: string;
  /** The key's ARN; `undefined` where the simulator has no key. */
  readonly keyArn: string | undefined;

  /**
   * @param keyId A key id, an `alias/…` or an ARN of either; `undefined` = there is no key.
   * @param region The region that a bare id is in.
   */
  constructor(keyId: string | undefined, region: string) {
    this.#prefix = `arn:aws:kms:${region}:${simulatorAccountId}:`;
    const names = new Set<string>();
    if (keyId !== undefined) {
      const short = keyId.startsWith("arn:")
        ? keyId.split(":").slice(5).join(":").replace(/^key\//, "")
        : keyId;
      const alias = short.startsWith("alias/");
      const prefix = keyId.startsWith("arn:")
        ? keyId.split(":").slice(0, 5).join(":") + ":"
        : this.#prefix;
      // KMS answers with the key's ARN, also when it was asked by alias.
      const id = alias
        ? uuidFrom(createHmac("sha256", "alias").update(short).digest())
        : short;
      this.keyArn = `${prefix}key/${id}`;
      for (const name of [keyId, short, id, this.keyArn]) names.add(name);
      if (alias) names.add(`${prefix}${short}`);
    }
    this.#names = names;
  }

  /**
   * Makes a data key of random bytes.
   *
   * @param keyId Any name of the key.
   * @param length How many bytes, 1–1024.
   * @param context Must be given again to {@linkcode SimulatedKms.decrypt}.
   * @throws ApiError `NotFoundException` or `AccessDeniedException` for a key we do not have.
   */
  generate(
    keyId: string,
    length: number,
    context: EncryptionContext,
  ): GeneratedKey {
    const arn = this.#resolve(keyId);
    const plaintext = new Uint8Array(randomBytes(length));
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv("aes-256-gcm", this.#master, nonce);
    cipher.setAAD(additionalData(arn, context));
    const sealed = [cipher.update(plaintext), cipher.final()];
    const blob = new Uint8Array(1 + nonceLength + length + tagLength);
    blob[0] = blobVersion;
    let at = 1;
    for (const part of [nonce, ...sealed, cipher.getAuthTag()]) {
      blob.set(part, at);
      at += part.length;
    }
    return { plaintext, ciphertextBlob: blob, keyId: arn };
  }

  /**
   * Decrypts a blob that {@linkcode SimulatedKms.generate} made. The simulated agent calls it
   * directly.
   *
   * @param blob The blob.
   * @param context The same pairs as at GenerateDataKey, in any order.
   * @param keyId Any name of the key; `undefined` = the one that made the blob.
   * @throws ApiError `InvalidCiphertextException`, without a message as KMS has none; for the key,
   *   as {@linkcode SimulatedKms.generate}.
   */
  decrypt(
    blob: Uint8Array,
    context: EncryptionContext,
    keyId?: string,
  ): Uint8Array {
    const arn = this.#resolve(keyId ?? this.keyArn ?? "");
    const textEnd = blob.length - tagLength;
    if (textEnd < 1 + nonceLength || blob[0] !== blobVersion) {
      throw unreadable();
    }
    const decipher = createDecipheriv(
      "aes-256-gcm",
      this.#master,
      blob.subarray(1, 1 + nonceLength),
      { authTagLength: tagLength },
    );
    decipher.setAAD(additionalData(arn, context));
    decipher.setAuthTag(blob.subarray(textEnd));
    const first = decipher.update(blob.subarray(1 + nonceLength, textEnd));
    try {
      const last = decipher.final();
      const plaintext = new Uint8Array(first.length + last.length);
      plaintext.set(first);
      plaintext.set(last, first.length);
      return plaintext;
    } catch {
      throw unreadable();
    }
  }

  /** Answers a call of the KMS API; see {@linkcode SimulatedKms.generate}. */
  handle(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case "GenerateDataKey": {
        const keyId = requiredText(input, "KeyId", { min: 1, max: 2048 });
        const key = this.generate(
          keyId,
          dataKeyLength(input),
          readContext(input),
        );
        // Whoever is allowed gets an error all the same, and no key.
        if (input["DryRun"] === true) {
          throw new ApiError(
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.",
            412,
          );
        }
        return {
          CiphertextBlob: encodeBase64(key.ciphertextBlob),
          Plaintext: encodeBase64(key.plaintext),
          KeyId: key.keyId,
        };
      }
      case "Decrypt": {
        const text = requiredText(input, "CiphertextBlob");
        const blob = readBlob(text);
        const keyId = optionalText(input, "KeyId", { min: 1, max: 2048 });
        const plaintext = this.decrypt(blob, readContext(input), keyId);
        return {
          Plaintext: encodeBase64(plaintext),
          KeyId: this.keyArn,
          EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        };
      }
      default:
        throw new ApiError(
          "UnknownOperationException",
          `The simulator has no KMS operation ${operation}`,
        );
    }
  }

  #resolve(keyId: string): string {
    if (this.keyArn !== undefined && this.#names.has(keyId)) return this.keyArn;
    if (keyId.startsWith("arn:") && !keyId.startsWith(this.#prefix)) {
      throw new ApiError(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, " +
          "does not exist in this region, or you are not allowed to access.",
      );
    }
    const arn = keyId.startsWith("arn:")
      ? keyId
      : `${this.#prefix}${keyId.startsWith("alias/") ? "" : "key/"}${keyId}`;
    throw new ApiError(
      "NotFoundException",
      keyId.includes("alias/")
        ? `Alias ${arn} is not found.`
        : `Key '${arn}' does not exist`,
    );
  }
}

function unreadable(): ApiError {
  return new ApiError("InvalidCiphertextException", "");
}

/** The context in one order, every text with its length in front: no two contexts look alike. */
function additionalData(arn: string, context: EncryptionContext): Uint8Array {
  const pairs = Object.entries(context).sort(([a], [b]) => a < b ? -1 : 1);
  return new TextEncoder().encode(JSON.stringify([arn, pairs]));
}

function dataKeyLength(input: JsonObject): number {
  const bytes = optionalInteger(input, "NumberOfBytes", 1, 1024);
  const spec = optionalText(input, "KeySpec", {
    values: ["AES_256", "AES_128"],
  });
  if ((bytes === undefined) === (spec === undefined)) {
    throw new ApiError(
      "ValidationException",
      bytes === undefined
        ? "Please specify either number of bytes or key spec."
        : "Please specify either number of bytes or key spec, but not both.",
    );
  }
  return bytes ?? (spec === "AES_128" ? 16 : 32);
}

function readContext(input: JsonObject): EncryptionContext {
  const value = input["EncryptionContext"];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw typeError("EncryptionContext", "Map");
  const context: [string, string][] = [];
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw typeError("EncryptionContext", "String");
    }
    if (key === "") {
      throw constraintError(
        key,
        "EncryptionContext",
        "have length greater than or equal to 1",
      );
    }
    context.push([key, text]);
  }
  // fromEntries defines own properties, so a key `__proto__` is a key like any other.
  return Object.fromEntries(context);
}

function uuidFrom(bytes: Uint8Array): string {
  const hex = [...bytes.subarray(0, 16)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function readBlob(text: string): Uint8Array {
  try {
    return decodeBase64(text, "blob");
  } catch {
    throw typeError("CiphertextBlob", "Blob");
  }
}
