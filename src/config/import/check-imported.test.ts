import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkImported } from './check-imported.ts';

async function codes(document: Parameters<typeof checkImported>[0]): Promise<string[]> {
  const problems = await checkImported(document, { cwd: '/', env: { HOME: '/', SLUICE_LOG__LEVEL: 'loud' } });
  return problems.map(({ code, source }) => `${code} ${source}`);
}

test('variables need not be set for an imported configuration to be checked', async () => {
  const hops = { a: { proxy: 'http://${U}:${P}@${H}:${PORT}' } };
  assert.deepEqual(await codes({ limits: { connections: '${N}' }, hops, egress: { chain: ['a'] } }), []);
});

test('what is wrong is told with its section, and the environment does not count', async () => {
  assert.deepEqual(await codes({ egress: { chain: ['nowhere'] } }), ['config_unknown_name flag section egress']);
  assert.deepEqual(await codes({ log: { level: '$${X}' } }), ['config_bad_value flag section log']);
});
