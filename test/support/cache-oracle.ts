// An origin whose answers change as time goes by, and a judge of what came of them through a cache. Rule: every body names by its bytes what it is of,
// so that one byte of anything else is noticed; an answer is right only if it was the origin's at a time at which it may still be given.
import assert from 'node:assert/strict';
import type http from 'node:http';
import { gunzipSync } from 'node:zlib';

/** What may pass between an answer of the origin and the start of its lifetime, or of a request and its look. */
const SLACK_MS = 1_500;
const SHORT_MS = 1_000;
const SIZES = [0, 1, 40, 900, 3_000, 20_000, 70_000, 300_000, 1_200_000];
export const VARIANTS = ['', 'red', 'green'] as const;

/** The same numbers for the same seed. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** From 0 up to below `most`. */
  next(most: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * most);
  }

  chance(share: number): boolean {
    return this.next(1_000_000) < share * 1_000_000;
  }

  of<T>(all: readonly T[]): T {
    return all[this.next(all.length)]!;
  }
}

/** What a path says of itself: how long its answers are fresh, what they vary by, how they come. */
export interface Shape {
  readonly path: string;
  readonly isShortLived: boolean;
  readonly varies: boolean;
  readonly isChunked: boolean;
  /** The origin sometimes dies in the middle of it. */
  readonly isMortal: boolean;
  readonly mustAsk: boolean;
  readonly tag: string;
}

export function shapes(count: number): readonly Shape[] {
  return Array.from({ length: count }, (_, index) => ({
    path: `/${index % 5}/${index}`,
    isShortLived: index % 3 === 0,
    varies: index % 4 === 1,
    isChunked: index % 7 === 2,
    isMortal: index % 11 === 5,
    mustAsk: index % 13 === 6,
    tag: `tag-${index % 6}`,
  }));
}

interface Era {
  readonly version: number;
  readonly fromMs: number;
  toMs: number;
}

/** One path of the origin. */
export class Site {
  readonly shape: Shape;
  readonly eras: Era[] = [{ version: 1, fromMs: 0, toMs: Infinity }];
  /** Whoever asks after `afterMs` must not be given anything older than this version. */
  private readonly floors: { readonly afterMs: number; readonly version: number }[] = [];

  constructor(shape: Shape) {
    this.shape = shape;
  }

  get version(): number {
    return this.eras.at(-1)!.version;
  }

  change(): void {
    const last = this.eras.at(-1)!;
    last.toMs = performance.now();
    this.eras.push({ version: last.version + 1, fromMs: last.toMs, toMs: Infinity });
  }

  /** Nothing older than that is right any more for who asks from now on. */
  raise(version: number): void {
    this.floors.push({ afterMs: performance.now(), version });
  }

  tag(version: number, variant: string): string {
    return `"${this.shape.path}|${variant}|${version}"`;
  }

  body(version: number, variant: string): Buffer {
    const name = `${this.shape.path}|${variant}|${version}|`;
    const size = SIZES[(version * 7 + this.shape.path.length * 3 + variant.length) % SIZES.length]!;
    const body = Buffer.alloc(size, name);
    // Parts of one body differ from each other as well.
    for (let at = 64; at + 8 <= size; at += 512) body.write(String(at).padStart(8, '0'), at, 'latin1');
    return body;
  }

  /** Undefined: it may be given to who asked then. */
  whyNot(version: number, askedMs: number, endedMs: number): string | undefined {
    const era = this.eras.find((each) => each.version === version);
    if (era === undefined || era.fromMs > endedMs) return `version ${version} was never there`;
    const floor = Math.max(0, ...this.floors.filter(({ afterMs }) => afterMs <= askedMs).map((each) => each.version));
    if (version < floor) return `version ${version} was given after version ${floor} had taken its place`;
    const { isShortLived, mustAsk } = this.shape;
    const mayBeOldMs = mustAsk ? 0 : isShortLived ? SHORT_MS + SLACK_MS : Infinity;
    if (era.toMs + mayBeOldMs < askedMs) return `version ${version} was over for ${Math.round(askedMs - era.toMs)} ms`;
    return undefined;
  }
}

export class Oracle {
  readonly sites: ReadonlyMap<string, Site>;
  /** How often the origin was asked. */
  asked = 0;
  cuts = 0;
  private readonly dice: Dice;

