// Whether an imported configuration is a valid one. Rule: variables need not be set yet, so something that could be
// anything stands in for them; what does not exist in this version does not count against it.

import { loadConfig } from '../load.ts';
import { ConfigError, type ConfigProblem } from '../problem.ts';
import type { JsonValue } from '../source-tree.ts';
import type { ImportedDocument } from './import-config.ts';

/** Host, port, number, name and password alike. */
const STAND_IN = '1';

export async function checkImported(
  document: ImportedDocument,
  surroundings: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<readonly ConfigProblem[]> {
  const { HOME, USERPROFILE } = surroundings.env;
  const overrides = Object.entries(document).map(([path, value]) => ({
    path,
    value: withoutVariables(value),
    flag: `section ${path}`,
  }));
  try {
    const options = {
      files: [],
      overrides,
      env: { HOME, USERPROFILE },
      cwd: surroundings.cwd,
      ignoreAvailability: true,
    };
    return (await loadConfig(options)).warnings;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function withoutVariables(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replace(/(?<!\$)\$\{[^}]*\}/g, STAND_IN).replaceAll('$${', '${');
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(withoutVariables);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutVariables(item)]));
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
