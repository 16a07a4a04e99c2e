import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';
import type { TokenMadeAnswer, TokensAnswer } from '../token-answers.ts';

const JSON_TYPE = { ...AUTHORIZED, 'Content-Type': 'application/json' };

test('/api/v1/tokens makes tokens that are shown once, lists them and takes them back', async () => {
  const desk = await AdminDesk.open();
  const post = (body: object): Promise<Response> => {
    return desk.ask('/api/v1/tokens', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) });
  };
  const made = await post({ user: 'ci', may: ['egress'] });
  assert.equal(made.status, 201);
  const { id, token, ...rest } = (await made.json()) as TokenMadeAnswer;
  assert.match(token, /^slc_/);
  assert.deepEqual([rest.user, rest.may, rest.in_force], ['ci', ['egress'], true]);
  const listed = await desk.ask('/api/v1/tokens', { headers: AUTHORIZED });
  const text = await listed.text();
  assert.ok(!text.includes(token));
  assert.deepEqual((JSON.parse(text) as TokensAnswer).tokens, [{ id, ...rest }]);
  const one = await desk.ask(`/api/v1/tokens/${id}`, { headers: AUTHORIZED });
  assert.deepEqual(await one.json(), { id, ...rest });
  for (const wrong of [
    { user: 'ci' },
    { user: 'a b', may: ['ai'] },
    { user: 'ci', may: ['all'] },
    { user: 'ci', may: [] },
  ]) {
    assert.equal((await post(wrong)).status, 422, JSON.stringify(wrong));
  }
  const revoke = (): Promise<Response> => desk.ask(`/api/v1/tokens/${id}`, { method: 'DELETE', headers: AUTHORIZED });
  assert.equal((await revoke()).status, 200);
  assert.equal((await revoke()).status, 404);
});
