import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../../core/errors.ts';
import { describeFault, firstHopFailure, nameOfEndpoint } from './hop-failures.ts';
import type { HopFault } from './hop-fault.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';

const ONE: ProxyEndpoint = {
  hop: 'corporate',
  id: 'corporate',
  protocol: 'http',
  host: 'proxy.example',
  port: 3128,
  username: 'secret',
  password: 'secret',
  auth: null,
  tls: null,
  localDns: false,
  handshakeTimeoutMs: null,
  budgetMs: null,
};
const TWO = { ...ONE, hop: 'exits', id: 'fr-1', host: '::1', port: 7777 };
const ROUTE = { endpoints: [ONE, TWO], destination: { host: 'a.example', port: 443 } };
const FAULT: HopFault = {
  about: 'next',
  code: 'upstream_unreachable',
  blame: 'ambiguous',
  detail: 'answered 503',
  status: 503,
  retryAfterMs: null,
};

describe('a failure of the chain', () => {
  test('names a hop by its names and address, and tells no secret', () => {
    assert.equal(nameOfEndpoint(ONE), 'corporate (proxy.example:3128)');
    assert.equal(nameOfEndpoint(TWO), 'exits/fr-1 ([::1]:7777)');
    assert.doesNotMatch(describeFault(ROUTE, 0, FAULT).message, /secret/);
  });

  test('is laid to the next hop, unproven, when a hop says that it cannot reach that', () => {
    const failure = describeFault(ROUTE, 0, FAULT);
    assert.equal(failure.message, 'the proxy corporate (proxy.example:3128) answered 503, asked for [::1]:7777');
    assert.deepEqual([failure.code, failure.failedHop, failure.reportedBy], ['hop_unreachable', 1, 0]);
    assert.equal(failure.isUnproven, true);
    assert.equal(describeFault(ROUTE, 0, { ...FAULT, code: 'upstream_connect_timeout' }).code, 'hop_timeout');
  });

  test("is the destination's, or the last hop's, when the last hop says so", () => {
    const failure = describeFault(ROUTE, 1, FAULT);
    assert.deepEqual([failure.code, failure.failedHop, failure.reportedBy], ['upstream_unreachable', 1, null]);
    assert.equal(failure.isUnproven, false);
    assert.equal(describeFault(ROUTE, 1, { ...FAULT, code: 'hop_timeout' }).isUnproven, true);
  });

  test("is the first hop's own when that cannot be connected to", () => {
    const error = new SluiceError('upstream_connect_timeout');
    const failure = firstHopFailure(ROUTE, error);
    assert.deepEqual([failure.code, failure.blame, failure.failedHop], ['hop_timeout', 'member', 0]);
    assert.equal(failure.cause, error);
    assert.equal(firstHopFailure(ROUTE, new SluiceError('upstream_tls_failed')).code, 'hop_unreachable');
    assert.equal(firstHopFailure({ ...ROUTE, endpoints: [] }, error).failedHop, -1);
  });
});
