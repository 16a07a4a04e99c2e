// Certificates, keys and authorities that are to be read. Rule: a file that cannot be read is told with the line
// that names it; whether it holds what it should is for whoever loads it.

import { accessSync, constants } from 'node:fs';
import type { Config } from '../config.ts';
import { fileFault } from '../file-fault.ts';
import type { KeyPath } from '../key-path.ts';
import type { NodeConfig } from '../schema/node.ts';
import type { ClientTls, TlsConfig } from '../schema/tls.ts';
import type { Check } from './finding.ts';

interface NamedFile {
  readonly file: string;
  readonly path: KeyPath;
}

export const checkTlsFiles: Check = ({ config }) =>
  tlsFiles(config).flatMap(({ file, path }) => {
    const fault = faultOf(file);
    return fault === undefined ? [] : [{ code: 'config_unreadable', message: `cannot read ${file}: ${fault}`, path }];
  });

/** Also worth watching: a renewed certificate is a change of the configuration. */
export function tlsFiles({ gateway, egress, hops, process: { node } }: Config): NamedFile[] {
  const files = gateway.tls === null ? [] : filesOf(gateway.tls, ['gateway', 'tls']);
  for (const [index, { tls }] of gateway.listen.entries()) {
    if (tls !== null && tls !== gateway.tls) files.push(...filesOf(tls, ['gateway', 'listen', index, 'tls']));
  }
  for (const [index, { to }] of gateway.routes.entries()) {
    if (!('backends' in to) || to.tls === null) continue;
    files.push(...clientFilesOf(to.tls, ['gateway', 'routes', index, 'to', 'tls']));
  }
  if (egress.tls !== null) files.push(...filesOf(egress.tls, ['egress', 'tls']));
  for (const [name, { tls, proxies }] of Object.entries(hops)) {
    if (tls !== null) files.push(...clientFilesOf(tls, ['hops', name, 'tls']));
    for (const [index, proxy] of proxies.entries()) {
      if (proxy.tls === null || proxy.tls === tls) continue;
      files.push(...clientFilesOf(proxy.tls, ['hops', name, 'proxies', index, 'tls']));
    }
  }
  return [...files, ...nodeFiles(node)];
}

function nodeFiles(node: NodeConfig | null): NamedFile[] {
  return node === null || node.tls === null ? [] : filesOf(node.tls, ['process', 'node', 'tls']);
}

function clientFilesOf(tls: ClientTls, path: KeyPath): NamedFile[] {
  return (['ca', 'cert', 'key'] as const).flatMap((key) => {
    const file = tls[key];
    return file === null ? [] : [{ file, path: [...path, key] }];
  });
}

function filesOf(tls: TlsConfig, path: KeyPath): NamedFile[] {
  const pairs = tls.certificates.flatMap(({ cert, key }, index) => [
    { file: cert, path: [...path, 'certificates', index, 'cert'] },
    { file: key, path: [...path, 'certificates', index, 'key'] },
  ]);
  return tls.client_ca === null ? pairs : [...pairs, { file: tls.client_ca, path: [...path, 'client_ca'] }];
}

function faultOf(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return fileFault(error);
  }
}
