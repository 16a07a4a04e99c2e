// Which programs may be run, where and with which environment. Rule: what a path led to when the rules were made is what may be run;
// a link that leads elsewhere since then is refused, and so is everything that is not named.
import { basename, isAbsolute, resolve } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import type { CommandRequest } from './command-request.ts';
import { RUN_MARK } from './process-table.ts';
import { folderWithin, isProgram, realPath } from './real-paths.ts';
import type { RunSpec } from './run-spec.ts';

export interface CommandSettings {
  /** Absolute paths. */
  readonly allowed: readonly string[];
  /** Where they run, and what the folder of a request must lie in. */
  readonly workspace: string;
  /** Names of variables that are passed on, and that a request may set. */
  readonly env: readonly string[];
  /** At most. */
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

interface AllowedCommand {
  readonly listed: string;
  /** What it led to at first; null: to nothing. */
  readonly file: string | null;
}

/** What every program sees of our environment. */
export const ALWAYS_PASSED: readonly string[] = ['PATH', 'HOME', 'LANG', 'TERM'];
/** These change how something looks, and nothing else. */
const ALWAYS_SETTABLE = /^(?:LANG|LC_[A-Z]+|TERM|COLORTERM|TZ|COLUMNS|LINES|NO_COLOR|FORCE_COLOR)$/;
/** These make a program run what somebody else has written, whatever the configuration says. */
const NEVER_SETTABLE =
  /^(?:(?:LD|DYLD|GIT|SLUICE|BASH_FUNC|npm_config)_.*|NODE_OPTIONS|NODE_PATH|BASH_ENV|ENV|SHELLOPTS|IFS|PS4|PATH|HOME|SHELL|PYTHON(?:PATH|HOME|STARTUP|INSPECT|USERBASE|EXECUTABLE|WARNINGS|BREAKPOINT)|PERL5?(?:LIB|OPT|DB|_MODULES)|RUBY(?:LIB|OPT)|GCONV_PATH|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|EDITOR|VISUAL|PAGER|BROWSER|XDG_.*|TMPDIR|HOSTALIASES|GLIBC_TUNABLES)$/;

const STOP_LADDER: RunSpec['stopLadder'] = [
  { signal: 'SIGTERM', waitMs: 2000 },
  { signal: 'SIGKILL', waitMs: 0 },
];

export class CommandRules {
  readonly #settings: CommandSettings;
  readonly #allowed: readonly AllowedCommand[];
  readonly #environment: Readonly<Record<string, string>>;

  constructor(settings: CommandSettings, environment: Readonly<Record<string, string | undefined>>) {
    this.#settings = settings;
    this.#allowed = settings.allowed.map((listed) => ({ listed, file: realPath(listed) }));
    this.#environment = Object.fromEntries(
      [...ALWAYS_PASSED, ...settings.env].flatMap((name) => {
        const value = environment[name];
        return value === undefined || name === RUN_MARK ? [] : [[name, value]];
      }),
    );
  }

  /** Asked just before the program is started. Throws when it may not be. */
  specFor({ command, args, cwd, env, stdin, timeoutMs }: CommandRequest, input: 'closed' | 'open'): RunSpec {
    const { listed, file } = this.#find(command);
    const { timeoutMs: most, maxOutputBytes } = this.#settings;
    return {
      file,
      // Some programs are several, or find what is theirs, by the path that they were called by.
      name: listed,
      args,
      cwd: this.#folder(cwd),
      env: { ...this.#environment, ...this.#settable(env) },
      stdin: stdin === null ? input : 'open',
      timeoutMs: Math.min(timeoutMs ?? most, most),
      maxOutputBytes,
      stopLadder: STOP_LADDER,
    };
  }

  #find(command: string): { readonly listed: string; readonly file: string } {
    const found = command.includes('/') ? this.#findPath(command) : this.#findName(command);
    if (found === undefined) throw denied(`${JSON.stringify(command)} is not one of exec.allowed_commands`);
    const { listed, file } = found;
    const now = realPath(listed);
    if (file === null || now === null || !isProgram(now)) throw denied(`${listed} is no program that can be run`);
    if (now !== file) {
      throw denied(`${listed} leads elsewhere than when the configuration was loaded; load it again if that is meant`);
    }
    return { listed, file };
  }

  #findName(name: string): AllowedCommand | undefined {
    return this.#allowed.find(({ listed }) => basename(listed) === name);
  }

  /** By what both lead to. */
  #findPath(path: string): AllowedCommand | undefined {
    if (!isAbsolute(path)) return undefined;
    const listed = this.#allowed.find((each) => each.listed === path);
    if (listed !== undefined) return listed;
    const file = realPath(path);
    return file === null ? undefined : this.#allowed.find((each) => each.file === file);
  }

  #folder(cwd: string | null): string {
    const workspace = realPath(resolve(this.#settings.workspace));
    if (workspace === null)
      throw new SluiceError('process_failed', { message: 'the folder exec.workspace is not there' });
    if (cwd === null) return workspace;
    const folder = folderWithin(workspace, cwd);
    // Whether something is there is told of nothing that lies outside.
    if (folder === null) throw new SluiceError('forbidden', { message: 'cwd: expected a folder in exec.workspace' });
    return folder;
  }

  #settable(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    for (const name of Object.keys(env)) {
      const isAllowed = ALWAYS_SETTABLE.test(name) || this.#settings.env.includes(name);
      if (!isAllowed || NEVER_SETTABLE.test(name)) {
        const message = `env.${name}: a request may set the variables of exec.env, and none that makes a program run something else`;
        throw new SluiceError('forbidden', { message });
      }
    }
    return env;
  }
}

function denied(message: string): SluiceError {
  return new SluiceError('command_denied', { message });
}
