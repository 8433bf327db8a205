/**
 * Which pages of LMDB's file are used, and which its free list gives to the next transactions: LMDB itself never compares the
 * two, and a page that is both will be written over while rows still lie on it. So the file is read here as LMDB lays it out (data
 * version 2 of lmdb-js: page header of 24 bytes, nodes behind it; mdb.c, "MDB_page", "MDB_node", "MDB_meta"). It is only read,
 * while a read transaction holds back the reuse of what was free meanwhile.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PAGE } from './kv-lmdb-options.ts';

const HEADER = 24;
/** Where the facts of a root page (MDB_meta) are. */
const META = { magic: HEADER, free: HEADER + 24, main: HEADER + 72, lastPage: HEADER + 120, transaction: HEADER + 128 };
const MAGIC = 0xbeefc0de;
/** In the facts of a tree (MDB_db). */
const ROOT = 40;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
/** Of a node of a leaf: its value is on pages of its own, or is a tree. */
const BIG = 1;
const TREE = 2;

const USED = 1;
const FREE = 2;

const DEEPEST = 64;
const MOST_PROBLEMS = 20;
/** Pages between two turns of others. */
const TURN = 64;

interface Place {
  readonly page: number;
  readonly depth: number;
  readonly isFreeList: boolean;
}

/** What is wrong with the pages of this file, in a sentence each. */
export async function pageProblems(path: string): Promise<string[]> {
  const file = await open(path);
  try {
    return await new Pages(file).check();
  } finally {
    await file.close();
  }
}

class Pages {
  readonly #file: FileHandle;
  readonly #problems: string[] = [];
  #last = 0;
  /** What is known of each. */
  #pages = new Uint8Array(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async check(): Promise<string[]> {
    const root = await this.#newestRoot();
    if (root === undefined) return ['no root page can be read'];
    this.#last = pageNumber(root, META.lastPage);
    const { size } = await this.#file.stat();
    if (this.#last >= size / PAGE) return [`the last page is ${this.#last}, and the file ends before it`];
    this.#pages = new Uint8Array(this.#last + 1).fill(USED, 0, 2);
    const free: number[] = [];
    const trees = [rootOf(root, META.free, true), rootOf(root, META.main, false)];
    const open = trees.filter((place) => place !== undefined);
    let read = 0;
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (++read % TURN === 0) await nextTurn();
      if (this.#problems.length >= MOST_PROBLEMS) return this.#problems;
      if (!this.#use(place.page)) continue;
      const page = await this.#read(place.page, 1);
      if (pageNumber(page, 0) !== place.page) this.#note(`page ${place.page} says that it is another`);
      else if (place.depth > DEEPEST) this.#note(`page ${place.page} is too deep in its tree`);
      else for (const below of await this.#contents(page, place, free)) open.push(below);
    }
    for (const page of free)
      if (page < 2 || page > this.#last) this.#note(`page ${page} is free, and there is no such page`);
      else if (this.#pages[page] === USED) this.#note(`page ${page} is used, and free`);
      else if (this.#pages[page] === FREE) this.#note(`page ${page} is free twice`);
      else this.#pages[page] = FREE;
    return this.#problems;
  }

  /** The root page of the latest transaction. */
  async #newestRoot(): Promise<Buffer | undefined> {
    const roots = [await this.#read(0, 1), await this.#read(1, 1)].filter(
      (page) => page.readUInt32LE(META.magic) === MAGIC,
    );
    return roots.sort((a, b) => pageNumber(b, META.transaction) - pageNumber(a, META.transaction))[0];
  }

  /** The places below a page; of the free list what it lists goes to `free`. */
  async #contents(page: Buffer, { page: number, depth, isFreeList }: Place, free: number[]): Promise<Place[]> {
    const kind = page.readUInt16LE(18) & (BRANCH | LEAF | OVERFLOW);
    const below: Place[] = [];
    if (kind !== BRANCH && kind !== LEAF) {
      this.#note(`page ${number} is no page of a tree`);
      return below;
    }
    const nodes = page.readUInt16LE(20) >> 1;
    for (let i = 0; i < nodes; i++) {
      const node = HEADER + (HEADER + 2 * i + 2 <= PAGE ? page.readUInt16LE(HEADER + 2 * i) : PAGE);
      if (node + 8 > PAGE) {
        this.#note(`page ${number} has a node behind its end`);
        break;
      }
      const size = page.readUInt32LE(node);
      const flags = page.readUInt16LE(node + 4);
      const value = node + 8 + page.readUInt16LE(node + 6);
      if (kind === BRANCH) {
        below.push({ page: size + flags * 2 ** 32, depth: depth + 1, isFreeList });
        continue;
      }
      const length = (flags & BIG) !== 0 ? HEADER : size;
      if (value + length > PAGE || ((flags & TREE) !== 0 && size < ROOT + 8)) {
        this.#note(`page ${number} has a value behind its end`);
        continue;
      }
      if ((flags & BIG) !== 0) {
        const first = pageNumber(page, value);
        const pages = Math.ceil((HEADER + size) / PAGE);
        for (let at = first; at < first + pages; at++) if (!this.#use(at)) break;
        if (isFreeList && first + pages - 1 <= this.#last)
          listed((await this.#read(first, pages)).subarray(HEADER, HEADER + size), free);
      } else if ((flags & TREE) !== 0) {
        const tree = rootOf(page, value, false);
        if (tree) below.push(tree);
      } else if (isFreeList) listed(page.subarray(value, value + size), free);
    }
    return below;
  }

  /** False when there is no such page, or something else uses it. */
  #use(page: number): boolean {
    if (page < 2 || page > this.#last) this.#note(`page ${page} is used, and there is no such page`);
    else if (this.#pages[page] === USED) this.#note(`page ${page} is used twice`);
    else {
      this.#pages[page] = USED;
      return true;
    }
    return false;
  }

  async #read(page: number, count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count * PAGE);
    await this.#file.read(bytes, 0, bytes.length, page * PAGE);
    return bytes;
  }

  #note(problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
  }
}

function rootOf(bytes: Buffer, tree: number, isFreeList: boolean): Place | undefined {
  if (bytes.readBigUInt64LE(tree + ROOT) === NO_PAGE) return undefined;
  return { page: pageNumber(bytes, tree + ROOT), depth: 0, isFreeList };
}

function pageNumber(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

/** A row of the free list (midl.h): how many entries, then page numbers; a negative entry says how many pages the next begins. */
function listed(row: Buffer, free: number[]): void {
  if (row.length < 8) return;
  const entries = Math.min(Number(row.readBigUInt64LE(0)), Math.floor(row.length / 8) - 1);
  let length = 1;
  for (let i = 1; i <= entries; i++) {
    const entry = Number(row.readBigInt64LE(8 * i));
    if (entry < 0) length = Math.min(-entry, 2 ** 20);
    else if (entry > 0) {
      for (let page = entry; page < entry + length; page++) free.push(page);
      length = 1;
    }
  }
}
