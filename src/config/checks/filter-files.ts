// Lists of domains that are to be read. Rule: a file that cannot be read is told with the line that names it; what stands in it is
// for whoever reads it.

import { accessSync, constants, statSync } from 'node:fs';
import type { Config } from '../config.ts';
import { fileFault } from '../file-fault.ts';
import type { KeyPath } from '../key-path.ts';
import { policyPlaces } from '../policy-places.ts';
import type { Check } from './finding.ts';

interface NamedFile {
  readonly file: string;
  readonly path: KeyPath;
}

export const checkFilterFiles: Check = ({ config }) =>
  filterFiles(config).flatMap(({ file, path }) => {
    const fault = faultOf(file);
    return fault === null ? [] : [{ code: 'config_unreadable', message: `cannot read ${file}: ${fault}`, path }];
  });

/** Also worth watching: another list is another configuration. */
export function filterFiles(config: Config): NamedFile[] {
  return policyPlaces(config).flatMap(({ path: place, policies: { filter } }) => {
    if (filter === undefined || filter === false) return [];
    return filter.files.map((file, index) => ({ file, path: [...place, 'filter', 'files', index] }));
  });
}

function faultOf(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    const stats = statSync(file);
    if (stats.isDirectory()) return 'it is a folder';
    // Nobody knows when the last byte of a pipe has come, and none of it comes twice.
    return stats.isFile() ? null : 'it is not a regular file';
  } catch (error) {
    return fileFault(error);
  }
}
