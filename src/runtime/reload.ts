// Replaces the config that is in force by what the files say now. Rule: a config that does not load or cannot be applied
// changes nothing, and reloads run one after the other, so that the last one asked for wins.

import type { LoadedConfig } from '../config/load.ts';
import { ConfigError, problemLine } from '../config/problem.ts';
import { SluiceError } from '../core/errors.ts';
import type { LogFields, Logger } from '../telemetry/application-log.ts';
import { changedKeys, keysThatNeedRestart } from './restart-keys.ts';

/** `node`: asked for at another node, for all of them. */
export type ReloadTrigger = 'signal' | 'api' | 'watch' | 'node';

export interface ReloadRequest {
  readonly trigger: ReloadTrigger;
  /** Goes ahead only while the config in force is still the one with this tag. */
  readonly ifMatch?: string;
  /** When it has worked here, the others load theirs. */
  readonly allNodes?: boolean;
}

export interface ReloadOutcome {
  readonly tag: string;
  /** Keys whose value is another one now. */
  readonly changed: readonly string[];
  /** Keys whose new value takes effect only after a restart, counted from the start of the process. */
  readonly needsRestart: readonly string[];
  readonly warnings: LoadedConfig['warnings'];
}

export interface ReloadParts {
  readonly initial: LoadedConfig;
  readonly load: () => LoadedConfig | Promise<LoadedConfig>;
  /** Brings a config into force, or throws and leaves everything as it was. */
  readonly apply: (loaded: LoadedConfig) => Promise<void>;
  readonly logger: Logger;
  /** Told about each reload. */
  readonly note: (result: 'success' | 'failure') => void;
}

export class Reloader {
  readonly #parts: ReloadParts;
  readonly #instance: string = Date.now().toString(36);
  #loaded: LoadedConfig;
  #loadedAtMs: number = Date.now();
  #generation = 1;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #due = new Map<string, Promise<void>>();

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#loaded = parts.initial;
  }

  /** The config in force. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  get loadedAtMs(): number {
    return this.#loadedAtMs;
  }

  /** Names the config in force; a reload gives another one. */
  get tag(): string {
    return `${this.#instance}-${this.#generation}`;
  }

  get needsRestart(): readonly string[] {
    return keysThatNeedRestart(this.#parts.initial.config, this.#loaded.config);
  }

  /** Rejects, after having logged why, when the files are not valid or cannot be applied. */
  reload(request: ReloadRequest): Promise<ReloadOutcome> {
    return this.inTurn(() => this.#reload(request));
  }

  /** Has something else done that no reload may come in between. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const outcome = this.#queue.then(work);
    this.#queue = outcome.catch(() => {});
    return outcome;
  }

  /** The same, once for all who ask for it before it begins. */
  soon(what: string, work: () => Promise<void>): Promise<void> {
    const due = this.#due.get(what);
    if (due !== undefined) return due;
    const outcome = this.inTurn(() => {
      this.#due.delete(what);
      return work();
    });
    this.#due.set(what, outcome);
    return outcome;
  }

  /** Resolves when every reload that was asked for has ended, one way or the other. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #reload({ trigger, ifMatch }: ReloadRequest): Promise<ReloadOutcome> {
    if (ifMatch !== undefined && ifMatch !== this.tag) throw new SluiceError('precondition_failed');
    const { logger, load, apply, note } = this.#parts;
    try {
      const loaded = await load();
      await apply(loaded);
      const changed = changedKeys(this.#loaded.config, loaded.config);
      this.#loaded = loaded;
      this.#loadedAtMs = Date.now();
      this.#generation += 1;
      note('success');
      const { needsRestart, tag } = this;
      const warnings = loaded.warnings.length === 0 ? {} : { warnings: loaded.warnings.map(problemLine) };
      logger.info({ event: 'reload', trigger, changed, needs_restart: needsRestart, ...warnings }, 'config reloaded');
      return { tag, changed, needsRestart, warnings: loaded.warnings };
    } catch (error) {
      note('failure');
      logger.error({ event: 'reload', trigger, ...reasonOf(error) }, 'config not reloaded, the one in force stays');
      throw error;
    }
  }
}

/** What a person can put right needs no stack. */
function reasonOf(error: unknown): LogFields {
  if (error instanceof ConfigError) return { code: error.code, problems: error.problems.map(problemLine) };
  if (error instanceof SluiceError && error.side === 'operator') return { code: error.code, reason: error.message };
  return { err: error };
}
