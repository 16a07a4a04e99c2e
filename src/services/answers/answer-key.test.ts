import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AskedFor, answerKey } from './answer-key.ts';

const ASKED: AskedFor = { parts: ['a', 'bc'], fields: [['accept', 'x']], body: Buffer.from('hi') };

test('the same has one key, and everything else has another', () => {
  const others: AskedFor[] = [
    ASKED,
    { ...ASKED, parts: ['ab', 'c'] },
    { ...ASKED, fields: [['accept', 'y']] },
    { ...ASKED, fields: [] },
    { ...ASKED, body: Buffer.from('ho') },
    { ...ASKED, parts: ['a', 'bc', 'hi'], body: Buffer.alloc(0) },
  ];
  const keys = others.map(answerKey);
  assert.equal(new Set(keys).size, others.length);
  assert.equal(answerKey({ ...ASKED }), keys[0]);
  assert.match(keys[0]!, /^[\w-]{43}$/);
});
