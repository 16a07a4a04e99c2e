// One worker and two, with every core free for all: does a second worker cost more per request, and do both get work?
// Rule: connections enough (256) that an uneven spread is the proxy's doing and not chance.
import { smallAnswer } from '../harness/backend.ts';
import type { Case, Contestant } from './case.ts';
import { httpCase } from './http-case.ts';

const contestants: Contestant[] = ['sluice', 'nginx'].flatMap((peer) =>
  [1, 2].map((workers) => ({ label: `${peer} × ${workers}`, peer, workers, accessLog: false })),
);

export const workers: Case = httpCase({
  name: 'workers',
  title: 'One worker and two',
  remark: 'Nothing is pinned here: proxy, load and backend share all cores.',
  baseline: 'nginx × 1',
  contestants,
  path: '/small',
  answerBytes: smallAnswer.length,
  connections: 256,
  unpinned: true,
});
