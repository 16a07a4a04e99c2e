import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import type { Policy } from '../../contract/policy.ts';
import { readRequest, requestBytes } from './asked-request.ts';
import { DryExchange } from './dry-exchange.ts';
import { runPolicies } from './run-policies.ts';

function exchange(): DryExchange {
  const fields = [
    ['Host', 'a.test'],
    ['X-One', '1'],
  ] as const;
  const read = readRequest(requestBytes('GET /', fields), DEFAULT_LIMITS);
  assert.ok('request' in read);
  return new DryExchange('egress', { address: '192.0.2.7', localPort: 8888 }, read.request);
}

const changes: Policy = {
  name: 'changes',
  request: (each) => {
    each.user = 'alice';
    each.session = 'cart';
    each.request.fields.remove('x-one');
  },
};
const waits: Policy = { name: 'waits', request: () => Promise.resolve() };
const ahead: Policy = { name: 'ahead', request: () => {}, foresee: () => 'will shorten the answer' };
const later: Policy = { name: 'later', response: () => {} };

test('each policy is asked, and what it changes is told', async () => {
  assert.deepEqual(await runPolicies([changes, waits, later], exchange()), [
    { name: 'changes', does: 'passes: user alice, session cart, takes out x-one' },
    { name: 'waits', does: 'passes' },
    { name: 'later', does: 'works on the answer' },
  ]);
});

test('a policy that can say what it will do with the answer is asked for it', async () => {
  const does = 'will shorten the answer';
  const onlyAhead: Policy = { name: 'only', foresee: () => does };
  const both: Policy = { ...changes, name: 'both', foresee: () => does };
  assert.deepEqual(await runPolicies([ahead, onlyAhead, both], exchange()), [
    { name: 'ahead', does },
    { name: 'only', does },
    { name: 'both', does: `passes: user alice, session cart, takes out x-one; ${does}` },
  ]);
});

test('nobody is asked after the one that answers', async () => {
  for (const [request, does] of [
    [(each) => each.fail('forbidden'), 'refuses with 403 forbidden'],
    [(each) => each.answer({ status: 204 }), 'answers 204'],
  ] as const satisfies (readonly [Policy['request'], string])[]) {
    assert.deepEqual(await runPolicies([{ name: 'end', request }, changes], exchange()), [{ name: 'end', does }]);
  }
});

test('a policy may say what it goes by', async () => {
  const policies: Policy[] = [
    { ...changes, explain: () => 'alice is known' },
    { name: 'end', request: (each) => each.fail('forbidden'), explain: (each) => `${each.request.host} is listed` },
  ];
  assert.deepEqual(await runPolicies(policies, exchange()), [
    { name: 'changes', does: 'passes: user alice, session cart, takes out x-one: alice is known' },
    { name: 'end', does: 'refuses with 403 forbidden: a.test is listed' },
  ]);
});
