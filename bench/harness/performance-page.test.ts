import assert from 'node:assert/strict';
import { test } from 'node:test';
import { performancePage } from './performance-page.ts';
import type { RunResult } from './results.ts';

const run: RunResult = {
  date: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  machine: { cpu: 'Some CPU', cores: 2, kernel: 'Linux 6', node: 'v26.0.0' },
  versions: { sluice: '1.0.0', nginx: '1.22.1' },
  settings: { seconds: 1, rounds: 3 },
  domains: [
    {
      kind: 'hosts file',
      listedNs: 300,
      otherNs: 200,
      bytesPerEntry: 35.4,
      loadMs: 900,
      turnMs: 9,
      afterReloadsMiB: 120,
    },
  ],
  cases: [
    {
      name: 'small',
      title: 'Small answer',
      cost: 'CPU µs per request',
      baseline: 'nginx',
      rows: [
        { label: 'sluice', peer: 'sluice', samples: [], result: { cost: 15, rssMiB: 60, errors: 0 } },
        { label: 'nginx', peer: 'nginx', samples: [], result: { cost: 12, rssMiB: 18, errors: 0 } },
        { label: 'squid', peer: 'squid', samples: [], note: 'cannot write /somewhere/of/mine' },
      ],
    },
  ],
};

test('the page has the run, the goals, the overview and each case, and nothing about peers that failed', () => {
  const page = performancePage(run);
  assert.match(page, /^- 2026-01-02, Sluice at commit abc1234, Node v26\.0\.0$/m);
  assert.match(page, /^- 3 rounds of 1 second per contestant and case$/m);
  assert.match(page, /^\| small: sluice to nginx \| 1\.25 × \| at most 1\.25 × \| yes \|$/m);
  assert.match(page, /^\| Small answer \| 1\.25 × \| 1\.00 × \|$/m);
  assert.match(page, /^\| sluice \| 15 \| 1\.25 × /m);
  assert.match(page, /^\| memory of an entry \| 35\.4 bytes \| at most 60 bytes \|$/m);
  assert.doesNotMatch(page, /squid/);
  assert.doesNotMatch(performancePage({ ...run, domains: [] }), /domain filter/);
});
