import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { explain, fieldOfLine } from './explain.ts';
import type { Explanation, Question } from './explanation.ts';

const settings = {
  egress: { listen: ['127.0.0.1:8888', '127.0.0.1:9001'] },
  gateway: { listen: '127.0.0.1:8080', routes: [{ match: { host: 'own.test' }, to: 'http://127.0.0.1:1' }] },
};

function ask(question: Partial<Question>, more: object = {}, isRunning = false): Promise<Explanation> {
  const whole = { door: null, method: 'GET', url: 'http://a.test', fields: [], from: '192.0.2.7', user: null };
  const config = documentSchema.parse({ ...settings, ...more });
  const doors = [{ name: 'admin', address: 'http://127.0.0.1:4444', openConnections: 0 }] as const;
  const running = isRunning ? { doors, members: new MemberTable({ capacity: 1 }), lists: new DomainShelf() } : null;
  return explain({ config, origins: new Map() }, { ...whole, ...question }, running);
}

async function doorOf(question: Partial<Question>, more: object = {}): Promise<string> {
  return (await ask(question, more)).door.name;
}

describe('the door of a question', () => {
  test('is the one that is asked for, by name or by port', async () => {
    assert.equal(await doorOf({ door: 'gateway' }), 'gateway');
    assert.equal(await doorOf({ door: '9001' }), 'egress');
    await assert.rejects(ask({ door: '1' }), { code: 'invalid_input' });
    await assert.rejects(ask({ door: 'egress' }, { egress: { listen: null } }), { code: 'invalid_input' });
  });

  test('is the gateway for its own address and for the hosts of its routes, else the forward proxy', async () => {
    assert.equal(await doorOf({ url: 'http://localhost:8080/x' }), 'gateway');
    assert.equal(await doorOf({ url: 'http://own.test' }), 'gateway');
    assert.equal(await doorOf({ url: 'own.test:443', method: 'CONNECT' }), 'egress');
    assert.equal(await doorOf({ url: 'http://a.test' }), 'egress');
    assert.equal(await doorOf({ url: 'http://a.test' }, { egress: { listen: null } }), 'gateway');
  });
});

test('of several addresses of the gateway it is the one of the URL, of a name, of a port, or of what is spoken', async () => {
  const tls = { cert: 'a.pem', key: 'a.key' };
  const listen = ['127.0.0.1:8080', { address: '127.0.0.1:8081', name: 'internal' }, { address: ':8443', tls }];
  const more = { gateway: { ...settings.gateway, listen } };
  for (const [question, address] of [
    [{ url: 'http://127.0.0.1:8081/' }, '127.0.0.1:8081 (internal)'],
    [{ door: 'internal' }, '127.0.0.1:8081 (internal)'],
    [{ door: '8443' }, ':8443'],
    [{ url: 'https://own.test/' }, ':8443'],
    [{ url: 'http://own.test/' }, '127.0.0.1:8080'],
  ] as const) {
    assert.deepEqual((await ask(question, more)).door.listen, [address], JSON.stringify(question));
  }
});

describe('a Sluice that runs', () => {
  test('refuses the doors that it really has, and says that its states are known', async () => {
    const known = await ask({ url: 'http://127.0.0.1:4444' }, {}, true);
    assert.deepEqual([known.states, known.result.code], ['running', 'destination_denied']);
    const unknown = await ask({ url: 'http://127.0.0.1:4444' });
    assert.deepEqual([unknown.states, unknown.result.kind], ['unknown', 'direct']);
  });

  test('does not lead through the gateway to the doors of its control plane either', async () => {
    const gateway = { ...settings.gateway, routes: [{ match: { host: 'own.test' }, to: 'http://localhost:4444' }] };
    const known = await ask({ url: 'http://own.test' }, { gateway }, true);
    assert.deepEqual([known.result.status, known.result.code], [403, 'destination_denied']);
    const unknown = await ask({ url: 'http://own.test' }, { gateway });
    assert.equal(unknown.result.kind, 'backend');
  });
});

test('a field is written as people write it', () => {
  assert.deepEqual(fieldOfLine('Accept:  text/html '), ['Accept', 'text/html']);
  assert.deepEqual(fieldOfLine('X'), ['X', '']);
});
