// The whole examination, with nothing running and with a config that is broken.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { examine } from './examine.ts';

const OFFLINE = { configFiles: undefined, isOffline: true, timeoutMs: 1_000 };

test('everything that is here is looked at, and nobody else is asked', async (t) => {
  const cwd = temporaryFolder(t);
  const yaml = `process: { data_dir: data }
gateway: { listen: 127.0.0.1:0, default_backend: "http://127.0.0.1:9" }
egress: { listen: null }
admin: { listen: null }
metrics: { listen: null }
`;
  writeFileSync(join(cwd, 'sluice.yaml'), yaml);
  const findings = await examine(new FakeCli({ cwd }), OFFLINE);
  const checks = findings.map(({ check }) => check);
  assert.deepEqual(checks, ['node', 'config', 'running', 'state', 'disk', 'port', 'files', 'environment']);
  assert.ok(findings.every(({ mark }) => mark !== 'failure'));
  const asked = await examine(new FakeCli({ cwd }), { ...OFFLINE, isOffline: false });
  assert.equal(asked.find(({ check }) => check === 'backend')?.mark, 'failure');
});

test('of a config that is broken its problems are told, and the rest is left', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'sluice.yaml'), 'gatewya: {}\nlog: { level: loud }\n');
  const findings = await examine(new FakeCli({ cwd, env: { SLUICE_PROCESS__DATA_DIR: cwd } }), OFFLINE);
  assert.equal(findings.filter(({ check, mark }) => check === 'config' && mark === 'failure').length, 2);
  assert.ok(findings.every(({ check }) => ['node', 'config', 'running'].includes(check)));
});
