/**
 * What a simulated Session Manager can be told to be.
 *
 * @module
 */

import type { SignInBehaviour } from "./api/sso.ts";
import type { Hosts } from "./hosts.ts";
import { defaultTasks, type SimulatedTask } from "./tasks.ts";
import type { Ports } from "./ports.ts";

/** One simulated node. */
export interface SimulatedNode {
  /** `i-` or `mi-` and 17 hex digits. */
  readonly id: string;
  /** All tags, `Name` among them. */
  readonly tags: Readonly<Record<string, string>>;
  readonly platform: "Linux" | "Windows" | "MacOS";
  /** Four numeric parts, as `3.3.987.0`. */
  readonly agentVersion: string;
  readonly ping: "Online" | "ConnectionLost" | "Inactive";
  /** EC2's word for it; absent for an `mi-` node. */
  readonly ec2State?: "running" | "stopped" | "terminated";
  /** False: EC2 knows the instance, Session Manager never saw it. */
  readonly registered: boolean;
  /** False: the instance has no instance profile; absent: it has one. */
  readonly instanceProfile?: boolean;
  /** Its private IPv4 address. */
  readonly address: string;
  /** Its public IPv4 address, where it has one. */
  readonly publicAddress?: string;
  /** Its IPv6 address, where it has one. */
  readonly ipv6Address?: string;
  readonly computerName: string;
  /** One of the simulator's regions; absent = the first. */
  readonly region?: string;
}

/** What goes wrong in one direction; each a probability per message from 0 to 1. */
export interface DirectionFaults {
  readonly loss: number;
  readonly repeat: number;
  readonly reorder: number;
  /** The digest of the message is made wrong. */
  readonly wrongDigest: number;
}

/** What goes wrong between client and agent. */
export interface Faults {
  /** One-way delay in milliseconds, added to each direction. */
  readonly latency: number;
  /** From the client to the agent. */
  readonly up: DirectionFaults;
  /** From the agent to the client. */
  readonly down: DirectionFaults;
  /** Closes the client's socket after so many bytes in both directions; 0 = never. */
  readonly closeAfterBytes: number;
  /** Closes the client's socket after so many seconds; 0 = never. */
  readonly closeAfterSeconds: number;
  /** How often a session's socket is closed at most. */
  readonly closeLimit: number;
  /** "close": a close frame with code 1000, as the service's hourly one; "reset": TCP is dropped. */
  readonly closeManner: "close" | "reset";
  /** ResumeSession answers without a token. */
  readonly refuseResume: boolean;
  /** Sends pause_publication every so many seconds, start_publication a second later; 0 = never. */
  readonly pauseEvery: number;
  /** Makes a run repeatable. */
  readonly seed: number;
}

