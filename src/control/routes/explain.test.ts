import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { ExplainAnswer } from '../admin-answers.ts';

const OPEN = { SLUICE_EGRESS__RULES: '[{"match":{"host":"a.test"},"action":"deny"}]' };

async function ask(query: string): Promise<Response> {
  const desk = await AdminDesk.open(OPEN);
  return desk.ask(`/api/v1/explain?${query}`, { headers: AUTHORIZED });
}

describe('GET /api/v1/explain', () => {
  test('tells what would become of a request', async () => {
    const answer = await ask('url=http://a.test/x&method=post&from=192.0.2.7&header=Accept:%20*/*&header=X:%201');
    assert.equal(answer.status, 200);
    const { door, request, from, choice, result, states } = (await answer.json()) as ExplainAnswer;
    assert.deepEqual([door.name, request, from, states], ['egress', 'POST http://a.test/x', '192.0.2.7', 'running']);
    assert.equal(choice?.name, 'egress.rules[0]');
    assert.equal(choice.place, 'environment variable SLUICE_EGRESS__RULES');
    assert.deepEqual([result.status, result.code], [403, 'destination_denied']);
  });

  test('refuses what is no question', async () => {
    for (const query of [
      '',
      'url=',
      'url=ftp://a.test',
      'url=http://a.test&door=1',
      'url=http://a.test&header=a%20b',
    ]) {
      assert.equal(await refused(await ask(query)), '422 invalid_input', query);
    }
  });

  test('wants a token', async () => {
    const desk = await AdminDesk.open();
    assert.equal(await refused(await desk.ask('/api/v1/explain?url=http://a.test')), '401 unauthorized');
  });
});
