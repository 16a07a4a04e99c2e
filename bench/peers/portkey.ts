// The gateway of Portkey, on the same Node: `npm install -g @portkey-ai/gateway`. Rule: it is told with each request which provider is
// meant; a host that is none of its own it reaches only where it is told to trust it.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageVersion } from './node-program.ts';
import { startPeer, type Peer } from './peer.ts';

function packageFolder(): string {
  const globalFolder = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  return join(globalFolder, '@portkey-ai', 'gateway');
}

export const portkey: Peer = {
  name: 'portkey',
  doors: ['ai'],
  findVersion: () => packageVersion(packageFolder()),
  start: (options) =>
    startPeer(options, (port) => ({
      name: 'portkey',
      command: [process.execPath, join(packageFolder(), 'build/start-server.js'), `--port=${port}`, '--headless'],
      env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    })),
};
