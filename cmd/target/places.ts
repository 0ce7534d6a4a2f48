/**
 * Where a target is looked for: one identity in one region, or, with `--all-regions` and several
 * profiles, many of them at once.
 *
 * @module
 */

import type { RegionList } from "../../lib/aws/mod.ts";
import type { CacheScope } from "../../lib/aws/target_cache.ts";
import { visible } from "../../lib/text.ts";
import type { AwsAccess, Connection, Context } from "../context.ts";
import { CommandError, describeError, exitCodes } from "../errors.ts";

/** One identity in one region. */
export interface Place {
  /** With just the one profile and region, for hints and for other programs. */
  readonly connection: Connection;
  /** Its calls. The {@linkcode Places} that it comes from closes them. */
  readonly aws: AwsAccess;
  /** What tells it from the other places, `prod/eu-west-1`; empty where it is the only one. */
  readonly label: string;
}

/** Takes what is to be said about a search. */
export interface SearchNotices {
  /** A line that the user should see. */
  say(line: string): void;
  /** A line for `-v`. */
  detail(line: string): void;
}

/** What {@linkcode Places.search} found out. */
export interface Search<Found> {
  /** In the order of the places. */
  readonly found: readonly { readonly place: Place; readonly value: Found }[];
  /** The places that gave no answer, and why. */
  readonly missed: readonly MissedPlace[];
  /** How many places were asked. */
  readonly asked: number;
}

/** A place that gave no answer. */
export interface MissedPlace {
  readonly place: Place;
  readonly error: unknown;
}

/** So many places are asked at a time. */
const atOnce = 10;

/** How long one place of several may take to answer, in milliseconds. */
const patience = 20_000;

/** The places of a connection. Disposing closes all of them. */
export class Places implements Disposable {
  /** The first profile in the region of its own; nothing has been called there yet. */
  readonly first: Place;
  readonly #context: Pick<Context, "aws" | "clock" | "targetMemory">;
  readonly #connection: Connection;
  readonly #notices: SearchNotices;
  readonly #opened: Disposable[] = [];
  readonly #further = new Map<string | undefined, Promise<AwsAccess>>();
  #closed = false;
  #scope: Promise<CacheScope> | undefined;
  #all: Promise<readonly Place[]> | undefined;

  private constructor(
    context: Pick<Context, "aws" | "clock" | "targetMemory">,
    connection: Connection,
    notices: SearchNotices,
    aws: AwsAccess,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#notices = notices;
    this.#opened.push(aws);
    this.first = {
      connection: onePlace(connection, connection.profile),
      aws,
      label: "",
    };
  }

  /**
   * Makes ready; nothing is called.
   * @param context Where the calls come from.
   * @param connection As asked for.
   * @param notices Is told which places could not be searched.
   */
  static async open(
    context: Pick<Context, "aws" | "clock" | "targetMemory">,
    connection: Connection,
    notices: SearchNotices = silent,
  ): Promise<Places> {
    const aws = await context.aws(onePlace(connection, connection.profile));
    return new Places(context, connection, notices, aws);
  }

  /** False where {@linkcode first} is all there is. */
  get several(): boolean {
    const { allRegions = false, moreProfiles = [] } = this.#connection;
    return allRegions || moreProfiles.length > 0;
  }

