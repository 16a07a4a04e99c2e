import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { metricsDoor } from './metrics-door.ts';

async function open(t: TestContext): Promise<string> {
  const door = metricsDoor({
    listen: '127.0.0.1:0',
    path: () => '/metrics',
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    render: () => 'sluice_größe 1\n',
  });
  await door.start();
  t.after(() => door.close());
  return door.address;
}

describe('the metrics door', () => {
  test('answers the text at its path, with or without a query', async (t) => {
    const address = await open(t);
    for (const path of ['/metrics', '/metrics?x=1']) {
      const answer = await fetch(address + path);
      assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
      assert.equal(await answer.text(), 'sluice_größe 1\n');
    }
  });

  test('answers HEAD with the length and no body', async (t) => {
    const answer = await fetch(`${await open(t)}/metrics`, { method: 'HEAD' });
    assert.equal(answer.headers.get('content-length'), '17');
    assert.equal(await answer.text(), '');
  });

  test('answers everything else with an error that says where to look', async (t) => {
    const address = await open(t);
    const elsewhere = await fetch(`${address}/`);
    assert.equal(elsewhere.status, 404);
    const { error } = (await elsewhere.json()) as { error: { code: string; message: string } };
    assert.deepEqual([error.code, error.message], ['not_found', 'The metrics are at /metrics.']);
    const write = await fetch(`${address}/metrics`, { method: 'POST', body: 'x' });
    assert.deepEqual([write.status, write.headers.get('allow')], [405, 'GET, HEAD']);
    await write.body?.cancel();
  });
});
