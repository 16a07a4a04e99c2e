// Who may run commands: users by their tokens, and without users programs on this machine; never a page of another site.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { execute, refusal } from '../support/exec-client.ts';
import { Gateway } from '../support/gateway.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const EXEC = { enabled: true, allowed_commands: ['/bin/echo'], workspace: '/' };
const ECHO = { command: 'echo', args: ['hi'] };
const USERS = [
  { name: 'alice', token: 'a-token-of-alice-1', may: ['exec'] },
  { name: 'bob', token: 'a-token-of-bob-1', may: ['gateway'] },
];

const gatewayFor = (t: TestContext, more: object = {}): Promise<Gateway> => Gateway.open(t, { exec: EXEC, ...more });

describe('without users', () => {
  test('a page of another site gets nowhere, by any of the ways that browsers have', async (t) => {
    const { url } = await gatewayFor(t);
    const json = { 'Content-Type': 'application/json' };
    for (const [headers, answer] of [
      [{ Host: 'evil.example' }, '403 host_denied'],
      [{ Host: 'evil.example:8080', Origin: 'http://evil.example:8080' }, '403 host_denied'],
      [{ Origin: 'http://evil.example' }, '403 origin_denied'],
      [{ Origin: 'null' }, '403 origin_denied'],
      [{ 'Sec-Fetch-Site': 'cross-site' }, '403 origin_denied'],
      [{ 'Content-Type': 'text/plain' }, '415 media_type_unsupported'],
      [{ 'Content-Type': 'application/x-www-form-urlencoded' }, '415 media_type_unsupported'],
    ] as const) {
      assert.equal(await refusal(url, ECHO, { ...json, ...headers }), answer, JSON.stringify(headers));
    }
    const asked = { Origin: 'http://evil.example', 'Access-Control-Request-Private-Network': 'true' };
    const preflight = await ask(`${url}/cli/execute`, { method: 'OPTIONS', headers: asked });
    assert.equal(preflight.status, 403);
    assert.equal(
      Object.keys(preflight.headers).some((name) => name.startsWith('access-control')),
      false,
    );
  });

  test('programs on this machine are let in, and a page of the gateway itself', async (t) => {
    const { url, port } = await gatewayFor(t);
    for (const headers of [{}, { Host: `localhost:${port}` }, { Origin: url }, { Host: '[::1]' }]) {
      assert.equal((await execute(url, ECHO, headers)).stdout.toString(), 'hi\n');
    }
  });

  test('other names have to be configured', async (t) => {
    const gateway = await gatewayFor(t);
    assert.equal(await refusal(gateway.url, ECHO, { Host: 'box.example' }), '403 host_denied');
    await gateway.apply({ exec: { ...EXEC, allowed_hosts: ['Box.example'] } });
    assert.equal((await execute(gateway.url, ECHO, { Host: 'box.example:99' })).exit.code, 0);
  });

  test('nothing starts where the network could reach it', async (t) => {
    const yaml = 'exec: { enabled: true, allowed_commands: [/bin/echo] }\n';
    const env = { SLUICE_GATEWAY__LISTEN: '0.0.0.0:0' };
    const sluice = new SluiceProcess(t, { files: { 'sluice.yaml': yaml }, env });
    assert.notEqual((await sluice.ended).code, 0);
    assert.match(sluice.stderr, /commands may be run on loopback only/);
  });
});

describe('with users', () => {
  test('those who may are let in by their token, and it goes no further', async (t) => {
    const gateway = await gatewayFor(t, { users: USERS, exec: { ...EXEC, allowed_commands: ['/usr/bin/env'] } });
    const headers = { Authorization: 'Bearer a-token-of-alice-1', Host: 'any.example' };
    const { stdout } = await execute(gateway.url, { command: 'env' }, headers);
    assert.doesNotMatch(stdout.toString(), /a-token/);
    const [line] = await gateway.accessLines(1);
    assert.deepEqual(
      [line?.['user.name'], line?.['route'], line?.['http.response.status_code']],
      ['alice', 'exec', 200],
    );
    assert.doesNotMatch(JSON.stringify(line), /a-token/);
  });

  test('nobody else is, and pages of other sites are not with any token', async (t) => {
    const { url } = await gatewayFor(t, { users: USERS });
    assert.equal(await refusal(url, ECHO), '401 unauthorized');
    assert.equal(await refusal(url, ECHO, { Authorization: 'Bearer wrong' }), '401 unauthorized');
    assert.equal(await refusal(url, ECHO, { Authorization: 'Bearer a-token-of-bob-1' }), '403 forbidden');
    const evil = { Authorization: 'Bearer a-token-of-alice-1', Origin: 'http://evil.example' };
    assert.equal(await refusal(url, ECHO, evil), '403 origin_denied');
  });

  test('the access lists and limits of the gateway hold as well', async (t) => {
    const { url } = await gatewayFor(t, { policies: { rate_limit: { rate: '1/h' } } });
    assert.equal((await execute(url, ECHO)).exit.code, 0);
    assert.equal(await refusal(url, ECHO), '429 too_many_requests');
  });
});
