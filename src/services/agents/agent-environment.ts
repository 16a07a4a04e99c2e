// What an agent sees of our environment, and where its program is. Rule: it sees what is listed here and what the configuration says, and
// nothing else; a key of a provider never gets to an agent that uses its own login.
import { delimiter, isAbsolute, join } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import { ALWAYS_PASSED } from '../processes/command-rules.ts';
import { isProgram } from '../processes/real-paths.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
const PROVIDER_KEYS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_BASE_URL',
  'ANTHROPIC_CUSTOM_HEADERS',
  'OPENAI_API_KEY',
  'CODEX_API_KEY',
];

export interface EnvironmentParts {
  /** Ours. */
  readonly own: Variables;
  /** Of the configuration. */
  readonly configured: Readonly<Record<string, string>>;
  /** Of the kind. */
  readonly added: Readonly<Record<string, string>>;
  readonly temporaryFolder: string;
  readonly usesSubscription: boolean;
}

export function agentEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { own, configured, added, temporaryFolder, usesSubscription } = parts;
  const kept = ALWAYS_PASSED.flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const asked = Object.entries(configured).filter(([name]) => !usesSubscription || !PROVIDER_KEYS.includes(name));
  return {
    PATH: DEFAULT_PATH,
    ...Object.fromEntries(kept),
    TMPDIR: temporaryFolder,
    ...Object.fromEntries(asked),
    ...added,
  };
}

/** Its absolute path: as it is, or looked up in PATH. */
export function findProgram(program: string, path: string): string {
  if (isAbsolute(program)) {
    if (isProgram(program)) return program;
    throw missing(program, 'it cannot be run');
  }
  const found = path.split(delimiter).map((folder) => join(folder, program));
  const first = program.includes('/') ? undefined : found.find((file) => isAbsolute(file) && isProgram(file));
  if (first === undefined) throw missing(program, 'it is not in PATH');
  return first;
}

function missing(program: string, why: string): SluiceError {
  const message = `The program ${program} of this agent is not here (${why}). Install it, or set its command in agents.kinds.`;
  return new SluiceError('agent_unavailable', { message });
}
