import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExplainAnswer } from '../control/admin-answers.ts';
import { explanationText } from './explanation-text.ts';

const proxies = Array.from({ length: 9 }, (_, index) => `de-${index}`);

const ANSWER: ExplainAnswer = {
  door: { name: 'egress', listen: ['127.0.0.1:8888'], why: 'no route names this host' },
  request: 'CONNECT a.test:443',
  from: '192.0.2.7',
  user: 'alice',
  session: 'cart',
  policies: [
    { name: 'front-page', does: 'passes' },
    { name: 'sticky', does: 'passes: session \u001b[31mcart' },
  ],
  choice: {
    kind: 'rule',
    name: 'egress.rules[1]',
    place: 'a.yaml:3',
    why: 'host *.test',
    others: ['egress.rules[0]: x'],
  },
  hops: [
    {
      name: 'exits',
      strategy: 'random',
      picked: 'fr',
      why: 'the only one that is available',
      members: [
        { id: 'fr', proxy: 'http://fr:1', available: true, obstacle: '' },
        ...proxies.map((id) => ({ id, proxy: 'http://de:1', available: false, obstacle: 'is disabled' })),
      ],
    },
  ],
  result: { kind: 'hops', status: null, code: null, text: 'a tunnel' },
  states: 'running',
};

function plain(more: Partial<ExplainAnswer> = {}): string[] {
  return explanationText({ ...ANSWER, ...more }, (_style, text) => text).split('\n');
}

describe('an explanation', () => {
  test('is a line per step, with what was not chosen below, and not too much of it', () => {
    assert.deepEqual(plain(), [
      'door       egress on 127.0.0.1:8888: no route names this host',
      'request    CONNECT a.test:443   from 192.0.2.7   user alice   session cart',
      'policies   1 front-page  passes',
      '           2 sticky  passes: session \\u001b[31mcart',
      'rule       egress.rules[1] (a.yaml:3): host *.test',
      '           not egress.rules[0]: x',
      'hops       1 exits → fr, http://fr:1: the only one that is available',
      ...proxies.slice(0, 5).map((id) => `             not ${id}: it is disabled`),
      '             and 4 more',
      'result     a tunnel',
    ]);
  });

  test('leaves out what it did not come to', () => {
    const result = { kind: 'refused', status: 407, code: 'proxy_auth_required', text: 'who?' } as const;
    const lines = plain({ choice: null, hops: [], policies: [], user: null, session: null, result });
    assert.deepEqual(lines.slice(1), [
      'request    CONNECT a.test:443   from 192.0.2.7',
      'result     407 proxy_auth_required: who?',
    ]);
  });

  test('says where the states are not known, and where nobody can be picked', () => {
    const [hop] = ANSWER.hops;
    assert.ok(hop);
    const lines = plain({ states: 'unknown', hops: [{ ...hop, picked: null, why: 'nobody can be picked' }] });
    assert.equal(lines[6], 'hops       1 exits → nobody can be picked (states are not known)');
  });
});
