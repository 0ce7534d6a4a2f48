/**
 * The account's session preferences: where its sessions are recorded, how encrypted, who they run
 * as, when they end. They stand in the document SSM-SessionManagerRunShell (api.md §7).
 *
 * @module
 */

/** The document that StartSession takes where none is named. */
export const preferencesDocument = "SSM-SessionManagerRunShell";

/** What the account prefers; what it says nothing of is absent. */
export interface SessionPreferences {
  /** Sessions are encrypted with this key between client and agent, those of ports not. */
  readonly kmsKeyId?: string;
  /** Output of sessions goes there when they end. */
  readonly s3?: {
    readonly bucket: string;
    readonly prefix: string;
    /** Nothing is recorded where the bucket does not encrypt. */
    readonly encrypted: boolean;
  };
  /** Output of sessions goes there. */
  readonly cloudWatch?: {
    readonly group: string;
    /** While the session runs; else when it ends. */
    readonly streamed: boolean;
    readonly encrypted: boolean;
  };
  /** Linux: who shells run as, in place of ssm-user; empty = whom the caller's tag names. */
  readonly runAs?: string;
  /** Minutes without input until a session ends. */
  readonly idleMinutes?: number;
  /** Minutes until a session ends. */
  readonly longestMinutes?: number;
  /** Commands that shells begin with. */
  readonly profiles: readonly ("linux" | "windows")[];
}

/**
 * Reads the document's content.
 *
 * @param content JSON, as GetDocument gives it.
 * @returns `undefined` for a text that is no session document.
 */
export function parseSessionPreferences(
  content: string,
): SessionPreferences | undefined {
  const inputs = inputsOf(content);
  if (inputs === undefined) return undefined;
  const text = (name: string) => {
    const value = inputs[name];
    return typeof value === "string" ? value.trim() : "";
  };
  const flag = (name: string) => String(inputs[name]) === "true";
  const minutes = (name: string) => {
    const value = Number(inputs[name]);
    return Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const kmsKeyId = text("kmsKeyId");
  const bucket = text("s3BucketName");
  const group = text("cloudWatchLogGroupName");
  const idle = minutes("idleSessionTimeout");
  const longest = minutes("maxSessionDuration");
  const profile = record(inputs["shellProfile"]);
  return {
    ...(kmsKeyId === "" ? {} : { kmsKeyId }),
    ...(bucket === "" ? {} : {
      s3: {
        bucket,
        prefix: text("s3KeyPrefix"),
        encrypted: flag("s3EncryptionEnabled"),
      },
    }),
    ...(group === "" ? {} : {
      cloudWatch: {
        group,
        streamed: flag("cloudWatchStreamingEnabled"),
        encrypted: flag("cloudWatchEncryptionEnabled"),
      },
    }),
    ...(flag("runAsEnabled") ? { runAs: text("runAsDefaultUser") } : {}),
    ...(idle === undefined ? {} : { idleMinutes: idle }),
    ...(longest === undefined ? {} : { longestMinutes: longest }),
    profiles: (["linux", "windows"] as const).filter((name) =>
      typeof profile?.[name] === "string" && profile[name] !== ""
    ),
  };
}

function inputsOf(content: string): Record<string, unknown> | undefined {
  try {
    const document = record(JSON.parse(content));
    if (document === undefined || !("sessionType" in document)) {
      return undefined;
    }
    return record(document["inputs"]) ?? {};
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined;
}
