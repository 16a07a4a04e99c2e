// Mixed load on the real program, with a judge of every answer: methods, variants, parts, conditions, purges of all kinds, lifetimes that run out,
// evictions, clients that are slow or leave, an origin that dies. `SLUICE_ORACLE_SECONDS=600 SLUICE_ORACLE_SEED=7` runs it long, by hand.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Dice, Oracle, type Question, shapes, type Site, VARIANTS } from '../support/cache-oracle.ts';
import { http1Origin } from '../support/origins.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const SECONDS = Number(process.env['SLUICE_ORACLE_SECONDS'] ?? 4);
const SEED = Number(process.env['SLUICE_ORACLE_SEED'] ?? 1);
const LANES = 24;
const HOST = 'site.test';

interface Kind {
  readonly name: string;
  readonly workers: number;
  readonly cache: string;
  readonly more?: string;
}

const KINDS: readonly Kind[] = [
  { name: 'one thread, memory that is too small', workers: 1, cache: '{ max_memory: 4MB }' },
  { name: 'four threads', workers: 4, cache: '{ max_memory: 64MB }', more: ', compress: {}' },
  {
    name: 'four threads and a disk',
    workers: 4,
    cache: '{ max_memory: 2MB, disk: { path: kept, max: 30MB } }',
    more: ', compress: {}',
  },
];

async function start(t: TestContext, origin: string, { workers, cache, more = '' }: Kind): Promise<SluiceProcess> {
  const yaml = `
process: { data_dir: data, workers: ${workers} }
gateway: { listen: "127.0.0.1:0", policies: { cache: { default_ttl: 0s }${more} }, routes: [{ name: site, to: { backends: ["${origin}"] } }] }
cache: ${cache}
egress: { listen: null }
admin: { listen: "127.0.0.1:0" }
metrics: { listen: null }
`;
  const sluice = new SluiceProcess(t, { files: { 'sluice.yaml': yaml }, env: { LOG_FORMAT: 'json' } });
  await sluice.says(/"ready"/);
  return sluice;
}

/** What has come of it all. */
interface Tally {
  judged: number;
  cut: number;
  left: number;
  purged: number;
  changed: number;
  readonly statuses: Map<number, number>;
  readonly told: Map<string, number>;
}

