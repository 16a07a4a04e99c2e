// Answers that are kept: what it costs to give them again, and what it costs to keep them.
import { smallAnswer } from '../harness/backend.ts';
import { type Case, type Contestant, plain } from './case.ts';
import { type HttpCase, httpCase } from './http-case.ts';

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

const SOME_MEMORY = { cacheMemory: '16MB' };

/** What a request costs that is not answered from the cache, beside what it costs where there is no cache. */
function missing(more: Pick<HttpCase, 'name' | 'title' | 'path' | 'remark'> & Partial<HttpCase>): Case {
  const [sluice, nginx] = caching('sluice', 'nginx').map((each) => ({ ...each, label: `${each.label}, cache on` }));
  return httpCase({
    baseline: 'sluice',
    contestants: [...plain('sluice', 'nginx'), { ...sluice!, ...SOME_MEMORY }, nginx!],
    answerBytes: smallAnswer.length,
    ...more,
  });
}

export const cacheMiss: Case = missing({
  name: 'cache-miss',
  title: 'A small answer that is fetched and kept',
  remark:
    'Each request asks for a URL that nobody has asked for. The cache of Sluice has 16 MB, so that something has to leave for it.',
  path: '/small',
  isEachNew: true,
});

export const cacheNoStore: Case = missing({
  name: 'cache-no-store',
  title: 'A small answer that is fetched and must not be kept',
  remark: 'Each request asks for a URL that nobody has asked for, and the answer says `Cache-Control: no-store`.',
  path: '/no-store',
  isEachNew: true,
});

/** As if it had not been there: the client asks for nothing that is kept, and what comes takes its place. */
export const cacheRefetch: Case = missing({
  name: 'cache-refetch',
  title: 'A small answer that takes the place of the one that is kept',
  remark: 'All ask for the same URL, and say `Cache-Control: no-cache`.',
  path: '/small',
  headers: { 'Cache-Control': 'no-cache' },
  contestants: plain('sluice').concat(caching('sluice').map((each) => ({ ...each, label: 'sluice, cache on' }))),
});
