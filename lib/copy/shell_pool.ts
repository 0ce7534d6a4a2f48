/**
 * The sessions of one copy: work is given to whichever has the least to do, and a session that is
 * lost leaves its work to the others.
 *
 * An agent sends about 1 MB/s in one session (pitfalls.md §2.6), so that several are as many times as
 * fast.
 *
 * @module
 */

import { type RemoteShell, ShellLostError } from "./remote_shell.ts";

/** A session with its shell. */
export interface CopySession {
  readonly shell: RemoteShell;
  /** Resolves at its end, with the reason for those that wait. */
  readonly ended: Promise<ShellLostError>;
  /** Ends it. Never rejects. */
  close(): Promise<void>;
}

/** What a pool needs. */
export interface ShellPoolOptions {
  /** Opens one more session. */
  readonly open: (signal: AbortSignal) => Promise<CopySession>;
  /** Bytes that a session may have in hand. */
  readonly budget: number;
  /** There is one more; so many now. */
  readonly opened?: (sessions: number) => void;
  /** A further session cannot be had, or one was lost while others go on. */
  readonly missed?: (error: unknown) => void;
}

interface Job {
  readonly cost: number;
  readonly run: (shell: RemoteShell) => Promise<void>;
  readonly reject: (error: unknown) => void;
}

interface Worker {
  readonly session: CopySession;
  /** Bytes in hand. */
  load: number;
}

/** The least that a piece of work counts for, in bytes: what is started for it takes its time. */
const leastCost: number = 4 * 1024;

/** Sessions, and work for them. */
export class ShellPool {
  readonly #options: ShellPoolOptions;
  readonly #workers = new Set<Worker>();
  /** Every session that there was: one that has ended for us may still be there for others. */
  readonly #sessions: CopySession[] = [];
  readonly #queue: Job[] = [];
  readonly #opening = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #over: unknown;
  #first: RemoteShell | undefined;

  constructor(options: ShellPoolOptions) {
    this.#options = options;
  }

  /**
   * Opens the first session.
   *
   * @param signal Gives up.
   * @throws Why it cannot be opened.
   */
  async start(signal: AbortSignal): Promise<void> {
    const session = await this.#options.open(
      AbortSignal.any([signal, this.#stopped.signal]),
    );
    this.#first = session.shell;
    this.#add(session);
  }

  /** Sessions that are there. */
  get size(): number {
    return this.#workers.size;
  }
  /** Permissions that new files on the node do not get. */
  get umask(): number {
    return this.#first?.tools.umask ?? 0o022;
  }

  /** Opens sessions, in the background, until there are so many. */
  grow(sessions: number): void {
    const missing = sessions - this.#workers.size - this.#opening.size;
    for (let more = 0; more < missing; more++) {
      const { open, opened, missed } = this.#options;
      const work = open(this.#stopped.signal).then((session) => {
        this.#add(session);
        opened?.(this.#workers.size);
      }).catch((error) => {
        if (!this.#stopped.signal.aborted) missed?.(error);
      }).finally(() => {
        this.#opening.delete(work);
        this.#dispatch();
      });
      this.#opening.add(work);
    }
  }

  /**
   * Has a session do something, when its turn comes. Work that its session is lost for is begun anew
   * in another one.
   *
   * @param cost Bytes that go one way or the other.
   * @param work Asks the shell.
   * @throws What `work` throws; why there is no session any more.
   */
  run<T>(cost: number, work: (shell: RemoteShell) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push({
        cost: Math.max(leastCost, cost),
        run: async (shell) => resolve(await work(shell)),
        reject,
      });
      this.#dispatch();
    });
  }

  #add(session: CopySession): void {
    const worker: Worker = { session, load: 0 };
    this.#workers.add(worker);
    this.#sessions.push(session);
    session.ended.then((error) => {
      void session.close();
      this.#workers.delete(worker);
      if (this.#stopped.signal.aborted) return;
      if (this.#workers.size + this.#opening.size > 0) {
        this.#options.missed?.(error);
      } else this.#over = error;
      this.#dispatch();
    });
    this.#dispatch();
  }

  #dispatch(): void {
    if (this.#over !== undefined) {
      for (const { reject } of this.#queue.splice(0)) reject(this.#over);
    }
    while (this.#queue.length > 0) {
      const worker = this.#idlest();
      if (worker === undefined) return;
      this.#work(worker, this.#queue.shift()!);
    }
  }

  /** The one with the least in hand; `undefined` when all have enough. */
  #idlest(): Worker | undefined {
    let idlest: Worker | undefined;
    for (const worker of this.#workers) {
      if (worker.load >= this.#options.budget) continue;
      if (idlest === undefined || worker.load < idlest.load) idlest = worker;
    }
    return idlest;
  }

  #work(worker: Worker, job: Job): void {
    worker.load += job.cost;
    job.run(worker.session.shell).catch((error) => {
      if (error instanceof ShellLostError && !this.#stopped.signal.aborted) {
        this.#workers.delete(worker);
        if (this.#workers.size + this.#opening.size > 0) {
          this.#queue.unshift(job);
          return;
        }
        this.#over ??= error;
      }
      job.reject(error);
    }).finally(() => {
      worker.load -= job.cost;
      this.#dispatch();
    });
  }

  /**
   * Ends all sessions. Never rejects.
   *
   * @param reason What those that wait are told.
   */
  async close(reason: unknown): Promise<void> {
    this.#over ??= reason;
    this.#stopped.abort(reason);
    this.#dispatch();
    await Promise.all(this.#opening);
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