  /**
   * All places, the first profile's and the own region first. The regions are asked for once for
   * each profile; a profile that cannot tell them is named in a notice and left out.
   * @param signal Gives up; its reason is thrown.
   * @throws AwsCallError when no profile is of use.
   */
  all(signal: AbortSignal): Promise<readonly Place[]> {
    if (!this.several) return Promise.resolve([this.first]);
    return this.#all ??= this.#find(signal).catch((error) => {
      this.#all = undefined;
      throw error;
    });
  }

  /**
   * One place, for somebody who knows that it is meant; nothing is called.
   * @param profile The profile, as a place's connection has it.
   * @param region The region; `undefined` for the profile's own.
   * @returns `undefined` for a profile that is not searched.
   */
  async at(
    profile: string | undefined,
    region: string | undefined,
  ): Promise<Place | undefined> {
    const { first } = this;
    if (!this.several) return first;
    const { moreProfiles = [], allRegions } = this.#connection;
    const isFirst = profile === first.connection.profile;
    if (!isFirst && !moreProfiles.includes(profile ?? "")) return undefined;
    const connection = onePlace(this.#connection, profile);
    const name = moreProfiles.length === 0 ? "" : profile ?? "default";
    const aws = isFirst ? first.aws : await this.#open(connection);
    if (!allRegions || region === undefined) {
      return { connection, aws, label: name };
    }
    return {
      connection: { ...connection, region },
      aws: region === connection.region ? aws : aws.inRegion(region),
      label: name === "" ? region : `${name}/${region}`,
    };
  }

  /**
   * What a cache keeps what is found here under.
   * @param signal Gives up; its reason is thrown.
   * @throws AwsCallError Without credentials, or for a profile that there is not.
   */
  scope(signal: AbortSignal): Promise<CacheScope> {
    return this.#scope ??= (async () => {
      const { moreProfiles = [], allRegions } = this.#connection;
      const own = await this.first.aws.scope(signal);
      return {
        ...own,
        profile: [own.profile, ...moreProfiles].join(","),
        region: allRegions ? "*" : own.region,
      };
    })();
  }

  /**
   * Asks all places, some at a time. One that gives no answer hides no other's; who searches says
   * so by {@linkcode settle}, or asks something else.
   * @param look Asks one place; `undefined` where what is looked for is not there.
   * @param signal Gives up; its reason is thrown.
   * @param enough True for a find that makes further ones needless.
   */
  async search<Found>(
    look: (place: Place, signal: AbortSignal) => Promise<Found | undefined>,
    signal: AbortSignal,
    enough: (value: Found) => boolean = () => false,
  ): Promise<Search<Found>> {
    const places = await this.all(signal);
    const found: { at: number; place: Place; value: Found }[] = [];
    const missed: { place: Place; error: unknown }[] = [];
    const satisfied = new AbortController();
    await inTurn(places, async (place, at) => {
      if (satisfied.signal.aborted) return;
      const limit = this.#limit(places.length > 1);
      const either = AbortSignal.any([signal, satisfied.signal, limit.signal]);
      try {
        const value = await look(place, either);
        if (value === undefined || satisfied.signal.aborted) return;
        found.push({ at, place, value });
        if (enough(value)) satisfied.abort();
      } catch (error) {
        signal.throwIfAborted();
        if (!satisfied.signal.aborted) missed.push({ place, error });
      } finally {
        limit.cancel();
      }
    });
    return {
      found: found.toSorted((a, b) => a.at - b.at),
      missed,
      asked: places.length,
    };
  }

  /**
   * Names the places that gave no answer in a notice.
   * @param search What came of it.
   * @throws The first place's error where no place answered.
   */
  settle(search: Pick<Search<unknown>, "missed" | "asked">): void {
    const { missed, asked } = search;
    const [first] = missed;
    if (first !== undefined && missed.length === asked) throw first.error;
    for (const { place, error } of missed) this.#missed(place.label, error);
  }

  /** Closes connections. Idempotent. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const each of this.#opened.splice(0)) each[Symbol.dispose]();
  }

  /** Once for each further profile, so that a code of an MFA device is asked for once. */
  #open(connection: Connection): Promise<AwsAccess> {
    const { profile } = connection;
    let access = this.#further.get(profile);
    if (access === undefined) {
      access = this.#context.aws(connection).then((aws) => {
        if (this.#closed) aws[Symbol.dispose]();
        else this.#opened.push(aws);
        return aws;
      });
      this.#further.set(profile, access);
    }
    return access;
  }

  async #find(signal: AbortSignal): Promise<readonly Place[]> {
    const { moreProfiles = [] } = this.#connection;
    const profiles = [this.#connection.profile, ...moreProfiles];
    const failures: { profile: string | undefined; error: unknown }[] = [];
    const lists = await Promise.all(profiles.map(async (profile, at) => {
      try {
        return await this.#ofProfile(profile, at === 0, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.push({ profile, error });
        return [];
      }
    }));
    const [failure] = failures;
    if (failure !== undefined && failures.length === profiles.length) {
      throw failure.error;
    }
    for (const { profile, error } of failures) {
      this.#missed(`profile ${profile ?? "default"}`, error);
    }
    return lists.flat();
  }

  async #ofProfile(
    profile: string | undefined,
    first: boolean,
    signal: AbortSignal,
  ): Promise<readonly Place[]> {
    const { moreProfiles = [], allRegions = false } = this.#connection;
    const connection = onePlace(this.#connection, profile);
    const aws = first ? this.first.aws : await this.#open(connection);
    const name = moreProfiles.length === 0 ? "" : profile ?? "default";
    // A question for a code is not to count as a place's silence.
    if (moreProfiles.length > 0) await aws.signIn(signal);
    if (!allRegions) return [{ connection, aws, label: name }];
    const { own, regions, refusal } = await this.#regions(aws, signal);
    if (refusal !== undefined) {
      this.#notices.detail(
        `EC2 does not tell the regions${name === "" ? "" : ` of ${name}`}: ` +
          `${visible(refusal.reason)}; searching those that every account has`,
      );
    }
    return regions.map((region) => ({
      connection: { ...connection, region },
      aws: region === own && connection.region !== undefined
        ? aws
        : aws.inRegion(region),
      label: name === "" ? region : `${name}/${region}`,
    }));
  }

  /** From the cache, where they are known there. */
  async #regions(aws: AwsAccess, signal: AbortSignal): Promise<RegionList> {
    if (this.#connection.cache === false) return await aws.regions(signal);
    const memory = this.#context.targetMemory();
    const own = await aws.scope(signal);
    const scope = { ...own, region: "*" };
    const known = memory.regions(scope);
    if (known?.[0] !== undefined) {
      const first = own.region || known[0];
      return {
        own: first,
        regions: [first, ...known.filter((region) => region !== first)],
      };
    }
    const list = await aws.regions(signal);
    if (list.refusal === undefined) memory.rememberRegions(scope, list.regions);
    return list;
  }

  #limit(several: boolean): { signal: AbortSignal; cancel: () => void } {
    const controller = new AbortController();
    const cancel = several
      ? this.#context.clock.setTimer(
        patience,
        () =>
          controller.abort(
            new CommandError("no answer in time", exitCodes.failed),
          ),
      )
      : () => {};
    return { signal: controller.signal, cancel };
  }

  #missed(where: string, error: unknown): void {
    const { message = String(error) } = describeError(error);
    this.#notices.say(`Not searched: ${visible(where)}: ${message}`);
  }
}

const silent: SearchNotices = { say() {}, detail() {} };

/** A connection with one profile, and in one region. */
function onePlace(
  { moreProfiles: _, allRegions: __, ...rest }: Connection,
  profile: string | undefined,
): Connection {
  return { ...rest, profile };
}

/** Runs a task for each item, some at a time. The first rejection rejects. */
async function inTurn<Item>(
  items: readonly Item[],
  run: (item: Item, at: number) => Promise<void>,
): Promise<void> {
  const waiting = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const [at, item] of waiting) await run(item, at);
    }),
  );
}
