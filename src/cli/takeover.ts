// How a Sluice takes the place of another that runs. Rule: its own doors open first; then the other one lets go, and only what both
// cannot have at once waits for that.
import { beginSuccession } from '../runtime/doors/door-succession.ts';
import type { Sluice } from '../runtime/sluice.ts';
import type { ProgramTelemetry } from '../runtime/assemble/program-telemetry.ts';
import type { Predecessor } from './predecessor.ts';

export interface Takeover {
  /** Everything of ours is open. */
  finish(sluice: Sluice, log: Pick<ProgramTelemetry['log'], 'info' | 'warn'>): Promise<void>;
  /** It came to nothing: the other one goes on. */
  abandon(): void;
  release(): void;
}

/** Whoever watches over the process of this program. It would end the program with the process that it knows. */
export interface Supervisor {
  /** From now on it watches this process. */
  follow(pid: number): Promise<void>;
  /** The process that had started the one that it watches has ended. */
  adopted(): Promise<void>;
}

/** From now on addresses that the other one has are shared with it. */
export function beginTakeover(predecessor: Predecessor, supervisor: Supervisor): Takeover {
  const succession = beginSuccession();
  let release = (): void => {};
  return {
    finish: async (sluice, log) => {
      const { pid, version } = predecessor;
      await supervisor.follow(process.pid);
      const hasLetGo = await predecessor.letGo().catch(async (error: unknown) => {
        await supervisor.follow(pid);
        await sluice.giveUp();
        throw error;
      });
      succession.complete();
      sluice.succeed();
      release = predecessor.whenGone(() => {
        succession.end();
        void supervisor.adopted();
        void sluice.inherit();
      });
      if (hasLetGo) log.info({ pid, version }, 'took over from the Sluice that ran before');
      else log.warn({ pid, version }, 'the Sluice that ran before ended by itself meanwhile');
    },
    abandon: () => succession.abandon(),
    release: () => release(),
  };
}
