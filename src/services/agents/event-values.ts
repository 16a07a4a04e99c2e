// Looks up what stands in a line that an agent has printed. Rule: a line is another program's: whatever is not what it should be is
// not there.
import type { AgentTokens } from '../../state/agent-events.ts';
import type { JsonObject } from './agent-kind.ts';

/** The line as an object; null: it is no JSON, or another value. */
export function objectOfLine(line: Buffer): JsonObject | null {
  if (line[0] !== OPENING_BRACE && !BEGINS_LATER.test(line.toString('latin1', 0, 16))) return null;
  try {
    const value: unknown = JSON.parse(line.toString());
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const OPENING_BRACE = 0x7b;
const BEGINS_LATER = /^\s+\{/;

/** By keys with dots between. */
export function valueAt(event: JsonObject, path: string): unknown {
  let value: unknown = event;
  for (const key of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Empty: there is none. */
export function textAt(event: JsonObject, path: string): string {
  const value = valueAt(event, path);
  return typeof value === 'string' ? value : '';
}

export function numberAt(event: JsonObject, path: string): number | null {
  const value = valueAt(event, path);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

export function listAt(event: JsonObject, path: string): readonly unknown[] {
  const value = valueAt(event, path);
  return Array.isArray(value) ? value : [];
}

export interface TokenPaths {
  readonly input: string | null;
  readonly output: string | null;
  readonly cacheRead: string | null;
  readonly cacheWrite: string | null;
}

/** null: it says nothing of them. */
export function tokensAt(event: JsonObject, paths: TokenPaths): AgentTokens | null {
  const at = (path: string | null): number | null => (path === null ? null : numberAt(event, path));
  const [input, output, cacheRead, cacheWrite] = [
    at(paths.input),
    at(paths.output),
    at(paths.cacheRead),
    at(paths.cacheWrite),
  ];
  if (input === null && output === null && cacheRead === null && cacheWrite === null) return null;
  return { input: input ?? 0, output: output ?? 0, cacheRead: cacheRead ?? 0, cacheWrite: cacheWrite ?? 0 };
}

export function sumOfTokens(one: AgentTokens | null, other: AgentTokens | null): AgentTokens | null {
  if (one === null || other === null) return one ?? other;
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
  };
}

/** What has been added since. */
export function tokensSince(all: AgentTokens, before: AgentTokens): AgentTokens {
  return {
    input: Math.max(0, all.input - before.input),
    output: Math.max(0, all.output - before.output),
    cacheRead: Math.max(0, all.cacheRead - before.cacheRead),
    cacheWrite: Math.max(0, all.cacheWrite - before.cacheWrite),
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
