// An answer as the second tier of the cache keeps it, for tests.
import type { AnswerMeta } from '../../src/services/cache/answer-meta.ts';
import type { TierAnswer } from '../../src/services/cache/tier/tier-entry.ts';

export function tierMeta(changes: Partial<AnswerMeta> = {}): AnswerMeta {
  const nowMs = Date.now();
  return {
    url: 'http://a.test/x',
    host: 'a.test',
    route: 'web',
    status: 200,
    fields: [['ETag', '"a"']],
    varyNames: [],
    varyKey: '',
    tags: [],
    bornAtMs: nowMs,
    checkedAtMs: nowMs,
    lifetimeMs: 60_000,
    staleWhileAskingMs: 0,
    staleOnErrorMs: 0,
    flags: 0,
    etag: '"a"',
    lastModified: '',
    ...changes,
  };
}

export function tierAnswerOf(body: string, changes: Partial<AnswerMeta> = {}): Omit<TierAnswer, 'keptAtMs'> {
  return { meta: tierMeta(changes), trailers: [], body: Buffer.from(body) };
}
