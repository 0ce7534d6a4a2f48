/**
 * What the node can be asked for: lines for the program of `remote_program.ts`.
 *
 * Paths are from `cleanPath`; numbers of bytes and blocks as said there.
 *
 * @module
 */

import { type Permutation, translation } from "./permutation.ts";
import { blockSize } from "./remote_program.ts";
import { pathWord, patternWord } from "./shell_word.ts";

/** Facts about paths; `parseSources` reads the data. @param patterns True where `*` stands for names. */
export function statRequest(
  paths: readonly string[],
  patterns: boolean,
): string {
  return `t ${paths.map(patterns ? patternWord : pathWord).join(" ")}`;
}

/** What is below a folder; `parseListing` reads the data. */
export function listRequest(folder: string): string {
  return `l ${pathWord(folder)}`;
}

/** A range of a file. */
export interface Range {
  /** Where it begins, in bytes: at a block. */
  readonly offset: number;
  /** Bytes in it. */
  readonly length: number;
}

/** The bytes of a range. */
export function readRequest(
  path: string,
  { offset, length }: Range,
  permutation: Permutation | undefined,
): string {
  const blocks = Math.ceil(length / blockSize);
  const rest = length % blockSize === 0 ? "''" : String(length);
  return `d ${pathWord(path)} ${offset / blockSize} ${blocks} ${rest}` +
    translated(permutation);
}

/** The bytes of a whole file, and behind them its SHA-256. */
export function fetchRequest(
  path: string,
  length: number,
  permutation: Permutation | undefined,
): string {
  return `g ${pathWord(path)} ${length}${translated(permutation)}`;
}

function translated(permutation: Permutation | undefined): string {
  return permutation === undefined ? "" : ` '${translation(permutation)}'`;
}

/** The SHA-256 of a file's beginning. @param length Bytes. */
export function sumRequest(path: string, length: number): string {
  return `s ${pathWord(path)} ${length}`;
}

/** The SHA-256 of a file, if it is a file and has so many bytes. */
export function sameRequest(path: string, length: number): string {
  return `y ${pathWord(path)} ${length}`;
}

/** The SHA-256 of each of a file's parts, as lines. @param part Bytes in each, whole blocks. */
export function sumsRequest(path: string, part: number, count: number): string {
  return `v ${pathWord(path)} ${part / blockSize} ${count}`;
}

/** Makes a partial file, or finds it. */
export function partRequest(path: string): string {
  return `n ${pathWord(path)}`;
}

/** Has a partial file removed when the session ends; an empty path takes that back. */
export function passingRequest(path: string): string {
  return path === "" ? "j" : `j ${pathWord(path)}`;
}

/** Writes a range of a file; its bytes follow. */
export function writeRequest(path: string, { offset, length }: Range): string {
  return `w ${pathWord(path)} ${offset / blockSize} ${length}`;
}

/** What a file is to be like. */
export interface FileEnd {
  /** What it is called so far. */
  readonly part: string;
  readonly path: string;
  /** SHA-256, hexadecimal. */
  readonly sum: string;
  /** Permissions. */
  readonly mode: number;
  /** Seconds since the Unix epoch; `undefined` = now. */
  readonly modified: number | undefined;
}

/** Checks a partial file, and gives it its name. */
export function finishRequest(end: FileEnd): string {
  return `f ${endWords(end)}`;
}

/** Writes a whole file; its bytes follow. */
export function storeRequest(end: FileEnd, length: number): string {
  return `p ${endWords(end)} ${length}`;
}

function endWords({ part, path, sum, mode, modified }: FileEnd): string {
  const time = modified === undefined ? "''" : touchTime(modified);
  return `${pathWord(part)} ${pathWord(path)} ${sum} ${
    mode.toString(8)
  } ${time}`;
}

/** Makes folders that are not there; those above them must be. @param mode Permissions of the new ones. */
export function foldersRequest(mode: number, paths: readonly string[]): string {
  return `a ${mode.toString(8)} ${paths.map(pathWord).join(" ")}`;
}

/** Sets permissions. */
export function modeRequest(mode: number, paths: readonly string[]): string {
  return `c ${mode.toString(8)} ${paths.map(pathWord).join(" ")}`;
}

/** Sets when something was changed. @param modified Seconds since the Unix epoch. */
export function timeRequest(modified: number, path: string): string {
  return `u ${touchTime(modified)} ${pathWord(path)}`;
}

/** Removes files that may be there. */
export function removeRequest(paths: readonly string[]): string {
  return `z ${paths.map(pathWord).join(" ")}`;
}

/** A time as POSIX `touch -t` takes it, in UTC: `YYYYMMDDhhmm.SS`. */
export function touchTime(seconds: number): string {
  const digits = new Date(1000 * seconds).toISOString().replace(/\D/g, "");
  return `${digits.slice(0, 12)}.${digits.slice(12, 14)}`;
}
