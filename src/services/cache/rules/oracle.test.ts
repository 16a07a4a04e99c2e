// Replays what another implementation of the same rules, http-cache-semantics 4.3.0, has said of answers made by chance, as a cache
// that is shared and guesses a tenth of the time since Last-Modified. Left out is where it departs from RFC 9111: Pragma in answers,
// `proxy-revalidate` taken for `no-cache`, max-stale against `s-maxage`, lifetimes guessed for `immutable`, and fresh answers of 5xx.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FieldList } from './field-reader.ts';
import { judge, wishesOf } from './reuse.ts';
import { answerToStore, type StoreRules } from './storable.ts';
import { varyKey } from './vary.ts';

interface Vector {
  readonly method: string;
  readonly req: Readonly<Record<string, string>>;
  readonly status: number;
  readonly res: Readonly<Record<string, string>>;
  /** The fields of the request that comes after so many seconds. */
  readonly then: Readonly<Record<string, string>>;
  readonly after: number;
  readonly storable: boolean;
  readonly reuse: boolean;
}

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const RULES: StoreRules = {
  defaultTtlMs: 0,
  statusTtlMs: new Map(),
  heuristic: { share: 0.1, maxMs: Number.MAX_SAFE_INTEGER },
  staleWhileAskingMs: 0,
  staleOnErrorMs: 0,
  setCookie: 'keep',
};
const VECTORS = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/cache/reuse.json', import.meta.url), 'utf8'),
) as readonly Vector[];

const fields = (record: Readonly<Record<string, string>>): FieldList => new FieldList(Object.entries(record));

function isReused({ method, req, status, res, then, after }: Vector): { storable: boolean; reuse: boolean } {
  const meta = answerToStore(
    {
      method,
      url: 'http://a.test/x',
      host: 'a.test',
      route: 'web',
      request: fields(req),
      status,
      response: fields(res),
      requestedAtMs: NOW,
      respondedAtMs: NOW,
    },
    RULES,
  );
  if (typeof meta === 'string') return { storable: false, reuse: false };
  const isFor = varyKey(meta.varyNames, fields(then)) === meta.varyKey;
  const verdict = judge(meta, wishesOf(fields(then)), NOW + after * 1000);
  return { storable: true, reuse: isFor && (verdict === 'fresh' || verdict === 'stale') };
}

test('answers are kept and given again as another implementation would', () => {
  assert.ok(VECTORS.length > 300);
  for (const vector of VECTORS) {
    const { storable, reuse } = isReused(vector);
    assert.deepEqual({ storable, reuse }, { storable: vector.storable, reuse: vector.reuse }, JSON.stringify(vector));
  }
});
