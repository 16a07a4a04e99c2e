// What runs programs or is asked by users, once for all threads: it lives on the main one. Rule: it outlives every reload; the bounds of the configuration
// in force hold for what begins from now on.
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { CommandService, type RunWatch } from '../../services/processes/command-service.ts';
import { CacheDesk } from '../../services/cache/cache-desk.ts';
import { ProcessSupervisor } from '../../services/processes/process-supervisor.ts';
import { type LoadPty, loadPty } from '../../services/processes/terminal.ts';
import type { SlotLimits } from '../../services/processes/fair-slots.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { type RunFamilies, runFamilies } from '../../telemetry/run-families.ts';
import { AgentDesk } from '../agents/agent-desk.ts';
import type { ThreadLog } from '../threads/thread-log.ts';

export interface ProcessDeskOptions {
  /** null: nothing is recorded, and nothing found again after a crash. */
  readonly dataDir: string | null;
  readonly recorder: MetricsRecorder;
  readonly log: ThreadLog;
  /** Where terminals come from. */
  readonly loadPty?: LoadPty;
}

const LEDGER_FOLDER = 'processes';
/** Until a configuration is in force. */
const NO_LIMITS: SlotLimits = { running: 0, waiting: 0 };

export class ProcessDesk {
  readonly supervisor: ProcessSupervisor;
  readonly commands: CommandService;
  readonly agents: AgentDesk;
  /** Runs nothing, but is asked by the same ways. */
  readonly cache: CacheDesk = new CacheDesk();
  readonly loadPty: LoadPty;
  readonly #log: ThreadLog;

  constructor({ dataDir, recorder, log, loadPty: load = loadPty }: ProcessDeskOptions) {
    this.#log = log;
    this.loadPty = load;
    this.supervisor = new ProcessSupervisor({
      ledgerFolder: dataDir === null ? null : join(dataDir, LEDGER_FOLDER),
      onLedgerError: (err) =>
        log(
          'warn',
          { err },
          'process.data_dir cannot be written: what runs is not found again if Sluice and its warden are both killed',
        ),
    });
    this.commands = new CommandService({
      supervisor: this.supervisor,
      limits: NO_LIMITS,
      watch: countedRuns(recorder, 'exec'),
    });
    const { supervisor } = this;
    this.agents = new AgentDesk({ dataDir, supervisor, recorder, log, env: process.env });
  }

  /** Before this configuration comes into force: what it needs is there. */
  prepare(config: Config): Promise<void> {
    return this.agents.prepare(config);
  }

  follow(config: Config): void {
    const { exec } = config;
    this.agents.follow(config);
    if (!exec.enabled) return;
    this.commands.setLimits({ running: exec.max_concurrent, waiting: exec.max_queued });
  }

  /** Kills what a Sluice that was killed has left behind. */
  async recover(): Promise<void> {
    const processes = await this.supervisor.recover();
    if (processes > 0) this.#log('warn', { processes }, 'killed what a Sluice that was killed had left running');
  }

  /** Resolves when nothing is left that was started here. */
  async close(): Promise<void> {
    this.cache.close();
    await this.agents.close();
    await this.supervisor.close();
  }
}

function countedRuns(recorder: MetricsRecorder, service: string): RunWatch {
  const { slots } = recorder;
  // What nobody uses is not to be read of.
  let known: RunFamilies | null = null;
  const families = (): RunFamilies => (known ??= runFamilies(recorder, { service }));
  const add = (slot: number): void => {
    slots[slot] = (slots[slot] ?? 0) + 1;
  };
  return {
    changed(running, waiting) {
      slots[families().running] = running;
      slots[families().waiting] = waiting;
    },
    ended(reason, durationMs) {
      add(families().ended(reason));
      recorder.observe(families().duration, durationMs / 1000);
    },
    refused: () => add(families().refused),
  };
}
