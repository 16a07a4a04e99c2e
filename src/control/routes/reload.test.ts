import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused, TOKEN } from '../../../test/support/admin-desk.ts';
import { ConfigError, type ConfigProblem } from '../../config/problem.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ErrorAnswer } from '../admin-answers.ts';

const PROBLEM: ConfigProblem = {
  severity: 'error',
  code: 'config_unknown_key',
  message: 'unknown key "retires"',
  path: 'gateway.retires',
  file: 'sluice.yaml',
  source: null,
  line: 3,
  column: 5,
  excerpt: null,
  hint: null,
  explain: null,
};

describe('a reload through the admin API', () => {
  test('answers the new tag and what has changed, and leaves a line in the log that says who and from where', async () => {
    const desk = await AdminDesk.open();
    const answer = await desk.ask('/api/v1/reload', { method: 'POST', headers: AUTHORIZED });
    assert.equal(answer.headers.get('etag'), '"tag-2"');
    assert.deepEqual(await answer.json(), { tag: 'tag-2', changed: ['log.level'], needs_restart: [], warnings: [] });
    const [{ fields, message } = { fields: {}, message: '' }] = desk.logged;
    assert.equal(message, 'admin write');
    const { request_id: requestId, ...facts } = fields;
    assert.equal(requestId, answer.headers.get('x-request-id'));
    assert.deepEqual(facts, {
      event: 'audit',
      actor: 'alice',
      by: 'token',
      remote: '192.0.2.9',
      method: 'POST',
      path: '/api/v1/reload',
      changed: {},
      status: 200,
    });
    assert.doesNotMatch(JSON.stringify(desk.logged), new RegExp(TOKEN));
  });

  test('hands on which config it is meant for', async () => {
    const desk = await AdminDesk.open();
    for (const tag of ['"tag-1"', '*', 'W/"tag-1"']) {
      await desk.ask('/api/v1/reload', { method: 'POST', headers: { ...AUTHORIZED, 'If-Match': tag } });
    }
    assert.deepEqual(desk.reloads, [
      { trigger: 'api', ifMatch: 'tag-1' },
      { trigger: 'api' },
      { trigger: 'api', ifMatch: 'W/"tag-1"' },
    ]);
    desk.reloadFault = new SluiceError('precondition_failed');
    const answer = await desk.ask('/api/v1/reload', {
      method: 'POST',
      headers: { ...AUTHORIZED, 'If-Match': '"old"' },
    });
    assert.equal(answer.headers.get('etag'), '"tag-1"', 'that of the config in force');
    assert.equal(await refused(answer), '412 precondition_failed');
  });

  test('answers everything that is wrong with the config', async () => {
    const desk = await AdminDesk.open();
    desk.reloadFault = new ConfigError([PROBLEM]);
    const answer = await desk.ask('/api/v1/reload', { method: 'POST', headers: AUTHORIZED });
    assert.deepEqual(((await answer.clone().json()) as ErrorAnswer).error.problems, [PROBLEM]);
    assert.equal(await refused(answer), '422 config_invalid');
  });
});
