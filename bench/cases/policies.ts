// What policies cost that look at every request: access list, limit of the rate, changes of the header on both sides.
import { smallAnswer } from '../harness/backend.ts';
import type { PolicySet } from '../peers/sluice-policies.ts';
import { chromeHeaders } from './browser.ts';
import { plain, type Case, type Contestant } from './case.ts';
import { httpCase } from './http-case.ts';

function withAndWithout(policies: PolicySet): Contestant[] {
  const [none] = plain('sluice');
  return none === undefined ? [] : [none, { ...none, label: 'sluice, policies on', policies }];
}

export const policies: Case = httpCase({
  name: 'policies',
  title: 'Policies off and on',
  remark:
    'Access list, filter of a million names, limit of the rate and changes of the header both ways; nothing is refused.',
  baseline: 'sluice',
  contestants: withAndWithout('guard'),
  path: '/typical',
  answerBytes: smallAnswer.length,
  headers: chromeHeaders,
});

export const policiesProxied: Case = httpCase({
  name: 'policies-proxied',
  title: 'Policies off and on, behind a proxy that says who the client is',
  baseline: 'sluice',
  contestants: withAndWithout('proxied'),
  path: '/typical',
  answerBytes: smallAnswer.length,
  headers: { ...chromeHeaders, 'X-Forwarded-For': '192.0.2.17' },
});
