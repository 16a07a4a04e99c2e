import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type StartUp, startUpBlock } from './start-up-block.ts';
import { painter } from './terminal.ts';

const plain = painter({}, {});

const START: StartUp = {
  version: '1.2.3',
  readyMs: 93.6,
  doors: [
    { name: 'gateway', address: 'http://127.0.0.1:8080', openConnections: 0 },
    { name: 'admin', address: 'http://127.0.0.1:8889', openConnections: 0 },
    { name: 'metrics', address: 'http://127.0.0.1:9090', openConnections: 0 },
  ],
  metricsPath: '/metrics',
  egress: { chain: [], user: null },
  configFiles: [],
  token: { file: '/home/x/.sluice/admin-token', fresh: 'slc_abc' },
};

describe('the start-up block', () => {
  test('shows every door with one thing to try, and the token that was just made', () => {
    assert.equal(
      startUpBlock(START, plain),
      `
  SLUICE 1.2.3  ready in 94 ms

  ➜  Gateway   http://127.0.0.1:8080
               curl http://127.0.0.1:8080/health
  ➜  Admin     http://127.0.0.1:8889/#t=slc_abc  shown once, kept in /home/x/.sluice/admin-token
               sluice status
  ➜  Metrics   http://127.0.0.1:9090
               curl http://127.0.0.1:9090/metrics
  ➜  Config    the defaults  sluice config init writes a file to start from

`,
    );
  });

  test('says how the forward proxy goes out, and as whom to use it', () => {
    const doors = [{ name: 'egress' as const, address: 'http://127.0.0.1:8888', openConnections: 0 }];
    const block = (egress: StartUp['egress']): string => startUpBlock({ ...START, doors, egress }, plain);
    assert.match(
      block({ chain: [], user: null }),
      /Egress +http:\S+ {2}HTTP, CONNECT and SOCKS, direct\n +curl -x http:\/\/127\.0\.0\.1:8888 https:\/\/example\.com\n/,
    );
    const asked = block({ chain: ['corporate', 'exits'], user: 'alice' });
    assert.match(asked, /SOCKS, through corporate, then exits\n +curl -x http:\S+ -U alice https:/);
  });

  test('does not show a token again', () => {
    const kept = startUpBlock({ ...START, token: { file: '/f', fresh: null } }, plain);
    assert.match(kept, /Admin +http:\/\/127\.0\.0\.1:8889 {2}token in \/f\n/);
    assert.match(startUpBlock({ ...START, token: null }, plain), /Admin +http:\/\/127\.0\.0\.1:8889\n/);
  });

  test('gives commands that reach a door on every address, behind TLS or on a socket', () => {
    const doors = ['https://0.0.0.0:8443', 'http://[::]:8080', 'unix:/run/g.sock'].map((address) => {
      return { name: 'gateway' as const, address, openConnections: 0 };
    });
    const block = startUpBlock({ ...START, doors, configFiles: ['a.yaml', 'b.yaml'] }, plain);
    assert.match(block, /https:\/\/0\.0\.0\.0:8443\n +curl -k https:\/\/127\.0\.0\.1:8443\/health\n/);
    assert.match(block, /curl http:\/\/127\.0\.0\.1:8080\/health\n/);
    assert.match(block, /curl --unix-socket \/run\/g\.sock http:\/\/localhost\/health\n/);
    assert.match(block, /Config +a\.yaml, b\.yaml\n/);
  });

  test('is coloured on a terminal', () => {
    assert.ok(startUpBlock(START, painter({ isTTY: true }, {})).includes('\u001b['));
  });
});
