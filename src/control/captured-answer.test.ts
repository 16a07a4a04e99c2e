import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedAnswer } from './captured-answer.ts';

test('what was kept is told without credentials, also where they were kept', () => {
  const bytes = Buffer.from('ab');
  const answer = capturedAnswer({
    id: 'a',
    fields: [['Authorization', 'Bearer secret']],
    hidden: [],
    body: { bytes, length: 5, isComplete: true },
    answerFields: [['X-A', '1']],
    answerBody: { bytes, length: 2, isComplete: false },
    keepsBodies: true,
    keepsCredentials: true,
  });
  assert.deepEqual(answer, {
    request: { headers: [['Authorization', '***']], body: { bytes: 5, kept: 2, truncated: true } },
    response: { headers: [['X-A', '1']], body: { bytes: 2, kept: 2, truncated: true } },
    not_kept: [],
  });
});