/** Everything `startSimulator` takes; `defaultOptions` has a value for each. */
export interface SimulatorOptions {
  readonly nodes: readonly SimulatedNode[];
  /** ECS's tasks. */
  readonly tasks: readonly SimulatedTask[];
  /** The clients' region, whose ECS tasks and KMS key there are. */
  readonly region: string;
  /** Regions besides that, each with the nodes that say so. */
  readonly moreRegions: readonly string[];
  /** A key id or ARN: sessions are encrypted with it; `undefined` = not. */
  readonly kmsKeyId: string | undefined;
  /** "fast" switches the official agent's waits and its slow repair off. */
  readonly pace: "real" | "fast";
  readonly faults: Faults;
  /** Lets in plugins that do not sign the upgrade; the token is still required. */
  readonly allowUnsignedUpgrade: boolean;
  /** The program of a shell session, argv; `undefined` = the user's shell. */
  readonly shell: readonly string[] | undefined;
  /**
   * Whether AWS-StartNonInteractiveCommand sets separateOutputStream; what AWS's own does is not
   * known (api.md §7).
   */
  readonly separateOutput: boolean;
  /** Idle time-out in seconds; 0 = none. */
  readonly idleTimeout: number;
  /** Maximum duration of a session in seconds; 0 = none. */
  readonly maxDuration: number;
  /** Bare names of documents that IAM lets nobody start a session with. */
  readonly denyDocuments: readonly string[];
  /**
   * IAM actions, as `ssm:GetDocument`, that the caller is not allowed; of a service's calls `kms:*`
   * denies all.
   */
  readonly deny: readonly string[];
  /**
   * The account's session preferences, `inputs` of SSM-SessionManagerRunShell (api.md §7): where
   * sessions are logged, who they run as. `kmsKeyId` and the time-outs are options of their own.
   * `undefined` = nobody has set any, and the account has no such document.
   */
  readonly preferences: Readonly<Record<string, string>> | undefined;
  /** How far the service's clock is ahead of this machine's, in milliseconds. */
  readonly clockSkew: number;
  /** The HTTP status with which every data channel is refused; 0 = none is. */
  readonly refuseUpgrade: number;
  /**
   * Names, in lower case, that nodes can forward to → a loopback address, or `blackhole` for a host
   * that drops whatever comes. They know no other names but `localhost`.
   */
  readonly hosts: Hosts;
  /**
   * The scripts of Run Command: run for real, imitated in memory, or, with "auto", imitated where a
   * command goes to more than 50 nodes.
   */
  readonly scripts: "auto" | "real" | "imitated";
  /** Calls of one operation per second that the APIs take; 0 = no limit. */
  readonly apiRate: number;
  /** Ports that lead to another port of this machine than their own. */
  readonly ports: Ports;
  /**
   * A folder for the keys that EC2 Instance Connect is sent, one file for each node and user, for
   * an sshd on this machine (`AuthorizedKeysFile folder/i-…/%u`); `undefined` = they are forgotten.
   */
  readonly authorizedKeys: string | undefined;
  /** How a sign-in with IAM Identity Center is answered. */
  readonly signIn: SignInBehaviour;
  /** One line per event, for `-v`. Never holds a token or key. */
  readonly log: (line: string) => void;
}

/** A running simulator. */
export interface Simulator {
  /** What to put into the environment so that any AWS client talks to this simulator. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * What to take out of the environment, so that no profile, endpoint or role of the user's gets
   * in between.
   */
  readonly unset: readonly string[];
  /** The API's base URL, `http://127.0.0.1:port`. */
  readonly endpoint: string;
  /** Sessions that are not terminated, as DescribeSessions lists them with State Active. */
  activeSessions(): readonly string[];
  /** Ends every session, program and listener. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const noFaults: DirectionFaults = {
  loss: 0,
  repeat: 0,
  reorder: 0,
  wrongDigest: 0,
};

/** Two healthy Linux nodes, an ECS task and no faults, at the real agent's pace. */
export const defaultOptions: SimulatorOptions = {
  nodes: [
    {
      id: "i-0123456789abcdef0",
      tags: { Name: "web-server", role: "web" },
      platform: "Linux",
      agentVersion: "3.3.987.0",
      ping: "Online",
      ec2State: "running",
      registered: true,
      address: "10.0.0.10",
      computerName: "web-server.internal",
    },
    {
      id: "i-0fedcba9876543210",
      tags: { Name: "db", role: "db" },
      platform: "Linux",
      agentVersion: "3.3.987.0",
      ping: "Online",
      ec2State: "running",
      registered: true,
      address: "10.0.0.20",
      computerName: "db.internal",
    },
  ],
  tasks: defaultTasks,
  region: "us-east-1",
  moreRegions: [],
  kmsKeyId: undefined,
  pace: "real",
  faults: {
    latency: 0,
    up: noFaults,
    down: noFaults,
    closeAfterBytes: 0,
    closeAfterSeconds: 0,
    closeLimit: 0,
    closeManner: "close",
    refuseResume: false,
    pauseEvery: 0,
    seed: 1,
  },
  allowUnsignedUpgrade: false,
  shell: undefined,
  separateOutput: true,
  idleTimeout: 0,
  maxDuration: 0,
  denyDocuments: [],
  deny: [],
  preferences: {},
  clockSkew: 0,
  refuseUpgrade: 0,
  hosts: {},
  scripts: "auto",
  apiRate: 0,
  signIn: { answer: "approve", polls: 1, slowDown: false },
  ports: new Map(),
  authorizedKeys: undefined,
  log: () => {},
};
