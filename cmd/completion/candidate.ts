/**
 * What may stand where a user pressed Tab.
 *
 * @module
 */

/** One thing that fits. */
export interface Candidate {
  /** The whole word. */
  readonly value: string;
  /** Shown beside it, where the shell does. */
  readonly about?: string | undefined;
}

/** Everything that fits. */
export interface Candidates {
  readonly values: readonly Candidate[];
  /** What the shell adds by itself. */
  readonly also?: "files" | "folders" | undefined;
  /** True where a word goes on behind the value: no space is typed. */
  readonly goesOn?: boolean | undefined;
}

/** Nothing fits. */
export const nothing: Candidates = { values: [] };

/** Where and as whom the command that is typed will run, as far as it says so itself. */
export interface TypedPlace {
  /** Or several, with commas between them. */
  readonly profile: string | undefined;
  /** `*` is all of them. */
  readonly region: string | undefined;
}

/** What is known of the world without asking anybody. */
export interface CompletionSources {
  /** Names and ids of nodes that were seen lately there; the latest first. */
  targets(place: TypedPlace): Promise<readonly Candidate[]>;
  /** Groups of forwards in the user's own file. */
  groups(): Promise<readonly Candidate[]>;
  /** Aliases of targets. */
  aliases(): Promise<readonly Candidate[]>;
  /** Keys of the user's file that are settings. */
  settings(): Promise<readonly Candidate[]>;
  /** Ids of sessions that were listed lately. */
  sessions(): Promise<readonly Candidate[]>;
  /** Profiles of the AWS configuration. */
  profiles(): Promise<readonly Candidate[]>;
  regions(): Promise<readonly Candidate[]>;
}
