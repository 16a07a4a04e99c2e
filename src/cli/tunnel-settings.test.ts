import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { requireToken, type SettingsWish, type TunnelSettings, tunnelSettings } from './tunnel-settings.ts';
import { saveTunnelToken } from '../runtime/tunnel-client/tunnel-tokens.ts';

class Place {
  readonly folder: string;
  readonly env: Record<string, string>;

  constructor(t: TestContext) {
    this.folder = temporaryFolder(t);
    this.env = { HOME: this.folder, SLUICE_PROCESS__DATA_DIR: join(this.folder, 'data') };
  }

  write(name: string, text: string): this {
    writeFileSync(join(this.folder, name), text);
    return this;
  }

  settings(wish: SettingsWish = {}): Promise<TunnelSettings> {
    return tunnelSettings({ env: this.env, cwd: this.folder }, wish);
  }
}

const RETUNNEL =
  'server_addr: tunnels.example.com\nauth_token: ${TOKEN}\ntunnels:\n  - {name: web, protocol: http, local_port: 3000}\n';
const HOME_CONF = '{"auth_token": "of home", "server_url": "wss://home.example.com"}';

describe('the settings of a tunnel command', () => {
  test('come from a config of Sluice', async (t) => {
    const place = new Place(t).write('sluice.yaml', 'tunnels: {client: {server: a.test:1, auth_token: of-config}}');
    const { server, token, tunnels } = await place.settings();
    assert.deepEqual([server, token, tunnels], ['a.test:1', 'of-config', []]);
  });

  test('come from retunnel.yml as it is, when a command wants tunnels', async (t) => {
    const place = new Place(t).write('retunnel.yml', RETUNNEL);
    place.env['TOKEN'] = 'of variable';
    const { server, token, tunnels } = await place.settings({ wantsTunnels: true });
    assert.match(server, /tunnels\.example\.com/);
    assert.deepEqual(
      [token, tunnels.map(({ name, local_port: port }) => [name, port])],
      ['of variable', [['web', 3000]]],
    );
    delete place.env['TOKEN'];
    await assert.rejects(place.settings({ file: 'retunnel.yml' }), { code: 'usage', message: /TOKEN is not set/ });
  });

  test('take server and token of ~/.retunnel.conf where nothing else says more', async (t) => {
    const place = new Place(t).write('.retunnel.conf', HOME_CONF);
    const { server, token } = await place.settings();
    assert.deepEqual([server, token], ['wss://home.example.com', 'of home']);
  });

  test('never give a token to another server than its own', async (t) => {
    const place = new Place(t).write('.retunnel.conf', HOME_CONF);
    place.write('sluice.yaml', 'tunnels: {client: {server: a.test:1, auth_token: of-config}}');
    saveTunnelToken(join(place.folder, 'data'), 'wss://b.test:6400', 'of b');
    assert.equal((await place.settings({ server: 'b.test' })).token, 'of b');
    assert.equal((await place.settings({ server: 'c.test' })).token, null);
    assert.equal((await place.settings({ server: 'wss://a.test:1' })).token, 'of-config');
  });

  test('without a token say how to get one', async (t) => {
    const settings = await new Place(t).settings({ server: 'c.test' });
    assert.throws(() => requireToken(settings), {
      code: 'tunnel_refused',
      message: /sluice register --server c\.test/,
    });
  });
});
