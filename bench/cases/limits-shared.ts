// What it costs that a limit holds for all nodes together, and not for one alone.
import { smallAnswer } from '../harness/backend.ts';
import type { PolicySet } from '../peers/sluice-policies.ts';
import { plain, type Case, type Contestant } from './case.ts';
import { httpCase } from './http-case.ts';

function withLimits(): Contestant[] {
  const [none] = plain('sluice');
  if (none === undefined) return [];
  const limited = (label: string, policies: PolicySet): Contestant => ({ ...none, label, policies });
  return [limited('sluice, local limits', 'limit'), limited('sluice, shared limits', 'limit-shared')];
}

export const limitsShared: Case = httpCase({
  name: 'limits-shared',
  title: 'A limit of this node, and one of all nodes by Redis',
  remark: 'A limit of 100,000 requests a second for one client; nothing is refused.',
  baseline: 'sluice, local limits',
  contestants: withLimits(),
  path: '/typical',
  answerBytes: smallAnswer.length,
});
