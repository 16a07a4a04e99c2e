import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CaseResult } from './results.ts';
import { asMarkdown, asText, tableOf } from './table.ts';

const result: CaseResult = {
  name: 'small',
  title: 'Small',
  cost: 'CPU µs per request',
  baseline: 'nginx',
  rows: [
    {
      label: 'nginx',
      peer: 'nginx',
      samples: [],
      result: { cost: 13.04, perSecond: 45_678, p50Ms: 1.1, p99Ms: 2.345, rssMiB: 17.77, errors: 0 },
    },
    { label: 'caddy', peer: 'caddy', samples: [], result: { cost: 52.16, rssMiB: 42, errors: 3 } },
    { label: 'squid', peer: 'squid', samples: [], note: 'not installed' },
  ],
};

describe('tables', () => {
  test('show ratios, leave a dash for what a case does not measure, and the note of a peer that failed', () => {
    assert.equal(
      asMarkdown(tableOf(result)),
      `
|  | CPU µs per request | to nginx | per second | p50 ms | p99 ms | resident MiB | errors |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| nginx | 13 | 1.00 × | 45,700 | 1.1 | 2.35 | 17.8 | 0 |
| caddy | 52.2 | 4.00 × | – | – | – | 42 | 3 |
| squid | not installed |  |  |  |  |  |  |
`.trim(),
    );
  });

  test('line up as text', () => {
    const [head, nginx, caddy] = asText(tableOf(result)).split('\n');
    assert.equal(nginx?.length, head?.length);
    assert.equal(caddy?.length, head?.length);
  });
});
