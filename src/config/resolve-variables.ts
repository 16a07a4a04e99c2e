// Puts the values of variables and secret files into the texts of a tree. Rule: only files are searched for variables;
// what comes from the environment or a flag is taken as it is.

import { readFileSync } from 'node:fs';
import { fileFault } from './file-fault.ts';
import { absolutePath } from './file-paths.ts';
import { interpolate, type VariableFault } from './interpolate.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import type { Fault } from './problem-report.ts';
import { mapScalars, type MapNode, type Place, type ScalarNode } from './source-tree.ts';

export interface ResolvedVariables {
  readonly root: MapNode;
  readonly faults: readonly Fault[];
  /** Absolute. */
  readonly secretFiles: readonly string[];
}

/** A token or a certificate; what is larger was named by mistake. */
const MAX_SECRET_CHARACTERS = 1024 * 1024;

export function resolveVariables(root: MapNode, env: Readonly<Record<string, string | undefined>>): ResolvedVariables {
  const faults: Fault[] = [];
  const secretFiles: string[] = [];
  const resolveScalar = (leaf: ScalarNode, path: KeyPath): ScalarNode => {
    if (typeof leaf.value !== 'string') return leaf;
    const readSecretFile = (name: string): string => {
      const file = absolutePath(name, leaf.place.source.folder, env);
      secretFiles.push(file);
      return readSecret(file);
    };
    const result = interpolate(leaf.value, { env, readSecretFile });
    if (result.kind === 'text') {
      return { ...leaf, value: result.text, soft: result.changed, secret: result.secret };
    }
    faults.push({
      code: result.code,
      message: result.message,
      path: formatPath(path),
      place: placeOf(result, leaf.place),
      hint: result.hint,
    });
    return { ...leaf, value: '', soft: true };
  };
  return { root: mapScalars(root, resolveScalar) as MapNode, faults, secretFiles };
}

function readSecret(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length <= MAX_SECRET_CHARACTERS) return text;
  } catch (error) {
    throw new Error(fileFault(error), { cause: error });
  }
  throw new Error('it is too large for a secret');
}

/** The placeholder inside the text, where it can be found: escapes of the language may hide it. */
function placeOf({ placeholder }: VariableFault, place: Place): Place {
  const from = place.source.text.indexOf(placeholder, place.from);
  return from === -1 || from >= place.to ? place : { ...place, from, to: from + placeholder.length };
}
