// The proxies of hops, as they may be changed while Sluice runs. Rule: a change is a configuration that comes into force like
// any other, on every thread or on none; what is to be kept is kept before anybody is told that it is in force.
import type { Config } from '../../config/config.ts';
import type { CheckResult } from '../../services/balance/member.ts';
import { readHopChanges, writeHopChanges } from './hop-change-file.ts';
import { drainingIn, type HopChanges, type HopEdit, nameInEdit, withEdit, withHopChanges } from './hop-changes.ts';
import { HopDesk, type HopDeskOptions, type ProxyReport } from './hop-desk.ts';

export interface HopControlOptions extends HopDeskOptions {
  readonly dataDir: string;
}

export interface WantedEdit {
  readonly edit: HopEdit;
  /** It is to outlive this run. */
  readonly persist: boolean;
}

/** Brings a configuration into force, or throws and leaves everything as it was. */
export type BringIntoForce = (config: Config) => Promise<void>;

export class HopControl {
  readonly #desk: HopDesk;
  readonly #dataDir: string;
  #changes: HopChanges;
  /** Those that outlive this run. */
  #kept: HopChanges;

  /** Throws when changes that were kept cannot be read. */
  constructor(options: HopControlOptions) {
    this.#desk = new HopDesk(options);
    this.#dataDir = options.dataDir;
    this.#kept = readHopChanges(options.dataDir);
    this.#changes = this.#kept;
  }

  /** What a configuration that was loaded means with the changes. */
  over(loaded: Config): Config {
    return withHopChanges(loaded, this.#changes);
  }

  /** This one, with the changes in it, has come into force. */
  follow(config: Config): void {
    this.#desk.follow(config, drainingIn(this.#changes));
  }

  /** One at a time. */
  async change(loaded: Config, { edit, persist }: WantedEdit, bringIntoForce: BringIntoForce): Promise<void> {
    const [before, keptBefore] = [this.#changes, this.#kept];
    const changes = withEdit(loaded, before, edit);
    const kept = persist ? withOneOf(keptBefore, changes, nameInEdit(edit)) : keptBefore;
    await bringIntoForce(withHopChanges(loaded, changes));
    try {
      if (persist) writeHopChanges(this.#dataDir, kept);
    } catch (error) {
      await bringIntoForce(withHopChanges(loaded, before));
      throw error;
    }
    this.#changes = changes;
    this.#kept = kept;
    this.follow(withHopChanges(loaded, changes));
  }

  stop(): void {
    this.#desk.stop();
  }

  proxies(): ProxyReport[] {
    return this.#desk.proxies();
  }

  find(name: string): ProxyReport | undefined {
    return this.#desk.find(name);
  }

  /** See HopDesk. */
  check(name: string): Promise<CheckResult | null> {
    return this.#desk.check(name);
  }

  /** See HopDesk. */
  suspect(name: string): void {
    this.#desk.suspect(name);
  }

  /** How a proxy differs from the configuration: not at all, for good, or until the next start. */
  changeOf(name: string): 'kept' | 'until_restart' | null {
    const change = this.#changes.get(name);
    if (change === this.#kept.get(name)) return change === undefined ? null : 'kept';
    return 'until_restart';
  }
}

/** `kept` with what `changes` says of one proxy. */
function withOneOf(kept: HopChanges, changes: HopChanges, name: string): HopChanges {
  const next = new Map(kept);
  const change = changes.get(name);
  if (change === undefined) next.delete(name);
  else next.set(name, change);
  return next;
}
