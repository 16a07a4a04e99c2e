import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import { refuseTunnel } from './no-tunnel.ts';

describe('the answer where a tunnel is missing', () => {
  test('is JSON with the id that the gateway has given', () => {
    const told = new ToldExchange({ fields: [['X-Request-Id', 'r1']] });
    refuseTunnel(told.exchange, 'tunnel_busy');
    const { error } = JSON.parse(String(told.answered?.body)) as { error: { code: string; request_id: string } };
    assert.deepEqual([told.answered?.status, error.code, error.request_id], [503, 'tunnel_busy', 'r1']);
    assert.ok(told.answered?.fields?.some(([name]) => name === 'Retry-After'));
  });

  test('is a page for browsers, in which nothing of the request is markup', () => {
    const told = new ToldExchange({ fields: [['Accept', 'text/html,*/*']], host: '<b>&"' });
    refuseTunnel(told.exchange, 'tunnel_unknown');
    assert.match(String(told.answered?.body), /<p>&lt;b&gt;&amp;&quot;<\/p>/);
    const posted = new ToldExchange({ method: 'POST', fields: [['Accept', 'text/html']] });
    refuseTunnel(posted.exchange, 'tunnel_unknown');
    assert.equal(posted.code, 'tunnel_unknown');
  });
});
