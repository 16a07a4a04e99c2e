// Makes a peer of a proxy library from npm: a small program in `programs/` built as the library's own readme shows.
// Rule: each runs on the same Node as Sluice.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPeer, type Door, type Peer } from './peer.ts';

/** Of the package in a folder; undefined where there is none. */
export function packageVersion(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return version;
  } catch {
    return undefined;
  }
}

/** A program of ours that needs nothing but Node. */
export function ownPeer(name: string, doors: readonly Door[]): Peer {
  return { ...nodePeer(name, doors), findVersion: () => process.versions.node };
}

export function nodePeer(name: string, doors: readonly Door[]): Peer {
  const program = join(import.meta.dirname, `programs/${name}.ts`);
  return {
    name,
    doors,
    findVersion: () => packageVersion(join(import.meta.dirname, `../../node_modules/${name}`)),
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
