// Answers that are kept: what it costs to give them again, and what it costs to keep them.
import { smallAnswer } from '../harness/backend.ts';
import { type Case, type Contestant, plain } from './case.ts';
import { httpCase } from './http-case.ts';

function caching(...peers: readonly string[]): Contestant[] {
  return plain(...peers).map((each) => ({ ...each, caches: true }));
}

export const cacheSmall: Case = httpCase({
  name: 'cache-small',
  title: 'A small answer from the cache',
  contestants: caching('sluice', 'nginx', 'varnish'),
  path: '/small',
  answerBytes: smallAnswer.length,
});

export const cacheHundredKib: Case = httpCase({
  name: 'cache-100k',
  title: 'An answer of 100 KiB from the cache',
  remark: 'nginx sends it from a file by sendfile.',
  contestants: caching('sluice', 'nginx', 'varnish'),
  path: '/files/100k',
  answerBytes: 100 * 1024,
});

/** Each request is passed on and its answer kept, as if it had not been there: the client asks for nothing that is kept. */
export const cacheMiss: Case = httpCase({
  name: 'cache-miss',
  title: 'A small answer that is fetched and kept',
  remark: 'Every request says `Cache-Control: no-cache`.',
  baseline: 'sluice',
  contestants: [...plain('sluice'), ...caching('sluice').map((each) => ({ ...each, label: 'sluice, cache on' }))],
  path: '/small',
  answerBytes: smallAnswer.length,
  headers: { 'Cache-Control': 'no-cache' },
});