class Load {
  readonly tally: Tally = { judged: 0, cut: 0, left: 0, purged: 0, changed: 0, statuses: new Map(), told: new Map() };
  private readonly oracle: Oracle;
  private readonly sluice: SluiceProcess;
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: LANES });
  private readonly url: URL;
  private readonly sites: readonly Site[];

  constructor(oracle: Oracle, sluice: SluiceProcess) {
    this.oracle = oracle;
    this.sluice = sluice;
    this.url = new URL(sluice.address('gateway'));
    this.sites = [...oracle.sites.values()];
  }

  async run(seconds: number, seed: number): Promise<void> {
    const endMs = performance.now() + seconds * 1000;
    const stop = new AbortController();
    const lane = async (index: number): Promise<void> => {
      const dice = new Dice(seed * 1000 + index);
      const goesOn = (): boolean => !stop.signal.aborted && (performance.now() < endMs || !this.isEnough(index));
      while (goesOn()) await this.step(dice, index);
    };
    try {
      await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
    } finally {
      stop.abort();
      this.agent.destroy();
    }
  }

  /** However slow the machine is. */
  private isEnough(lane: number): boolean {
    const { judged, changed, purged } = this.tally;
    return lane === 0 ? purged >= 3 : judged > 150 && changed > 0;
  }

  /** Some are asked for far more often than others. */
  private site(dice: Dice): Site {
    const part = dice.next(1000) / 1000;
    return this.sites[Math.floor(this.sites.length * part ** 3)]!;
  }

  private step(dice: Dice, lane: number): Promise<void> {
    const what = dice.next(1000);
    if (lane === 0 && what < 300) return this.purge(dice);
    if (what < 20) return this.change(dice);
    if (what < 24) return pause(dice.next(200));
    return this.ask(dice);
  }

  /** An unsafe request: what was there before is never given after its answer. */
  private async change(dice: Dice): Promise<void> {
    const site = this.site(dice);
    const before = site.version;
    const { path } = site.shape;
    const asked = { method: dice.of(['POST', 'PUT', 'DELETE', 'PATCH']), path, headers: {}, atMs: performance.now() };
    const got = await this.send(asked, dice, true);
    if (got === null || got.status >= 400) return;
    site.raise(before + 1);
    this.tally.changed += 1;
  }

  /** The origin changes behind the cache, which is told of it. */
  private async purge(dice: Dice): Promise<void> {
    const one = this.site(dice);
    const { path, tag } = one.shape;
    const prefix = `http://${HOST}${path.slice(0, 3)}`;
    const [query, isMeant] = dice.of<readonly [string, (site: Site) => boolean]>([
      [`url=${encodeURIComponent(`http://${HOST}${path}`)}`, (site) => site === one],
      [`prefix=${encodeURIComponent(prefix)}`, (site) => `http://${HOST}${site.shape.path}`.startsWith(prefix)],
      [`tag=${tag}`, (site) => site.shape.tag === tag],
      ['pattern=*.test', () => true],
      ['all=true', () => true],
    ]);
    const meant = this.sites.filter(isMeant);
    const floors = meant.map((site) => {
      if (dice.chance(0.5)) site.change();
      return [site, site.version] as const;
    });
    const soft = dice.chance(0.4) ? '&soft=true' : '';
    const answer = await this.sluice.admin(`/admin/cache?${query}${soft}`, { method: 'DELETE' });
    assert.equal(answer.status, 200, await answer.text());
    for (const [site, version] of floors) site.raise(version);
    this.tally.purged += 1;
  }

  private async ask(dice: Dice): Promise<void> {
    const site = this.site(dice);
    const headers = this.headersFor(site, dice);
    const method = dice.chance(0.07) ? 'HEAD' : 'GET';
    const asked: Question = { method, path: site.shape.path, headers, atMs: performance.now() };
    const got = await this.send(asked, dice);
    if (got === null) return;
    const { statuses, told } = this.tally;
    statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1);
    const how = String(got.headers['cache-status'] ?? 'nothing').replaceAll(/; ttl=-?\d+/g, '');
    told.set(how, (told.get(how) ?? 0) + 1);
    if (got.status >= 500) assert.ok(site.shape.isMortal, `${asked.path}: ${got.status} ${got.body.toString()}`);
    else if (got.status === 416) assert.ok(headers['range'] !== undefined);
    else this.oracle.judge(asked, got);
    this.tally.judged += 1;
  }

  private headersFor(site: Site, dice: Dice): Record<string, string> {
    const headers: Record<string, string> = {};
    const variant = dice.of(VARIANTS);
    if (site.shape.varies && variant !== '') headers['x-variant'] = variant;
    const version = Math.max(1, site.version - dice.next(3));
    const tag = site.tag(version, site.shape.varies ? variant : '');
    const kind = dice.next(20);
    if (kind < 2) headers['if-none-match'] = dice.chance(0.5) ? tag : `"other", W/${tag}`;
    else if (kind < 5)
      headers['range'] = dice.of(['bytes=0-99', 'bytes=100-', 'bytes=-50', 'bytes=5000-80000', 'bytes=9999999-']);
    else if (kind < 8) headers['accept-encoding'] = dice.of(['gzip', 'gzip, deflate', 'gzip;q=0.5']);
    else if (kind === 8) headers['cache-control'] = dice.of(['no-cache', 'max-age=0', 'no-store']);
    if (kind === 4) headers['if-range'] = tag;
    return headers;
  }

  /** null: it was cut, or we have left. */
  private send(
    { method, path, headers }: Question,
    dice: Dice,
    isUnsafe = false,
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: Buffer; endedMs: number } | null> {
    const leaves = !isUnsafe && dice.chance(0.02);
    const isSlow = !isUnsafe && dice.chance(0.02);
    const { hostname, port } = this.url;
    return new Promise((resolve) => {
      const options = { hostname, port, path, method, headers: { host: HOST, ...headers }, agent: this.agent };
      const request = http.request(options, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => {
          parts.push(part);
          if (leaves) request.destroy();
          if (!isSlow) return;
          answer.pause();
          setTimeout(() => answer.resume(), 20);
        });
        answer.on('error', () => {});
        answer.on('close', () => {
          const isWhole = answer.complete && !leaves;
          if (!isWhole) this.tally[leaves ? 'left' : 'cut'] += 1;
          const { statusCode: status = 0, headers: fields } = answer;
          const endedMs = performance.now();
          resolve(isWhole ? { status, headers: fields, body: Buffer.concat(parts), endedMs } : null);
        });
      });
      request.on('error', () => {
        this.tally[leaves ? 'left' : 'cut'] += 1;
        resolve(null);
      });
      request.end();
    });
  }
}

describe('every byte that the cache gives', { timeout: (SECONDS + 60) * 1000 * KINDS.length }, () => {
  for (const kind of KINDS) {
    test(`is of an answer that may be given: ${kind.name}`, async (t) => {
      const oracle = new Oracle(shapes(150), SEED);
      const sluice = await start(t, await http1Origin(t, oracle.answer), kind);
      const load = new Load(oracle, sluice);
      await load.run(SECONDS, SEED);
      const { tally } = load;
      const { judged, cut, left, purged, changed } = tally;
      const hits = [...tally.told].filter(([how]) => /; hit/.test(how)).reduce((sum, [, count]) => sum + count, 0);
      const about = `${judged} judged, ${hits} of them hits, ${oracle.asked} asked of the origin, which cut ${oracle.cuts}; ${cut} cut, ${left} left, ${purged} purges, ${changed} changes`;
      t.diagnostic(`${about}; ${JSON.stringify([...tally.statuses])}; ${JSON.stringify([...tally.told])}`);
      assert.ok(judged > 100 && hits > 0 && purged > 0 && changed > 0, about);
      assert.ok(oracle.cuts > 0 || cut === 0, about);
      assert.ok(sluice.isRunning);
    });
  }
});
