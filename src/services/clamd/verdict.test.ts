import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVerdict } from './verdict.ts';

test('a reply is clean, infected or no verdict at all', () => {
  assert.deepEqual(readVerdict('stream: OK'), { kind: 'clean' });
  for (const name of ['Eicar-Test-Signature', 'Win.Test.EICAR_HDB-1', 'A FOUND B', 'Eicar(0123:68)']) {
    assert.deepEqual(readVerdict(`stream: ${name} FOUND`), { kind: 'infected', signature: name });
  }
  for (const [reply, reason] of [
    ['INSTREAM size limit exceeded. ERROR', 'size_limit'],
    ["stream: Can't allocate memory ERROR", 'invalid'],
    ['COMMAND READ TIMED OUT', 'invalid'],
    ['UNKNOWN COMMAND', 'invalid'],
    ['stream: OK or not', 'invalid'],
    ['stream:  FOUND', 'invalid'],
    ['other: OK', 'invalid'],
    ['OK', 'invalid'],
    ['', 'invalid'],
  ] as const) {
    const verdict = readVerdict(reply);
    assert.equal(verdict.kind === 'failed' ? verdict.reason : verdict.kind, reason, reply);
  }
});

test('nothing of a reply that does not belong into a line gets into one', () => {
  const verdict = readVerdict('stream: Name\r\n\x1b[31m"\xff FOUND');
  assert.deepEqual(verdict, { kind: 'infected', signature: 'Name???[31m"?' });
  const long = readVerdict(`stream: ${'x'.repeat(1000)} FOUND`);
  assert.ok(long.kind === 'infected' && long.signature.length === 200);
});
