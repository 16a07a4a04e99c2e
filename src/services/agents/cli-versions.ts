// Which versions the programs of agents have: asked once of each, when it is used first, and again when another one lies in its place.
// Rule: nobody waits for that; one that is too old, or does not say, is told of and still tried.
import { statSync } from 'node:fs';
import type { StopLadder } from '../processes/run-spec.ts';
import { agentEnvironment } from './agent-environment.ts';
import type { AgentKind } from './agent-kind.ts';
import type { AgentSurroundings } from './agent-settings.ts';

export interface CliVersion {
  readonly kind: string;
  readonly program: string;
  /** null: it has not said. */
  readonly version: string | null;
  /** The first one that has all that is asked of it. */
  readonly oldest: string;
  /** null: all is well. */
  readonly warning: string | null;
}

export interface CliVersionsOptions {
  readonly surroundings: Pick<AgentSurroundings, 'startProcess' | 'temporaryFolder' | 'ownEnv'>;
  readonly log: (level: 'warn', fields: Record<string, unknown>, message: string) => void;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 4_096;
const STOP_LADDER: StopLadder = [{ signal: 'SIGKILL', waitMs: 0 }];

export class CliVersions {
  readonly #options: CliVersionsOptions;
  /** By kind. */
  readonly #found = new Map<string, CliVersion>();
  /** The file that was asked, as it was. */
  readonly #asked = new Map<string, string>();

  constructor(options: CliVersionsOptions) {
    this.#options = options;
  }

  known(): CliVersion[] {
    return [...this.#found.values()];
  }

  look(kind: AgentKind, file: string, configured: Readonly<Record<string, string>>): void {
    const { oldestVersion: oldest } = kind;
    const state = oldest === null ? null : stateOf(file);
    if (oldest === null || state === null || this.#asked.get(kind.name) === state) return;
    this.#asked.set(kind.name, state);
    this.#ask(kind, file, configured, (said) =>
      this.#tell({ kind: kind.name, program: file, ...judged(said, oldest) }),
    );
  }

  #ask(
    { usesSubscription }: AgentKind,
    file: string,
    configured: Readonly<Record<string, string>>,
    answer: (said: string) => void,
  ): void {
    const { startProcess, temporaryFolder, ownEnv: own } = this.#options.surroundings;
    const added = { DISABLE_AUTOUPDATER: '1' };
    let said = '';
    startProcess(
      {
        file,
        args: ['--version'],
        env: agentEnvironment({ own, configured, added, temporaryFolder, usesSubscription }),
        // Where nothing is that it could take for a project.
        cwd: '/',
        stdin: 'closed',
        timeoutMs: TIMEOUT_MS,
        maxOutputBytes: MOST_BYTES,
        stopLadder: STOP_LADDER,
      },
      {
        started: () => {},
        failed: () => answer(''),
        stdout: (bytes) => (said += bytes.toString()),
        stderr: () => {},
        ended: () => answer(said),
      },
    );
  }

  #tell(found: CliVersion): void {
    this.#found.set(found.kind, found);
    const { kind, program, version, warning } = found;
    if (warning !== null) this.#options.log('warn', { event: 'agent', kind, program, version }, warning);
  }
}

function judged(said: string, oldest: string): Pick<CliVersion, 'version' | 'oldest' | 'warning'> {
  const version = /\d+\.\d+\.\d+/.exec(said)?.[0] ?? null;
  const needed = `${oldest} or later is needed`;
  if (version === null) return { version, oldest, warning: `the program does not say its version; ${needed}` };
  const isOld = isOlder(version, oldest);
  return { version, oldest, warning: isOld ? `version ${version} is too old, ${needed}` : null };
}

function isOlder(version: string, than: string): boolean {
  const [own, other] = [version, than].map((text) => text.split('.').map(Number));
  const at = own?.findIndex((part, index) => part !== other?.[index]) ?? -1;
  return at !== -1 && (own?.[at] ?? 0) < (other?.[at] ?? 0);
}

/** null: it is not there any more. */
function stateOf(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? null : `${file} ${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
