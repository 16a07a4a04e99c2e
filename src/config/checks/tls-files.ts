// Certificates, keys and authorities that the gateway is to read. Rule: a file that cannot be read is told with the line
// that names it; whether it holds what it should is for whoever loads it.

import { accessSync, constants } from 'node:fs';
import type { Config } from '../config.ts';
import { fileFault } from '../file-fault.ts';
import type { KeyPath } from '../key-path.ts';
import type { TlsConfig } from '../schema/gateway.ts';
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
export function tlsFiles({ gateway }: Config): NamedFile[] {
  const files = gateway.tls === null ? [] : filesOf(gateway.tls, ['gateway', 'tls']);
  for (const [index, { tls }] of gateway.listen.entries()) {
    if (tls !== null && tls !== gateway.tls) files.push(...filesOf(tls, ['gateway', 'listen', index, 'tls']));
  }
  for (const [index, { to }] of gateway.routes.entries()) {
    if (!('backends' in to) || to.tls === null) continue;
    const path = ['gateway', 'routes', index, 'to', 'tls'];
    for (const key of ['ca', 'cert', 'key'] as const) {
      const file = to.tls[key];
      if (file !== null) files.push({ file, path: [...path, key] });
    }
  }
  return files;
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
