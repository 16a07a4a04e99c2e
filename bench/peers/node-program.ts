// Makes a peer of a proxy library from npm: a small program in `programs/` built as the library's own readme shows.
// Rule: each runs on the same Node as Sluice.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPeer, type Door, type Peer } from './peer.ts';

function findPackageVersion(name: string): string | undefined {
  const file = join(import.meta.dirname, `../../node_modules/${name}/package.json`);
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return version;
  } catch {
    return undefined;
  }
}

export function nodePeer(name: string, doors: readonly Door[]): Peer {
  const program = join(import.meta.dirname, `programs/${name}.ts`);
  return {
    name,
    doors,
    findVersion: () => findPackageVersion(name),
    start: (options) =>
      startPeer(options, (port) => {
        const secure = options.door === 'tls' ? [options.certificate.cert, options.certificate.key] : [];
        return {
          name,
          command: [process.execPath, program, String(port), String(options.backendPort), ...secure],
          env: { NODE_ENV: 'production' },
        };
      }),
  };
}