  constructor(all: readonly Shape[], seed: number) {
    this.sites = new Map(all.map((shape) => [shape.path, new Site(shape)]));
    this.dice = new Dice(seed);
  }

  /** As the origin. */
  readonly answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    this.asked += 1;
    const site = this.sites.get((request.url ?? '').split('?')[0]!);
    if (site === undefined) {
      response.writeHead(404).end();
      return;
    }
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      site.change();
      response.writeHead(204).end();
      return;
    }
    this.tell(site, request, response);
  };

  private tell(site: Site, request: http.IncomingMessage, response: http.ServerResponse): void {
    const { shape, version } = site;
    const variant = shape.varies ? String(request.headers['x-variant'] ?? '') : '';
    const tag = site.tag(version, variant);
    const lifetime = shape.mustAsk ? 'no-cache' : `max-age=${shape.isShortLived ? SHORT_MS / 1000 : 600}`;
    response.setHeader('Cache-Control', lifetime);
    response.setHeader('ETag', tag);
    response.setHeader('Content-Type', 'text/plain');
    response.setHeader('Cache-Tag', shape.tag);
    if (shape.varies) response.setHeader('Vary', 'X-Variant');
    if ((request.headers['if-none-match'] ?? '').includes(tag)) {
      response.writeHead(304).end();
      return;
    }
    const body = site.body(version, variant);
    if (!shape.isChunked) response.setHeader('Content-Length', body.length);
    const isCut = shape.isMortal && request.method === 'GET' && this.dice.chance(0.3);
    if (!isCut) this.send(response, body);
    else {
      this.cuts += 1;
      response.write(body.subarray(0, this.dice.next(body.length)), () => response.destroy());
    }
  }

  /** Large ones come in pieces. */
  private send(response: http.ServerResponse, body: Buffer): void {
    const half = body.length > 10_000 && this.dice.chance(0.5) ? this.dice.next(body.length) : 0;
    if (half === 0) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, half));
    setTimeout(() => response.end(body.subarray(half)), this.dice.next(30));
  }

  // -- As the judge --------------------------------------------------------------------------------------------------

  /** Fails if the answer is not one that may be given. */
  judge(asked: Question, got: Given): void {
    const site = this.sites.get(asked.path)!;
    const about = `${asked.method} ${asked.path} ${JSON.stringify(asked.headers)}: ${got.status} ${JSON.stringify(got.headers)}`;
    const tag = (got.headers.etag ?? '').replace(/^W\//, '');
    const [path, variant, version] = tag.slice(1, -1).split('|');
    assert.equal(path, asked.path, about);
    assert.equal(variant, site.shape.varies ? (asked.headers['x-variant'] ?? '') : '', about);
    assert.equal(site.whyNot(Number(version), asked.atMs, got.endedMs), undefined, about);
    const body = site.body(Number(version), variant);
    if (got.status === 304) assert.ok(asked.headers['if-none-match']?.includes(tag), about);
    else if (asked.method === 'HEAD') checkLength(got, body, about);
    else if (got.status === 206) checkPart(got, body, about);
    else assert.ok(decoded(got).equals(body), `${about}: ${firstDifference(decoded(got), body)}`);
  }
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly atMs: number;
}

export interface Given {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly endedMs: number;
}

function decoded({ headers, body }: Given): Buffer {
  if (headers['content-encoding'] !== 'gzip') return body;
  try {
    return gunzipSync(body);
  } catch (cause) {
    return Buffer.from(`${String(cause)}, of ${body.length} bytes`);
  }
}

function checkLength({ headers }: Given, body: Buffer, about: string): void {
  const length = headers['content-length'];
  if (length !== undefined && headers['content-encoding'] === undefined)
    assert.equal(Number(length), body.length, about);
}

function checkPart({ headers, body: part }: Given, body: Buffer, about: string): void {
  assert.equal(headers['content-encoding'], undefined, about);
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range']));
  assert.ok(range !== null, about);
  const [from, to, length] = range.slice(1).map(Number) as [number, number, number];
  assert.equal(length, body.length, about);
  assert.ok(part.equals(body.subarray(from, to + 1)), about);
}

function firstDifference(one: Buffer, two: Buffer): string {
  const at = one.findIndex((byte, index) => byte !== two[index]);
  const place = at < 0 ? Math.min(one.length, two.length) : at;
  return `${one.length} bytes in place of ${two.length}, other from ${place} on: ${one.toString('latin1', place, place + 40)}`;
}
