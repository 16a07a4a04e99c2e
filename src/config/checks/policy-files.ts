// Modules of the user's own policies. Rule: each is a regular file that may be read, of a kind that Node runs as it is and loads anew
// when it has changed; what it holds is for whoever loads it.

import { accessSync, constants, statSync } from 'node:fs';
import { extname } from 'node:path';
import type { Config } from '../config.ts';
import { fileFault } from '../file-fault.ts';
import type { KeyPath } from '../key-path.ts';
import { type UserPolicy, userPolicies } from '../schema/user-policies.ts';
import type { Check, Finding } from './finding.ts';

interface PolicyFileUse extends UserPolicy {
  readonly path: KeyPath;
}

const ENDINGS = ['.ts', '.mts', '.js', '.mjs'];
const WRITABLE_FOR_ALL = 0o002;

/** Every place that names a module, or switches one off. */
export function policyFileUses({ policies, egress, gateway }: Config): PolicyFileUse[] {
  const places = [
    { of: policies, path: ['policies'] },
    { of: egress.policies, path: ['egress', 'policies'] },
    { of: gateway.policies, path: ['gateway', 'policies'] },
    ...gateway.listen.map((listen, index) => ({ of: listen.policies, path: ['gateway', 'listen', index, 'policies'] })),
    ...gateway.routes.map((route, index) => ({ of: route.policies, path: ['gateway', 'routes', index, 'policies'] })),
  ];
  return places.flatMap(({ of, path }) => userPolicies(of).map((use) => ({ ...use, path: [...path, use.file] })));
}

export const checkPolicyFiles: Check = ({ config }) => {
  const uses = policyFileUses(config);
  return uses.flatMap((use) => {
    const finding = use.settings === false ? findingOfSwitch(use, uses) : findingOfFile(use);
    return finding === null ? [] : [finding];
  });
};

/** A name that was mistyped would leave on what should be off. */
function findingOfSwitch({ file, path }: PolicyFileUse, uses: readonly PolicyFileUse[]): Finding | null {
  const isOn = uses.some((other) => other.file === file && other.settings !== false && isFarther(other.path, path));
  if (isOn) return null;
  return {
    code: 'config_unknown_name',
    message: `no farther place has ${file}: there is nothing to switch off`,
    path,
    atKey: true,
  };
}

/** The top, then a door, then one of its addresses, then a route. */
function isFarther(other: KeyPath, path: KeyPath): boolean {
  if (other.length < path.length) return other.length === 2 || other[0] === path[0];
  return other[1] === 'listen' && path[1] === 'routes';
}

function findingOfFile({ file, path }: PolicyFileUse): Finding | null {
  if (!ENDINGS.includes(extname(file))) {
    const message = `expected a module that ends in ${ENDINGS.join(', ')}, found ${file}`;
    return { code: 'config_bad_value', message, path, atKey: true };
  }
  const fault = faultOf(file);
  if (fault !== null) return { code: 'config_unreadable', message: `cannot read ${file}: ${fault}`, path, atKey: true };
  if ((statSync(file).mode & WRITABLE_FOR_ALL) === 0 || process.platform === 'win32') return null;
  const message = `everybody on this machine may write to ${file}, which runs with all rights of Sluice`;
  return { severity: 'warning', code: 'config_unsafe', message, path, atKey: true, hint: `chmod o-w ${file}` };
}

function faultOf(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile() ? null : 'it is not a regular file';
  } catch (error) {
    return fileFault(error);
  }
}
