// Tokens of users as whoever runs Sluice makes them and takes them back: by the command line, in force at once on all threads, kept over a
// restart. Rule: the real program, and a client that has nothing but its token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http1Origin } from '../support/origins.ts';
import { askPlainly } from '../support/proxy-clients.ts';
import { runSluice, startSluice, type SluiceProcess } from '../support/sluice-process.ts';

const YAML = `process: { workers: 2, data_dir: data }
users: [ { name: alice, token: alice-token, may: [egress, admin] } ]
egress: { listen: "127.0.0.1:0", auth: users, allow_private: true }
gateway: { listen: [] }
admin: { listen: "127.0.0.1:0" }
metrics: { listen: null }
`;

test('a token opens what it is good for, over a restart too, until it is taken back', async (t) => {
  const origin = await http1Origin(t, (_, response) => response.end('hello'));
  const first = await startSluice(t, { files: { 'sluice.yaml': YAML } });
  const { folder } = first;
  const cli = async (...args: string[]): Promise<string> => {
    const ended = await runSluice(t, ['token', ...args], { folder });
    assert.equal(ended.code, 0, ended.stderr);
    return ended.stdout;
  };
  const made = JSON.parse(await cli('create', '--user', 'ci', '--may', 'egress', '--json')) as {
    id: string;
    token: string;
  };
  const boss = (await cli('create', '--user', 'alice')).trim();
  const asked = async (sluice: SluiceProcess, user: string, token: string): Promise<number> => {
    const port = Number(new URL(sluice.address('egress')).port);
    const credentials = `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
    const answer = await askPlainly(port, origin, { fields: { 'Proxy-Authorization': credentials } });
    return answer.status;
  };
  const isAdmin = async (sluice: SluiceProcess, token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${sluice.address('admin')}/api/v1/status`, { headers })).status;
  };
  for (let turn = 0; turn < 4; turn++) assert.equal(await asked(first, 'ci', made.token), 200);
  assert.equal(await asked(first, 'ci', 'wrong'), 407);
  assert.deepEqual([await isAdmin(first, boss), await isAdmin(first, made.token)], [200, 401]);
  first.signal('SIGTERM');
  assert.equal((await first.ended).code, 0);
  assert.ok(!first.read('data/tokens.json').includes(made.token));
  const second = await startSluice(t, { folder });
  assert.deepEqual([await asked(second, 'ci', made.token), await isAdmin(second, boss)], [200, 200]);
  await cli('revoke', made.id);
  for (let turn = 0; turn < 4; turn++) assert.equal(await asked(second, 'ci', made.token), 407);
  assert.equal(await asked(second, 'alice', boss), 200);
});
