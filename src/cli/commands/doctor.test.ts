import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';

const CLOSED = 'egress: { listen: null }\nadmin: { listen: null }\nmetrics: { listen: null }\n';

function folder(yaml: string): (t: Parameters<typeof temporaryFolder>[0]) => FakeCli {
  return (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, 'sluice.yaml'), `process: { data_dir: data }\n${CLOSED}${yaml}`);
    return new FakeCli({ cwd });
  };
}

describe('sluice doctor', () => {
  test('ends with 0 when nothing is wrong, and says so', async (t) => {
    const cli = folder('gateway: { listen: 127.0.0.1:0 }\nlimits: { connections: 10 }\n')(t);
    assert.equal(await main(['doctor', '--strict'], cli), 0, cli.out + cli.err);
    assert.match(cli.out, /^✔ node .*\n✔ config /);
    assert.match(cli.out, /All is well/);
  });

  test('ends with 3 when Sluice would not start, and tells why', async (t) => {
    const cli = folder('gateway: { listen: 192.0.2.1:0 }\n')(t);
    assert.equal(await main(['doctor', '--offline'], cli), 3);
    assert.match(cli.out, /^✖ port +gateway\.listen 192\.0\.2\.1:0: is not an address of this machine$/m);
  });

  test('gives all of it as JSON', async (t) => {
    const yaml = 'gateway: { listen: 127.0.0.1:0, default_backend: "http://127.0.0.1:9" }\n';
    const cli = folder(yaml)(t);
    assert.equal(await main(['doctor', '--json'], cli), 1);
    const { schema, ok, items } = JSON.parse(cli.out) as { schema: string; ok: boolean; items: { check: string }[] };
    assert.deepEqual([schema, ok], ['sluice.doctor/v1', false]);
    assert.ok(items.some(({ check }) => check === 'backend'));
  });

  test('knows a wrong time', async (t) => {
    assert.equal(await main(['doctor', '--timeout', 'soon'], folder('')(t)), 2);
  });
});
